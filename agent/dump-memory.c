/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/dump-memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/source-plan.h"
#include "base/checked.h"
#include "base/report.h"

static status report_cut(struct dump_memory *memory)
{
	if (memory->cut_told)
		return STATUS_IO;
	memory->cut_told = true;
	return report(STATUS_IO, "the dump became shorter than its %zu bytes while it was read: copy it again",
		      memory->file.size);
}

/* The file is somebody else's: it may be overwritten or cut while it is read.
 * Beyond its new end, what is mapped can't be touched (SIGBUS), so pages are
 * read, not copied out of the mapping. */
static status read_bytes(struct dump_memory *memory, uint64_t offset, void *destination, size_t size)
{
	if (memory->descriptor < 0) {
		memcpy(destination, memory->file.data + offset, size);
		return STATUS_OK;
	}
	ssize_t got = pread(memory->descriptor, destination, size, (off_t)offset);
	if (got < 0)
		return report(STATUS_IO, "can't read the dump at byte %llu: %s", (unsigned long long)offset,
			      strerror(errno));
	return got == (ssize_t)size ? STATUS_OK : report_cut(memory);
}

static status dump_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	struct dump_memory *memory = (struct dump_memory *)source;

	for (uint32_t i = 0; i < memory->contents.segment_count; i++) {
		const struct dump_segment *segment = &memory->contents.segments[i];
		uint64_t offset = start.value - segment->range.start.value;

		if (start.value < segment->range.start.value || !checked_within(offset, size, segment->range.size))
			continue;
		return read_bytes(memory, segment->offset + offset, destination, size);
	}
	return STATUS_UNMAPPED;
}

static status check_size(struct dump_memory *memory)
{
	struct stat found;

	if (memory->descriptor < 0)
		return STATUS_OK;
	if (fstat(memory->descriptor, &found) != 0)
		return report(STATUS_IO, "can't look at the dump: %s", strerror(errno));
	return (uint64_t)found.st_size < memory->file.size ? report_cut(memory) : STATUS_OK;
}

static status dump_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				  const uint8_t **ret_bytes)
{
	struct dump_memory *memory = (struct dump_memory *)source;

	/* What is behind *ret_bytes is there for as long as nobody cuts the file. */
	TRY(check_size(memory));
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

/* A dump doesn't end, but its file may be cut. */
static status dump_check(struct page_source *source)
{
	return check_size((struct dump_memory *)source);
}

static status dump_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			    struct plan_sink *sink)
{
	return source_plan_run(source, NULL, plan, cursor, sink);
}

static const struct page_source_ops dump_ops = {
	.read = dump_read,
	.next_populated = dump_next_populated,
	.ram_map = dump_ram_map,
	.registers = dump_registers,
	.run_plan = dump_run_plan,
	.check = dump_check,
};

void dump_memory_init(struct dump_memory *memory, struct span file, int descriptor)
{
	memory->source.ops = &dump_ops;
	memory->file = file;
	memory->descriptor = descriptor;
	memory->cut_told = false;
	memory->contents.segment_count = 0;
	memory->contents.cpu_count = 0;
}
