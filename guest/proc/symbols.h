/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the functions that the kernel's pointers point to.
 */
#ifndef GUEST_PROC_SYMBOLS_H
#define GUEST_PROC_SYMBOLS_H

#include "guest/kernel/guestc.h"

enum {
	/* KSYM_NAME_LEN of newer kernels; longer names are cut. */
	SYMBOL_NAME_SIZE = 512,
};

/* Where the kernel's symbol at or below `address` begins; 0: below the first.
 * What lies between two addresses with one answer belongs to one variable.
 * Native. */
GUEST_NATIVE u64 symbol_start(u64 address);

/* The name of the kernel's symbol that begins at `address`; false: none does.
 * Native. */
GUEST_NATIVE bool symbol_name(u64 address, char ret_name[SYMBOL_NAME_SIZE]);

/* The name of the function at `address` in a loaded module. False where no
 * module has one. The kernel's own functions are compared with symbols. */
GUEST_C bool module_symbol_name(const void *address, char ret_name[SYMBOL_NAME_SIZE]);

/* The address of a loaded module's symbol; NULL where no module has it. */
GUEST_C const char *module_symbol_find(const char *name);

/* As %ps prints it: the kernel's or a module's function that begins there, or
 * the bare address. */
GUEST_C void symbol_text(const void *address, char ret_text[SYMBOL_NAME_SIZE]);

#endif
