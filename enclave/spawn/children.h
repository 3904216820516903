/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs that this one runs, while they run. */
#ifndef ENCLAVE_SPAWN_CHILDREN_H
#define ENCLAVE_SPAWN_CHILDREN_H

#include <stdbool.h>

#include "base/status.h"
#include "enclave/spawn/streams.h"

/* A program to be started. */
struct child_order {
	const char *const *arguments; /* NULL ends; the first names it */
	const char *const *environment; /* NULL ends */
	struct streams streams; /* only looked at: the child takes references of its own */
};

/* Start programs that belong together, as a pipeline does: one number for all of them, and the end
 * of the last is the end. Where one can't be started, or isn't whom it should be, this is reported, noted as a fault of
 * the run, what it would have written breaks (pipe.h), and it ends as by SIGKILL. -EAGAIN: too many run; -ENOMEM. */
long children_start(const struct child_order *orders, size_t order_count);

/* A number for something that ended already, as wait() has it. -EAGAIN. */
long children_start_ended(int wait_status);

/* Let messages pass, and wait for some where there are none. STATUS_MISSING: no child is there that could
 * do anything. */
MUST_USE status children_pump(void);

/* Wait until `pid` (-1: any) has ended. 0: not yet, with `no_hang`. -ECHILD. */
long children_wait(long pid, bool no_hang, int *ret_wait_status);

#endif
