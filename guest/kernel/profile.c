// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/profile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/layout.h"
#include "guest/kernel/profile-format.h"

enum {
	PAGE_SIZE = GUEST_PAGE_SIZE,
};

/* ------------------------------------------------------------------- file */

uint64_t profile_checksum(struct span bytes)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t at = 0; at < bytes.size; at += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes.data + at, bytes.size - at < 8 ? bytes.size - at : 8);
		sum = (sum ^ word) * 0x100000001b3;
	}
	return sum;
}

static status check_header(const struct profile_header *header, struct span file)
{
	if (memcmp(header->magic, PROFILE_MAGIC, sizeof header->magic) != 0)
		return report(STATUS_MALFORMED,
			      "not a profile: make one with `bartizan profile build VMLINUZ -o FILE`");
	if (header->version != PROFILE_VERSION || header->header_size != sizeof *header)
		return report(STATUS_UNSUPPORTED,
			      "a profile of version %u: this program reads version %u; build it anew", header->version,
			      PROFILE_VERSION);
	if (header->file_size != file.size)
		return report(STATUS_MALFORMED,
			      "the profile should have %llu bytes and has %zu: build it anew from the kernel's package",
			      (unsigned long long)header->file_size, file.size);
	if (profile_checksum((struct span){file.data + PROFILE_SUMMED_FROM, file.size - PROFILE_SUMMED_FROM}) !=
	    header->checksum)
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

/* Bytes of a section, in place. The tables' pointers aren't const because a
 * kernel's own tables are freed through them; a profile's never are. */
static status take(struct reader *reader, size_t size, uint8_t **ret_bytes)
{
	struct span bytes;

	TRY(reader_bytes(reader, size, &bytes));
	*ret_bytes = (uint8_t *)bytes.data;
	return STATUS_OK;
}

static status read_sections(struct guest_profile *profile, const struct profile_header *header, struct reader *reader)
{
	struct kallsyms_tables *tables = &profile->tables;
	size_t values_size = (size_t)header->symbol_count * kallsyms_value_size(tables->addressing);

	TRY(reader_copy(reader, profile->banner, header->banner_size));
	TRY(reader_bytes(reader, header->build_id_size, &profile->build_id));
	TRY(reader_copy(reader, tables->token_index, sizeof tables->token_index));
	TRY(take(reader, header->tokens_size, &tables->tokens));
	TRY(take(reader, values_size, &tables->values));
	TRY(take(reader, header->names_size, &tables->names));
	TRY(reader_bytes(reader, header->types_size, &profile->types));
	return reader_left(reader) == 0 ? STATUS_OK : STATUS_END;
}

static status load(struct guest_profile *profile, struct span file)
{
	static const enum kallsyms_addressing forms[] = {KALLSYMS_ABSOLUTE, KALLSYMS_RELATIVE, KALLSYMS_RELATIVE_PERCPU,
							 KALLSYMS_PC_RELATIVE};
	struct profile_header header;
	struct reader reader;

	reader_init(&reader, file);
	if (reader_copy(&reader, &header, sizeof header) != STATUS_OK)
		return report(STATUS_MALFORMED, "not a profile: only %zu bytes", file.size);
	TRY(check_header(&header, file));
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
	if (read_sections(profile, &header, &reader) != STATUS_OK || profile->banner[header.banner_size - 1] != '\0')
		return report(STATUS_MALFORMED, "the profile's sections don't fill its file");
	return STATUS_OK;
}

status guest_profile_create(struct span file, struct guest_profile **ret_profile)
{
	struct guest_profile *profile = calloc(1, sizeof *profile);

	if (profile == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a profile");
	status loaded = load(profile, file);
	if (loaded != STATUS_OK) {
		guest_profile_destroy(profile);
		return loaded;
	}
	*ret_profile = profile;
	return STATUS_OK;
}

void guest_profile_destroy(struct guest_profile *profile)
{
	free(profile);
}

/* ------------------------------------------------------------- relocation */

static uint8_t *duplicate(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size != 0 ? size : 1);

	if (copy != NULL)
		memcpy(copy, bytes, size);
	return copy;
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

	tables.values = duplicate(tables.values, (size_t)tables.symbol_count * kallsyms_value_size(tables.addressing));
	tables.names = duplicate(tables.names, tables.names_size);
	tables.tokens = duplicate(tables.tokens, tables.tokens_size);
	if (tables.values == NULL || tables.names == NULL || tables.tokens == NULL) {
		kallsyms_tables_deinit(&tables);
		return report(STATUS_NO_MEMORY, "no memory for %u kernel symbols", tables.symbol_count);
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

/* How far do memory and expectation agree? `*ret_same_size` is `size` where
 * they do, else the first difference. Unreadable pages count as the same. */
static status compare(const struct kernel_view *view, uint64_t at, const uint8_t *expected, size_t size,
		      size_t *ret_same_size)
{
	uint8_t page[PAGE_SIZE];
	size_t run;

	for (size_t done = 0; done < size; done += run) {
		run = PAGE_SIZE - (size_t)((at + done) % PAGE_SIZE);
		if (run > size - done)
			run = size - done;
		status read = kernel_view_read(view, at + done, page, run);
		if (read == STATUS_UNMAPPED)
			continue;
		TRY(read);
		if (memcmp(page, expected + done, run) == 0)
			continue;
		for (*ret_same_size = done; page[*ret_same_size - done] == expected[*ret_same_size];)
			++*ret_same_size;
		return STATUS_OK;
	}
	*ret_same_size = size;
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
	size_t values_size = (size_t)tables->symbol_count * value_size, same;

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
	struct span bytes = guest_types_bytes(types);
	struct guest_type type = {.name = ""};
	size_t same;

	TRY(compare(view, at, bytes.data, bytes.size, &same));
	if (same == bytes.size)
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
	uint8_t *bytes = duplicate(profile->types.data, profile->types.size);
	struct guest_types *types;

	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu bytes of types", profile->types.size);
	TRY(guest_types_create(bytes, profile->types.size, &types));
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
