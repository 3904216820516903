/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel in a fake guest's memory, in one of the layouts, and the
 * answers to guest C's questions about it.
 */
#ifndef GUEST_KERNEL_GUESTCC_TEST_WORLD_H
#define GUEST_KERNEL_GUESTCC_TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/memory/fake-guest.h"

enum {
	WORLD_PAGES = 32,
	WORLD_CPU_COUNT = 3,
	WORLD_TASK_COUNT = 5,
	/* Pages of the world that aren't mapped. */
	WORLD_HOLE_PAGE = 20,
	WORLD_CPU_PAGE = 28, /* and those behind it, one for each */
};
#define WORLD_BASE UINT64_C(0xffff888000000000)

struct world {
	struct fake_guest guest;
	struct guest_space space;
	uint64_t used; /* bytes of the world given out */
	bool is_b;
	uint64_t init_task, table, per_cpu_offset, possible_mask, cpu_ids;
};

/* Build it, enter it, and answer every question of the program's guest C. */
void world_init(struct world *world, bool is_b);
void world_deinit(struct world *world);
/* The bytes behind a guest address. */
void *world_at(struct world *world, uint64_t address);

#endif
