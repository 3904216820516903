/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where x86-64 Linux keeps its image (Documentation/arch/x86/x86_64/mm.rst);
 * fixed by the ABI of its code model, not by configuration. */
#ifndef GUEST_KERNEL_LAYOUT_H
#define GUEST_KERNEL_LAYOUT_H

#include <stdint.h>

/* __START_KERNEL_map: the -mcmodel=kernel half-gigabytes. */
static const uint64_t KERNEL_MAP_START = 0xffffffff80000000;
/* With KASLR the image may take 1 GiB, then come the modules. */
static const uint64_t KERNEL_MAP_SIZE = 1 << 30;
/* KASLR and the linker place the image in steps of this size
 * (CONFIG_PHYSICAL_ALIGN is at least 2 MiB on x86-64). */
static const uint64_t KERNEL_ALIGNMENT = 2 << 20;

#endif
