/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's monitor prints for people; this reads it (QEMU 7.2 to 10.0). */
#include "agent/qmp.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/scan.h"
#include "base/checked.h"

enum {
	LINE_SIZE = 256,
};

/* The line at `text`, cut at LINE_SIZE − 1; returns the next line's start. */
static const char *take_line(const char *text, char line[LINE_SIZE])
{
	size_t size = strcspn(text, "\r\n");
	size_t kept = size < LINE_SIZE ? size : LINE_SIZE - 1;

	memcpy(line, text, kept);
	line[kept] = 0;
	text += size;
	return text + strspn(text, "\r\n");
}

/* "NAME=hex" within [text, end), NAME at the start of a word. */
static status find_register(const char *text, const char *end, const char *name, int base, uint64_t *ret_value)
{
	size_t size = strlen(name);

	for (const char *at = text; at + size < end; at++) {
		if (memcmp(at, name, size) != 0 || at[size] != '=' || (at > text && at[-1] != ' ' && at[-1] != '\n'))
			continue;
		char *number_end;
		uint64_t value = strtoull(at + size + 1, &number_end, base);
		if (number_end == at + size + 1 || number_end > end)
			return STATUS_MALFORMED;
		*ret_value = value;
		return STATUS_OK;
	}
	return STATUS_MALFORMED;
}

static status parse_cpu(const char *text, const char *end, struct cpu_registers *ret_registers)
{
	struct cpu_registers registers = {0};
	uint64_t cpl;

	TRY(find_register(text, end, "CR0", 16, &registers.cr0));
	TRY(find_register(text, end, "CR3", 16, &registers.cr3));
	TRY(find_register(text, end, "CR4", 16, &registers.cr4));
	TRY(find_register(text, end, "EFER", 16, &registers.efer));
	TRY(find_register(text, end, "IDT", 16, &registers.idt_base));
	TRY(find_register(text, end, "CPL", 10, &cpl));
	registers.cpl = (uint32_t)cpl;
	*ret_registers = registers;
	return STATUS_OK;
}

status qmp_parse_registers(const char *text, struct cpu_registers *ret_registers, uint32_t count_max,
			   uint32_t *ret_count)
{
	static const char mark[] = "CPU#";
	const char *at = strstr(text, mark);
	uint32_t count = 0;

	while (at != NULL && count < count_max) {
		const char *next = strstr(at + 1, mark);
		const char *end = next != NULL ? next : at + strlen(at);

		TRY(parse_cpu(at, end, &ret_registers[count]));
		ret_registers[count].cpu_index = (uint32_t)strtoul(at + sizeof mark - 1, NULL, 10);
		count++;
		at = next;
	}
	if (count == 0)
		return STATUS_MALFORMED;
	*ret_count = count;
	return STATUS_OK;
}

/* "  0000000000100000-000000001fffffff (prio 0, ram): ram0 @0000000000100000" */
static bool parse_region_line(const char *line, struct qmp_region *ret_region)
{
	struct qmp_region region;
	uint64_t first, last;
	const char *at = line;

	if (!scan_number(&at, 16, UINT64_MAX, "-", &first) || !scan_number(&at, 16, UINT64_MAX, " (prio ", &last) ||
	    last < first)
		return false;
	/* The priority may be negative. Shadowed firmware is RAM shown read-only: "rom" of the same region. */
	const char *type = at + strspn(at, "-0123456789");
	if (type == at || (strncmp(type, ", ram):", 7) != 0 && strncmp(type, ", rom):", 7) != 0))
		return false;
	const char *text = type + 7 + strspn(type + 7, " ");
	const char *offset = strstr(text, " @");
	size_t size = offset != NULL ? (size_t)(offset - text) : strcspn(text, " ");
	if (size == 0 || size >= sizeof region.name)
		return false;
	memcpy(region.name, text, size);
	region.name[size] = 0;
	region.range = (struct ram_range){{first}, last - first + 1};
	*ret_region = region;
	return true;
}

/* Device memory that is "ram" to QEMU: video, firmware, option ROMs. */
static bool is_device_memory(const char *name)
{
	static const char *const patterns[] = {"vram", "vga", "rom", "bios", "flash", "/rom@", "ivshmem", "qxl", "tpm"};

	for (size_t i = 0; i < ARRAY_COUNT(patterns); i++)
		if (strstr(name, patterns[i]) != NULL)
			return true;
	return false;
}

static status add_region(struct qmp_region *regions, uint32_t *count, const struct qmp_region *region)
{
	struct qmp_region *last = *count > 0 ? &regions[*count - 1] : NULL;

	if (last != NULL && strcmp(last->name, region->name) == 0 &&
	    last->range.start.value + last->range.size == region->range.start.value) {
		last->range.size += region->range.size;
		return STATUS_OK;
	}
	if (*count == QMP_REGION_COUNT_MAX)
		return STATUS_LIMIT;
	regions[(*count)++] = *region;
	return STATUS_OK;
}

/* Is this line the head of the view of the address space "memory"? */
static bool names_memory(const char *line)
{
	return strstr(line, "AS \"memory\"") != NULL;
}

status qmp_parse_regions(const char *text, struct qmp_region ret_regions[QMP_REGION_COUNT_MAX], uint32_t *ret_count)
{
	bool in_view = false;
	uint32_t count = 0;

	while (*text != 0) {
		struct qmp_region region;
		char line[LINE_SIZE];

		text = take_line(text, line);
		if (strncmp(line, "FlatView #", 10) == 0) {
			if (count > 0)
				break;
			in_view = false;
		}
		in_view = in_view || names_memory(line);
		if (!in_view || !parse_region_line(line, &region) || is_device_memory(region.name))
			continue;
		TRY(add_region(ret_regions, &count, &region));
	}
	if (count == 0 || ret_regions[0].range.start.value != 0)
		return STATUS_MALFORMED;
	*ret_count = count;
	return STATUS_OK;
}

status qmp_parse_host_address(const char *text, struct host_va *ret_address)
{
	static const char mark[] = ") is 0x";
	const char *at = strstr(text, mark);

	if (strncmp(text, "Host virtual address for ", 25) != 0 || at == NULL)
		return STATUS_MALFORMED;
	ret_address->value = strtoull(at + sizeof mark - 1, NULL, 16);
	return ret_address->value != 0 ? STATUS_OK : STATUS_MALFORMED;
}
