/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/fake-machine.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_PAGES = 48 };

static void fake_open(struct firmware_memory *memory, const struct guest_pa *writable, uint32_t writable_count)
{
	struct fake_machine *machine = (struct fake_machine *)memory;

	machine->wild_count += machine->is_open;
	machine->is_open = machine->asks_openness = true;
	machine->writable = writable;
	machine->writable_count = writable_count;
}

static void fake_close(struct firmware_memory *memory)
{
	struct fake_machine *machine = (struct fake_machine *)memory;

	machine->wild_count += !machine->is_open;
	machine->is_open = false;
	machine->writable_count = 0;
}

static bool is_writable(const struct fake_machine *machine, uint64_t at)
{
	for (uint32_t i = 0; i < machine->writable_count; i++)
		if (at / GUEST_PAGE_SIZE == machine->writable[i].value / GUEST_PAGE_SIZE)
			return true;
	return !machine->asks_openness;
}

static bool is_wild(const struct fake_machine *machine, uint64_t at, uint32_t size)
{
	return (machine->asks_openness && !machine->is_open) ||
	       !firmware_map_is_open(&machine->map, (struct guest_pa){at}, size) || at + size > MACHINE_SIZE ||
	       at % GUEST_PAGE_SIZE + size > GUEST_PAGE_SIZE;
}

static void fake_read(struct firmware_memory *memory, struct guest_pa from, void *destination, uint32_t size)
{
	struct fake_machine *machine = (struct fake_machine *)memory;

	machine->read_count++;
	if (is_wild(machine, from.value, size)) {
		machine->wild_count++;
		memset(destination, 0xee, size);
		return;
	}
	memcpy(destination, machine->bytes + from.value, size);
	for (uint64_t at = from.value; at < from.value + size; at++) {
		machine->byte_reads[at]++;
		if (machine->flips_after_read)
			machine->bytes[at] = (uint8_t)~machine->bytes[at];
	}
}

static void fake_write(struct firmware_memory *memory, struct guest_pa to, const void *bytes, uint32_t size)
{
	struct fake_machine *machine = (struct fake_machine *)memory;

	machine->write_count++;
	if (is_wild(machine, to.value, size) || !is_writable(machine, to.value))
		machine->wild_count++;
	else
		memcpy(machine->bytes + to.value, bytes, size);
}

uint64_t *fake_machine_entry(struct fake_machine *machine, uint64_t table, uint32_t index)
{
	return (uint64_t *)(machine->bytes + table) + index;
}

static void fill_map(struct firmware_map *map)
{
	firmware_map_init(map);
	/* All of it RAM, but for a hole like that below 1 MiB. */
	if (firmware_map_add_ram(map, (struct guest_pa){0}, 0xa0000) != STATUS_OK ||
	    firmware_map_add_ram(map, (struct guest_pa){0x100000}, MACHINE_SIZE - 0x100000) != STATUS_OK ||
	    firmware_map_forbid(map, (struct guest_pa){MACHINE_SMRAM}, MACHINE_SMRAM_SIZE) != STATUS_OK)
		abort();
}

static void fill_tables(struct fake_machine *machine, uint32_t levels)
{
	const uint64_t upper = levels == 5 ? MACHINE_LEVEL_4 : MACHINE_ROOT;

	if (levels == 5)
		*fake_machine_entry(machine, MACHINE_ROOT, 0) = MACHINE_LEVEL_4 | MACHINE_ENTRY_FLAGS;
	*fake_machine_entry(machine, upper, MACHINE_VIRTUAL >> 39 & 511) = MACHINE_LEVEL_3 | MACHINE_ENTRY_FLAGS;
	*fake_machine_entry(machine, MACHINE_LEVEL_3, 0) = MACHINE_LEVEL_2 | MACHINE_ENTRY_FLAGS;
	*fake_machine_entry(machine, MACHINE_LEVEL_2, 0) = MACHINE_LEVEL_1 | MACHINE_ENTRY_FLAGS;
	for (uint32_t i = 0; i < BUFFER_PAGES; i++)
		*fake_machine_entry(machine, MACHINE_LEVEL_1, i) =
			(MACHINE_BUFFER + (uint64_t)2 * i * GUEST_PAGE_SIZE) | MACHINE_ENTRY_FLAGS;
}

void fake_machine_init(struct fake_machine *machine, uint32_t levels, uint64_t offset, uint64_t size)
{
	*machine = (struct fake_machine){.memory = {fake_open, fake_close, fake_read, fake_write}};
	machine->bytes = calloc(1, MACHINE_SIZE);
	machine->byte_reads = calloc(MACHINE_SIZE, sizeof *machine->byte_reads);
	if (machine->bytes == NULL || machine->byte_reads == NULL)
		abort();
	fill_map(&machine->map);
	fill_tables(machine, levels);
	machine->caller = (struct firmware_caller){
		/* PG, PE; PAE and, with five levels, LA57; LME, LMA. */
		.registers = {.cr0 = 0x80000001,
			      .cr3 = MACHINE_ROOT,
			      .cr4 = levels == 5 ? 0x1020 : 0x20,
			      .efer = 0x500,
			      .cpl = 3},
		.is_64_bit = true,
		.buffer = MACHINE_VIRTUAL + offset,
		.size = size,
	};
}

void fake_machine_deinit(struct fake_machine *machine)
{
	free(machine->bytes);
	free(machine->byte_reads);
}
