/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's symbols, from the tables that scripts/kallsyms.c puts into every
 * vmlinux: compressed names, each with its type as /proc/kallsyms prints it,
 * sorted by address. Modules' symbols aren't part of them.
 *
 * Names stay compressed; a lookup costs about a microsecond.
 */
#ifndef GUEST_KERNEL_KALLSYMS_H
#define GUEST_KERNEL_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/kernel/kallsyms-tables.h"
#include "guest/kernel/view.h"
#include "guest/memory/address.h"

enum {
	/* KSYM_NAME_LEN since Linux 6.1 (128 before), the NUL included. */
	GUEST_SYMBOL_NAME_SIZE = 512,
};

struct guest_symbols;

/* One symbol, decoded. */
struct guest_symbol {
	struct guest_va address; /* as /proc/kallsyms prints it: per-CPU symbols of kernels
				  * before 6.15 are offsets from the per-CPU base */
	char type; /* as nm(1): 'T', 'd', … */
	char name[GUEST_SYMBOL_NAME_SIZE];
};

/* Find the tables in `view` and index them.
 * STATUS_UNSUPPORTED: no tables, or none in a known layout (reported with what
 * was found where). STATUS_LIMIT, STATUS_NO_MEMORY; what view->read returns. */
MUST_USE status guest_symbols_create(const struct kernel_view *view, struct guest_symbols **ret_symbols);
/* Index tables that came from elsewhere (a profile). Takes over `tables`, also
 * when it fails. STATUS_MALFORMED: they contradict themselves (reported). */
MUST_USE status guest_symbols_create_from_tables(struct kallsyms_tables *tables, struct guest_symbols **ret_symbols);
void guest_symbols_destroy(struct guest_symbols *symbols);

/* The tables behind it, as found. */
const struct kallsyms_tables *guest_symbols_tables(const struct guest_symbols *symbols);

uint32_t guest_symbols_count(const struct guest_symbols *symbols);

/* The address of a name; where several static symbols share it, the lowest
 * address (the first line of /proc/kallsyms).
 * STATUS_MISSING: no such symbol. STATUS_LIMIT: so many names of one hash that
 * the table must have been made for it (reported). */
MUST_USE status guest_symbols_find(const struct guest_symbols *symbols, const char *name, struct guest_va *ret_address);

/* Symbol number `index` in the order of /proc/kallsyms; STATUS_END beyond. */
MUST_USE status guest_symbols_get(const struct guest_symbols *symbols, uint32_t index, struct guest_symbol *ret_symbol);

/* The symbol at or below `address` (of aliases the first) and the distance to
 * it. STATUS_MISSING: below the first symbol. The last symbol has no end: a
 * caller that needs one compares the distance with the image's. */
MUST_USE status guest_symbols_nearest(const struct guest_symbols *symbols, struct guest_va address,
				      struct guest_symbol *ret_symbol, uint64_t *ret_distance);

#endif
