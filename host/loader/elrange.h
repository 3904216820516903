/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address range of an enclave, in memory that is no enclave's: how the
 * backends plain and sim lay an image out.
 */
#ifndef HOST_LOADER_ELRANGE_H
#define HOST_LOADER_ELRANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "host/image/image.h"

struct elrange {
	uint64_t base, size; /* size as the image says, base a multiple of it */
	uint64_t trampoline; /* a page below the base, near enough for a jump */
};

/* Reserve the range and copy the image's pages in; they are readable and writable
 * until elrange_protect(), nothing else is accessible. Not inherited by children,
 * not in core dumps. STATUS_NO_MEMORY. On success the caller owes elrange_deinit(). */
MUST_USE status elrange_init(struct elrange *range, const struct image *image);
void elrange_deinit(struct elrange *range);

/* Replace the image's EEXIT by a jump to switch_exit(). False, with errno, where
 * the memory can't be had. After measuring. */
MUST_USE bool elrange_patch_exit(const struct elrange *range, const struct image *image);

/* Give each page the permissions that it was added with. The TCSs' pages, which
 * are the CPU's, and everything that isn't a page are inaccessible. */
MUST_USE bool elrange_protect(const struct elrange *range, const struct image *image);

/* Make everything inaccessible; elrange_protect() undoes it. False, with errno. */
MUST_USE bool elrange_hide(const struct elrange *range);

#endif
