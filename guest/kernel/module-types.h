/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of modules: from 5.11 on the kernel keeps each module's BTF, split from
 * its own, in memory (kernel/bpf/btf.c: btf_modules). Before, and without
 * CONFIG_DEBUG_INFO_BTF_MODULES, there is none.
 */
#ifndef GUEST_KERNEL_MODULE_TYPES_H
#define GUEST_KERNEL_MODULE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"

enum {
	/* Distributions load up to 200 modules. */
	GUEST_MODULE_COUNT_MAX = 1024,
	/* BTF of all modules: some 20 KiB each, large drivers 2 MiB. */
	GUEST_MODULE_TYPES_SIZE_MAX = 16 << 20,
};

struct guest_kernel;
struct guest_types;

/* Where things are in struct btf_module and struct btf (kernel/bpf/btf.c). */
struct guest_module_places {
	bool known; /* else: a kernel without BTF of modules */
	struct guest_va head; /* btf_modules */
	uint64_t list, btf; /* in struct btf_module */
	uint64_t data, data_size, id; /* in struct btf */
};

/* Ask the kernel's symbols and types. Only what ends everything is a status:
 * STATUS_TORN, STATUS_NO_MEMORY, and STATUS_GONE and STATUS_IO of the source. */
MUST_USE status guest_module_places_init(const struct guest_kernel *kernel, struct guest_module_places *ret_places);

/* What is to be done with one module's types, which end when it returns. */
typedef status (*guest_module_visit)(void *context, struct guest_types *types);

/* Read the BTF of all modules that are loaded now, one after the other: never
 * more than one module's is in memory. A module whose BTF is broken, and what is
 * beyond the limits, is reported and left out. STATUS_NO_MEMORY, what `visit`
 * returns, and STATUS_GONE and STATUS_IO of the source. */
MUST_USE status guest_module_types_visit(struct guest_kernel *kernel, guest_module_visit visit, void *context);

/* A number that changes when a module with BTF was loaded: then answers about
 * types may differ. Reads three places; 0 where there is no such module. */
uint64_t guest_module_types_mark(struct guest_kernel *kernel);

#endif
