/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel images as files: a bzImage (Documentation/arch/x86/boot.rst) unpacked
 * to the ELF file inside it. Hosted only: images never leave the host.
 * A package may come from anywhere, so every byte is hostile.
 */
#ifndef GUEST_KERNEL_VMLINUZ_H
#define GUEST_KERNEL_VMLINUZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum {
	/* KERNEL_IMAGE_SIZE without KASLR: no loadable image is larger. */
	VMLINUX_SIZE_MAX = 512 << 20,
};

/* Unpack `file` (gzip, xz, lz4 or zstd inside a bzImage; an ELF file is copied
 * as it is). *ret_data is freed by the caller.
 * Reported faults: STATUS_MALFORMED (neither, cut short, or corrupt),
 * STATUS_UNSUPPORTED (another compression), STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE status vmlinuz_unpack(struct span file, uint8_t **ret_data, size_t *ret_size);

#endif
