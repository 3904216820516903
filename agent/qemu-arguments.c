/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu-arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"

#define GIB UINT64_C(0x40000000)
#define MIB UINT64_C(0x100000)

enum {
	OPTION_VALUE_SIZE = 1024,
	OBJECT_COUNT_MAX = 64, /* memory backends, used or not */
	CHARDEV_COUNT_MAX = 64,
	NUMA_NODE_COUNT_MAX = QEMU_BACKEND_COUNT_MAX,
};

/* What has to be seen whole before it makes sense. */
struct parse {
	struct qemu_arguments *result;
	struct qemu_backend objects[OBJECT_COUNT_MAX];
	uint32_t object_count;
	struct {
		char id[QEMU_NAME_SIZE];
		char path[QEMU_PATH_SIZE];
	} chardevs[CHARDEV_COUNT_MAX];
	uint32_t chardev_count;
	char main_backend[QEMU_NAME_SIZE];
	char node_backend[NUMA_NODE_COUNT_MAX][QEMU_NAME_SIZE];
	char monitor_chardev[QEMU_NAME_SIZE];
};

/* Copy what fits; a longer text is cut, as it is used for comparing only. */
static void copy_text(char *destination, size_t size, const char *text)
{
	size_t kept = strnlen(text, size - 1);

	memcpy(destination, text, kept);
	destination[kept] = 0;
}

/* The next "key=value" or "value" of a QEMU option list; ",," is a comma
 * within. Returns where the following item starts, NULL after the last. */
static const char *next_item(const char *text, char item[OPTION_VALUE_SIZE])
{
	size_t size = 0;

	for (; *text != 0; text++) {
		if (text[0] == ',' && text[1] != ',')
			break;
		if (text[0] == ',')
			text++;
		if (size + 1 < OPTION_VALUE_SIZE)
			item[size++] = *text;
	}
	item[size] = 0;
	return *text == ',' ? text + 1 : NULL;
}

/* The value of `key` in "first,key=value,…" or {"key": value}; `first` is what
 * a leading item without "=" stands for. */
static bool option_get(const char *text, const char *first, const char *key, char value[OPTION_VALUE_SIZE])
{
	bool found = false, leading = true;

	if (text[0] == '{') {
		json_t *object = json_loads(text, 0, NULL);
		const json_t *member = json_object_get(object, key);

		if (json_is_string(member))
			snprintf(value, OPTION_VALUE_SIZE, "%s", json_string_value(member));
		else if (json_is_integer(member))
			snprintf(value, OPTION_VALUE_SIZE, "%lld", (long long)json_integer_value(member));
		found = json_is_string(member) || json_is_integer(member);
		json_decref(object);
		return found;
	}
	for (const char *at = text; at != NULL; leading = false) {
		char item[OPTION_VALUE_SIZE];

		at = next_item(at, item);
		char *equals = strchr(item, '=');
		if (equals == NULL && !(leading && first != NULL && strcmp(first, key) == 0))
			continue;
		if (equals != NULL && ((size_t)(equals - item) != strlen(key) || memcmp(item, key, strlen(key)) != 0))
			continue;
		snprintf(value, OPTION_VALUE_SIZE, "%s", equals != NULL ? equals + 1 : item);
		found = true; /* the last one counts, as in QEMU */
	}
	return found;
}

static int unit_shift(char unit)
{
	switch (unit) {
	case 'k':
	case 'K': return 10;
	case 'm':
	case 'M': return 20;
	case 'g':
	case 'G': return 30;
	case 't':
	case 'T': return 40;
	case 'b':
	case 'B': return 0;
	default: return -1;
	}
}

/* "512", "2G", "1048576k", "1.5G"; without a unit it counts in `unit`. */
static status parse_size(const char *text, uint64_t unit, uint64_t *ret_size)
{
	double fraction = 0;
	char *end;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 0);
	if (*end == '.')
		fraction = strtod(end, &end);
	int shift = *end != 0 ? unit_shift(*end) : -1;
	if (shift >= 0) {
		unit = 1ULL << shift;
		end++;
	}
	uint64_t size;
	if (errno != 0 || end == text || *end != 0 || text[0] == '-' || fraction < 0 || fraction >= 1 ||
	    !checked_multiply(number, unit, &size) || !checked_add(size, (uint64_t)(fraction * (double)unit), &size))
		return report(STATUS_MALFORMED, "QEMU's command line gives a memory size \"%s\" that is no size", text);
	*ret_size = size;
	return STATUS_OK;
}

static enum qemu_machine machine_from_name(const char *name)
{
	if (strcmp(name, "q35") == 0 || strncmp(name, "pc-q35-", 7) == 0)
		return QEMU_MACHINE_Q35;
	if (strcmp(name, "pc") == 0 || strncmp(name, "pc-i440fx-", 10) == 0)
		return QEMU_MACHINE_PC;
	if (strcmp(name, "microvm") == 0)
		return QEMU_MACHINE_MICROVM;
	return QEMU_MACHINE_OTHER;
}

static status take_machine(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (option_get(text, "type", "type", value)) {
		copy_text(parse->result->machine_name, QEMU_NAME_SIZE, value);
		parse->result->machine = machine_from_name(value);
	}
	if (option_get(text, NULL, "memory-backend", value))
		copy_text(parse->main_backend, QEMU_NAME_SIZE, value);
	if (option_get(text, NULL, "max-ram-below-4g", value))
		TRY(parse_size(value, 1, &parse->result->low_size_limit));
	return STATUS_OK;
}

static status take_memory(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (!option_get(text, "size", "size", value))
		return STATUS_OK;
	return parse_size(value, MIB, &parse->result->memory_size);
}

static status take_object(struct parse *parse, const char *text)
{
	struct qemu_backend *object = &parse->objects[parse->object_count];
	char value[OPTION_VALUE_SIZE];

	if (!option_get(text, "qom-type", "qom-type", value) || strncmp(value, "memory-backend-", 15) != 0 ||
	    strcmp(value, "memory-backend-epc") == 0)
		return STATUS_OK;
	if (parse->object_count == OBJECT_COUNT_MAX)
		return report(STATUS_LIMIT, "more than %d memory backends on QEMU's command line", OBJECT_COUNT_MAX);
	if (!option_get(text, NULL, "size", value))
		return STATUS_OK;
	TRY(parse_size(value, 1, &object->size));
	if (option_get(text, NULL, "id", value))
		copy_text(object->id, QEMU_NAME_SIZE, value);
	parse->object_count++;
	return STATUS_OK;
}

static status take_numa(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE], node[OPTION_VALUE_SIZE];

	if (!option_get(text, NULL, "memdev", value))
		return STATUS_OK;
	unsigned long index = 0;
	if (option_get(text, NULL, "nodeid", node))
		index = strtoul(node, NULL, 10);
	else
		while (index < NUMA_NODE_COUNT_MAX && parse->node_backend[index][0] != 0)
			index++; /* QEMU numbers them as they come */
	if (index >= NUMA_NODE_COUNT_MAX)
		return report(STATUS_LIMIT, "more than %d NUMA nodes on QEMU's command line", NUMA_NODE_COUNT_MAX);
	copy_text(parse->node_backend[index], QEMU_NAME_SIZE, value);
	return STATUS_OK;
}

static status take_chardev(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (parse->chardev_count == CHARDEV_COUNT_MAX || !option_get(text, NULL, "path", value))
		return STATUS_OK;
	copy_text(parse->chardevs[parse->chardev_count].path, QEMU_PATH_SIZE, value);
	if (option_get(text, NULL, "id", value))
		copy_text(parse->chardevs[parse->chardev_count].id, QEMU_NAME_SIZE, value);
	parse->chardev_count++;
	return STATUS_OK;
}

static status take_monitor(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (option_get(text, NULL, "mode", value) && strcmp(value, "control") == 0 &&
	    option_get(text, "chardev", "chardev", value))
		copy_text(parse->monitor_chardev, QEMU_NAME_SIZE, value);
	return STATUS_OK;
}

static status take_qmp(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (strncmp(text, "unix:", 5) == 0) {
		next_item(text + 5, value);
		copy_text(parse->result->qmp_path, QEMU_PATH_SIZE, value);
	} else if (strncmp(text, "chardev:", 8) == 0) {
		copy_text(parse->monitor_chardev, QEMU_NAME_SIZE, text + 8);
	}
	return STATUS_OK;
}

static status take_name(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (option_get(text, "guest", "guest", value))
		copy_text(parse->result->name, QEMU_NAME_SIZE, value);
	return STATUS_OK;
}

static status take_device(struct parse *parse, const char *text)
{
	char value[OPTION_VALUE_SIZE];

	if (option_get(text, "driver", "driver", value) &&
	    (strcmp(value, "pc-dimm") == 0 || strcmp(value, "virtio-mem-pci") == 0))
		parse->result->dimm_count++;
	return STATUS_OK;
}

static const struct {
	const char *option;
	status (*take)(struct parse *parse, const char *value);
} takers[] = {
	{"name", take_name},	 {"machine", take_machine}, {"M", take_machine},       {"m", take_memory},
	{"object", take_object}, {"numa", take_numa},	    {"chardev", take_chardev}, {"mon", take_monitor},
	{"qmp", take_qmp},	 {"qmp-pretty", take_qmp},  {"device", take_device},
};

static status take_option(struct parse *parse, const char *option, const char *value)
{
	/* QEMU takes one dash or two. */
	option += option[0] == '-' && option[1] == '-' ? 2 : 1;
	for (size_t i = 0; i < ARRAY_COUNT(takers); i++)
		if (strcmp(option, takers[i].option) == 0)
			return takers[i].take(parse, value);
	return STATUS_OK;
}

static status add_backend(struct parse *parse, const char *id)
{
	struct qemu_arguments *result = parse->result;

	for (uint32_t i = 0; i < parse->object_count; i++) {
		if (strcmp(parse->objects[i].id, id) != 0)
			continue;
		result->backends[result->backend_count++] = parse->objects[i];
		return STATUS_OK;
	}
	return report(STATUS_MALFORMED, "QEMU's command line uses a memory backend \"%s\" that it doesn't define", id);
}

static status resolve(struct parse *parse)
{
	uint64_t total = 0;

	if (parse->main_backend[0] != 0) {
		TRY(add_backend(parse, parse->main_backend));
	} else {
		for (uint32_t i = 0; i < NUMA_NODE_COUNT_MAX; i++)
			if (parse->node_backend[i][0] != 0)
				TRY(add_backend(parse, parse->node_backend[i]));
	}
	for (uint32_t i = 0; i < parse->result->backend_count; i++)
		if (!checked_add(total, parse->result->backends[i].size, &total))
			return report(STATUS_MALFORMED, "QEMU's memory backends are larger than any memory");
	/* Without -m a machine's backend sets the size (QEMU 6.2 and later). */
	if (parse->result->memory_size == 0)
		parse->result->memory_size = total != 0 ? total : 128 * MIB;
	if (total != 0 && total != parse->result->memory_size)
		return report(STATUS_MALFORMED, "QEMU's memory backends hold %" PRIu64 " bytes, but -m says %" PRIu64,
			      total, parse->result->memory_size);
	for (uint32_t i = 0; i < parse->chardev_count && parse->monitor_chardev[0] != 0; i++)
		if (strcmp(parse->chardevs[i].id, parse->monitor_chardev) == 0)
			copy_text(parse->result->qmp_path, QEMU_PATH_SIZE, parse->chardevs[i].path);
	return STATUS_OK;
}

static status parse_arguments(struct parse *parse, struct reader *reader)
{
	const char *argument;
	bool is_option = false;
	const char *option = NULL;

	while (reader_string(reader, QEMU_LINE_SIZE_MAX, &argument) == STATUS_OK) {
		if (is_option && argument[0] != '-')
			TRY(take_option(parse, option, argument));
		is_option = argument[0] == '-' && argument[1] != 0;
		option = argument;
	}
	return STATUS_OK;
}

status qemu_arguments_parse(struct span line, struct qemu_arguments *ret_arguments)
{
	struct qemu_arguments result = {.machine = QEMU_MACHINE_PC, .machine_name = "pc"};
	struct reader reader;
	const char *program;

	reader_init(&reader, line);
	if (reader_string(&reader, QEMU_LINE_SIZE_MAX, &program) != STATUS_OK || program[0] == 0)
		return report(STATUS_MALFORMED, "the process has no command line: it is a kernel thread or has ended");
	const char *slash = strrchr(program, '/');
	copy_text(result.program, QEMU_NAME_SIZE, slash != NULL ? slash + 1 : program);

	struct parse *parse = calloc(1, sizeof *parse);
	if (parse == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while reading QEMU's command line");
	parse->result = &result;
	status outcome = parse_arguments(parse, &reader);
	if (outcome == STATUS_OK)
		outcome = resolve(parse);
	free(parse);
	if (outcome == STATUS_OK)
		*ret_arguments = result;
	return outcome;
}

/* The lowest address at which the RAM below 4 GiB must end. */
static uint64_t low_end(const struct qemu_arguments *arguments)
{
	uint64_t size = arguments->memory_size, limit = arguments->low_size_limit, end;

	if (arguments->machine == QEMU_MACHINE_Q35) {
		end = size >= 0xb0000000 ? 0x80000000 : 0xb0000000;
		return limit != 0 && limit < end ? limit : end;
	}
	if (arguments->machine == QEMU_MACHINE_MICROVM) {
		end = size >= 0xc0000000 ? 0xc0000000 : size;
		return limit != 0 && limit < end ? limit : end;
	}
	end = limit != 0 ? limit : 0xe0000000;
	return size >= end && end > 0xc0000000 ? 0xc0000000 : end;
}

status qemu_arguments_layout(const struct qemu_arguments *arguments, struct ram_map *ret_map)
{
	uint64_t size = arguments->memory_size, end = low_end(arguments);

	if (arguments->machine == QEMU_MACHINE_OTHER)
		return report(STATUS_UNSUPPORTED,
			      "machine type \"%s\": where it puts its RAM isn't known; known are q35, pc and microvm. "
			      "Give QEMU a -qmp socket and it is asked instead",
			      arguments->machine_name);
	/* hw/i386/pc.c: on AMD hosts the upper part moves to 1 TiB. */
	if (size >= 1000 * GIB)
		return report(STATUS_UNSUPPORTED,
			      "a guest of %" PRIu64 " GiB: QEMU places so much RAM differently on some hosts; "
			      "give it a -qmp socket and it is asked instead",
			      size / GIB);
	if (size == 0 || size % GUEST_PAGE_SIZE != 0 || end % GUEST_PAGE_SIZE != 0)
		return report(STATUS_MALFORMED, "QEMU's command line gives the guest %" PRIu64 " bytes of RAM", size);
	if (size <= end) {
		*ret_map = (struct ram_map){.range = {{{0}, size}}, .range_count = 1};
		return STATUS_OK;
	}
	*ret_map = (struct ram_map){.range = {{{0}, end}, {{4 * GIB}, size - end}}, .range_count = 2};
	return STATUS_OK;
}
