/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From here to guestc-types-end.h every struct and union is the kernel's: its
 * layout is looked up in the running kernel's BTF. No include guard: each use
 * opens a region. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
