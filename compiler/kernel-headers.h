/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers of one kernel, as its own modules are built with: guestcc's second
 * mode compiles against them.
 */
#ifndef COMPILER_KERNEL_HEADERS_H
#define COMPILER_KERNEL_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
	KERNEL_HEADERS_INCLUDE_COUNT = 8,
	/* __NEW_UTS_LEN and the NUL: what uname() has room for. */
	KERNEL_HEADERS_RELEASE_SIZE = 65,
};

struct kernel_headers {
	char *own; /* what was generated for one configuration */
	char *common; /* the source's; equal to `own` where a tree has both */
	char *includes[KERNEL_HEADERS_INCLUDE_COUNT]; /* in the kernel's own order (its LINUXINCLUDE) */
	char release[KERNEL_HEADERS_RELEASE_SIZE]; /* UTS_RELEASE: "6.1.0-56-cloud-amd64" */
};

/* `directory` is what /lib/modules/RELEASE/build leads to; Debian's lies beside
 * its "-common". STATUS_MISSING (reported): there are no headers, or not those of
 * a configured x86-64 kernel. */
MUST_USE status kernel_headers_init(struct kernel_headers *headers, const char *directory);
void kernel_headers_deinit(struct kernel_headers *headers);

/* Is this source file one of them? */
bool kernel_headers_hold(const struct kernel_headers *headers, const char *path);

#endif
