/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any page tables and any registers: only open memory is touched, only what was found is written. */
#include <stdlib.h>
#include <string.h>

#include "firmware/handler/fake-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_SIZE = 24, PATCH_SIZE = 12 };

/* Table, index, entry: three tables and the leaf's, so that walks get deep. */
static void apply_patch(struct fake_machine *machine, const uint8_t *patch)
{
	uint32_t place;
	uint64_t entry;

	memcpy(&place, patch, sizeof place);
	memcpy(&entry, patch + sizeof place, sizeof entry);
	*fake_machine_entry(machine, MACHINE_ROOT + (uint64_t)(place % 5) * GUEST_PAGE_SIZE, place / 5 % 512) = entry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_machine machine;
	static uint8_t bytes[FIRMWARE_BUFFER_SIZE_MAX];
	struct firmware_buffer buffer;
	uint64_t head[3];

	if (size < HEAD_SIZE)
		return 0;
	memcpy(head, data, HEAD_SIZE);
	fake_machine_init(&machine, head[0] % 2 == 0 ? 4 : 5, 0, 0);
	machine.caller.buffer =
		head[1] % 4 != 0 ? MACHINE_VIRTUAL + head[1] % (UINT64_C(40) * GUEST_PAGE_SIZE) : head[1];
	machine.caller.size = head[2] % 4 != 0 ? head[2] % FIRMWARE_BUFFER_SIZE_MAX : head[2];
	for (size_t at = HEAD_SIZE; at + PATCH_SIZE <= size && at < HEAD_SIZE + 64 * PATCH_SIZE; at += PATCH_SIZE)
		apply_patch(&machine, data + at);
	if (firmware_buffer_find(&machine.map, &machine.memory, &machine.caller, &buffer) == FIRMWARE_ACCEPTED &&
	    (firmware_buffer_read(&buffer, &machine.memory, 0, bytes, buffer.size) != STATUS_OK ||
	     firmware_buffer_write(&buffer, &machine.memory, 0, bytes, buffer.size) != STATUS_OK))
		abort();
	if (machine.wild_count != 0)
		abort();
	fake_machine_deinit(&machine);
	return 0;
}
