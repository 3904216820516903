/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 (Aumasson, Bernstein 2012): a hash that nobody can steer who
 * doesn't know the key. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const void *bytes, size_t size, uint64_t key_low, uint64_t key_high);

/* The same of one word: what the kernel hashes printed pointers with
 * (lib/siphash.c). */
uint64_t siphash_1u64(uint64_t word, uint64_t key_low, uint64_t key_high);

#endif
