/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a small kernel image with a banner, BTF and kallsyms, at any
 * address, as memory and as the files that packages carry. */
#ifndef GUEST_KERNEL_FAKE_KERNEL_H
#define GUEST_KERNEL_FAKE_KERNEL_H

#include "base/reader.h"
#include "guest/kernel/kallsyms-encoder.h"

enum {
	FAKE_SYMBOL_COUNT = 1500,
	FAKE_IMAGE_SIZE = 1 << 18,
	FAKE_BANNER_AT = 0x1000,
	FAKE_TYPES_AT = 0x2000,
	FAKE_ROOT_AT = 0x4000, /* init_top_pgt: a page for a test's tables */
	FAKE_DATA_AT = 0x5000, /* page_offset_base and others: a page of words */
	FAKE_MODULES_AT = 0x5100, /* btf_modules; the rest of the page is a test's */
	FAKE_IDT_AT = 0x5a00, /* idt_table, in that page */
	FAKE_ENTRY_AT = 0x5f00, /* entry_SYSCALL_64, likewise */
	FAKE_TABLES_AT = 0x8000,
};

#define FAKE_BANNER "Linux version 5.77.0 (tests) #1 SMP"

struct fake_kernel {
	struct encoder_image image;
	size_t types_size;
};

/* A kernel that runs at `start` (0xffffffff81000000 is where it is linked).
 * `with_types` false: no BTF symbols, as without CONFIG_DEBUG_INFO_BTF. */
void fake_kernel_init(struct fake_kernel *kernel, uint64_t start, enum encoder_layout layout, bool with_types);
void fake_kernel_deinit(struct fake_kernel *kernel);

/* The ELF file of this kernel, with a build id; data from malloc. */
struct span fake_kernel_elf(const struct fake_kernel *kernel);
/* A bzImage around a payload; data from malloc. */
struct span fake_bzimage(struct span payload);

#endif
