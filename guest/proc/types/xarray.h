/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sparse array of pointers (include/linux/xarray.h). */
#ifndef GUEST_PROC_TYPES_XARRAY_H
#define GUEST_PROC_TYPES_XARRAY_H

#include "guest/kernel/guestc.h"

#include "guest/kernel/guestc-types-begin.h"

struct xarray {
	void *xa_head;
};

struct xa_node {
	u8 shift;
	void *slots[64]; /* XA_CHUNK_SIZE; 16 where BASE_SMALL is configured */
};

#include "guest/kernel/guestc-types-end.h"

#endif
