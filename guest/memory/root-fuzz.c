/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary memory searched for a kernel: no crash, no endless search, and
 * nothing claimed that a walk doesn't bear out. */
#include "guest/memory/root.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/root-note.h"

enum {
	RAM_SIZE = 32 * GUEST_PAGE_SIZE,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ram_range range = {{0}, RAM_SIZE};
	struct fake_guest guest;
	struct root_note note;
	struct guest_root root;
	struct guest_mapping mapping;

	report_sink_set(drop_message, NULL);
	fake_guest_init(&guest, &range, 1, GUEST_MEMORY_CACHE_PAGES_MIN);
	memcpy(guest.bytes, data, size < RAM_SIZE ? size : RAM_SIZE);
	if (size > sizeof(struct cpu_registers)) {
		memcpy(&guest.registers[0], data + size - sizeof(struct cpu_registers), sizeof(struct cpu_registers));
		guest.cpu_count = size % 2;
	}
	if (root_note_parse((struct span){data, size}, &note) == STATUS_OK &&
	    memchr(note.release, 0, sizeof note.release) == NULL)
		abort();
	if (guest_root_find(&guest.memory, &root) == STATUS_OK && root.from_note &&
	    (guest_space_translate(&guest.memory, &root.space, root.root_symbol, &mapping) != STATUS_OK ||
	     mapping.address.value != root.space.root.value))
		abort();
	fake_guest_deinit(&guest);
	return 0;
}
