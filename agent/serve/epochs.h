/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Epochs that several sessions share (agent/frozen.h): by name, of one target, with the same
 * rights. An agent has one owner, so whoever shares one has that owner's grant, and could have read
 * all that is in it himself. Thread-safe.
 */
#ifndef AGENT_SERVE_EPOCHS_H
#define AGENT_SERVE_EPOCHS_H

#include <pthread.h>
#include <stdint.h>

#include "agent/frozen.h"
#include "base/status.h"
#include "wire/start.h"

enum {
	/* Each takes up to 128 MiB. */
	EPOCH_COUNT_MAX = 4,
};

struct shared_epoch {
	struct frozen_store *store; /* NULL: the place is free */
	char target[START_TARGET_SIZE];
	uint32_t rights;
	uint32_t user_count; /* sessions */
	bool is_forgotten; /* found by its name no more: its time is over, or another has the name */
	bool is_given; /* by who started us, for this one run: whatever its rights are */
};

struct epochs {
	pthread_mutex_t lock;
	struct shared_epoch epoch[EPOCH_COUNT_MAX];
};

void epochs_init(struct epochs *epochs);
/* No session uses one any more. */
void epochs_deinit(struct epochs *epochs);

/* Take over the epoch in `file`, which stays open as long as the process. Statuses of
 * frozen_store_open(). */
MUST_USE status epochs_adopt(struct epochs *epochs, int file, const char *target);

/* Find the epoch `name` of `target`, or with `is_new` make one (one of that name is forgotten).
 * STATUS_MISSING: none, or its time is over; STATUS_LIMIT, reported: too many are in use;
 * STATUS_USAGE, reported: no name; STATUS_NO_MEMORY. */
MUST_USE status epochs_enter(struct epochs *epochs, const char *name, bool is_new, const char *target, uint32_t rights,
			     struct shared_epoch **ret_epoch);
void epochs_leave(struct epochs *epochs, struct shared_epoch *epoch); /* NULL is fine */

/* Give back the memory of those that nobody uses and whose time is over. */
void epochs_sweep(struct epochs *epochs);

#endif
