/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/answer-plan.h"

#include <string.h>

#include "agent/serve/guarded.h"
#include "base/report.h"
#include "guest/memory/plan-code.h"
#include "guest/memory/plan-run.h"
#include "link/grant.h"
#include "link/plan.h"

static_assert((int)LINK_PLAN_CODE_SIZE == (int)PLAN_CODE_SIZE, "the link carries plans");
static_assert((int)LINK_PLAN_CURSOR_SIZE == (int)PLAN_CURSOR_CODE_SIZE, "and their cursors");

/* All that a run needs: it may be cut off by a vanished mapping. */
struct plan_work {
	struct plan_sink sink; /* must be first */
	struct page_source *source;
	struct plan plan;
	struct plan_cursor cursor;
	size_t used; /* of the sink's room */
};

/* Mostly the lines are where they belong already. */
static status take_runs(struct plan_sink *sink, struct span runs)
{
	struct plan_work *work = (struct plan_work *)sink;

	if (runs.size > sink->room_size - work->used)
		return report(STATUS_INTERNAL, "a read plan was answered with %zu bytes where %zu were left", runs.size,
			      sink->room_size - work->used);
	memmove(sink->room + work->used, runs.data, runs.size);
	work->used += runs.size;
	return STATUS_OK;
}

static status run(void *context)
{
	struct plan_work *work = context;
	const struct page_source_ops *ops = work->source->ops;

	return ops->run_plan != NULL ? ops->run_plan(work->source, &work->plan, &work->cursor, &work->sink)
				     : STATUS_UNSUPPORTED;
}

static status decode(struct span content, struct plan_work *work)
{
	const uint8_t *plan, *cursor;

	TRY(link_plan_request_decode(content, &plan, &cursor));
	TRY(plan_decode(plan, &work->plan));
	TRY(plan_cursor_decode(cursor, &work->cursor));
	TRY(plan_validate(&work->plan));
	return plan_cursor_validate(&work->plan, &work->cursor);
}

/* As with single reads: whatever the kernel's page tables, or those that the plan names, lead to is
 * `kernel`; the tables of processes that the walk finds by itself are `user`. */
static status check_rights(const struct answerer *answerer, const struct plan *plan)
{
	uint32_t needed = LINK_RIGHT_KERNEL | (plan_needs_user_memory(plan) ? LINK_RIGHT_USER : 0);

	if ((answerer->rights & needed) == needed)
		return STATUS_OK;
	counters_add(answerer->counters, COUNTER_REFUSED_RIGHTS, 1);
	return STATUS_DENIED;
}

/* What counts is the memory that was sent, not what it was packed into. */
static uint64_t plan_bytes(const struct plan_work *work)
{
	return (uint64_t)work->sink.line_count * PLAN_LINE_SIZE;
}

/* How much it will be isn't known before: as much as there may be is taken, and the rest given back. */
static status run_within_quota(struct answerer *answerer, struct plan_work *work)
{
	uint64_t most = (uint64_t)PLAN_RUN_LINE_COUNT_MAX * PLAN_LINE_SIZE;
	uint64_t granted = quota_take_up_to(answerer->quotas, answerer->quota, most);

	if (granted < PLAN_LINE_SIZE) {
		quota_give_back(answerer->quotas, answerer->quota, granted);
		counters_add(answerer->counters, COUNTER_REFUSED_QUOTA, 1);
		return STATUS_LIMIT;
	}
	work->sink.line_count_max = (uint32_t)(granted / PLAN_LINE_SIZE);
	status result = guarded_run(run, work);
	if (result != STATUS_OK)
		work->used = work->sink.line_count = 0;
	quota_give_back(answerer->quotas, answerer->quota, granted - plan_bytes(work));
	return result;
}

static status perform(struct answerer *answerer, struct plan_work *work, status seen)
{
	TRY(seen);
	TRY(check_rights(answerer, &work->plan));
	return work->cursor.is_done ? STATUS_OK : run_within_quota(answerer, work);
}

status answerer_answer_plan(struct answerer *answerer, struct span content, status seen, uint8_t *ret_content,
			    size_t *ret_size)
{
	struct plan_work work = {
		.sink = {.room = ret_content + LINK_PLAN_REPLY_HEAD_SIZE,
			 .room_size = LINK_PLAN_RUN_SIZE_MAX,
			 .take = take_runs},
		.source = answerer_source(answerer),
	};
	struct link_plan_reply reply = {0};

	TRY(decode(content, &work));
	reply.outcome = answerer_sendable(perform(answerer, &work, seen));
	reply.run_size = (uint32_t)work.used;
	reply.epoch = hub_target_epoch(answerer->target);
	quota_left(answerer->quotas, answerer->quota, &reply.quota_bytes_left, &reply.quota_requests_left);
	if (reply.outcome == STATUS_OK)
		plan_cursor_encode(&work.cursor, reply.cursor);
	TRY(link_plan_reply_encode(&reply, ret_content));
	counters_add(answerer->counters, COUNTER_REQUESTS, 1);
	counters_add(answerer->counters, COUNTER_OPERATIONS, 1);
	counters_add(answerer->counters, COUNTER_PLANS, 1);
	counters_add(answerer->counters, COUNTER_BYTES, plan_bytes(&work));
	*ret_size = link_plan_reply_size(reply.run_size);
	return STATUS_OK;
}
