/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which record types are the kernel's: found by the check of the syntax tree
 * (syntax-check.c), asked by the steps that see LLVM's types only.
 */
#ifndef COMPILER_TYPES_H
#define COMPILER_TYPES_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>

enum kernel_type {
	KERNEL_TYPE_NOT, /* guest C's own, or no record */
	KERNEL_TYPE_NAMED,
	KERNEL_TYPE_UNNAMED, /* the kernel's, but with no name to ask for */
};

/* Remember a record with preserve_access_index: keyword "struct" or "union",
 * or "typedef" for an unnamed one behind a typedef. */
void kernel_type_add(const char *keyword, const char *name);
/* Is "struct sock" (as clang prints a type) one? */
bool kernel_type_known(const char *printed);
void kernel_types_clear(void);

/* The type's name in the kernel's BTF ("struct sock"), flavour left out. */
enum kernel_type kernel_type_of(LLVMTypeRef type, char *ret_name, size_t name_size);

#endif
