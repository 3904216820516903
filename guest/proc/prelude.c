/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/prelude.h"

#include <stddef.h>
#include <string.h>

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of one kernel: where both know something it is the same. */
static void layout_add(struct plan_layout *layout, const struct plan_layout *more)
{
	const struct plan_layout none = {0};

	if (layout->xa_slots == 0 && layout->xa_slot_count == 0) {
		layout->xa_slots = more->xa_slots;
		layout->xa_slot_count = more->xa_slot_count;
	}
	if (layout->rb_left == 0 && layout->rb_right == 0) {
		layout->rb_parent = more->rb_parent;
		layout->rb_left = more->rb_left;
		layout->rb_right = more->rb_right;
	}
	if (memcmp(&layout->maple_pivot, &none.maple_pivot, sizeof none - offsetof(struct plan_layout, maple_pivot)) ==
	    0)
		memcpy(&layout->maple_pivot, &more->maple_pivot,
		       sizeof none - offsetof(struct plan_layout, maple_pivot));
}

/* The steps of one plan behind those of another: there is room for them. */
static void plan_add(struct plan *plan, const struct plan *more, uint32_t first, uint32_t count)
{
	memcpy(&plan->step[plan->step_count], &more->step[first], count * sizeof more->step[0]);
	plan->step_count += count;
	layout_add(&plan->layout, &more->layout);
	plan->page_offset = more->page_offset != 0 ? more->page_offset : plan->page_offset;
	plan->line_count_max = greater(plan->line_count_max, more->line_count_max);
	plan->node_count_max = greater(plan->node_count_max, more->node_count_max);
}

static uint32_t line_count(const struct prelude *prelude)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < prelude->part_count; i++)
		count += prelude->part[i].line_count;
	return count;
}

static struct prelude_part *find(struct prelude *prelude, uint64_t key)
{
	for (uint32_t i = 0; i < prelude->part_count; i++)
		if (prelude->part[i].key == key)
			return &prelude->part[i];
	return NULL;
}

/* What is behind it moves. */
static void remove_part(struct prelude *prelude, uint32_t index)
{
	struct plan *plan = &prelude->plan;
	uint32_t first = 0, count = prelude->part[index].step_count;

	for (uint32_t i = 0; i < index; i++)
		first += prelude->part[i].step_count;
	plan->step_count -= count;
	memmove(&plan->step[first], &plan->step[first + count], (plan->step_count - first) * sizeof plan->step[0]);
	prelude->part_count--;
	memmove(&prelude->part[index], &prelude->part[index + 1],
		(prelude->part_count - index) * sizeof prelude->part[0]);
}

static void add(struct prelude *prelude, uint64_t key, const struct plan *plan, uint32_t count)
{
	plan_add(&prelude->plan, plan, 0, plan->step_count);
	prelude->part[prelude->part_count++] = (struct prelude_part){
		.key = key, .step_count = plan->step_count, .line_count = count, .is_asked = true};
}

bool prelude_begins_with(const struct prelude *prelude, uint64_t boot_id, uint64_t key)
{
	return prelude->part_count > 0 && prelude->boot_id == boot_id && prelude->part[0].key == key;
}

void prelude_start(struct prelude *prelude, uint64_t boot_id, uint64_t key, const struct plan *plan, uint32_t count)
{
	memset(prelude, 0, sizeof *prelude);
	prelude->boot_id = boot_id;
	prelude->plan.space = plan->space;
	prelude->was_asked = true;
	add(prelude, key, plan, count);
}

void prelude_add(struct prelude *prelude, uint64_t key, const struct plan *plan, uint32_t count)
{
	/* A plan that is refused brings nothing: all others would go with it. */
	if (count == 0 || prelude->part_count == 0 || prelude->pause_count > 0 ||
	    prelude->part_count == PRELUDE_PART_COUNT_MAX ||
	    prelude->plan.step_count + plan->step_count > PRELUDE_STEP_COUNT_MAX || find(prelude, key) != NULL)
		return;
	if (count > PRELUDE_LINE_COUNT_MAX || line_count(prelude) > PRELUDE_LINE_COUNT_MAX - count)
		prelude_pass(prelude);
	else
		add(prelude, key, plan, count);
}

void prelude_pass(struct prelude *prelude)
{
	prelude->is_passed = true;
}

void prelude_ask(struct prelude *prelude, uint64_t key, bool is_whole)
{
	struct prelude_part *part = find(prelude, key);

	/* The first one to ask says how much has come with the look at the kernel: later ones speak of their own. */
	if (!prelude->was_asked && !is_whole)
		prelude->is_outgrown = true;
	prelude->was_asked = true;
	if (part != NULL)
		part->is_asked = true;
}

uint32_t prelude_take(struct prelude *prelude, struct plan *plan)
{
	const bool is_too_large =
		prelude->is_outgrown || (prelude->is_passed && line_count(prelude) > PRELUDE_KEPT_COUNT_MAX);
	uint32_t count = 0;

	if (prelude->is_outgrown)
		prelude->pause_count = PRELUDE_PAUSE_COUNT;
	else if (prelude->pause_count > 0)
		prelude->pause_count--;
	/* An epoch that ended before anything was read says nothing of what the program wants. */
	for (uint32_t i = prelude->part_count; i > 1 && prelude->was_asked; i--)
		if (is_too_large || !prelude->part[i - 1].is_asked)
			remove_part(prelude, i - 1);
	for (uint32_t i = 0; i < prelude->part_count && prelude->was_asked; i++)
		prelude->part[i].is_asked = false;
	if (prelude->was_asked)
		prelude->is_passed = prelude->is_outgrown = prelude->was_asked = false;
	for (uint32_t first = 0; count < prelude->part_count; count++) {
		const uint32_t step_count = prelude->part[count].step_count;

		if (step_count > PLAN_STEP_COUNT_MAX - plan->step_count)
			break;
		plan_add(plan, &prelude->plan, first, step_count);
		first += step_count;
	}
	return count;
}
