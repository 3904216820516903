/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lowest part of an image: how it starts, and what the CPU gives it. */
#ifndef ENCLAVE_RUNTIME_RUNTIME_H
#define ENCLAVE_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fill with random bytes from RDRAND (Intel SDM vol. 1, 7.3.17). False if the
 * CPU fails ten times in a row, Intel's advice for "broken". */
__attribute__((warn_unused_result)) bool runtime_random(void *destination, size_t size);

/* Load FS with `pointer`: what musl calls where Linux has arch_prctl. Always 0. */
int runtime_thread_pointer_set(void *pointer);

/* Is the range, not empty, inside one segment of the image, a writable one if
 * `write` is set? */
bool runtime_memory_owns(uint64_t address, uint64_t size, bool write);

/* Was a page source given at start? */
bool runtime_has_source(void);
/* Was a profile of the target's kernel given at start? */
bool runtime_has_profile(void);

#endif
