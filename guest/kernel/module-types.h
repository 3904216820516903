/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of modules: from 5.11 on the kernel keeps each module's BTF, split from
 * its own, in memory (kernel/bpf/btf.c: btf_modules). Before, and without
 * CONFIG_DEBUG_INFO_BTF_MODULES, there is none.
 */
#ifndef GUEST_KERNEL_MODULE_TYPES_H
#define GUEST_KERNEL_MODULE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	/* Distributions load up to 200 modules. */
	GUEST_MODULE_COUNT_MAX = 1024,
	/* BTF of all modules: some 20 KiB each, large drivers 2 MiB. */
	GUEST_MODULE_TYPES_SIZE_MAX = 16 << 20,
};

struct guest_kernel;
struct guest_types;

struct guest_module_types {
	size_t count;
	size_t size; /* of all BTF, bytes */
	struct guest_types *types[GUEST_MODULE_COUNT_MAX];
};

/* Read the BTF of all modules that are loaded now. A module whose BTF is
 * broken, and what is beyond the limits, is reported and left out. Borrows the
 * kernel's types. STATUS_NO_MEMORY, and STATUS_GONE and STATUS_IO of the
 * source. */
MUST_USE status guest_module_types_create(struct guest_kernel *kernel, struct guest_module_types **ret_modules);
void guest_module_types_destroy(struct guest_module_types *modules);

/* A number that changes when a module with BTF was loaded: then answers about
 * types may differ. Reads three places; 0 where there is no such module. */
uint64_t guest_module_types_mark(struct guest_kernel *kernel);

#endif
