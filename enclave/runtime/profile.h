/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile of the target's kernel that the user gave (--profile), read through
 * the host. What is in it, guest/kernel/profile.h checks.
 */
#ifndef ENCLAVE_RUNTIME_PROFILE_H
#define ENCLAVE_RUNTIME_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* How many bytes it has. For images that were given one (runtime_has_profile()).
 * STATUS_MALFORMED, reported: more than any profile has (PROFILE_SIZE_MAX). */
MUST_USE status runtime_profile_size(size_t *ret_size);

/* Copy `size` bytes from `offset` on. STATUS_MALFORMED, reported: the host
 * refused. Twice the same question may get two answers: guest/kernel/pieces.h. */
MUST_USE status runtime_profile_read(uint64_t offset, void *destination, size_t size);

#endif
