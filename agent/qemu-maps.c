/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu-maps.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/scan.h"
#include "base/report.h"

enum {
	LINE_SIZE = QEMU_MAPPING_PATH_SIZE + 128,
	MAPPING_SIZE_MIN = 1 << 20,
};

/* One entry of smaps while its lines come in. */
struct entry {
	struct qemu_mapping mapping;
	bool is_candidate; /* by its first line */
	bool is_marked; /* by its VmFlags */
};

/* The next line, without its newline; cut at LINE_SIZE − 1. */
static bool next_line(struct reader *reader, char line[LINE_SIZE])
{
	size_t size = 0;
	uint8_t byte;

	if (reader_left(reader) == 0)
		return false;
	while (reader_u8(reader, &byte) == STATUS_OK && byte != '\n')
		if (size + 1 < LINE_SIZE)
			line[size++] = (char)byte;
	line[size] = 0;
	return true;
}

/* "7f1d97fff000-7f1db7fff000 rw-s 00000000 00:1b 25     /dev/shm/ram" */
static bool parse_header(const char *line, struct entry *ret_entry)
{
	struct entry entry = {0};
	uint64_t start, end, major, minor;
	const char *at = line;

	if (!scan_number(&at, 16, UINT64_MAX, "-", &start) || !scan_number(&at, 16, UINT64_MAX, " ", &end) ||
	    end <= start)
		return false;
	const char *rights = at;
	if (strcspn(rights, " ") != 4)
		return false;
	at += 4;
	if (!scan_number(&at, 16, UINT64_MAX, " ", &entry.mapping.file_offset) ||
	    !scan_number(&at, 16, UINT32_MAX, ":", &major) || !scan_number(&at, 16, UINT32_MAX, " ", &minor) ||
	    !scan_number(&at, 10, UINT64_MAX, "", &entry.mapping.inode))
		return false;
	at += strspn(at, " ");
	entry.mapping.device_major = (uint32_t)major;
	entry.mapping.device_minor = (uint32_t)minor;
	entry.mapping.start.value = start;
	entry.mapping.size = end - start;
	entry.mapping.is_shared = rights[3] == 's';
	entry.is_candidate = memcmp(rights, "rw-", 3) == 0;
	/* "[heap]" and "[anon:…]" name memory, not files. */
	if (*at != '[')
		snprintf(entry.mapping.path, sizeof entry.mapping.path, "%.*s", QEMU_MAPPING_PATH_SIZE - 1, at);
	*ret_entry = entry;
	return true;
}

static bool has_flag(const char *flags, const char *flag)
{
	for (const char *at = flags; (at = strstr(at, flag)) != NULL; at++)
		if (at[-1] == ' ' && (at[2] == ' ' || at[2] == 0))
			return true;
	return false;
}

static bool continues(const struct qemu_mapping *before, const struct qemu_mapping *next)
{
	return before->start.value + before->size == next->start.value && before->is_shared == next->is_shared &&
	       before->inode == next->inode && before->device_major == next->device_major &&
	       before->device_minor == next->device_minor &&
	       (before->inode == 0 || before->file_offset + before->size == next->file_offset);
}

static status add(struct qemu_maps *maps, const struct entry *entry)
{
	if (!entry->is_candidate || !entry->is_marked)
		return STATUS_OK;
	if (maps->count > 0 && continues(&maps->mappings[maps->count - 1], &entry->mapping)) {
		maps->mappings[maps->count - 1].size += entry->mapping.size;
		return STATUS_OK;
	}
	/* What is small turned out not to be continued. */
	if (maps->count > 0 && maps->mappings[maps->count - 1].size < MAPPING_SIZE_MIN)
		maps->count--;
	if (maps->count == QEMU_MAPPING_COUNT_MAX)
		return report(STATUS_LIMIT, "more than %d mappings of the process may be guest RAM",
			      QEMU_MAPPING_COUNT_MAX);
	maps->mappings[maps->count++] = entry->mapping;
	return STATUS_OK;
}

static void take_detail(struct entry *entry, const char *line)
{
	static const char page_size[] = "KernelPageSize:";
	bool has_page_size = strncmp(line, page_size, strlen(page_size)) == 0;
	const char *at = has_page_size ? line + strlen(page_size) : line;
	uint64_t page_kib;

	if (strncmp(line, "VmFlags:", 8) == 0) {
		entry->is_marked = has_flag(line + 8, "dc");
		entry->mapping.is_huge = entry->mapping.is_huge || has_flag(line + 8, "ht");
	} else if (has_page_size && scan_number(&at, 10, UINT32_MAX, " kB", &page_kib)) {
		entry->mapping.is_huge = page_kib > GUEST_PAGE_SIZE / 1024;
	}
}

status qemu_maps_parse(struct span text, struct qemu_maps *ret_maps)
{
	struct qemu_maps maps = {0};
	struct reader reader;
	struct entry entry = {0};
	bool any = false;
	char line[LINE_SIZE];

	reader_init(&reader, text);
	while (next_line(&reader, line)) {
		struct entry next;

		if (parse_header(line, &next)) {
			TRY(add(&maps, &entry));
			entry = next;
			any = true;
		} else {
			take_detail(&entry, line);
		}
	}
	TRY(add(&maps, &entry));
	if (!any)
		return report(STATUS_MALFORMED,
			      "the process's smaps lists no mapping: it has ended, or /proc is restricted");
	*ret_maps = maps;
	return STATUS_OK;
}

uint32_t qemu_maps_count(const struct qemu_maps *maps, uint64_t size)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < maps->count; i++)
		count += maps->mappings[i].size == size;
	return count;
}

status qemu_maps_find(const struct qemu_maps *maps, uint64_t size, uint32_t index, struct qemu_mapping *ret_mapping)
{
	/* smaps is sorted by address. */
	for (uint32_t i = maps->count; i-- > 0;) {
		if (maps->mappings[i].size != size)
			continue;
		if (index-- > 0)
			continue;
		*ret_mapping = maps->mappings[i];
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

status qemu_maps_at(const struct qemu_maps *maps, struct host_va address, struct qemu_mapping *ret_mapping)
{
	for (uint32_t i = 0; i < maps->count; i++) {
		const struct qemu_mapping *mapping = &maps->mappings[i];

		if (address.value < mapping->start.value || address.value - mapping->start.value >= mapping->size)
			continue;
		*ret_mapping = *mapping;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}
