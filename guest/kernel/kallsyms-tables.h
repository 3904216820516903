/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The raw tables of kallsyms (scripts/kallsyms.c writes them, kernel/kallsyms.c
 * reads them), as found in a kernel image. docs/kernel.md shows the layouts.
 */
#ifndef GUEST_KERNEL_KALLSYMS_TABLES_H
#define GUEST_KERNEL_KALLSYMS_TABLES_H

#include <stdint.h>

#include "base/status.h"
#include "guest/kernel/view.h"

enum {
	/* Distribution kernels have 100 to 250 thousand symbols, allyesconfig
	 * some 700 thousand. The index keeps an ordinal in 20 bits. */
	KALLSYMS_SYMBOL_COUNT_MAX = 1 << 20,
	/* Fewer would be no Linux: the smallest configurations have 10,000. */
	KALLSYMS_SYMBOL_COUNT_MIN = 1024,
	/* Expanded, with its type, without a NUL: KSYM_NAME_LEN of Linux 6.1. */
	KALLSYMS_NAME_LENGTH_MAX = 512,
	/* A compressed name isn't longer than the name; two bytes of length. */
	KALLSYMS_NAMES_SIZE_MAX = 24 << 20,
	/* The token index has 16-bit offsets. */
	KALLSYMS_TOKENS_SIZE_MAX = 1 << 16,
	KALLSYMS_TOKEN_COUNT = 256,
	/* One marker for each 256 names. */
	KALLSYMS_MARKER_SHIFT = 8,
};

/* How a symbol's value becomes its address. */
enum kallsyms_addressing {
	/* 8 bytes: the address (CONFIG_KALLSYMS_BASE_RELATIVE=n; gone in 6.12). */
	KALLSYMS_ABSOLUTE = 1,
	/* 4 bytes, unsigned: base + value. */
	KALLSYMS_RELATIVE,
	/* 4 bytes, signed (CONFIG_KALLSYMS_ABSOLUTE_PERCPU): value where it is
	 * not negative, base − 1 − value where it is. */
	KALLSYMS_RELATIVE_PERCPU,
	/* 4 bytes, signed: address of the value itself + value (7.2). */
	KALLSYMS_PC_RELATIVE,
};

struct kallsyms_tables {
	uint32_t symbol_count;
	enum kallsyms_addressing addressing;
	/* The base as above; of PC_RELATIVE the address of values[0]. */
	uint64_t base;
	uint8_t *names;
	uint8_t *values; /* kallsyms_value_size() × symbol_count */
	uint8_t *tokens; /* 256 strings, each with its NUL */
	uint32_t names_size, tokens_size;
	uint16_t token_index[KALLSYMS_TOKEN_COUNT];
	/* Where they were found. */
	uint64_t names_at, values_at, base_at, tokens_at, token_index_at;
};

static inline uint32_t kallsyms_value_size(enum kallsyms_addressing addressing)
{
	return addressing == KALLSYMS_ABSOLUTE ? 8 : 4;
}

/* Find the tables. Checked: tokens and their index agree; names, markers and
 * count agree; addresses ascend and half of them lie in the image.
 * STATUS_UNSUPPORTED as guest_symbols_create(). */
MUST_USE status kallsyms_tables_locate(const struct kernel_view *view, struct kallsyms_tables *ret_tables);
void kallsyms_tables_deinit(struct kallsyms_tables *tables);

/* The address of symbol `index` < symbol_count. */
uint64_t kallsyms_address(const struct kallsyms_tables *tables, uint32_t index);

/* Length of the compressed name at `position`, and the size of that number
 * (one or two bytes, as ULEB128). STATUS_END: runs beyond names_size. */
MUST_USE status kallsyms_name_length(const uint8_t *names, uint32_t names_size, uint32_t position, uint32_t *ret_length,
				     uint32_t *ret_prefix_size);

#endif
