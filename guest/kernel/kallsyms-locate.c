// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding kallsyms in a kernel image. The layout is chosen by what fits, not
 * by the kernel's version:
 *
 *   1. the token table, by its run of digits "0\0" "1\0" … "9\0" (every digit
 *      occurs in names, so each stays its own token), and the index after it;
 *   2. the markers: an ascending run that starts with 0, before the token
 *      table, directly or with kallsyms_seqs_of_names in between;
 *   3. num_syms and the names before the markers: each marker must be the
 *      offset of the 256th next name;
 *   4. the values, before num_syms or after the token index: addresses must
 *      ascend and lie in the image.
 */
#include "guest/kernel/kallsyms-tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"

enum {
	DIGITS = 10,
	FIRST_DIGIT = '0', /* token 0x30 is "0" */
	/* The digits and their NULs. */
	DIGIT_RUN_SIZE = 2 * DIGITS,
	CHUNK_SIZE = 1 << 16,
	ALIGNMENT_MAX = 8,
	/* Longest names block between two markers: 256 names, two length bytes each. */
	BLOCK_SIZE_MAX = 256 * (2 + KALLSYMS_NAME_LENGTH_MAX),
	BLOCK_SIZE_MIN = 256 * 2,
	MARKER_COUNT_MAX = KALLSYMS_SYMBOL_COUNT_MAX >> KALLSYMS_MARKER_SHIFT,
	MARKER_COUNT_MIN = KALLSYMS_SYMBOL_COUNT_MIN >> KALLSYMS_MARKER_SHIFT,
	/* kallsyms_seqs_of_names: three bytes a symbol. */
	SEQS_SIZE_MAX = 3 * KALLSYMS_SYMBOL_COUNT_MAX,
	/* Where markers can be, before the tokens. Of most kernels they are in the first MiB: names then come to
	 * lie behind that, and not behind three times as much that is free soon after. */
	MARKER_WINDOW = SEQS_SIZE_MAX + 4 * MARKER_COUNT_MAX + 2 * ALIGNMENT_MAX,
	MARKER_WINDOW_FIRST = 1 << 20,
	/* An honest image has one run of markers; each try costs a walk over
	 * at most NAMES_SIZE_MAX. */
	MARKER_TRIES_MAX = 16,
	/* Names looked at in all tries together. Bytes that aren't names rarely
	 * fit one marker, and 256 names a try are little beside the real ones. */
	NAME_LOOKS_MAX = 16 * KALLSYMS_SYMBOL_COUNT_MAX,
	TOKEN_TRIES_MAX = 64,
};

static void free_bytes(uint8_t **bytes)
{
	free(*bytes);
}

#define OWNED_BYTES __attribute__((cleanup(free_bytes))) uint8_t *

static uint32_t get_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return value;
}

static uint64_t get_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return value;
}

static uint64_t round_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

void kallsyms_tables_deinit(struct kallsyms_tables *tables)
{
	free(tables->names);
	free(tables->values);
	free(tables->tokens);
	*tables = (struct kallsyms_tables){};
}

uint64_t kallsyms_address(const struct kallsyms_tables *tables, uint32_t index)
{
	if (tables->addressing == KALLSYMS_ABSOLUTE)
		return get_u64(tables->values + 8 * (size_t)index);

	uint32_t raw = get_u32(tables->values + 4 * (size_t)index);
	int64_t value = (int32_t)raw;

	if (tables->addressing == KALLSYMS_RELATIVE)
		return tables->base + raw;
	if (tables->addressing == KALLSYMS_RELATIVE_PERCPU)
		return value >= 0 ? (uint64_t)value : tables->base - 1 - (uint64_t)value;
	return tables->base + 4 * (uint64_t)index + (uint64_t)value;
}

status kallsyms_name_length(const uint8_t *names, uint32_t names_size, uint32_t position, uint32_t *ret_length,
			    uint32_t *ret_prefix_size)
{
	uint32_t prefix_size = 1;

	if (position >= names_size)
		return STATUS_END;
	uint32_t length = names[position];
	if (length & 0x80) { /* never set before Linux 6.1: 127 was the longest */
		if (position + 1 >= names_size)
			return STATUS_END;
		length = (length & 0x7f) | (uint32_t)names[position + 1] << 7;
		prefix_size = 2;
	}
	if (length > names_size - position - prefix_size)
		return STATUS_END;
	*ret_length = length;
	*ret_prefix_size = prefix_size;
	return STATUS_OK;
}

/* The region that holds `address`, or NULL. */
static const struct kernel_region *region_of(const struct kernel_view *view, uint64_t address)
{
	for (uint32_t i = 0; i < view->region_count; i++) {
		const struct kernel_region *region = &view->region[i];
		if (address >= region->start && address - region->start < region->size)
			return region;
	}
	return NULL;
}

/* Read up to `size` bytes that end at `end`, as many as lie in one region. */
static status read_before(const struct kernel_view *view, uint64_t end, size_t size, uint8_t **ret_bytes,
			  size_t *ret_size)
{
	const struct kernel_region *region = region_of(view, end - 1);

	if (region == NULL)
		return STATUS_MISSING;
	if (end - region->start < size)
		size = end - region->start;
	OWNED_BYTES bytes = malloc(size);
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu bytes of kernel symbols", size);
	TRY(kernel_view_read(view, end - size, bytes, size));
	*ret_bytes = bytes;
	*ret_size = size;
	bytes = NULL;
	return STATUS_OK;
}

/* ------------------------------------------------------------------ tokens */

/* The index follows the table, 8-, 4- or 2-aligned. Given where token "0" is
 * in `bytes`, fill tokens and index if they agree. */
static bool tokens_match(struct kallsyms_tables *tables, const uint8_t *bytes, size_t size, uint64_t bytes_at,
			 size_t digit, size_t index_position)
{
	if (index_position + sizeof tables->token_index > size)
		return false;
	memcpy(tables->token_index, bytes + index_position, sizeof tables->token_index);
	const uint16_t *index = tables->token_index;
	if (index[0] != 0 || index[FIRST_DIGIT] > digit)
		return false;
	size_t start = digit - index[FIRST_DIGIT];
	size_t position = start;
	for (int i = 0; i < KALLSYMS_TOKEN_COUNT; i++) {
		if (position - start != index[i])
			return false;
		const uint8_t *end = memchr(bytes + position, 0, size - position);
		if (end == NULL)
			return false;
		position = (size_t)(end - bytes) + 1;
	}
	if (position > index_position || position - start > KALLSYMS_TOKENS_SIZE_MAX)
		return false;
	tables->tokens_at = bytes_at + start;
	tables->tokens_size = (uint32_t)(position - start);
	tables->token_index_at = bytes_at + index_position;
	return true;
}

/* Is there a token table around the digits at `digit_at`? */
static status try_tokens(const struct kernel_view *view, uint64_t digit_at, struct kallsyms_tables *tables)
{
	const struct kernel_region *region = region_of(view, digit_at);

	if (region == NULL)
		return STATUS_MISSING;
	uint64_t start = digit_at - region->start > KALLSYMS_TOKENS_SIZE_MAX ? digit_at - KALLSYMS_TOKENS_SIZE_MAX
									     : region->start;
	uint64_t end = digit_at + KALLSYMS_TOKENS_SIZE_MAX + sizeof tables->token_index + ALIGNMENT_MAX;
	if (end > region->start + region->size)
		end = region->start + region->size;
	size_t size = end - start;
	OWNED_BYTES bytes = malloc(size);
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu bytes of kernel symbols", size);
	TRY(kernel_view_read(view, start, bytes, size));

	/* Go to the end of token 255. */
	size_t digit = digit_at - start;
	size_t position = digit;
	for (int i = FIRST_DIGIT; i < KALLSYMS_TOKEN_COUNT; i++) {
		const uint8_t *nul = position < size ? memchr(bytes + position, 0, size - position) : NULL;
		if (nul == NULL)
			return STATUS_MISSING;
		position = (size_t)(nul - bytes) + 1;
	}
	for (uint64_t alignment = 2; alignment <= ALIGNMENT_MAX; alignment *= 2) {
		size_t index_position = round_up(start + position, alignment) - start;
		if (!tokens_match(tables, bytes, size, start, digit, index_position))
			continue;
		tables->tokens = malloc(tables->tokens_size);
		if (tables->tokens == NULL)
			return report(STATUS_NO_MEMORY, "no memory for the kernel's token table");
		memcpy(tables->tokens, bytes + (tables->tokens_at - start), tables->tokens_size);
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

/* Where the run of digits starts in bytes[from..size), or `size`. Any run of 20
 * bytes holds an aligned word of 8, in which every second byte is 0. */
static size_t find_digits(const uint8_t *bytes, size_t size, size_t from)
{
	static const uint8_t run[DIGIT_RUN_SIZE] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const uint64_t even = 0x00ff00ff00ff00ffull;

	for (size_t i = from & ~(size_t)7; i + 8 <= size; i += 8) {
		uint64_t word = get_u64(bytes + i);
		if (word == 0 || ((word & even) != 0 && (word & ~even) != 0))
			continue;
		/* The run starts up to 8 bytes before the word. */
		for (size_t at = i >= 8 ? i - 8 : 0; at <= i; at++) {
			if (at >= from && at + sizeof run <= size && memcmp(bytes + at, run, sizeof run) == 0)
				return at;
		}
	}
	return size;
}

struct token_search {
	struct kallsyms_tables *tables;
	uint8_t *chunk; /* CHUNK_SIZE + DIGIT_RUN_SIZE */
	uint32_t try_count;
	uint64_t last_at; /* of the last run of digits, for messages */
};

/* Search [at, end); STATUS_MISSING where there is no token table. */
static status search_range(const struct kernel_view *view, struct token_search *search, uint64_t at, uint64_t end)
{
	for (; at < end; at += CHUNK_SIZE) {
		size_t size = end - at < CHUNK_SIZE + DIGIT_RUN_SIZE ? end - at : CHUNK_SIZE + DIGIT_RUN_SIZE;
		status read = kernel_view_read(view, at, search->chunk, size);
		if (read == STATUS_UNMAPPED) /* freed or unmapped while we look */
			continue;
		TRY(read);
		for (size_t from = 0; (from = find_digits(search->chunk, size, from)) < size; from++) {
			if (search->try_count++ == TOKEN_TRIES_MAX)
				return STATUS_MISSING;
			search->last_at = at + from;
			status found = try_tokens(view, at + from, search->tables);
			if (found != STATUS_MISSING && found != STATUS_UNMAPPED)
				return found;
		}
	}
	return STATUS_MISSING;
}

/* Read-only data first: that spares the text, most of the image. */
static status locate_tokens(const struct kernel_view *view, struct kallsyms_tables *tables)
{
	OWNED_BYTES chunk = malloc(CHUNK_SIZE + DIGIT_RUN_SIZE);
	struct token_search search = {.tables = tables, .chunk = chunk};

	if (chunk == NULL)
		return report(STATUS_NO_MEMORY, "no memory to search the kernel's symbols");
	for (int executable = 0; executable <= 1; executable++) {
		for (uint32_t i = 0; i < view->region_count; i++) {
			const struct kernel_region *region = &view->region[i];
			if (region->executable != (executable != 0))
				continue;
			status found = search_range(view, &search, region->start, region->start + region->size);
			if (found != STATUS_MISSING)
				return found;
		}
	}
	if (search.try_count == 0)
		return report(STATUS_UNSUPPORTED,
			      "no kallsyms token table in the kernel image %#llx-%#llx: is it built without "
			      "CONFIG_KALLSYMS?",
			      (unsigned long long)view->start, (unsigned long long)view->end);
	return report(STATUS_UNSUPPORTED,
		      "unknown kallsyms layout: %u runs of digit tokens (the last at %#llx), none with a token index",
		      search.try_count, (unsigned long long)search.last_at);
}

/* ------------------------------------------------------ markers and names */

/* Do the names that start at `bytes` fit markers and count? Returns their size,
 * 0 if they don't, or if *looks_left, which it counts down, is used up. */
static uint32_t names_fit(const uint8_t *bytes, uint32_t size, uint32_t symbol_count, const uint8_t *markers,
			  uint32_t *looks_left)
{
	uint32_t position = 0;

	for (uint32_t i = 0; i < symbol_count; i++) {
		uint32_t length, prefix_size;
		if (*looks_left == 0)
			return 0;
		--*looks_left;
		if ((i & 0xff) == 0 && get_u32(markers + 4 * (size_t)(i >> KALLSYMS_MARKER_SHIFT)) != position)
			return 0;
		if (kallsyms_name_length(bytes, size, position, &length, &prefix_size) != STATUS_OK)
			return 0;
		if (length == 0 || length > KALLSYMS_NAME_LENGTH_MAX)
			return 0;
		position += prefix_size + length;
	}
	return size - position < ALIGNMENT_MAX ? position : 0;
}

/* The names end at `markers_at`; `marker_count` is known up to a run that went
 * on by accident, so it is only the upper bound. */
static status try_names(const struct kernel_view *view, uint64_t markers_at, const uint8_t *markers,
			uint32_t marker_count, uint32_t *looks_left, struct kallsyms_tables *tables)
{
	uint32_t last = get_u32(markers + 4 * (size_t)(marker_count - 1));
	uint8_t *window;
	size_t size;

	if (last > KALLSYMS_NAMES_SIZE_MAX)
		return STATUS_MISSING;
	TRY(read_before(view, markers_at, last + BLOCK_SIZE_MAX + 4 * ALIGNMENT_MAX, &window, &size));
	OWNED_BYTES bytes = window;
	if (last >= size) /* the region starts after where the names would */
		return STATUS_MISSING;
	uint64_t bytes_at = markers_at - size;

	/* num_syms is aligned to 4; names follow, aligned to 4 or 8. */
	for (size_t at = round_up(bytes_at, 4) - bytes_at; at + 8 < size - last; at += 4) {
		uint32_t count = get_u32(bytes + at);
		if (count == 0 || (count - 1) >> KALLSYMS_MARKER_SHIFT != marker_count - 1)
			continue;
		for (size_t names = at + 4; names <= at + 8; names += 4) {
			uint32_t names_size =
				names_fit(bytes + names, (uint32_t)(size - names), count, markers, looks_left);
			if (names_size == 0)
				continue;
			tables->symbol_count = count;
			tables->names_at = bytes_at + names;
			tables->names_size = names_size;
			tables->base_at = bytes_at + at; /* num_syms, until the values are found */
			memmove(bytes, bytes + names, names_size);
			uint8_t *shrunk = realloc(bytes, names_size);
			tables->names = shrunk != NULL ? shrunk : bytes;
			bytes = NULL;
			return STATUS_OK;
		}
	}
	return STATUS_MISSING;
}

/* Both are counted down. */
struct name_search {
	uint32_t tries_left, looks_left;
};

/* Search back from the token table for markers that names fit, as far as `window_size`. */
static status search_names(const struct kernel_view *view, size_t window_size, struct name_search *search,
			   struct kallsyms_tables *tables)
{
	uint64_t end = tables->tokens_at & ~(uint64_t)3;
	uint32_t run = 0;
	uint8_t *window;
	size_t size;

	TRY(read_before(view, end, window_size, &window, &size));
	OWNED_BYTES bytes = window;
	for (size_t at = size & ~(size_t)3; at >= 4;) {
		at -= 4;
		const uint8_t *marker = bytes + (size & 3) + at;
		/* `run` counts the ascending numbers from here on. */
		uint32_t next = run == 0 ? 0 : get_u32(marker + 4);
		uint32_t step = next - get_u32(marker);
		run = run != 0 && step >= BLOCK_SIZE_MIN && step <= BLOCK_SIZE_MAX ? run + 1 : 1;
		if (get_u32(marker) != 0 || run < MARKER_COUNT_MIN || run > MARKER_COUNT_MAX + 1)
			continue;
		uint64_t markers_at = end - size + (size & 3) + at;
		/* What follows the markers may have gone on ascending by accident. */
		for (uint32_t count = run; count >= run - 1 && count >= MARKER_COUNT_MIN; count--) {
			if (search->tries_left == 0)
				return STATUS_MISSING;
			search->tries_left--;
			status found = try_names(view, markers_at, marker, count, &search->looks_left, tables);
			if (found != STATUS_MISSING && found != STATUS_UNMAPPED)
				return found;
			if (search->looks_left == 0)
				return report(STATUS_LIMIT,
					      "the kernel's symbol names at %#llx have too many beginnings: made on "
					      "purpose",
					      (unsigned long long)markers_at);
		}
	}
	return STATUS_MISSING;
}

static status locate_names(const struct kernel_view *view, struct kallsyms_tables *tables)
{
	struct name_search search = {MARKER_TRIES_MAX, NAME_LOOKS_MAX};
	status found = search_names(view, MARKER_WINDOW_FIRST, &search, tables);

	if (found != STATUS_MISSING)
		return found;
	return search_names(view, MARKER_WINDOW, &search, tables);
}

/* ------------------------------------------------------------------ values */

/* Do the addresses ascend, as kallsyms sorts them, and lie half or more of
 * them in the image? (Per-CPU and absolute symbols don't.) */
static bool values_fit(const struct kernel_view *view, const struct kallsyms_tables *tables)
{
	uint64_t previous = 0;
	uint32_t inside = 0;

	for (uint32_t i = 0; i < tables->symbol_count; i++) {
		uint64_t address = kallsyms_address(tables, i);
		if (address < previous)
			return false;
		previous = address;
		inside += address >= view->start && address <= view->end;
	}
	return inside >= tables->symbol_count / 2;
}

/* One place where values may be, and how they would be read. */
static status try_values(const struct kernel_view *view, struct kallsyms_tables *tables,
			 enum kallsyms_addressing addressing, uint64_t values_at, uint64_t base_at)
{
	size_t size = (size_t)tables->symbol_count * kallsyms_value_size(addressing);
	uint64_t base = values_at;

	if (base_at != 0) {
		TRY(kernel_view_read(view, base_at, &base, sizeof base));
		/* No address in the image can be further from its base. */
		if (base > view->end || (base < view->start && view->start - base > UINT32_MAX))
			return STATUS_MISSING;
	}
	OWNED_BYTES values = malloc(size);
	if (values == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %u kernel symbols", tables->symbol_count);
	TRY(kernel_view_read(view, values_at, values, size));
	struct kallsyms_tables candidate = *tables;
	candidate.addressing = addressing;
	candidate.base = base;
	candidate.values = values;
	candidate.values_at = values_at;
	candidate.base_at = base_at;
	if (!values_fit(view, &candidate))
		return STATUS_MISSING;
	*tables = candidate;
	values = NULL;
	return STATUS_OK;
}

static status locate_values(const struct kernel_view *view, struct kallsyms_tables *tables)
{
	uint64_t count = tables->symbol_count;
	uint64_t number_at = tables->base_at;
	uint64_t old_base = number_at - 8;
	uint64_t old_values = old_base - round_up(4 * count, 8);
	uint64_t index_end = tables->token_index_at + sizeof tables->token_index;
	uint64_t new_values = round_up(index_end, 8);
	uint64_t new_base = round_up(new_values + 4 * count, 8);
	const struct {
		enum kallsyms_addressing addressing;
		uint64_t values_at, base_at;
	} layouts[] = {
		/* 6.4 to 6.12: values and base after the token index */
		{KALLSYMS_RELATIVE_PERCPU, new_values, new_base},
		{KALLSYMS_RELATIVE, new_values, new_base},
		/* 7.2: values only, each relative to itself */
		{KALLSYMS_PC_RELATIVE, round_up(index_end, 4), 0},
		/* 4.6 to 6.3: values and base before num_syms */
		{KALLSYMS_RELATIVE_PERCPU, old_values, old_base},
		{KALLSYMS_RELATIVE, old_values, old_base},
		/* 2.6 to 4.5, and later without BASE_RELATIVE; with either order */
		{KALLSYMS_ABSOLUTE, number_at - 8 * count, 0},
		{KALLSYMS_ABSOLUTE, new_values, 0},
	};

	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		status fits = try_values(view, tables, layouts[i].addressing, layouts[i].values_at, layouts[i].base_at);
		if (fits != STATUS_MISSING && fits != STATUS_UNMAPPED)
			return fits;
	}
	return STATUS_MISSING;
}

static status locate_all(const struct kernel_view *view, struct kallsyms_tables *tables)
{
	TRY(locate_tokens(view, tables));
	status names = locate_names(view, tables);
	if (names == STATUS_MISSING || names == STATUS_UNMAPPED)
		return report(STATUS_UNSUPPORTED,
			      "unknown kallsyms layout: token table at %#llx, index at %#llx, but no names and markers "
			      "before it",
			      (unsigned long long)tables->tokens_at, (unsigned long long)tables->token_index_at);
	TRY(names);
	status values = locate_values(view, tables);
	if (values == STATUS_MISSING || values == STATUS_UNMAPPED)
		return report(STATUS_UNSUPPORTED,
			      "unknown kallsyms layout: %u names at %#llx, token table at %#llx, but no addresses that "
			      "ascend and lie in the image %#llx-%#llx",
			      tables->symbol_count, (unsigned long long)tables->names_at,
			      (unsigned long long)tables->tokens_at, (unsigned long long)view->start,
			      (unsigned long long)view->end);
	return values;
}

status kallsyms_tables_locate(const struct kernel_view *view, struct kallsyms_tables *ret_tables)
{
	struct kallsyms_tables tables = {};
	status found = locate_all(view, &tables);

	if (found != STATUS_OK) {
		kallsyms_tables_deinit(&tables);
		return found;
	}
	*ret_tables = tables;
	return STATUS_OK;
}
