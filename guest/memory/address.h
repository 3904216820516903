/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three kinds of address that must never be mixed up: each is its own type. */
#ifndef GUEST_MEMORY_ADDRESS_H
#define GUEST_MEMORY_ADDRESS_H

#include <stdint.h>

/* An address as the target's code uses it: translated by its page tables. */
struct guest_va {
	uint64_t value;
};

/* An address on the target's memory bus. */
struct guest_pa {
	uint64_t value;
};

/* An address in the process that serves the target's memory (QEMU's, say). */
struct host_va {
	uint64_t value;
};

/* Canonical addresses from here on are the kernel's, those below are processes' (SDM vol. 1, 3.3.7.1). */
#define GUEST_KERNEL_HALF (UINT64_C(1) << 63)

enum {
	GUEST_PAGE_SHIFT = 12,
	GUEST_PAGE_SIZE = 1 << GUEST_PAGE_SHIFT,
};

#endif
