/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does a function of the kernel do? Kernels differ in some formats and
 * orders that no type and no symbol tells apart. But a function that prints a
 * string or calls another one holds its address.
 */
#ifndef GUEST_PROC_MENTION_H
#define GUEST_PROC_MENTION_H

#include "guest/kernel/guestc.h"

/* Does the code at `function` refer to a string that starts with `string`?
 * Looks at the first 16 KiB at most, once for each kernel (memo.h). */
GUEST_C bool code_mentions(const char *function, const char *string);

/* Where it refers to `size` bytes of its constants that are `bytes`; NULL: nowhere. Not
 * remembered: ask once for each file. `size` is 256 at most. */
GUEST_C const char *code_finds_bytes(const char *function, const char *bytes, u64 size);

/* Does the code at `function` refer to `target`, as a call does? */
GUEST_C bool code_refers_to(const char *function, const char *target);

/* Drivers are modules, whose own types the kernel's BTF doesn't describe, but
 * a function that adds one of the driver's words to one of the caller's says
 * where it lies. In the code at `function`, find
 *	mov rX, [rY + offset]; add [rZ + target_offset], rX
 * (SDM vol. 2: REX.W 8B /r with 32 bits of displacement, REX.W 01 /r with 8).
 * False where there is no such pair. */
GUEST_C bool code_finds_word_added_to(const char *function, u32 target_offset, u32 *ret_offset);

/* The same for the word that is a __percpu pointer:
 *	mov rX, [rY + offset]; add rX, [table + rZ * 8]
 * with the table of per-CPU offsets. */
GUEST_C bool code_finds_percpu_pointer(const char *function, u32 *ret_offset);

/* What 64-bit constant whose bits in `mask` are those of `value` does the code at `function` load into a register
 * (mov r64, imm64; SDM vol. 2: REX.W B8+r)? False: none. */
GUEST_C bool code_finds_constant(const char *function, u64 mask, u64 value, u64 *ret_constant);

#endif
