/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test and its guest C exchange. */
#ifndef GUEST_KERNEL_HEADERS_TEST_CALLS_H
#define GUEST_KERNEL_HEADERS_TEST_CALLS_H

#include <stdint.h>

/* guest_call()'s argument. */
struct headers_call {
	uint64_t in; /* an address */
	int64_t count, pid_sum, state_index;
	char comm[16];
};

void headers_walk(void *call); /* all processes; state_index and comm of the last */
void headers_store(void *call); /* *(int *)in = 1 */
void headers_length(void *call); /* count = strlen(init_task.comm) */

#endif
