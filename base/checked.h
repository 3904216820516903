/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic on numbers that somebody else chose. Each returns false, and
 * leaves *ret_value untouched, where the exact result doesn't fit. */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

MUST_USE static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *ret_value)
{
	uint64_t value;

	if (__builtin_add_overflow(a, b, &value))
		return false;
	*ret_value = value;
	return true;
}

MUST_USE static inline bool checked_multiply(uint64_t a, uint64_t b, uint64_t *ret_value)
{
	uint64_t value;

	if (__builtin_mul_overflow(a, b, &value))
		return false;
	*ret_value = value;
	return true;
}

/* Is [start, start + size) inside [0, limit)? Never overflows. */
static inline bool checked_within(uint64_t start, uint64_t size, uint64_t limit)
{
	return size <= limit && start <= limit - size;
}

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
