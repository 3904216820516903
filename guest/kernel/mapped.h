/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running guest's kernel image as a view: which of it is mapped, and where. */
#ifndef GUEST_KERNEL_MAPPED_H
#define GUEST_KERNEL_MAPPED_H

#include "base/status.h"
#include "guest/kernel/view.h"
#include "guest/memory/memory.h"
#include "guest/memory/space.h"

struct kernel_mapped {
	struct kernel_view view; /* its context is this struct: don't copy it */
	struct guest_memory *memory;
	struct guest_space space;
};

/* The image around `inside`, an address in its text: all mapped regions that
 * are apart by no more than what freed init memory leaves.
 * STATUS_MISSING: `inside` isn't mapped there as the kernel's. STATUS_LIMIT:
 * the page tables hold more than a kernel image. Not reported. */
MUST_USE status kernel_mapped_init(struct kernel_mapped *mapped, struct guest_memory *memory,
				   const struct guest_space *space, struct guest_va inside);

#endif
