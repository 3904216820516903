/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/dump-memory.h"

#include <string.h>

#include "agent/file.h"
#include "base/checked.h"

static status dump_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	const struct dump_memory *memory = (const struct dump_memory *)source;

	for (uint32_t i = 0; i < memory->contents.segment_count; i++) {
		const struct dump_segment *segment = &memory->contents.segments[i];
		uint64_t offset = start.value - segment->range.start.value;

		if (start.value < segment->range.start.value || !checked_within(offset, size, segment->range.size))
			continue;
		memcpy(destination, memory->file.data + segment->offset + offset, size);
		return STATUS_OK;
	}
	return STATUS_UNMAPPED;
}

static status dump_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				  const uint8_t **ret_bytes)
{
	const struct dump_memory *memory = (const struct dump_memory *)source;

	for (uint32_t i = 0; i < memory->contents.segment_count; i++) {
		const struct dump_segment *segment = &memory->contents.segments[i];
		uint64_t first = segment->range.start.value, offset = start.value > first ? start.value - first : 0;

		if (offset >= segment->range.size)
			continue;
		uint64_t from = segment->offset + offset, size = segment->range.size - offset;
		status result = STATUS_OK;
		if (memory->descriptor >= 0)
			result = file_next_data(memory->descriptor, from, from + size, &from, &size);
		if (result == STATUS_END)
			continue;
		TRY(result);
		*ret_range = (struct ram_range){{first + (from - segment->offset)}, size};
		*ret_bytes = memory->file.data + from;
		return STATUS_OK;
	}
	return STATUS_END;
}

static status dump_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	const struct dump_memory *memory = (const struct dump_memory *)source;

	ret_map->range_count = memory->contents.segment_count;
	for (uint32_t i = 0; i < memory->contents.segment_count; i++)
		ret_map->range[i] = memory->contents.segments[i].range;
	return STATUS_OK;
}

static status dump_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	const struct dump_memory *memory = (const struct dump_memory *)source;

	if (memory->contents.cpu_count == 0)
		return STATUS_MISSING;
	if (cpu_index >= memory->contents.cpu_count)
		return STATUS_END;
	*ret_registers = memory->contents.registers[cpu_index];
	return STATUS_OK;
}

/* A dump neither ends nor changes. */
static status dump_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static const struct page_source_ops dump_ops = {
	.read = dump_read,
	.next_populated = dump_next_populated,
	.ram_map = dump_ram_map,
	.registers = dump_registers,
	.check = dump_check,
};

void dump_memory_init(struct dump_memory *memory, struct span file, int descriptor)
{
	memory->source.ops = &dump_ops;
	memory->file = file;
	memory->descriptor = descriptor;
	memory->contents.segment_count = 0;
	memory->contents.cpu_count = 0;
}
