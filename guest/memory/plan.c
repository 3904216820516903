/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan.h"

#include "base/report.h"

/* Types that go over nodes, and have a place in a cursor. */
static bool is_loop(const struct plan_step *step)
{
	return (step->type >= PLAN_LIST && step->type <= PLAN_PERCPU);
}

static bool is_word_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static status bad_step(uint32_t index, const char *what)
{
	return report(STATUS_MALFORMED, "step %u of a read plan %s", index, what);
}

static status place_validate(const struct plan *plan, uint32_t index)
{
	const struct plan_step *step = &plan->step[index], *above;

	if (index == 0)
		return step->depth == 0 ? STATUS_OK : bad_step(index, "hangs on nothing");
	above = step - 1;
	if (step->depth >= PLAN_DEPTH_MAX || step->depth > above->depth + 1)
		return bad_step(index, "is too deep");
	if (step->depth == above->depth + 1 && (above->type == PLAN_TAKE || above->type == PLAN_SPAN))
		return bad_step(index, "hangs on one that has no children");
	return STATUS_OK;
}

static status space_children_validate(const struct plan *plan, uint32_t index)
{
	for (uint32_t i = index + 1; i < plan_step_end(plan, index); i++)
		if (plan->step[i].type != PLAN_SPAN)
			return bad_step(i, "does anything but send a span of a process's memory");
	return STATUS_OK;
}

static status step_validate(const struct plan *plan, uint32_t index)
{
	const struct plan_step *step = &plan->step[index];
	bool sends = step->type == PLAN_TAKE || step->type == PLAN_SPAN;

	TRY(place_validate(plan, index));
	if (step->type < PLAN_TAKE || step->type >= PLAN_STEP_TYPE_END || (step->flags & ~PLAN_STEP_FLAGS) != 0)
		return bad_step(index, "is of no known type");
	if (sends && (step->size == 0 || step->size > PLAN_SIZE_MAX))
		return bad_step(index, "sends nothing or too much");
	if (step->type == PLAN_IF && !is_word_size(step->size))
		return bad_step(index, "compares a number of an odd size");
	if (is_loop(step) && step->count == 0)
		return bad_step(index, "has no bound");
	if (is_loop(step) && step->count_size != 0 && !is_word_size(step->count_size))
		return bad_step(index, "loads a count or an index of an odd size");
	if (step->type == PLAN_ARRAY && step->stride == 0)
		return bad_step(index, "goes over an array without a stride");
	if (step->type == PLAN_MOMENT && plan_step_end(plan, index) == index + 1)
		return bad_step(index, "is to show that nothing was at one moment");
	return step->type == PLAN_SPACE ? space_children_validate(plan, index) : STATUS_OK;
}

static status space_validate(const struct guest_space *space)
{
	bool sane = (space->level_count == 4 || space->level_count == 5) && space->root.value % GUEST_PAGE_SIZE == 0 &&
		    space->physical_bits > GUEST_PAGE_SHIFT && space->physical_bits <= GUEST_PHYSICAL_BITS_MAX;

	return sane ? STATUS_OK : report(STATUS_MALFORMED, "a read plan's page tables are none of x86-64's");
}

static status layout_validate(const struct plan_layout *layout)
{
	/* Places in a tree are told in 6 bits a level. */
	if (layout->xa_slot_count > 64 || layout->maple_range_slot_count > 64 || layout->maple_arange_slot_count > 64)
		return report(STATUS_MALFORMED, "a read plan's tree has nodes with more than 64 slots");
	return STATUS_OK;
}

status plan_validate(const struct plan *plan)
{
	if (plan->step_count == 0 || plan->step_count > PLAN_STEP_COUNT_MAX)
		return report(STATUS_MALFORMED, "a read plan has %u steps; 1 to %d are possible", plan->step_count,
			      PLAN_STEP_COUNT_MAX);
	if (plan->line_count_max == 0 || plan->node_count_max == 0)
		return report(STATUS_MALFORMED, "a read plan may read nothing");
	TRY(space_validate(&plan->space));
	TRY(layout_validate(&plan->layout));
	for (uint32_t i = 0; i < plan->step_count; i++)
		TRY(step_validate(plan, i));
	return STATUS_OK;
}

/* How many of the steps from a root down to `index` are loops. */
static uint32_t loop_count_down_to(const struct plan *plan, uint32_t index)
{
	uint32_t count = is_loop(&plan->step[index]);
	uint8_t depth = plan->step[index].depth;

	/* Backwards, the nearest step that is less deep is the parent. */
	for (uint32_t i = index; i-- > 0 && depth > 0;) {
		if (plan->step[i].depth >= depth)
			continue;
		depth = plan->step[i].depth;
		count += is_loop(&plan->step[i]);
	}
	return count;
}

status plan_cursor_validate(const struct plan *plan, const struct plan_cursor *cursor)
{
	const struct plan_step *step;

	if (cursor->step_index >= plan->step_count)
		return report(STATUS_MALFORMED, "a read plan was to go on with step %u of %u", cursor->step_index,
			      plan->step_count);
	step = &plan->step[cursor->step_index];
	if (cursor->loop_count == 0
		    ? step->depth == 0
		    : is_loop(step) && loop_count_down_to(plan, cursor->step_index) == cursor->loop_count)
		return STATUS_OK;
	return report(STATUS_MALFORMED, "a read plan was to go on in %u loops with step %u, which isn't in so many",
		      cursor->loop_count, cursor->step_index);
}

bool plan_needs_user_memory(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->step_count; i++)
		if (plan->step[i].type == PLAN_SPACE)
			return true;
	return false;
}

uint32_t plan_step_end(const struct plan *plan, uint32_t index)
{
	uint32_t end = index + 1;

	while (end < plan->step_count && plan->step[end].depth > plan->step[index].depth)
		end++;
	return end;
}
