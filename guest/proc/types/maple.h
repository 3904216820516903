/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maple trees (include/linux/maple_tree.h), from 6.1. */
#ifndef GUEST_PROC_TYPES_MAPLE_H
#define GUEST_PROC_TYPES_MAPLE_H

#include "guest/kernel/guestc.h"

#include "guest/kernel/guestc-types-begin.h"

struct maple_range_64 {
	unsigned long pivot[15]; /* as many as the kernel has: ask field_size() */
	void *slot[16];
};

struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
};

struct maple_node {
	struct maple_range_64 mr64;
	struct maple_arange_64 ma64;
};

struct maple_tree {
	void *ma_root;
};

#include "guest/kernel/guestc-types-end.h"

#endif
