/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end of wire/link-shared.h: how it is found, and how a conversation begins. */
#ifndef HOST_SERVE_SHARED_MEMORY_H
#define HOST_SERVE_SHARED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/link-shared.h"

struct shared_memory {
	struct link_shared *shared;
	uint64_t connect; /* our number */
	uint64_t alive; /* the agent's, as last seen */
	int64_t alive_since_ns; /* seen to change then */
};

/* The memory at `place`: a PCI address (0000:00:10.0), "" for the only ivshmem device of this
 * machine, or a file's path. Ours alone as long as *ret_file is open. STATUS_MISSING,
 * STATUS_DENIED, STATUS_USAGE, STATUS_IO: reported. */
MUST_USE status shared_memory_open(const char *place, int *ret_file);

/* Map it. STATUS_MALFORMED: too small; STATUS_NO_MEMORY. Reported, with `place`. */
MUST_USE status shared_memory_init(struct shared_memory *memory, int file, const char *place);
/* Say that we go, and unmap it. All zeros is all right. */
void shared_memory_deinit(struct shared_memory *memory);

/* Begin a conversation, and wait for the agent's hello. STATUS_TORN: none came, not reported. */
MUST_USE status shared_memory_connect(struct shared_memory *memory, int timeout_ms, struct agent_hello *ret_hello);

/* Has the agent fallen silent, or turned to somebody else? */
bool shared_memory_is_gone(struct shared_memory *memory);

/* Pause as befits a wait that began at `since_ns`: short at first. */
void shared_memory_pause(int64_t since_ns);

/* CLOCK_MONOTONIC. */
int64_t shared_memory_now_ns(void);

#endif
