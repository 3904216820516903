/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sessions that there are, by their grants: one grant is one enclave's, which
 * needs one session. So none may take them all, however many its host asks for with it.
 */
#ifndef AGENT_SERVE_SESSION_TABLE_H
#define AGENT_SERVE_SESSION_TABLE_H

#include <stdint.h>

#include "agent/serve/settings.h"
#include "base/status.h"
#include "link/grant.h"

enum {
	/* Sessions of one grant. Ours use one; those before it may not be known to have ended yet. */
	SESSIONS_PER_GRANT_MAX = 4,
};

/* Not thread-safe: the caller's lock. */
struct session_table {
	uint8_t grant_id[SERVE_SESSION_COUNT_MAX][LINK_GRANT_ID_SIZE];
	uint32_t count;
	uint32_t count_max; /* 1…SERVE_SESSION_COUNT_MAX */
};

void session_table_init(struct session_table *table, uint32_t count_max);

/* One more. STATUS_LIMIT, reported: all are in use, or too many of them by this grant. */
MUST_USE status session_table_enter(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE]);
/* One of this grant's ends. */
void session_table_leave(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE]);
/* One goes on under a later grant. STATUS_LIMIT, reported: that has too many; nothing changes. */
MUST_USE status session_table_renew(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE],
				    const uint8_t later_id[static LINK_GRANT_ID_SIZE]);

#endif
