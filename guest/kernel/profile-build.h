/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making profiles; hosted only. */
#ifndef GUEST_KERNEL_PROFILE_BUILD_H
#define GUEST_KERNEL_PROFILE_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

/* Make a profile from the bytes of a vmlinuz or vmlinux. *ret_file is freed by
 * the caller. Faults as vmlinuz_unpack(), vmlinux_init(),
 * guest_symbols_create() and guest_types_create(), all reported. */
MUST_USE status profile_build(struct span kernel_file, uint8_t **ret_file, size_t *ret_size);

#endif
