/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One chain of llvm.preserve.* calls: from a root pointer to a field. */
#ifndef COMPILER_CHAIN_H
#define COMPILER_CHAIN_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stdint.h>

struct unit;

enum {
	CHAIN_NAME_SIZE = 256,
	CHAIN_PATH_SIZE = 512,
};

struct chain {
	LLVMValueRef root; /* pointer to the kernel's type */
	char type[CHAIN_NAME_SIZE]; /* "struct sock" */
	char path[CHAIN_PATH_SIZE]; /* "a.b[2].c" */
	uint64_t local_offset; /* in the layout that was compiled against */
	LLVMValueRef member; /* debug metadata; NULL where the path ends with an index */
};

bool is_preserve_call(LLVMValueRef value);

/* What an array was before it decayed to a pointer to its first element. */
LLVMValueRef chain_skip_decay(LLVMValueRef pointer);

/* Follow the chain that ends with `call`. May insert code where the builder
 * stands (the step of a leading array index). False, and an error said, where
 * the kernel can't be asked about it. */
bool chain_follow(struct unit *unit, LLVMValueRef call, struct chain *ret_chain);

#endif
