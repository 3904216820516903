/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF file of a kernel as a view of virtual addresses. */
#ifndef GUEST_KERNEL_VMLINUX_H
#define GUEST_KERNEL_VMLINUX_H

#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/kernel/view.h"

enum {
	/* Linux links with fewer than ten program headers. */
	VMLINUX_SEGMENT_COUNT_MAX = 16,
	/* SHA-1, as ld makes it by default; 32 leaves room for others. */
	BUILD_ID_SIZE_MAX = 32,
};

struct vmlinux_segment {
	uint64_t start, size; /* in memory */
	struct span bytes; /* in the file; the rest is zeros */
};

struct vmlinux {
	struct kernel_view view; /* its context is this struct: don't copy it */
	uint32_t segment_count;
	struct vmlinux_segment segment[VMLINUX_SEGMENT_COUNT_MAX];
	uint8_t build_id[BUILD_ID_SIZE_MAX];
	uint32_t build_id_size; /* 0 where there is none */
};

/* Read the program headers of `file`, which must outlive `vmlinux`.
 * STATUS_MALFORMED: no x86-64 kernel, or headers that contradict themselves
 * (reported). */
MUST_USE status vmlinux_init(struct vmlinux *vmlinux, struct span file);

#endif
