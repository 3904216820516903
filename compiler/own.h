/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a pointer derived from one of guest C's own objects, and where inside? */
#ifndef COMPILER_OWN_H
#define COMPILER_OWN_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stdint.h>

struct unit;

struct own_place {
	LLVMValueRef object; /* local variable or global */
	uint64_t object_size; /* 0 where unknown */
	int64_t offset; /* only where offset_known */
	bool offset_known;
};

/* False where the pointer may point anywhere. */
bool own_place_find(struct unit *unit, LLVMValueRef pointer, struct own_place *ret_place);

/* Do `size` bytes at `pointer` lie inside an own object, whatever happens? */
bool own_proven(struct unit *unit, LLVMValueRef pointer, uint64_t size);

#endif
