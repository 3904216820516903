/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's small types. As in all of guest/proc/types: the kernel's own
 * names, only the fields that we read, no layout: guestcc asks the target's
 * BTF for every offset, so the order here means nothing. One struct holds the
 * fields of all kernels; ask field_exists() where not every kernel has one.
 */
#ifndef GUEST_PROC_TYPES_BASIC_H
#define GUEST_PROC_TYPES_BASIC_H

#include "guest/kernel/guestc.h"

#include "guest/kernel/guestc-types-begin.h"

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t, atomic_long_t;

typedef struct {
	atomic_t refs;
} refcount_t;

typedef struct {
	u32 val;
} kuid_t;

struct net;

typedef struct {
	struct net *net;
} possible_net_t;

/* include/linux/percpu_counter.h */
struct proc_ns_operations {
	const char *name;
};

/* What every kind of namespace has. */
struct ns_common {
	const struct proc_ns_operations *ops;
	unsigned int inum;
};

struct percpu_counter {
	s64 count;
	s32 *counters; /* per-CPU: what isn't in `count` yet */
};

struct in6_addr {
	union {
		u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

#include "guest/kernel/guestc-types-end.h"

#endif
