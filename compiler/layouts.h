/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With kernel headers: which structs are the kernel's, and how they are laid out
 * there. What a file uses of them is asked of the kernel that it meets, too:
 * headers of another configuration would read beside the fields.
 */
#ifndef COMPILER_LAYOUTS_H
#define COMPILER_LAYOUTS_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>

struct unit;

struct layouts {
	struct layout *entries; /* the first ones sorted by name */
	size_t sorted_count, count, room;
};

/* Learn all types of the headers from the debug information. */
void layouts_init(struct unit *unit);
void layouts_deinit(struct layouts *layouts);

/* Is this the address of (a part of) a field of one of the kernel's structs, and
 * not in an own variable? False without headers. */
bool layouts_kernel_place(struct unit *unit, LLVMValueRef pointer);

#endif
