/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sparse array of pointers (include/linux/xarray.h). */
#ifndef GUEST_PROC_TYPES_XARRAY_H
#define GUEST_PROC_TYPES_XARRAY_H

#include <stdint.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct xarray {
	void *xa_head;
};

struct xa_node {
	uint8_t shift;
	void *slots[64]; /* XA_CHUNK_SIZE; 16 where BASE_SMALL is configured */
};

#pragma clang attribute pop

#endif
