/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two kernels that never were: the same types, laid out differently by the
 * native compiler. Its offsetof and sizeof are the ground truth.
 */
#ifndef GUEST_KERNEL_GUESTCC_TEST_LAYOUTS_H
#define GUEST_KERNEL_GUESTCC_TEST_LAYOUTS_H

#include <stdbool.h>
#include <stdint.h>

struct links {
	uint64_t next, prev;
};

struct a_thing {
	uint16_t weight;
	uint32_t price;
};

struct a_task {
	int pid;
	uint32_t flags : 3;
	uint32_t state : 7;
	int nice : 5;
	uint32_t prio;
	struct links tasks;
	uint64_t parent;
	char comm[16];
	uint64_t cred;
	struct {
		int deep;
		union {
			uint64_t whole;
			int16_t half;
		};
	} in;
	struct a_thing things[3];
	uint64_t more;
	struct {
		int counter;
	} usage;
	uint8_t is_kernel;
	int only_in_a;
	uint16_t other_size;
	struct links node;
	uint64_t last;
};

struct b_thing {
	uint64_t before;
	uint32_t price;
	uint64_t between[2];
	uint16_t weight;
};

/* state is a plain field here, prio and last's neighbours are bit-fields that
 * cross words. */
struct b_task {
	uint64_t last;
	char comm[24];
	uint8_t is_kernel;
	uint16_t state;
	uint64_t pad : 33;
	uint64_t prio : 20;
	struct links node;
	uint64_t more;
	struct b_thing things[3];
	struct {
		uint64_t first;
		union {
			struct {
				uint64_t other;
			};
			uint64_t whole;
			int16_t half;
		};
		int deep;
	} in;
	uint64_t parent;
	int nice : 9;
	uint32_t flags : 2;
	uint64_t cred;
	uint32_t other_size;
	struct links tasks;
	struct {
		int counter;
	} usage;
	int pid;
};

struct a_cred {
	uint32_t uid;
};

struct b_cred {
	uint64_t usage[3];
	uint32_t uid;
};

#endif
