/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the functions that the kernel's pointers point to.
 */
#ifndef GUEST_PROC_SYMBOLS_H
#define GUEST_PROC_SYMBOLS_H

#include "guest/kernel/guestc.h"

struct seq;

enum {
	/* KSYM_NAME_LEN of newer kernels; longer names are cut. */
	SYMBOL_NAME_SIZE = 512,
};
#define SYMBOLS_END_PLACE (1ull << 40) /* there are at most 2^32 symbols */

/* Where the kernel's symbol at or below `address` begins; 0: below the first.
 * What lies between two addresses with one answer belongs to one variable.
 * Native. */
GUEST_NATIVE u64 symbol_start(u64 address);

/* The name of the kernel's symbol that begins at `address`; false: none does.
 * Native. */
GUEST_NATIVE bool symbol_name(u64 address, char ret_name[SYMBOL_NAME_SIZE]);

/* All of the kernel's own symbols, as /proc/kallsyms lists them, in pieces (seq_begins()) at places below
 * SYMBOLS_END_PLACE. Native; takes the generator's handle. */
GUEST_NATIVE_RAW void symbols_write(struct seq *seq, bool with_addresses);
/* The kernel's own symbol that `address` lies in, how far, and how far it is from
 * the symbol to the next one; false: it lies in none. Native. */
GUEST_NATIVE bool symbol_around(u64 address, char ret_name[SYMBOL_NAME_SIZE], uint64_t *ret_offset, uint64_t *ret_size);

/* The name of the function at `address` in a loaded module. False where no
 * module has one. The kernel's own functions are compared with symbols. */
GUEST_C bool module_symbol_name(const void *address, char ret_name[SYMBOL_NAME_SIZE]);

/* The address of a loaded module's symbol; NULL where no module has it. */
GUEST_C const char *module_symbol_find(const char *name);
GUEST_C const char *module_symbol_find_sized(const char *name, u64 *ret_size);

/* As %ps prints it: the kernel's or a module's function that begins there, or
 * the bare address. */
GUEST_C void symbol_text(const void *address, char ret_text[SYMBOL_NAME_SIZE]);

#endif
