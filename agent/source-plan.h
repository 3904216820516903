/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read plans on this side: what all sources' run_plan have in common. */
#ifndef AGENT_SOURCE_PLAN_H
#define AGENT_SOURCE_PLAN_H

#include "guest/memory/plan.h"
#include "guest/memory/source.h"

/* Where this process has the line of RAM mapped; NULL: it hasn't. The target may change
 * what is there. *ret_range: what is mapped in one piece with the line, itself included, as long as
 * the plan runs. May be NULL itself. */
typedef const uint8_t *(*source_mapped)(struct page_source *source, struct guest_pa line, struct ram_range *ret_range);

/* What a thread keeps from its first plan on; of that, what its largest plan touched. */
enum { SOURCE_PLAN_STORE_KIB = 5700 };

/* Run a plan over a source's RAM: lines that are mapped are copied from there, others
 * come by pages from ops->read, each at most once in a run. Any thread may; each
 * keeps the storage that a run takes (SOURCE_PLAN_STORE_KIB, and PLAN_ANSWER_SIZE_MAX bytes more
 * where the sink lends none).
 * As page_source_ops.run_plan, STATUS_NO_MEMORY. */
MUST_USE status source_plan_run(struct page_source *source, source_mapped mapped, const struct plan *plan,
				struct plan_cursor *cursor, struct plan_sink *sink);

#endif
