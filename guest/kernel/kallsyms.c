// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/kallsyms.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/name-index.h"

enum {
	/* Every 32nd name's position is kept: a lookup skips at most 31. */
	STRIDE_SHIFT = 5,
	STRIDE = 1 << STRIDE_SHIFT,
};

_Static_assert((int)KALLSYMS_SYMBOL_COUNT_MAX <= (int)NAME_ORDINAL_COUNT_MAX, "an ordinal must fit into the index");

/* What a name's hash is made of, so that names needn't be expanded for it. */
struct token {
	uint32_t hash, power; /* power: NAME_HASH_FACTOR ^ length */
	uint32_t tail_hash, tail_power; /* without the first character */
	uint32_t length;
};

struct guest_symbols {
	struct kallsyms_tables tables;
	uint32_t *position; /* in tables.names, of names 0, STRIDE, 2 STRIDE… */
	struct name_index index;
};

static status token_init(struct token *token, const uint8_t *string)
{
	*token = (struct token){.power = 1, .tail_power = 1};
	for (; *string != '\0'; string++) {
		if (*string <= ' ' || *string > '~')
			return report(STATUS_MALFORMED, "a kallsyms token holds the byte %#x", *string);
		token->hash = name_hash_append(token->hash, (char)*string);
		token->power *= NAME_HASH_FACTOR;
		if (token->length++ == 0)
			continue;
		token->tail_hash = name_hash_append(token->tail_hash, (char)*string);
		token->tail_power *= NAME_HASH_FACTOR;
	}
	return STATUS_OK;
}

/* Check that each index entry is the start of a string inside the table. */
static status tokens_init(const struct kallsyms_tables *tables, struct token tokens[static KALLSYMS_TOKEN_COUNT])
{
	if (tables->tokens_size == 0 || tables->tokens[tables->tokens_size - 1] != '\0')
		return report(STATUS_MALFORMED, "the kallsyms token table has no end");
	for (int i = 0; i < KALLSYMS_TOKEN_COUNT; i++) {
		if (tables->token_index[i] >= tables->tokens_size)
			return report(STATUS_MALFORMED, "kallsyms token %#x lies outside its table", i);
		TRY(token_init(&tokens[i], tables->tokens + tables->token_index[i]));
	}
	return STATUS_OK;
}

/* Hash one compressed name without its first character, the type. */
static status hash_compressed(const struct token *tokens, const uint8_t *name, uint32_t length, uint32_t *ret_hash)
{
	uint32_t hash = 0, expanded = 0, i = 0;

	while (i < length && expanded == 0) { /* the type is in the first token that isn't empty */
		const struct token *token = &tokens[name[i++]];
		hash = token->tail_hash;
		expanded = token->length;
	}
	for (; i < length; i++) {
		const struct token *token = &tokens[name[i]];
		hash = hash * token->power + token->hash;
		expanded += token->length;
	}
	/* lengths ≤ 2^14 of tokens < 2^16: no overflow */
	if (expanded < 2 || expanded > KALLSYMS_NAME_LENGTH_MAX)
		return STATUS_MALFORMED;
	*ret_hash = name_hash_finish(hash);
	return STATUS_OK;
}

/* The position of each STRIDEth name, and each name's hash. */
static status hash_names(struct guest_symbols *symbols, uint32_t *hashes)
{
	const struct kallsyms_tables *tables = &symbols->tables;
	struct token tokens[KALLSYMS_TOKEN_COUNT];
	uint32_t position = 0;

	TRY(tokens_init(tables, tokens));
	for (uint32_t i = 0; i < tables->symbol_count; i++) {
		uint32_t length, prefix_size;
		if ((i & (STRIDE - 1)) == 0)
			symbols->position[i >> STRIDE_SHIFT] = position;
		if (kallsyms_name_length(tables->names, tables->names_size, position, &length, &prefix_size) !=
		    STATUS_OK)
			return report(STATUS_MALFORMED, "kallsyms names end before symbol %u of %u", i,
				      tables->symbol_count);
		position += prefix_size;
		if (hash_compressed(tokens, tables->names + position, length, &hashes[i]) != STATUS_OK)
			return report(STATUS_MALFORMED, "the name of kallsyms symbol %u is empty or too long", i);
		position += length;
	}
	return STATUS_OK;
}

static void free_words(uint32_t **words)
{
	free(*words);
}

static status build_index(struct guest_symbols *symbols)
{
	uint32_t count = symbols->tables.symbol_count;

	symbols->position = calloc((count >> STRIDE_SHIFT) + 1, sizeof *symbols->position);
	__attribute__((cleanup(free_words))) uint32_t *hashes = calloc((size_t)count + 1, sizeof *hashes);
	if (symbols->position == NULL || hashes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for an index of %u kernel symbols", count);
	TRY(hash_names(symbols, hashes));
	return name_index_init(&symbols->index, hashes, NULL, count);
}

/* kallsyms is sorted by address; guest_symbols_nearest() relies on it. */
static status check_order(const struct kallsyms_tables *tables)
{
	for (uint32_t i = 1; i < tables->symbol_count; i++) {
		if (kallsyms_address(tables, i) < kallsyms_address(tables, i - 1))
			return report(STATUS_MALFORMED, "kallsyms symbol %u has a lower address than the one before",
				      i);
	}
	return STATUS_OK;
}

status guest_symbols_create_from_tables(struct kallsyms_tables *tables, struct guest_symbols **ret_symbols)
{
	struct guest_symbols *symbols = calloc(1, sizeof *symbols);

	if (symbols == NULL) {
		kallsyms_tables_deinit(tables);
		return report(STATUS_NO_MEMORY, "no memory for the kernel's symbols");
	}
	symbols->tables = *tables;
	*tables = (struct kallsyms_tables){};
	status built = STATUS_OK;
	if (symbols->tables.symbol_count == 0 || symbols->tables.symbol_count > KALLSYMS_SYMBOL_COUNT_MAX)
		built = report(STATUS_LIMIT, "%u kernel symbols: at least 1 and at most %u are read",
			       symbols->tables.symbol_count, KALLSYMS_SYMBOL_COUNT_MAX);
	if (built == STATUS_OK)
		built = check_order(&symbols->tables);
	if (built == STATUS_OK)
		built = build_index(symbols);
	if (built != STATUS_OK) {
		guest_symbols_destroy(symbols);
		return built;
	}
	*ret_symbols = symbols;
	return STATUS_OK;
}

status guest_symbols_create(const struct kernel_view *view, struct guest_symbols **ret_symbols)
{
	struct kallsyms_tables tables;

	TRY(kallsyms_tables_locate(view, &tables));
	return guest_symbols_create_from_tables(&tables, ret_symbols);
}

void guest_symbols_destroy(struct guest_symbols *symbols)
{
	if (symbols == NULL)
		return;
	kallsyms_tables_deinit(&symbols->tables);
	free(symbols->position);
	name_index_deinit(&symbols->index);
	free(symbols);
}

const struct kallsyms_tables *guest_symbols_tables(const struct guest_symbols *symbols)
{
	return &symbols->tables;
}

uint32_t guest_symbols_count(const struct guest_symbols *symbols)
{
	return symbols->tables.symbol_count;
}

/* Where name `ordinal` is, compressed. All lengths were checked at creation. */
static const uint8_t *compressed_name(const struct guest_symbols *symbols, uint32_t ordinal, uint32_t *ret_length)
{
	const struct kallsyms_tables *tables = &symbols->tables;
	uint32_t position = symbols->position[ordinal >> STRIDE_SHIFT];
	uint32_t length = 0, prefix_size = 0;

	for (uint32_t skip = ordinal & (STRIDE - 1);; skip--) {
		if (kallsyms_name_length(tables->names, tables->names_size, position, &length, &prefix_size) !=
		    STATUS_OK)
			length = prefix_size = 0;
		if (skip == 0)
			break;
		position += prefix_size + length;
	}
	*ret_length = length;
	return tables->names + position + prefix_size;
}

/* Expand a name, its type in front, with a NUL; creation bounded its length. */
static void expand_name(const struct guest_symbols *symbols, uint32_t ordinal,
			char expanded[static KALLSYMS_NAME_LENGTH_MAX + 1])
{
	uint32_t length, size = 0;
	const uint8_t *name = compressed_name(symbols, ordinal, &length);

	for (uint32_t i = 0; i < length; i++) {
		const uint8_t *token = symbols->tables.tokens + symbols->tables.token_index[name[i]];
		while (*token != '\0' && size < KALLSYMS_NAME_LENGTH_MAX)
			expanded[size++] = (char)*token++;
	}
	expanded[size] = '\0';
}

status guest_symbols_find(const struct guest_symbols *symbols, const char *name, struct guest_va *ret_address)
{
	char expanded[KALLSYMS_NAME_LENGTH_MAX + 1];
	uint32_t hash = name_hash(name), tried_count = 0, ordinal;

	for (uint32_t cursor = name_index_start(&symbols->index, hash);
	     name_index_next(&symbols->index, hash, &cursor, &ordinal);) {
		expand_name(symbols, ordinal, expanded);
		if (strcmp(expanded + 1, name) == 0) {
			ret_address->value = kallsyms_address(&symbols->tables, ordinal);
			return STATUS_OK;
		}
		if (++tried_count == NAME_COLLISION_COUNT_MAX)
			return report(STATUS_LIMIT, "over %u kernel symbols share the hash of \"%s\": made on purpose",
				      tried_count, name);
	}
	return STATUS_MISSING;
}

status guest_symbols_get(const struct guest_symbols *symbols, uint32_t index, struct guest_symbol *ret_symbol)
{
	char expanded[KALLSYMS_NAME_LENGTH_MAX + 1];

	if (index >= symbols->tables.symbol_count)
		return STATUS_END;
	expand_name(symbols, index, expanded);
	ret_symbol->address.value = kallsyms_address(&symbols->tables, index);
	ret_symbol->type = expanded[0];
	memcpy(ret_symbol->name, expanded + 1, sizeof ret_symbol->name);
	return STATUS_OK;
}

/* The first symbol whose address is at or above `address`, or the count. */
static uint32_t lower_bound(const struct guest_symbols *symbols, uint64_t address)
{
	uint32_t low = 0, high = symbols->tables.symbol_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (kallsyms_address(&symbols->tables, middle) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

status guest_symbols_nearest(const struct guest_symbols *symbols, struct guest_va address,
			     struct guest_symbol *ret_symbol, uint64_t *ret_distance)
{
	uint32_t above = lower_bound(symbols, address.value);

	if (above == symbols->tables.symbol_count || kallsyms_address(&symbols->tables, above) != address.value) {
		if (above == 0)
			return STATUS_MISSING;
		above = lower_bound(symbols, kallsyms_address(&symbols->tables, above - 1));
	}
	TRY(guest_symbols_get(symbols, above, ret_symbol));
	*ret_distance = address.value - ret_symbol->address.value;
	return STATUS_OK;
}
