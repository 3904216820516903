/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 (Aumasson, Bernstein 2012) of one 64-bit word: what the kernel
 * hashes printed pointers with (lib/siphash.c). */
#ifndef GUEST_PROC_SIPHASH_H
#define GUEST_PROC_SIPHASH_H

#include <stdint.h>

uint64_t siphash_1u64(uint64_t word, uint64_t key_low, uint64_t key_high);

#endif
