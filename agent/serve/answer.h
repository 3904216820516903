/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a proven session asks for, and what it gets: rights, quota, and the target's memory. */
#ifndef AGENT_SERVE_ANSWER_H
#define AGENT_SERVE_ANSWER_H

#include "agent/serve/counters.h"
#include "agent/serve/epochs.h"
#include "agent/serve/hub.h"
#include "agent/serve/quota.h"
#include "link/request.h"

enum {
	/* For the page tables that lead to virtual addresses: GUEST_MEMORY_CACHE_PAGES_MIN pages and what finds them.
	 */
	ANSWERER_STORAGE_KIB_MAX = 96,
};

struct answerer {
	struct hub_target *target;
	uint32_t rights; /* enum link_right */
	struct quota_table *quotas;
	struct quota *quota; /* NULL: no limit */
	struct counters *counters;
	int64_t checked_ns; /* when the target was last seen */
	struct epochs *epochs; /* NULL: none can be shared */
	struct shared_epoch *epoch; /* NULL: memory as it is when it is asked for */
	struct frozen frozen; /* over `epoch` */
	bool is_pausing; /* the target stands still for this session */
	/* For virtual addresses; made when first needed. */
	struct guest_memory memory;
	void *storage;
};

/* Everything is borrowed and must outlive the answerer. `epochs` may be set afterwards. */
void answerer_init(struct answerer *answerer, struct hub_target *target, const struct link_grant *grant,
		   struct quota_table *quotas, struct quota *quota, struct counters *counters);
void answerer_deinit(struct answerer *answerer);

/* The session has a later grant, of the same rights (admit_renewal()). Gives the quota that isn't used any more. */
struct quota *answerer_renew(struct answerer *answerer, struct quota *quota);

/* The memory that the session sees: the target's, or its epoch's. */
struct page_source *answerer_source(struct answerer *answerer);

/* Answer one request, or plan: `ret_content` has room for LINK_PLAN_REPLY_SIZE_MAX bytes.
 * Whatever goes wrong with an operation is its result's outcome. Reported: STATUS_MALFORMED,
 * STATUS_LIMIT: no request. */
MUST_USE status answerer_answer(struct answerer *answerer, struct span content, int64_t now_ns, uint8_t *ret_content,
				size_t *ret_size);

/* What of an outcome is the client's to know (link_outcome_is_valid()); our own troubles are STATUS_IO. */
status answerer_sendable(status outcome);

#endif
