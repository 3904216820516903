/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu-ram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/qemu-file.h"
#include "base/checked.h"
#include "base/report.h"

/* Documentation/admin-guide/mm/pagemap.rst (Linux 6.1). */
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)

enum {
	VECTOR_COUNT_MAX = 64,
	PAGEMAP_BATCH_PAGES = 512,
};

static const struct qemu_block *find_block(const struct qemu_ram *ram, uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < ram->block_count; i++) {
		const struct ram_range *range = &ram->blocks[i].range;

		if (start >= range->start.value && checked_within(start - range->start.value, size, range->size))
			return &ram->blocks[i];
	}
	return NULL;
}

/* What a failed read of the process means. */
static status read_failure(const struct qemu_ram *ram, struct guest_pa start, int error)
{
	if (error == ESRCH || qemu_process_check(ram->process) == STATUS_GONE)
		return STATUS_GONE;
	if (error == EPERM)
		return qemu_process_denied(ram->process, "read the memory");
	return report(STATUS_IO, "can't read guest address 0x%" PRIx64 " from QEMU process %d: %s", start.value,
		      (int)ram->process->pid, strerror(error));
}

static status read_process(const struct qemu_ram *ram, const struct qemu_block *block, struct guest_pa start,
			   void *destination, size_t size)
{
	uint64_t from = block->start.value + (start.value - block->range.start.value);
	struct iovec local = {destination, size}, remote = {(void *)(uintptr_t)from, size};
	ssize_t got = process_vm_readv(ram->process->pid, &local, 1, &remote, 1, 0);

	return got == (ssize_t)size ? STATUS_OK : read_failure(ram, start, got < 0 ? errno : EFAULT);
}

status qemu_ram_read(const struct qemu_ram *ram, struct guest_pa start, void *destination, size_t size)
{
	const struct qemu_block *block = find_block(ram, start.value, size);

	if (block == NULL)
		return STATUS_UNMAPPED;
	if (block->bytes == NULL)
		return read_process(ram, block, start, destination, size);
	memcpy(destination, block->bytes + (start.value - block->range.start.value), size);
	return STATUS_OK;
}

const uint8_t *qemu_ram_mapped(const struct qemu_ram *ram, struct guest_pa start, size_t size,
			       struct ram_range *ret_range)
{
	const struct qemu_block *block = find_block(ram, start.value, size);

	if (block == NULL || block->bytes == NULL)
		return NULL;
	*ret_range = block->range;
	return block->bytes + (start.value - block->range.start.value);
}

/* Pages from i on that lie in a row in one block. */
static size_t run_length(const struct qemu_ram *ram, const struct guest_pa *pages, size_t page_count)
{
	size_t count = 1;

	while (count < page_count && pages[count].value == pages[0].value + count * GUEST_PAGE_SIZE &&
	       find_block(ram, pages[0].value, (count + 1) * GUEST_PAGE_SIZE) != NULL)
		count++;
	return count;
}

status qemu_ram_read_pages(const struct qemu_ram *ram, const struct guest_pa *pages, size_t page_count,
			   uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	/* One call for each run: vectors gain nothing over that. */
	for (size_t i = 0; i < page_count;) {
		size_t count = run_length(ram, &pages[i], page_count - i);
		status result = qemu_ram_read(ram, pages[i], destination[i], count * GUEST_PAGE_SIZE);

		for (size_t done = 0; done < count; done++)
			results[i++] = result;
	}
	return STATUS_OK;
}

/* Untouched pages of a shared file are holes. */
static status next_in_file(const struct qemu_block *block, uint64_t offset, struct ram_range *ret_range)
{
	uint64_t start, size;

	TRY(file_next_data(block->file, block->file_offset + offset, block->file_offset + block->range.size, &start,
			   &size));
	*ret_range = (struct ram_range){{block->range.start.value + (start - block->file_offset)}, size};
	return STATUS_OK;
}

/* Untouched pages of private memory are neither present nor swapped out. Finds
 * the next run in one batch of the page map; a batch without any goes on. */
static status next_in_pagemap(const struct qemu_ram *ram, const struct qemu_block *block, uint64_t offset,
			      struct ram_range *ret_range)
{
	uint64_t entries[PAGEMAP_BATCH_PAGES];

	for (uint64_t at = offset; at < block->range.size;) {
		uint64_t left = (block->range.size - at) / GUEST_PAGE_SIZE;
		size_t count = left < PAGEMAP_BATCH_PAGES ? (size_t)left : PAGEMAP_BATCH_PAGES, first = 0;
		off_t position = (off_t)((block->start.value + at) / GUEST_PAGE_SIZE * sizeof entries[0]);

		if (pread(ram->pagemap, entries, count * sizeof entries[0], position) !=
		    (ssize_t)(count * sizeof entries[0])) {
			TRY(qemu_process_check(ram->process));
			*ret_range = (struct ram_range){{block->range.start.value + at}, block->range.size - at};
			return STATUS_OK; /* unknown: may hold anything */
		}
		while (first < count && (entries[first] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) == 0)
			first++;
		size_t last = first;
		while (last < count && (entries[last] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) != 0)
			last++;
		if (last > first) {
			*ret_range = (struct ram_range){{block->range.start.value + at + first * GUEST_PAGE_SIZE},
							(last - first) * GUEST_PAGE_SIZE};
			return STATUS_OK;
		}
		at += count * GUEST_PAGE_SIZE;
	}
	return STATUS_END;
}

static status next_in_block(const struct qemu_ram *ram, const struct qemu_block *block, uint64_t offset,
			    struct ram_range *ret_range)
{
	if (block->file >= 0)
		return next_in_file(block, offset, ret_range);
	if (ram->pagemap >= 0)
		return next_in_pagemap(ram, block, offset, ret_range);
	*ret_range = (struct ram_range){{block->range.start.value + offset}, block->range.size - offset};
	return STATUS_OK;
}

status qemu_ram_next_populated(const struct qemu_ram *ram, struct guest_pa start, struct ram_range *ret_range,
			       const uint8_t **ret_bytes)
{
	for (uint32_t i = 0; i < ram->block_count; i++) {
		const struct qemu_block *block = &ram->blocks[i];
		uint64_t first = block->range.start.value, offset = start.value > first ? start.value - first : 0;

		if (offset >= block->range.size)
			continue;
		status result = next_in_block(ram, block, offset, ret_range);
		if (result == STATUS_END)
			continue;
		TRY(result);
		*ret_bytes = block->bytes != NULL ? block->bytes + (ret_range->start.value - first) : NULL;
		return STATUS_OK;
	}
	return STATUS_END;
}

/* Our own view of a shared block. Not for huge pages: to touch one that the
 * guest didn't may fail with SIGBUS. */
static void map_block(struct qemu_ram *ram, struct qemu_block *block, const struct qemu_mapping *mapping)
{
	uint64_t offset = mapping->file_offset + (block->start.value - mapping->start.value);

	if (!mapping->is_shared || mapping->inode == 0 || mapping->is_huge)
		return;
	int file = qemu_file_open(ram->process, mapping);
	if (file < 0)
		return;
	if (!qemu_file_holds(file, offset, block->range.size)) {
		close(file);
		return;
	}
	void *bytes = mmap(NULL, block->range.size, PROT_READ, MAP_SHARED, file, (off_t)offset);
	if (bytes == MAP_FAILED) {
		close(file);
		return;
	}
	block->bytes = bytes;
	block->file = file;
	block->file_offset = offset;
}

static status add_block(struct qemu_ram *ram, const struct qemu_mapping *mapping, struct ram_range range,
			struct host_va start)
{
	struct qemu_block block = {.range = range, .start = start, .file = -1};

	if (ram->block_count == QEMU_BLOCK_COUNT_MAX)
		return report(STATUS_LIMIT, "the guest's RAM is in more than %d pieces", QEMU_BLOCK_COUNT_MAX);
	map_block(ram, &block, mapping);
	ram->blocks[ram->block_count++] = block;
	return STATUS_OK;
}

/* A region that QMP told of: where it is in the process, it tells as well. */
static status add_region(struct qemu_ram *ram, struct qmp *qmp, const struct qemu_maps *maps,
			 const struct qmp_region *region)
{
	struct qemu_mapping mapping;
	struct host_va start;
	char command[64];
	char *text;

	snprintf(command, sizeof command, "gpa2hva 0x%" PRIx64, region->range.start.value);
	TRY(qmp_monitor(qmp, command, &text));
	status result = qmp_parse_host_address(text, &start);
	free(text);
	TRY(result);
	if (qemu_maps_at(maps, start, &mapping) != STATUS_OK ||
	    !checked_within(start.value - mapping.start.value, region->range.size, mapping.size))
		return STATUS_MALFORMED;
	return add_block(ram, &mapping, region->range, start);
}

static status blocks_from_qmp(struct qemu_ram *ram, struct qmp *qmp, const struct qemu_maps *maps)
{
	struct qmp_region *regions = calloc(QMP_REGION_COUNT_MAX, sizeof *regions);
	uint32_t count = 0;
	char *text;

	if (regions == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while asking QMP for the memory map");
	status result = qmp_monitor(qmp, "info mtree -f", &text);
	if (result == STATUS_OK) {
		result = qmp_parse_regions(text, regions, &count);
		free(text);
	}
	for (uint32_t i = 0; i < count && result == STATUS_OK; i++)
		result = add_region(ram, qmp, maps, &regions[i]);
	free(regions);
	return result;
}

/* Addresses [offset, offset + size) of the RAM taken as one run, as the layout
 * cuts them at the PCI hole. */
static status add_pieces(struct qemu_ram *ram, const struct ram_map *layout, const struct qemu_mapping *mapping,
			 uint64_t offset)
{
	uint64_t range_offset = 0;

	for (uint32_t i = 0; i < layout->range_count; i++) {
		const struct ram_range *range = &layout->range[i];
		uint64_t end = range_offset + range->size, block_end = offset + mapping->size;
		uint64_t from = offset > range_offset ? offset : range_offset;
		uint64_t to = block_end < end ? block_end : end;

		if (from < to)
			TRY(add_block(ram, mapping,
				      (struct ram_range){{range->start.value + (from - range_offset)}, to - from},
				      (struct host_va){mapping->start.value + (from - offset)}));
		range_offset = end;
	}
	return STATUS_OK;
}

/* How many of the backends before this one have its size? */
static uint32_t equal_before(const struct qemu_backend *backends, uint32_t index)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < index; i++)
		count += backends[i].size == backends[index].size;
	return count;
}

static uint32_t equal_count(const struct qemu_backend *backends, uint32_t count, uint64_t size)
{
	uint32_t equal = 0;

	for (uint32_t i = 0; i < count; i++)
		equal += backends[i].size == size;
	return equal;
}

static status blocks_from_arguments(struct qemu_ram *ram, const struct qemu_maps *maps)
{
	const struct qemu_arguments *arguments = &ram->process->arguments;
	struct qemu_backend whole = {.size = arguments->memory_size};
	const struct qemu_backend *backends = arguments->backend_count > 0 ? arguments->backends : &whole;
	uint32_t backend_count = arguments->backend_count > 0 ? arguments->backend_count : 1;
	struct ram_map layout;
	uint64_t offset = 0;

	TRY(qemu_arguments_layout(arguments, &layout));
	for (uint32_t i = 0; i < backend_count; i++) {
		struct qemu_mapping mapping;
		uint32_t found = qemu_maps_count(maps, backends[i].size);
		uint32_t wanted = equal_count(backends, backend_count, backends[i].size);

		if (found < wanted)
			return report(STATUS_MISSING,
				      "QEMU process %d has no mapping of %" PRIu64
				      " MiB that is guest RAM; give it a -qmp socket and it is asked instead",
				      (int)ram->process->pid, backends[i].size >> 20);
		if (found > wanted)
			return report(STATUS_MISMATCH,
				      "%u mappings of QEMU process %d may be its %" PRIu64
				      " MiB of guest RAM; give it a -qmp socket and it is asked instead",
				      found, (int)ram->process->pid, backends[i].size >> 20);
		TRY(qemu_maps_find(maps, backends[i].size, equal_before(backends, i), &mapping));
		TRY(add_pieces(ram, &layout, &mapping, offset));
		offset += backends[i].size;
	}
	return STATUS_OK;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct qemu_block *left = a, *right = b;

	return (left->range.start.value > right->range.start.value) -
	       (left->range.start.value < right->range.start.value);
}

static void unmap_blocks(struct qemu_ram *ram)
{
	for (uint32_t i = 0; i < ram->block_count; i++) {
		if (ram->blocks[i].bytes != NULL)
			munmap((void *)(uintptr_t)ram->blocks[i].bytes, ram->blocks[i].range.size);
		if (ram->blocks[i].file >= 0)
			close(ram->blocks[i].file);
	}
	ram->block_count = 0;
}

static status find_blocks(struct qemu_ram *ram, struct qmp *qmp, const struct qemu_maps *maps, bool *ret_by_qmp)
{
	*ret_by_qmp = qmp != NULL && blocks_from_qmp(ram, qmp, maps) == STATUS_OK;
	if (*ret_by_qmp)
		return STATUS_OK;
	/* QMP fell silent halfway, or speaks a dialect that we don't know. */
	unmap_blocks(ram);
	return blocks_from_arguments(ram, maps);
}

/* Asked before the first page, so that a refusal comes with its reason, and later:
 * the memory of a process that is being killed is gone before the process has
 * ended, and what can't be read any more must not look like another guest. */
status qemu_ram_check(const struct qemu_ram *ram)
{
	uint8_t byte;

	for (uint32_t i = 0; i < ram->block_count; i++)
		if (ram->blocks[i].bytes == NULL)
			TRY(qemu_ram_read(ram, ram->blocks[i].range.start, &byte, sizeof byte));
	return STATUS_OK;
}

status qemu_ram_init(struct qemu_ram *ram, const struct qemu_process *process, struct qmp *qmp, bool *ret_by_qmp)
{
	struct qemu_ram result = {.process = process, .pagemap = -1};
	char path[64];

	struct qemu_maps *maps = calloc(1, sizeof *maps);
	if (maps == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while reading QEMU's memory map");
	status outcome = qemu_process_maps(process, maps);
	if (outcome == STATUS_OK)
		outcome = find_blocks(&result, qmp, maps, ret_by_qmp);
	free(maps);
	if (outcome == STATUS_OK)
		outcome = qemu_ram_check(&result);
	if (outcome != STATUS_OK) {
		unmap_blocks(&result);
		return outcome;
	}
	qsort(result.blocks, result.block_count, sizeof result.blocks[0], compare_blocks);
	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)process->pid);
	result.pagemap = open(path, O_RDONLY | O_CLOEXEC);
	*ram = result;
	return STATUS_OK;
}

void qemu_ram_deinit(struct qemu_ram *ram)
{
	unmap_blocks(ram);
	if (ram->pagemap >= 0)
		close(ram->pagemap);
}

uint32_t qemu_ram_mapped_count(const struct qemu_ram *ram)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ram->block_count; i++)
		count += ram->blocks[i].bytes != NULL;
	return count;
}
