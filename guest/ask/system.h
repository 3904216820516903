/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sysinfo() tells about a system. */
#ifndef GUEST_ASK_SYSTEM_H
#define GUEST_ASK_SYSTEM_H

#include <stdint.h>

enum {
	ASK_LOAD_COUNT = 3,
};

struct ask_system {
	uint64_t uptime_s; /* begun ones count */
	uint64_t loads[ASK_LOAD_COUNT]; /* 1 << 16 is a load of 1 (SI_LOAD_SHIFT) */
	/* Bytes. */
	uint64_t memory_size, free_size, shared_size, buffer_size, swap_size, free_swap_size;
	uint32_t thread_count;
};

/* Guest C, run with guest_call() on the struct. */
void ask_system_run(void *system);

#endif
