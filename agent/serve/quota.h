/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of each grant's quota: counted under the grant's number, over all
 * sessions that show it, until it ends. Thread-safe.
 */
#ifndef AGENT_SERVE_QUOTA_H
#define AGENT_SERVE_QUOTA_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "link/grant.h"

enum {
	/* Grants with a limit that are good at the same time: one for each run of a
	 * program, for minutes. 64 bytes each. */
	QUOTA_COUNT_MAX = 4096,
};

struct quota {
	uint8_t grant_id[LINK_GRANT_ID_SIZE];
	uint64_t valid_until; /* 0: the place is free */
	uint64_t bytes_left, requests_left;
	uint32_t user_count;
};

struct quota_table {
	pthread_mutex_t lock;
	struct quota *quota; /* QUOTA_COUNT_MAX */
};

/* STATUS_NO_MEMORY: reported. */
MUST_USE status quota_table_init(struct quota_table *table);
void quota_table_deinit(struct quota_table *table);

/* The quota of a verified grant, as far as it is used up already; `now` as
 * grant_clock_now(). *ret_quota is NULL for a grant without limits. STATUS_LIMIT, reported:
 * more grants with limits than can be counted. */
MUST_USE status quota_acquire(struct quota_table *table, const struct link_grant *grant, uint64_t now,
			      struct quota **ret_quota);
void quota_release(struct quota_table *table, struct quota *quota);

/* Take one operation with `size` bytes of data from it. False, and nothing is taken:
 * not so much is left. `quota` may be NULL: no limit. */
bool quota_take(struct quota_table *table, struct quota *quota, uint64_t size);

/* Take one operation with as many of `size` bytes as are left, for work whose size shows when it's
 * done; what of it wasn't used is given back. How many; 0: nothing is left. */
uint64_t quota_take_up_to(struct quota_table *table, struct quota *quota, uint64_t size);
void quota_give_back(struct quota_table *table, struct quota *quota, uint64_t size);

/* What is left; UINT64_MAX where there is no limit. */
void quota_left(struct quota_table *table, const struct quota *quota, uint64_t *ret_bytes, uint64_t *ret_requests);

#endif
