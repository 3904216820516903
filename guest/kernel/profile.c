// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/profile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/layout.h"
#include "guest/kernel/pieces.h"
#include "guest/kernel/profile-format.h"

enum {
	PAGE_SIZE = GUEST_PAGE_SIZE,
	/* What is compared in one go: as much as one request brings. */
	RUN_SIZE_MAX = 32 * PAGE_SIZE,
};

/* ------------------------------------------------------------------- file */

uint64_t profile_checksum_add(uint64_t sum, struct span bytes)
{
	for (size_t at = 0; at < bytes.size; at += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes.data + at, bytes.size - at < 8 ? bytes.size - at : 8);
		sum = (sum ^ word) * 0x100000001b3;
	}
	return sum;
}

uint64_t profile_checksum(struct span bytes)
{
	return profile_checksum_add(PROFILE_CHECKSUM_START, bytes);
}

/* The first look at all of the file: from here on it must stay as it is. */
static status file_checksum(struct pieces *file, uint64_t *ret_sum)
{
	uint64_t size = pieces_size(file), sum = PROFILE_CHECKSUM_START;
	uint8_t buffer[PAGE_SIZE];
	const uint8_t *bytes;
	size_t run;

	for (uint64_t at = PROFILE_SUMMED_FROM; at < size; at += run) {
		run = size - at < sizeof buffer ? (size_t)(size - at) : sizeof buffer;
		TRY(pieces_get(file, at, run, buffer, &bytes));
		sum = profile_checksum_add(sum, (struct span){bytes, run});
	}
	*ret_sum = sum;
	return STATUS_OK;
}

static status check_header(const struct profile_header *header, struct pieces *file)
{
	uint64_t sum;

	if (memcmp(header->magic, PROFILE_MAGIC, sizeof header->magic) != 0)
		return report(STATUS_MALFORMED,
			      "not a profile: make one with `bartizan profile build VMLINUZ -o FILE`");
	if (header->version != PROFILE_VERSION || header->header_size != sizeof *header)
		return report(STATUS_UNSUPPORTED,
			      "a profile of version %u: this program reads version %u; build it anew", header->version,
			      PROFILE_VERSION);
	if (header->file_size != pieces_size(file))
		return report(
			STATUS_MALFORMED,
			"the profile should have %llu bytes and has %llu: build it anew from the kernel's package",
			(unsigned long long)header->file_size, (unsigned long long)pieces_size(file));
	TRY(file_checksum(file, &sum));
	if (sum != header->checksum)
		return report(STATUS_MALFORMED,
			      "the profile is damaged, its checksum differs: build it anew from the kernel's package");
	if (header->addressing < KALLSYMS_ABSOLUTE || header->addressing > KALLSYMS_PC_RELATIVE ||
	    header->symbol_count == 0 || header->symbol_count > KALLSYMS_SYMBOL_COUNT_MAX || header->banner_size == 0 ||
	    header->banner_size > PROFILE_BANNER_SIZE_MAX || header->build_id_size > PROFILE_BUILD_ID_SIZE_MAX ||
	    header->tokens_size == 0 || header->tokens_size > KALLSYMS_TOKENS_SIZE_MAX ||
	    header->names_size > KALLSYMS_NAMES_SIZE_MAX || header->types_size > GUEST_TYPES_SIZE_MAX)
		return report(STATUS_MALFORMED, "the profile's header holds sizes that no kernel has");
	return STATUS_OK;
}

/* A section of `size` bytes at *at, which moves behind it. */
static struct profile_part take(uint64_t *at, size_t size)
{
	struct profile_part part = {*at, size};

	*at += size; /* sizes are bounded */
	return part;
}

static status read_sections(struct guest_profile *profile, const struct profile_header *header)
{
	struct kallsyms_tables *tables = &profile->tables;
	size_t values_size = (size_t)header->symbol_count * kallsyms_value_size(tables->addressing);
	uint64_t at = sizeof *header;

	struct profile_part banner = take(&at, header->banner_size);
	profile->build_id = take(&at, header->build_id_size);
	struct profile_part token_index = take(&at, sizeof tables->token_index);
	profile->tokens = take(&at, header->tokens_size);
	profile->values = take(&at, values_size);
	profile->names = take(&at, header->names_size);
	profile->types = take(&at, header->types_size);
	if (at != pieces_size(profile->file))
		return STATUS_END;
	TRY(pieces_copy(profile->file, banner.at, profile->banner, banner.size));
	return pieces_copy(profile->file, token_index.at, tables->token_index, token_index.size);
}

static status load(struct guest_profile *profile)
{
	static const enum kallsyms_addressing forms[] = {KALLSYMS_ABSOLUTE, KALLSYMS_RELATIVE, KALLSYMS_RELATIVE_PERCPU,
							 KALLSYMS_PC_RELATIVE};
	struct profile_header header;

	if (pieces_size(profile->file) < sizeof header)
		return report(STATUS_MALFORMED, "not a profile: only %llu bytes",
			      (unsigned long long)pieces_size(profile->file));
	TRY(pieces_copy(profile->file, 0, &header, sizeof header));
	TRY(check_header(&header, profile->file));
	profile->text = header.text;
	profile->types_at = header.types_at;
	profile->tables = (struct kallsyms_tables){
		.symbol_count = header.symbol_count,
		.addressing = forms[header.addressing - KALLSYMS_ABSOLUTE],
		.base = header.base,
		.names_size = header.names_size,
		.tokens_size = header.tokens_size,
		.names_at = header.names_at,
		.values_at = header.values_at,
		.base_at = header.base_at,
		.tokens_at = header.tokens_at,
		.token_index_at = header.token_index_at,
	};
	status read = read_sections(profile, &header);
	if (read != STATUS_OK && read != STATUS_END)
		return read;
	if (read == STATUS_END || profile->banner[header.banner_size - 1] != '\0')
		return report(STATUS_MALFORMED, "the profile's sections don't fill its file");
	return STATUS_OK;
}

status guest_profile_create_from_pieces(struct pieces *file, struct guest_profile **ret_profile)
{
	struct guest_profile *profile = calloc(1, sizeof *profile);

	if (profile == NULL) {
		pieces_destroy(file);
		return report(STATUS_NO_MEMORY, "no memory for a profile");
	}
	profile->file = file;
	status loaded = load(profile);
	if (loaded != STATUS_OK) {
		guest_profile_destroy(profile);
		return loaded;
	}
	*ret_profile = profile;
	return STATUS_OK;
}

status guest_profile_create(struct span file, struct guest_profile **ret_profile)
{
	struct pieces *pieces;

	TRY(pieces_create_borrowed(file.data, file.size, &pieces));
	return guest_profile_create_from_pieces(pieces, ret_profile);
}

void guest_profile_destroy(struct guest_profile *profile)
{
	if (profile == NULL)
		return;
	pieces_destroy(profile->file);
	free(profile);
}

/* ------------------------------------------------------------- relocation */

/* A section of its own. */
static status take_section(const struct guest_profile *profile, struct profile_part part, uint8_t **ret_bytes)
{
	uint8_t *bytes = malloc(part.size != 0 ? part.size : 1);

	if (bytes == NULL)
		return report(STATUS_NO_MEMORY,
			      "no memory for %zu bytes of the profile: raise `heap` in the image's manifest",
			      part.size);
	status read = pieces_copy(profile->file, part.at, bytes, part.size);
	if (read != STATUS_OK) {
		free(bytes);
		return read;
	}
	*ret_bytes = bytes;
	return STATUS_OK;
}

static status take_tables(const struct guest_profile *profile, struct kallsyms_tables *tables)
{
	TRY(take_section(profile, profile->values, &tables->values));
	TRY(take_section(profile, profile->names, &tables->names));
	return take_section(profile, profile->tokens, &tables->tokens);
}

/* Absolute addresses in the image move with it; per-CPU offsets and constants
 * don't (arch/x86/tools/relocs.c). */
static void relocate_absolute(struct kallsyms_tables *tables, uint64_t offset)
{
	for (uint32_t i = 0; i < tables->symbol_count; i++) {
		uint64_t value = kallsyms_address(tables, i);
		if (value < KERNEL_MAP_START)
			continue;
		value += offset;
		memcpy(tables->values + 8 * (size_t)i, &value, sizeof value);
	}
}

static status relocate_tables(const struct guest_profile *profile, uint64_t offset, struct kallsyms_tables *ret_tables)
{
	struct kallsyms_tables tables = profile->tables;

	status taken = take_tables(profile, &tables);
	if (taken != STATUS_OK) {
		kallsyms_tables_deinit(&tables);
		return taken;
	}
	tables.base += offset;
	tables.names_at += offset;
	tables.values_at += offset;
	tables.base_at += tables.base_at != 0 ? offset : 0;
	tables.tokens_at += offset;
	tables.token_index_at += offset;
	if (tables.addressing == KALLSYMS_ABSOLUTE)
		relocate_absolute(&tables, offset);
	*ret_tables = tables;
	return STATUS_OK;
}

/* ------------------------------------------------------------- comparison */

static void free_room(uint8_t **room)
{
	free(*room);
}

/* Room for a run. NULL: reported. */
static uint8_t *make_room(void)
{
	uint8_t *room = malloc(RUN_SIZE_MAX);

	if (room == NULL)
		(void)!report(STATUS_NO_MEMORY, "no memory to compare the kernel with its profile: raise `heap` in the "
						"image's manifest");
	return room;
}

#define OWNED_ROOM __attribute__((cleanup(free_room))) uint8_t *

/* Whoever hands in a profile also says where the kernel has its tables: somewhere else in memory may lie what he has
 * put there himself. */
static status check_place(const struct kernel_view *view, uint64_t at, size_t size)
{
	uint64_t place = at, end;

	if (checked_add(at, size, &end)) {
		for (uint32_t i = 0; i < view->region_count && place < end; i++) {
			const struct kernel_region *region = &view->region[i];

			if (place >= region->start && place - region->start < region->size)
				place = region->start + region->size;
		}
		if (place >= end)
			return STATUS_OK;
	}
	return report(
		STATUS_MISMATCH,
		"the target's kernel isn't the profile's: nothing of the kernel's image is mapped at %#llx, where the "
		"profile has %zu bytes of its tables",
		(unsigned long long)place, size);
}

/* How many bytes of a page, or a part of one, are as expected? Where it can't be read, though the image has it (a dump
 * that lacks it), all of them. */
static status compare_page(const struct kernel_view *view, uint64_t at, const uint8_t *expected, size_t size,
			   uint8_t *room, size_t *ret_same_size)
{
	size_t same = 0;
	status read = kernel_view_read(view, at, room, size);

	if (read != STATUS_OK && read != STATUS_UNMAPPED)
		return read;
	if (read == STATUS_UNMAPPED || memcmp(room, expected, size) == 0)
		same = size;
	while (same < size && room[same] == expected[same])
		same++;
	*ret_same_size = same;
	return STATUS_OK;
}

/* The same of a run of pages, in one question where the source can; page by page where that shows a difference, or that
 * one can't be read. */
static status compare_run(const struct kernel_view *view, uint64_t at, const uint8_t *expected, size_t size,
			  uint8_t *room, size_t *ret_same_size)
{
	status read = kernel_view_read(view, at, room, size);
	size_t done = 0, same;

	if (read != STATUS_OK && read != STATUS_UNMAPPED)
		return read;
	if (read == STATUS_OK && memcmp(room, expected, size) == 0)
		done = size;
	while (done < size) {
		const size_t part = PAGE_SIZE < size - done ? PAGE_SIZE : size - done;

		TRY(compare_page(view, at + done, expected + done, part, room, &same));
		done += same;
		if (same != part)
			break;
	}
	*ret_same_size = done;
	return STATUS_OK;
}

/* To the end of a page first, then whole pages. */
static size_t run_size(uint64_t at, size_t left)
{
	size_t run = at % PAGE_SIZE != 0 ? PAGE_SIZE - (size_t)(at % PAGE_SIZE) : RUN_SIZE_MAX;

	return run < left ? run : left;
}

/* How far do memory and expectation agree? `*ret_same_size` is `size` where
 * they do, else the first difference. */
static status compare(const struct kernel_view *view, uint64_t at, const uint8_t *expected, size_t size,
		      size_t *ret_same_size)
{
	size_t done = 0, run, same;
	OWNED_ROOM room = make_room();

	if (room == NULL)
		return STATUS_NO_MEMORY;
	TRY(check_place(view, at, size));
	for (; done < size; done += same) {
		run = run_size(at + done, size - done);
		TRY(compare_run(view, at + done, expected + done, run, room, &same));
		if (same != run) {
			done += same;
			break;
		}
	}
	*ret_same_size = done;
	return STATUS_OK;
}

/* The same of types, of which only pieces are at hand. */
static status compare_types(const struct kernel_view *view, uint64_t at, const struct guest_types *types,
			    size_t *ret_same_size)
{
	size_t size = guest_types_bytes_size(types), done = 0, run, same;
	OWNED_ROOM room = make_room();
	OWNED_ROOM expected = make_room();

	if (room == NULL || expected == NULL)
		return STATUS_NO_MEMORY;
	TRY(check_place(view, at, size));
	for (; done < size; done += same) {
		run = run_size(at + done, size - done);
		TRY(guest_types_bytes_copy(types, done, expected, run));
		TRY(compare_run(view, at + done, expected, run, room, &same));
		if (same != run) {
			done += same;
			break;
		}
	}
	*ret_same_size = done;
	return STATUS_OK;
}

/* The number of the name that covers byte `position` of the compressed names. */
static uint32_t name_at(const struct kallsyms_tables *tables, uint32_t position)
{
	uint32_t at = 0, length, prefix_size, i;

	for (i = 0; i < tables->symbol_count; i++) {
		if (kallsyms_name_length(tables->names, tables->names_size, at, &length, &prefix_size) != STATUS_OK)
			break;
		at += prefix_size + length;
		if (at > position)
			break;
	}
	return i;
}

static status report_symbol(const struct guest_symbols *symbols, uint32_t index, const char *what)
{
	struct guest_symbol symbol = {};

	if (guest_symbols_get(symbols, index, &symbol) != STATUS_OK)
		return report(STATUS_MISMATCH, "the target's kernel isn't the profile's: its symbol tables differ");
	return report(
		STATUS_MISMATCH,
		"the target's kernel isn't the profile's: %s of symbol %u, \"%s\" in the profile, differs in memory",
		what, index, symbol.name);
}

static status check_symbols(const struct kernel_view *view, const struct guest_symbols *symbols)
{
	const struct kallsyms_tables *tables = guest_symbols_tables(symbols);
	uint32_t value_size = kallsyms_value_size(tables->addressing);
	size_t values_size = (size_t)tables->symbol_count * value_size, same = 0;

	TRY(compare(view, tables->tokens_at, tables->tokens, tables->tokens_size, &same));
	if (same == tables->tokens_size)
		TRY(compare(view, tables->token_index_at, (const uint8_t *)tables->token_index,
			    sizeof tables->token_index, &same));
	else
		same = 0;
	if (same != sizeof tables->token_index)
		return report(STATUS_MISMATCH,
			      "the target's kernel isn't the profile's: the kallsyms token table at %#llx differs",
			      (unsigned long long)tables->tokens_at);
	TRY(compare(view, tables->names_at, tables->names, tables->names_size, &same));
	if (same != tables->names_size)
		return report_symbol(symbols, name_at(tables, (uint32_t)same), "the name");
	TRY(compare(view, tables->values_at, tables->values, values_size, &same));
	if (same != values_size)
		return report_symbol(symbols, (uint32_t)(same / value_size), "the address");
	if (tables->base_at != 0) {
		TRY(compare(view, tables->base_at, (const uint8_t *)&tables->base, sizeof tables->base, &same));
		if (same != sizeof tables->base)
			return report_symbol(symbols, 0, "the relative base, and so the address,");
	}
	return STATUS_OK;
}

static status check_types(const struct kernel_view *view, const struct guest_types *types, uint64_t at)
{
	struct guest_type type = {.name = ""};
	size_t same = 0;

	TRY(compare_types(view, at, types, &same));
	if (same == guest_types_bytes_size(types))
		return STATUS_OK;
	uint32_t id = guest_types_id_at(types, same);
	if (guest_types_get(types, id, &type) != STATUS_OK)
		id = 0;
	if (id == 0)
		return report(STATUS_MISMATCH, "the target's kernel isn't the profile's: byte %zu of BTF differs",
			      same);
	return report(
		STATUS_MISMATCH,
		"the target's kernel isn't the profile's: byte %zu of BTF differs, in type %u \"%s\" of the profile",
		same, id, type.name);
}

/* A kernel's banner: printable, with its newline. */
static status read_banner(const struct kernel_view *view, uint64_t at, char banner[static PROFILE_BANNER_SIZE_MAX])
{
	size_t length = 0;

	memset(banner, 0, PROFILE_BANNER_SIZE_MAX);
	TRY(kernel_view_read(view, at, banner, PROFILE_BANNER_SIZE_MAX - 1));
	while (banner[length] >= ' ' && banner[length] <= '~')
		length++;
	banner[length] = '\0';
	return STATUS_OK;
}

/* Another kernel: ask its own symbols what it is. */
static status report_other_kernel(const struct guest_profile *profile, const struct kernel_view *view)
{
	char banner[PROFILE_BANNER_SIZE_MAX] = "";
	struct guest_symbols *symbols;
	struct guest_va at;

	TRY(guest_symbols_create(view, &symbols));
	status found = guest_symbols_find(symbols, "linux_banner", &at);
	if (found == STATUS_OK)
		found = read_banner(view, at.value, banner);
	guest_symbols_destroy(symbols);
	return report(STATUS_MISMATCH, "the profile is of \"%s\", the target runs \"%s\"", profile->banner,
		      found == STATUS_OK ? banner : "a kernel without a banner");
}

static status check_banner(const struct guest_profile *profile, const struct kernel_view *view,
			   const struct guest_symbols *symbols)
{
	char banner[PROFILE_BANNER_SIZE_MAX];
	struct guest_va at;

	if (guest_symbols_find(symbols, "linux_banner", &at) != STATUS_OK)
		return report(STATUS_MALFORMED, "the profile has no symbol linux_banner: build it anew");
	status read = read_banner(view, at.value, banner);
	if (read != STATUS_UNMAPPED)
		TRY(read);
	if (read == STATUS_UNMAPPED || strcmp(banner, profile->banner) != 0)
		return report_other_kernel(profile, view);
	return STATUS_OK;
}

/* --------------------------------------------------------------- applying */

static status apply_symbols(const struct guest_profile *profile, const struct kernel_view *view, uint64_t offset,
			    struct guest_symbols **ret_symbols)
{
	struct guest_symbols *symbols;
	struct kallsyms_tables tables;

	TRY(relocate_tables(profile, offset, &tables));
	TRY(guest_symbols_create_from_tables(&tables, &symbols));
	status checked = check_banner(profile, view, symbols);
	if (checked == STATUS_OK)
		checked = check_symbols(view, symbols);
	if (checked != STATUS_OK) {
		guest_symbols_destroy(symbols);
		return checked;
	}
	*ret_symbols = symbols;
	return STATUS_OK;
}

static status apply_types(const struct guest_profile *profile, const struct kernel_view *view, uint64_t offset,
			  struct guest_types **ret_types)
{
	struct guest_types *types;
	struct pieces *bytes;

	TRY(pieces_create_part(profile->file, profile->types.at, profile->types.size, &bytes));
	TRY(guest_types_create_from_pieces(NULL, bytes, &types));
	status checked = check_types(view, types, profile->types_at + offset);
	if (checked != STATUS_OK) {
		guest_types_destroy(types);
		return checked;
	}
	*ret_types = types;
	return STATUS_OK;
}

status guest_profile_apply(const struct guest_profile *profile, const struct kernel_view *view,
			   struct guest_symbols **ret_symbols, struct guest_types **ret_types)
{
	/* The image's mapping starts with _text (cleanup_highmap(),
	 * arch/x86/mm/init_64.c). */
	uint64_t offset = view->start - profile->text;
	struct guest_symbols *symbols;

	TRY(apply_symbols(profile, view, offset, &symbols));
	status applied = apply_types(profile, view, offset, ret_types);
	if (applied != STATUS_OK) {
		guest_symbols_destroy(symbols);
		return applied;
	}
	*ret_symbols = symbols;
	return STATUS_OK;
}
