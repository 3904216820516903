/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the host shares with an image, the only way to touch it.
 *
 * Every access is one aligned 8-byte load or store. Stores: narrower ones let some
 * CPUs write stale data of a fill buffer next to them (Intel SA-00615, DRPW).
 * Loads: unaligned or narrower ones of memory that is the APIC's page can return
 * stale data of an enclave (SA-00657, ÆPIC). And a word that is loaded once can't
 * change between a check and a use.
 *
 * Every address here must be a multiple of 8 and have been checked, with its size,
 * to lie outside the image (start.c does it once for all that it is given). Sizes
 * are rounded up to whole words outside, where the caller has the room.
 */
#ifndef ENCLAVE_RUNTIME_OUTSIDE_H
#define ENCLAVE_RUNTIME_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t outside_load(const uint64_t *host_word)
{
	return __atomic_load_n(host_word, __ATOMIC_RELAXED);
}

/* Nothing that comes after it in the program is read before it. */
static inline uint64_t outside_load_acquire(const uint64_t *host_word)
{
	return __atomic_load_n(host_word, __ATOMIC_ACQUIRE);
}

static inline void outside_store(uint64_t *host_word, uint64_t value)
{
	__atomic_store_n(host_word, value, __ATOMIC_RELAXED);
}

/* Everything that comes before it in the program is written before it. */
static inline void outside_store_release(uint64_t *host_word, uint64_t value)
{
	__atomic_store_n(host_word, value, __ATOMIC_RELEASE);
}

/* Copy `size` bytes in, each word read once. */
void outside_get(void *to, const uint64_t *host_from, size_t size);

/* Copy `size` bytes out; what the last word has beyond them becomes zero. */
void outside_put(uint64_t *host_to, const void *from, size_t size);

#endif
