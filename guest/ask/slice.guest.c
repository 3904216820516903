/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_slice() (kernel/sched/fair.c, 5.10 to 6.5). Its two switches, ALT_PERIOD and BASE_SLICE, are on unless a
 * developer turned them off in debugfs: which bits they are no kernel says.
 */
#include "guest/ask/slice.h"

enum {
	GROUP_DEPTH_MAX = 128, /* groups within groups: a path of names has fewer */
	WEIGHT_SHIFT = 32, /* WMULT_SHIFT */
	FIXED_POINT_SHIFT = 10, /* SCHED_FIXEDPOINT_SHIFT */
	POLICY_IDLE = 5,
};

#define WEIGHT_CONSTANT (~0u) /* WMULT_CONST */

extern unsigned int sysctl_sched_latency, sysctl_sched_min_granularity, sched_nr_latency;
extern unsigned int sysctl_sched_idle_min_granularity; /* from 5.15 */

static u64 scaled_down(u64 weight)
{
	return weight == 0 ? 0 : max(2ull, weight >> FIXED_POINT_SHIFT);
}

/* __update_inv_weight() of a weight whose inverse isn't kept. */
static u32 inverse(u64 weight)
{
	weight = scaled_down(weight);
	if (weight >= WEIGHT_CONSTANT)
		return 1;
	return weight == 0 ? WEIGHT_CONSTANT : (u32)(WEIGHT_CONSTANT / weight);
}

/* mul_u64_u32_shr(): no shift is beyond 32 (__calc_delta()). */
static u64 multiply(u64 value, u32 factor, u32 shift)
{
	u64 low = (value & 0xffffffff) * factor >> shift, high = (value >> 32) * factor;

	return low + (high << (32 - shift));
}

/* __calc_delta() */
static u64 share(u64 value, u64 weight, u32 inverse_of_all)
{
	u64 factor = scaled_down(weight);
	u32 shift = WEIGHT_SHIFT;

	for (; factor >> 32 != 0 && shift > 0; shift--)
		factor >>= 1;
	factor = (factor & 0xffffffff) * inverse_of_all;
	for (; factor >> 32 != 0 && shift > 0; shift--)
		factor >>= 1;
	return multiply(value, (u32)factor, shift);
}

/* Of one level: what is there to run, and the entity itself, where it isn't among that. */
static u64 share_at(u64 value, const struct sched_entity *entity, const struct cfs_rq *queue)
{
	u64 all = queue->load.weight;
	u32 kept = queue->load.inv_weight;

	if (entity->on_rq == 0) {
		all += entity->load.weight;
		kept = 0;
	}
	return share(value, entity->load.weight, kept != 0 ? kept : inverse(all));
}

/* se_is_idle() of a task, and sched_idle_cfs_rq() of where it runs. */
static bool yields(const struct task_struct *task, const struct cfs_rq *queue)
{
	return task->policy == POLICY_IDLE && !(queue->nr_running != 0 && queue->nr_running == queue->idle_nr_running);
}

u64 slice_computed(const struct task_struct *task, const struct rq *cpu)
{
	struct guest_bound bound = GUEST_BOUND(GROUP_DEPTH_MAX, "groups of tasks");
	const struct sched_entity *entity = &task->se;
	bool has_groups = field_exists(struct sched_entity, cfs_rq);
	const struct cfs_rq *own = has_groups ? entity->cfs_rq : &cpu->cfs;
	u32 running = cpu->cfs.h_nr_running + (entity->on_rq == 0 ? 1 : 0), least = sysctl_sched_min_granularity;
	u64 slice = running > sched_nr_latency ? (u64)running * least : sysctl_sched_latency;

	while (entity != NULL) {
		guest_bound(&bound);
		slice = share_at(slice, entity, has_groups ? entity->cfs_rq : &cpu->cfs);
		entity = has_groups ? entity->parent : NULL;
	}
	if (symbol_exists(sysctl_sched_idle_min_granularity) && yields(task, own))
		least = sysctl_sched_idle_min_granularity;
	return max(slice, (u64)least);
}
