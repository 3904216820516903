/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a proven session asks for, and what it gets: rights, quota, and the target's memory. */
#ifndef AGENT_SERVE_ANSWER_H
#define AGENT_SERVE_ANSWER_H

#include "agent/serve/counters.h"
#include "agent/serve/hub.h"
#include "agent/serve/quota.h"
#include "link/request.h"

struct answerer {
	struct hub_target *target;
	uint32_t rights; /* enum link_right */
	struct quota_table *quotas;
	struct quota *quota; /* NULL: no limit */
	struct counters *counters;
	int64_t checked_ns; /* when the target was last seen */
	/* For virtual addresses; made when first needed. */
	struct guest_memory memory;
	void *storage;
};

/* Everything is borrowed and must outlive the answerer. */
void answerer_init(struct answerer *answerer, struct hub_target *target, const struct link_grant *grant,
		   struct quota_table *quotas, struct quota *quota, struct counters *counters);
void answerer_deinit(struct answerer *answerer);

/* Answer one request: `ret_content` has room for LINK_REPLY_SIZE_MAX bytes. Whatever goes
 * wrong with an operation is its result's outcome. Reported: STATUS_MALFORMED,
 * STATUS_LIMIT: no request. */
MUST_USE status answerer_answer(struct answerer *answerer, struct span content, int64_t now_ns, uint8_t *ret_content,
				size_t *ret_size);

#endif
