/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants that the owner took back, until they would have ended anyway. Of this start of the agent: those of an earlier
 * one are void. Thread-safe. */
#ifndef AGENT_SERVE_REVOKED_H
#define AGENT_SERVE_REVOKED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "link/grant.h"

enum {
	/* As many as there are good ones with a quota (quota.h): an owner takes back few. */
	REVOKED_COUNT_MAX = 4096,
};

struct revoked_table {
	pthread_mutex_t lock;
	struct {
		uint8_t grant_id[LINK_GRANT_ID_SIZE];
		uint64_t valid_until; /* over: the place is free */
	} entry[REVOKED_COUNT_MAX];
	uint32_t generation; /* atomic: how many were ever added */
};

void revoked_init(struct revoked_table *table);

/* `now` as grant_clock_now(). One that is there, or that is over, is fine. STATUS_LIMIT, reported. */
MUST_USE status revoked_add(struct revoked_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE],
			    uint64_t valid_until, uint64_t now);
bool revoked_has(struct revoked_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE]);

/* Cheap: has anything been added since this number was what it gave? */
uint32_t revoked_generation(const struct revoked_table *table);

#endif
