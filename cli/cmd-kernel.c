/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan kernel: what is known about a target's kernel. Described in
 * docs/kernel.md. */
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/report.h"
#include "cli/choose-target.h"
#include "cli/command.h"
#include "base/whole-file.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/profile.h"

enum { CACHE_PAGES = 1024 };

enum {
	KEY_TARGET = 256,
	KEY_PROFILE,
	KEY_SYMBOLS,
	KEY_TYPES,
	KEY_JSON,
};

struct settings {
	const char *target, *profile;
	bool symbols, types, json;
};

static const struct argp_option options[] = {
	{"target", KEY_TARGET, "T", 0, "qemu:PID, qemu:NAME, lab:NAME or dump:FILE (the only VM that runs here)", 0},
	{"profile", KEY_PROFILE, "FILE", 0, "take symbols and types from this profile; refuse another kernel", 0},
	{"symbols", KEY_SYMBOLS, NULL, 0, "print all symbols as /proc/kallsyms does, without modules", 0},
	{"types", KEY_TYPES, NULL, 0, "print all named types: number, kind, size, name", 0},
	{"json", KEY_JSON, NULL, 0, "print JSON", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case KEY_TARGET: settings->target = argument; return 0;
	case KEY_PROFILE: settings->profile = argument; return 0;
	case KEY_SYMBOLS: settings->symbols = true; return 0;
	case KEY_TYPES: settings->types = true; return 0;
	case KEY_JSON: settings->json = true; return 0;
	case ARGP_KEY_ARG: argp_error(state, "\"%s\" is too much: name the target by --target", argument); return 0;
	case ARGP_KEY_END:
		if (settings->symbols + settings->types + settings->json > 1)
			argp_error(state, "only one of --symbols, --types, --json");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* All that a look at a kernel needs, undone in the opposite order. */
struct attachment {
	struct target *target;
	void *storage;
	struct guest_memory memory;
	struct span profile_file;
	struct guest_profile *profile;
	struct guest_kernel *kernel;
	uint64_t attach_us; /* from an attached source to symbols and types */
};

static void attachment_deinit(struct attachment *attachment)
{
	guest_kernel_destroy(attachment->kernel);
	guest_profile_destroy(attachment->profile);
	free((void *)attachment->profile_file.data);
	free(attachment->storage);
	if (attachment->target != NULL)
		target_destroy(attachment->target);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static status attach(struct attachment *attachment, const struct settings *settings)
{
	size_t storage_size = guest_memory_storage_size(CACHE_PAGES);

	if (settings->profile != NULL) {
		TRY(whole_file_read(settings->profile, &attachment->profile_file));
		TRY(guest_profile_create(attachment->profile_file, &attachment->profile));
	}
	TRY(choose_target(settings->target, &attachment->target));
	attachment->storage = aligned_alloc(GUEST_PAGE_SIZE, (storage_size | (GUEST_PAGE_SIZE - 1)) + 1);
	if (attachment->storage == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a cache of %d pages", CACHE_PAGES);
	uint64_t start = now_us();
	TRY(guest_memory_init(&attachment->memory, attachment->target->source, attachment->storage, storage_size));
	status found = guest_kernel_create(&attachment->memory, attachment->profile, &attachment->kernel);
	if (found == STATUS_GONE)
		return report(found, "the target has ended");
	TRY(found);
	attachment->attach_us = now_us() - start;
	return STATUS_OK;
}

static status print_symbols(const struct guest_kernel *kernel)
{
	struct guest_symbol symbol;

	for (uint32_t i = 0; i < guest_symbols_count(kernel->symbols); i++) {
		TRY(guest_symbols_get(kernel->symbols, i, &symbol));
		printf("%016" PRIx64 " %c %s\n", symbol.address.value, symbol.type, symbol.name);
	}
	return STATUS_OK;
}

static const char *kind_name(enum guest_type_kind kind)
{
	static const char *const names[GUEST_TYPE_KIND_COUNT] = {
		"void",	    "int",     "pointer",  "array", "struct",	"union",    "enum",
		"forward",  "typedef", "volatile", "const", "restrict", "function", "prototype",
		"variable", "datasec", "float",	   "tag",   "tag",	"enum",
	};

	return kind < GUEST_TYPE_KIND_COUNT ? names[kind] : "?";
}

static status print_types(const struct guest_kernel *kernel)
{
	struct guest_type type;

	for (uint32_t id = 1; id < guest_types_count(kernel->types); id++) {
		uint64_t size;
		TRY(guest_types_get(kernel->types, id, &type));
		if (type.name[0] == '\0')
			continue;
		status sized = guest_types_size(kernel->types, id, &size);
		if (status_is_fault(sized))
			return sized;
		if (sized == STATUS_OK)
			printf("%" PRIu32 " %s %" PRIu64 " %s\n", id, kind_name(type.kind), size, type.name);
		else
			printf("%" PRIu32 " %s - %s\n", id, kind_name(type.kind), type.name);
	}
	return STATUS_OK;
}

static status print_json(const struct attachment *attachment)
{
	const struct guest_kernel *kernel = attachment->kernel;
	char text[20], offset[20];

	snprintf(text, sizeof text, "0x%" PRIx64, kernel->text.value);
	snprintf(offset, sizeof offset, "0x%" PRIx64, kernel->text_offset);
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:I}", "target", attachment->target->description.label,
		"banner", kernel->banner, "origin", kernel->origin, "text", text, "kaslr_offset", offset,
		"paging_levels", (int)kernel->space.level_count, "symbols",
		(json_int_t)guest_symbols_count(kernel->symbols), "types",
		(json_int_t)guest_types_count(kernel->types) - 1, "btf_size",
		(json_int_t)guest_types_bytes_size(kernel->types), "attach_us", (json_int_t)attachment->attach_us);
	if (object == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the answer");
	json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	putchar('\n');
	return STATUS_OK;
}

static status print_summary(const struct attachment *attachment)
{
	const struct guest_kernel *kernel = attachment->kernel;

	printf("target   %s\n", attachment->target->description.label);
	printf("kernel   %s\n", kernel->banner);
	printf("text     0x%" PRIx64 " (KASLR 0x%" PRIx64 "), %u levels of page tables\n", kernel->text.value,
	       kernel->text_offset, kernel->space.level_count);
	printf("symbols  %" PRIu32 ", types %" PRIu32 ", from %s\n", guest_symbols_count(kernel->symbols),
	       guest_types_count(kernel->types) - 1,
	       attachment->profile != NULL ? "the profile; memory agrees" : "memory: whatever the target says");
	printf("attached in %" PRIu64 ".%03" PRIu64 " ms\n", attachment->attach_us / 1000,
	       attachment->attach_us % 1000);
	return STATUS_OK;
}

static status show(const struct settings *settings)
{
	__attribute__((cleanup(attachment_deinit))) struct attachment attachment = {0};

	TRY(attach(&attachment, settings));
	if (settings->symbols)
		TRY(print_symbols(attachment.kernel));
	else if (settings->types)
		TRY(print_types(attachment.kernel));
	else if (settings->json)
		TRY(print_json(&attachment));
	else
		TRY(print_summary(&attachment));
	if (fflush(stdout) != 0 || ferror(stdout))
		return report(STATUS_IO, "the output can't be written");
	return STATUS_OK;
}

int cmd_kernel(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Find the Linux kernel in a target's memory and say what is known about it.\v"
		       "Exits with 1 where no kernel was found, or where it isn't the profile's.",
	};
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_USAGE;
	status shown = show(&settings);
	return shown == STATUS_OK ? EXIT_CODE_OK : shown == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}
