/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest C file on its way through guestcc: the LLVM module and what every
 * step needs to know about it.
 */
#ifndef COMPILER_UNIT_H
#define COMPILER_UNIT_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "compiler/layouts.h"
#include "compiler/links.h"

struct kernel_headers;

struct unit {
	LLVMContextRef context;
	LLVMModuleRef module;
	LLVMBuilderRef builder;
	LLVMTargetMachineRef machine;
	LLVMTargetDataRef layout;
	LLVMTypeRef i8, i32, i64, pointer, nothing;
	unsigned access_index_kind, invariant_kind;
	struct link_table links;
	/* The types are these headers', with the layouts that they have there;
	 * NULL: they are declared by hand, and asked for. */
	const struct kernel_headers *headers;
	struct layouts layouts;
	size_t error_count;
};

/* Take the bitcode that the front end made, and retarget it. `headers` (or NULL)
 * are what it was compiled against. Reports and returns STATUS_MALFORMED or
 * STATUS_INTERNAL. */
MUST_USE status unit_init(struct unit *unit, const char *bitcode_path, const struct kernel_headers *headers);
void unit_deinit(struct unit *unit);

/* Say "FILE:LINE: error: …" of the place that `value` (an instruction, a
 * global variable or a function) came from, and count it. */
__attribute__((format(printf, 3, 4))) void unit_error(struct unit *unit, LLVMValueRef value, const char *format, ...);

/* Called on every instruction of the functions that hold guest C; `visit` may
 * erase the instruction that it is given, and insert before or after it. */
void unit_each_instruction(struct unit *unit, void (*visit)(struct unit *unit, LLVMValueRef instruction));

/* A value's name, without the mark of an assembler label. */
const char *value_name(LLVMValueRef value);
bool name_starts(const char *name, const char *prefix);
/* The function that a call calls, or NULL where that isn't known. */
LLVMValueRef call_target(LLVMValueRef instruction);
/* Is it a call of the intrinsic whose name starts so? */
bool is_call_of(LLVMValueRef value, const char *name_prefix);
/* Is it one of the functions of guest/kernel/guestc-access.h? */
bool is_access_function(LLVMValueRef function);
/* Is this declaration one that guest C may call: marked so, or one of its environment's? */
bool unit_knows_function(LLVMValueRef function);
/* The function of guestc-access.h with this name; says what to include where
 * there is none, and returns NULL. */
LLVMValueRef unit_access_function(struct unit *unit, const char *name);
/* Insert before `place` (with its debug location). */
void unit_insert_before(struct unit *unit, LLVMValueRef place);
LLVMValueRef unit_call(struct unit *unit, LLVMValueRef function, LLVMValueRef *arguments, unsigned count);
LLVMValueRef unit_number(struct unit *unit, unsigned long long value);
/* A private constant string; equal texts share one. */
LLVMValueRef unit_string(struct unit *unit, const char *text);
/* "file:line" of an instruction, as a string constant. */
LLVMValueRef unit_site(struct unit *unit, LLVMValueRef instruction);
/* pointer + bytes */
LLVMValueRef unit_advance(struct unit *unit, LLVMValueRef pointer, LLVMValueRef bytes);

#endif
