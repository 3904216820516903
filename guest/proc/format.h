/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of the kernel's that printf hasn't, and its arithmetic that guest C
 * hasn't. Native; guest C calls it with values and own memory only.
 */
#ifndef GUEST_PROC_FORMAT_H
#define GUEST_PROC_FORMAT_H

#include <stdint.h>

#include "guest/kernel/guest-call.h"

struct seq;

enum {
	/* CPUs (NR_CPUS_RANGE_END) or NUMA nodes (NODES_SHIFT 10) of a mask. */
	FORMAT_BIT_COUNT_MAX = 8192,
	FORMAT_WORD_COUNT_MAX = FORMAT_BIT_COUNT_MAX / 64,
};

/* %*pb (lib/vsprintf.c, bitmap_string()): hexadecimal in groups of 32 bits, the
 * highest group first and only as wide as its bits ask for: "3,ffffffff".
 * More than FORMAT_BIT_COUNT_MAX bits are a fault of the file. */
void seq_bitmap(struct seq *seq, const uint64_t *words, uint32_t bit_count);

/* %*pbl: the numbers of the bits that are set, in ranges: "0-3,5". */
void seq_bitmap_list(struct seq *seq, const uint64_t *words, uint32_t bit_count);

/* seq_escape_str() with ESCAPE_SPACE | ESCAPE_SPECIAL and only "\n\\"
 * (lib/string_helpers.c): a line feed becomes \n, a backslash two of them. */
void seq_escape_name(struct seq *seq, const char *name);

/* value * numerator / denominator with 128 bits on the way
 * (mul_u64_u64_div_u64()); UINT64_MAX where the result has more than 64 bits or
 * the denominator is 0: the kernel's own would trap. */
GUEST_NATIVE uint64_t format_scale(uint64_t value, uint64_t numerator, uint64_t denominator);

#endif
