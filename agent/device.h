/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module's device (kmod/) as source: the machine that this process runs on, as its own kernel shows it. To
 * compare with; whoever owns the kernel decides what is seen.
 */
#ifndef AGENT_DEVICE_H
#define AGENT_DEVICE_H

#include "agent/target.h"

enum {
	DEVICE_HELD_COUNT_MAX = 8,
};

/* Open the device at `path` for the life of this process, for one that is going to give up the right to do so
 * (CAP_SYS_RAWIO): device_target_create() takes what is held. Before other threads; held twice is held once. Statuses
 * as there; STATUS_LIMIT: DEVICE_HELD_COUNT_MAX are held. */
MUST_USE status device_hold(const char *path);

/* The descriptors held. Returns how many. */
size_t device_held_files(int files[DEVICE_HELD_COUNT_MAX]);

/* `path` is the device's. Statuses as target_create(); STATUS_DENIED: no CAP_SYS_RAWIO, or the kernel is locked down.
 */
MUST_USE status device_target_create(const char *path, struct target **ret_target);

#endif
