/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting as glibc does it: what compares as equal keeps its order. enclave/libc/build puts this
 * into musl, below qsort() and qsort_r(), whose own sort (in place) doesn't keep it. Programs rely
 * on it without knowing: `ps axjf` shows siblings that started together as they were listed. */
#ifndef ENCLAVE_LIBC_STABLE_SORT_H
#define ENCLAVE_LIBC_STABLE_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* As qsort_r()'s: negative, 0 or positive. */
typedef int libc_compare_fn(const void *left, const void *right, void *context);

/* Sort `count` elements of `element_size` bytes each. Takes memory of the array's size from malloc() while it runs,
 * where more than 1 KiB is needed. Returns false, with the array and errno unchanged, where that can't be had. The
 * comparisons are those of glibc 2.36 (stdlib/msort.c) in the same order: also an inconsistent `compare` gives what it
 * gives there. */
bool libc_stable_sort(void *elements, size_t count, size_t element_size, libc_compare_fn *compare, void *context);

#endif
