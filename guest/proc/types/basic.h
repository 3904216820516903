/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's small types. As in all of guest/proc/types: the kernel's own
 * names, only the fields that we read, no layout: guestcc asks the target's
 * BTF for every offset, so the order here means nothing. One struct holds the
 * fields of all kernels; ask field_exists() where not every kernel has one.
 */
#ifndef GUEST_PROC_TYPES_BASIC_H
#define GUEST_PROC_TYPES_BASIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	int64_t counter;
} atomic64_t, atomic_long_t;

typedef struct {
	atomic_t refs;
} refcount_t;

typedef struct {
	uint32_t val;
} kuid_t;

struct net;

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		uint8_t u6_addr8[16];
		uint32_t u6_addr32[4];
	} in6_u;
};

#pragma clang attribute pop

#endif
