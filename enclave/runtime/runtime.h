/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lowest part of an image: how it starts, and what the CPU gives it. */
#ifndef ENCLAVE_RUNTIME_RUNTIME_H
#define ENCLAVE_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/link-ring.h"

/* Fill with random bytes from RDRAND (Intel SDM vol. 1, 7.3.17). False if the
 * CPU fails ten times in a row, Intel's advice for "broken". */
__attribute__((warn_unused_result)) bool runtime_random(void *destination, size_t size);

/* Load FS with `pointer`: what musl calls where Linux has arch_prctl. Always 0. */
int runtime_thread_pointer_set(void *pointer);

/* Is the range, not empty, memory that the program may use: inside one segment of
 * the image, the heap or the stack, and writable if `write` is set? */
bool runtime_memory_owns(uint64_t address, uint64_t size, bool write);
/* Does the range, not empty, lie wholly outside the enclave: is it the host's? */
bool runtime_memory_is_outside(uint64_t address, uint64_t size);

/* The heap: whole pages, zero at first. */
uint8_t *runtime_heap(void);
size_t runtime_heap_size(void);
/* Bytes of the program's stack. */
size_t runtime_stack_size(void);

/* What the host said at start (wire/start.h), copied once and validated. */

/* No enclave around us: no evidence, and the source may stand behind CALL_SOURCE_*. */
bool runtime_is_plain(void);
/* Does a page source stand behind CALL_SOURCE_*? Only if runtime_is_plain(). */
bool runtime_has_source(void);
/* Does the host hold a profile of the target's kernel? */
bool runtime_has_profile(void);
/* Does another program inside run this one? */
bool runtime_has_parent(void);
/* Is there a connection to a remote verifier (wire/evidence.h)? Then runtime_owner_key() holds who it must be. */
bool runtime_has_verifier(void);
/* Does a ring lead to a source? Only then do the six below hold anything. */
bool runtime_has_link(void);
/* The ring, in the host's memory: all of it lies outside. NULL without a link. */
struct link_ring *runtime_link_ring(void);
const uint8_t *runtime_owner_key(void); /* START_OWNER_KEY_SIZE bytes */
const uint8_t *runtime_source_key(void); /* START_KEY_SIZE bytes */
const uint8_t *runtime_source_nonce(void); /* START_NONCE_SIZE bytes */
const char *runtime_target(void); /* printable ASCII, at most START_TARGET_SIZE - 1 */

/* The parts of the CPU's state that the enclave may use, as XCR0: SECS.XFRM. */
uint64_t runtime_xfrm(void);
/* May VAES with AVX-512 be used? The host's word for the CPU, our own XFRM. */
bool runtime_has_vaes(void);

#endif
