/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-run.h"

#include <string.h>

#include "guest/memory/plan-lines.h"
#include "guest/memory/plan-tree.h"

enum {
	POINTER_SIZE = 8,
	/* Nodes of one run: ten times what an answer has lines. */
	NODE_COUNT_MAX = 1 << 17,
	CR3_PAGE_MASK = GUEST_PAGE_SIZE - 1,
};

/* A step whose children are being done. */
struct frame {
	uint8_t step_index;
	uint8_t end; /* the step behind the last child */
	uint64_t base; /* the children's */
	uint64_t root; /* the page tables for SPANs among them */
	/* Loops: */
	uint64_t start; /* a list's head; an array's first element */
	uint64_t node; /* a list's or red-black tree's present node */
	uint64_t index;
	uint64_t count; /* of an array; else how many nodes may still come */
	uint32_t expected; /* nodes of a list behind the present one, whose lines were asked for */
	struct plan_tree tree;
};

struct run {
	const struct plan *plan;
	struct plan_lines lines;
	struct frame frames[PLAN_DEPTH_MAX];
	uint32_t frame_count;
	uint32_t next; /* the step to do next */
	uint32_t nodes_left;
	uint32_t root_step; /* the root that is under way */
	/* Of each step: the step behind it and all that hangs on it; does a TAKE hang on it? */
	uint8_t end[PLAN_STEP_COUNT_MAX];
	bool takes[PLAN_STEP_COUNT_MAX];
};

static const struct plan_step *step_of(const struct run *run, const struct frame *frame)
{
	return &run->plan->step[frame->step_index];
}

static bool is_loop(const struct plan_step *step)
{
	return step->type >= PLAN_LIST && step->type <= PLAN_PERCPU;
}

/* ---- loops: LIST, CHAIN, ARRAY, PERCPU, RBTREE, XARRAY, MAPLE
 *
 * begin: what doesn't change from element to element. seek: to the place's element.
 * next: to the next one. All leave the frame's base at an element with STATUS_OK,
 * or end: STATUS_END, or STATUS_UNMAPPED for a loop that leads nowhere. */

static status load(struct run *run, uint64_t address, uint64_t *ret_value)
{
	return plan_lines_load(&run->lines, address, POINTER_SIZE, ret_value);
}

static status list_element(const struct run *run, struct frame *frame)
{
	const struct plan_step *step = step_of(run, frame);
	bool ends = step->type == PLAN_LIST ? frame->node == frame->start : (frame->node & 1) != 0;

	if (frame->node == 0 || ends)
		return STATUS_END;
	frame->base = frame->node - (uint64_t)step->node_offset;
	return STATUS_OK;
}

static status list_next(struct run *run, struct frame *frame)
{
	const struct plan_step *step = step_of(run, frame);

	TRY(load(run, frame->node + (step->type == PLAN_CHAIN ? step->value : 0), &frame->node));
	return list_element(run, frame);
}

static status list_first(struct run *run, struct frame *frame)
{
	TRY(load(run, frame->start, &frame->node));
	if (step_of(run, frame)->type == PLAN_CHAIN)
		frame->node &= step_of(run, frame)->mask;
	return list_element(run, frame);
}

static status array_begin(struct run *run, struct frame *frame, uint64_t base)
{
	const struct plan_step *step = step_of(run, frame);
	uint64_t count;

	if ((step->flags & PLAN_INDIRECT) != 0)
		TRY(load(run, frame->start, &frame->start));
	if (step->count_size == 0)
		return STATUS_OK;
	TRY(plan_lines_load(&run->lines, base + (uint64_t)step->node_offset, step->count_size, &count));
	if ((step->flags & PLAN_PLUS_ONE) != 0)
		count++;
	if (count < frame->count)
		frame->count = count;
	return STATUS_OK;
}

static status array_element(struct run *run, struct frame *frame)
{
	const struct plan_step *step = step_of(run, frame);
	uint64_t offset = 0;

	if (frame->index >= frame->count)
		return STATUS_END;
	if (step->type == PLAN_ARRAY)
		offset = frame->index * step->stride;
	else
		TRY(load(run, step->value + frame->index * POINTER_SIZE, &offset));
	frame->base = frame->start + offset;
	return STATUS_OK;
}

static status rb_element(const struct run *run, struct frame *frame)
{
	frame->base = frame->node - (uint64_t)step_of(run, frame)->node_offset;
	return STATUS_OK;
}

/* Only one entry of a tree. */
static bool is_one(const struct plan_step *step)
{
	return (step->flags & PLAN_ONE) != 0 && (step->type == PLAN_XARRAY || step->type == PLAN_MAPLE);
}

static status one_begin(struct run *run, struct frame *frame, uint64_t base)
{
	const struct plan_step *step = step_of(run, frame);

	memset(&frame->tree, 0, sizeof frame->tree);
	frame->index = step->value;
	if (step->count_size == 0)
		return STATUS_OK;
	return plan_lines_load(&run->lines, base + (uint64_t)step->node_offset, step->count_size, &frame->index);
}

static status loop_begin(struct run *run, struct frame *frame, uint64_t base)
{
	const struct plan_step *step = step_of(run, frame);

	frame->start = base + (uint64_t)step->offset;
	frame->count = step->count;
	frame->index = 0;
	frame->node = 0;
	frame->expected = 0;
	if (is_one(step))
		return one_begin(run, frame, base);
	return step->type == PLAN_ARRAY ? array_begin(run, frame, base) : STATUS_OK;
}

static status loop_first(struct run *run, struct frame *frame)
{
	const struct plan_layout *layout = &run->plan->layout;
	uint8_t type = step_of(run, frame)->type;
	uint64_t root;

	switch (type) {
	case PLAN_LIST:
	case PLAN_CHAIN: return list_first(run, frame);
	case PLAN_ARRAY:
	case PLAN_PERCPU: return array_element(run, frame);
	case PLAN_RBTREE:
		TRY(load(run, frame->start, &root));
		TRY(plan_rb_first(&run->lines, layout, root, &frame->node));
		return rb_element(run, frame);
	default:
		TRY(load(run, frame->start, &root));
		if (is_one(step_of(run, frame)))
			return plan_tree_find(&run->lines, layout, type, root, frame->index, &frame->base);
		return plan_tree_first(&frame->tree, &run->lines, layout, type, root, &frame->base);
	}
}

/* Nothing of the place is believed: it is another walk's, at worst. */
static status loop_seek(struct run *run, struct frame *frame, struct plan_place place)
{
	const struct plan_layout *layout = &run->plan->layout;
	uint8_t type = step_of(run, frame)->type;
	uint64_t root;

	switch (type) {
	case PLAN_LIST:
	case PLAN_CHAIN: frame->node = place.node; return list_element(run, frame);
	case PLAN_ARRAY:
	case PLAN_PERCPU: frame->index = place.index; return array_element(run, frame);
	case PLAN_RBTREE: frame->node = place.node; return rb_element(run, frame);
	default:
		if (is_one(step_of(run, frame)))
			return loop_first(run, frame);
		TRY(load(run, frame->start, &root));
		return plan_tree_resume(&frame->tree, &run->lines, layout, type, root, place, &frame->base);
	}
}

/* The element that a stopped run begins with stays in the frame until the next
 * one is known. */
static status loop_next(struct run *run, struct frame *frame)
{
	const struct plan_layout *layout = &run->plan->layout;

	switch (step_of(run, frame)->type) {
	case PLAN_LIST:
	case PLAN_CHAIN: return list_next(run, frame);
	case PLAN_ARRAY:
	case PLAN_PERCPU: frame->index++; return array_element(run, frame);
	case PLAN_RBTREE:
		TRY(plan_rb_next(&run->lines, layout, frame->node, &frame->node));
		return rb_element(run, frame);
	default:
		if (is_one(step_of(run, frame)))
			return STATUS_END;
		return plan_tree_next(&frame->tree, &run->lines, layout, &frame->base);
	}
}

/* An element more: may it be had? Where it would have been touched first, the cursor says. */
static status count_node(struct run *run, const struct frame *frame)
{
	uint64_t physical;

	TRY(plan_lines_spend(&run->lines));
	if (run->nodes_left > 0) {
		run->nodes_left--;
		return STATUS_OK;
	}
	if (plan_lines_translate(&run->lines, run->plan->space.root.value, frame->base, &physical) == STATUS_OK)
		run->lines.wanted_line = physical >> PLAN_LINE_SHIFT;
	return STATUS_LIMIT;
}

/* ---- single steps */

static status do_if(struct run *run, const struct plan_step *step, uint64_t base)
{
	uint64_t value;

	TRY(plan_lines_load(&run->lines, base + (uint64_t)step->offset, step->size, &value));
	bool equal = (value & step->mask) == step->value;
	return equal == ((step->flags & PLAN_UNLESS) == 0) ? STATUS_OK : STATUS_END;
}

/* A pgd is a page in the direct map. */
static status do_space(struct run *run, const struct plan_step *step, uint64_t base, uint64_t *ret_root)
{
	uint64_t pgd;

	TRY(load(run, base + (uint64_t)step->offset, &pgd));
	if (pgd < run->plan->page_offset || (pgd & CR3_PAGE_MASK) != 0)
		return STATUS_UNMAPPED;
	*ret_root = pgd - run->plan->page_offset;
	return *ret_root >> GUEST_PHYSICAL_BITS_MAX == 0 ? STATUS_OK : STATUS_UNMAPPED;
}

static status do_span(struct run *run, const struct plan_step *step, uint64_t base, uint64_t root)
{
	uint64_t start, end;

	TRY(load(run, base + (uint64_t)step->offset, &start));
	TRY(load(run, base + (uint64_t)step->node_offset, &end));
	if (end <= start)
		return STATUS_END;
	uint64_t size = end - start;
	return plan_lines_take(&run->lines, root, start, size < step->size ? size : step->size);
}

/* What the children begin with, for a step that is no loop. */
static status do_single(struct run *run, const struct plan_step *step, uint64_t base, struct frame *frame)
{
	uint64_t address = base + (uint64_t)step->offset;

	frame->base = base;
	switch (step->type) {
	case PLAN_TAKE: return plan_lines_take(&run->lines, run->plan->space.root.value, address, step->size);
	case PLAN_FOLLOW:
		TRY(load(run, address, &frame->base));
		frame->base &= step->mask;
		return frame->base != 0 ? STATUS_OK : STATUS_END;
	case PLAN_AT: frame->base = address; return STATUS_OK;
	case PLAN_START_AT: frame->base = step->value; return STATUS_OK;
	case PLAN_IF: return do_if(run, step, base);
	case PLAN_MOMENT: frame->index = plan_lines_moment_begin(&run->lines); return STATUS_OK;
	case PLAN_SPACE: return do_space(run, step, base, &frame->root);
	default: return do_span(run, step, base, frame->root);
	}
}

/* ---- the tree of steps */

/* The frame that the next step would have, above those under way. */
static struct frame *frame_prepare(struct run *run, uint32_t step_index, uint64_t *ret_base)
{
	struct frame *frame = &run->frames[run->frame_count];

	frame->step_index = (uint8_t)step_index;
	frame->end = run->end[step_index];
	frame->root = run->frame_count > 0 ? frame[-1].root : run->plan->space.root.value;
	*ret_base = run->frame_count > 0 ? frame[-1].base : 0;
	return frame;
}

/* Whatever isn't there ends the step, not the run. */
static bool is_left_out(status result)
{
	return result == STATUS_END || result == STATUS_UNMAPPED;
}

/* ---- what comes next: memory is slow, so it is asked for before it is read */

/* What will be sent of an object, all at once. */
static void expect_takes(struct run *run, uint32_t step_index, uint64_t base)
{
	if (!run->takes[step_index])
		return;
	for (uint32_t i = step_index + 1U; i < run->end[step_index]; i = run->end[i]) {
		const struct plan_step *step = &run->plan->step[i];

		if (step->type == PLAN_TAKE)
			plan_lines_expect(&run->lines, base + (uint64_t)step->offset, step->size);
	}
}

/* What will be sent behind an object's pointers, which have come, or are waited for. */
static void expect_followed(struct run *run, uint32_t step_index, uint64_t base)
{
	uint64_t pointer;

	for (uint32_t i = step_index + 1U; i < run->end[step_index]; i = run->end[i]) {
		const struct plan_step *step = &run->plan->step[i];

		if (step->type == PLAN_FOLLOW && run->takes[i] &&
		    plan_lines_peek(&run->lines, base + (uint64_t)step->offset, &pointer))
			expect_takes(run, i, pointer & step->mask);
	}
}

/* Of a list: the node behind this one, if there is one. */
static bool peek_node(struct run *run, const struct frame *frame, uint64_t node, uint64_t *ret_node)
{
	return plan_lines_peek(&run->lines, node, ret_node) && *ret_node != frame->start;
}

/* A list has come to a node. Of the node behind it the lines have been asked for when this was done before, so that its
 * pointers are there: next is what they lead to, and the node behind that. */
static void expect_nodes(struct run *run, struct frame *frame)
{
	const uint64_t node_offset = (uint64_t)step_of(run, frame)->node_offset;
	uint64_t node;

	if (frame->expected == 0)
		expect_takes(run, frame->step_index, frame->base);
	else
		frame->expected--;
	if (!peek_node(run, frame, frame->node, &node))
		return;
	if (frame->expected == 0)
		expect_takes(run, frame->step_index, node - node_offset);
	else
		expect_followed(run, frame->step_index, node - node_offset);
	frame->expected = 1;
	if (!peek_node(run, frame, node, &node))
		return;
	expect_takes(run, frame->step_index, node - node_offset);
	frame->expected = 2;
}

static void expect_element(struct run *run, struct frame *frame)
{
	if (step_of(run, frame)->type == PLAN_LIST && run->lines.access->peek != NULL)
		expect_nodes(run, frame);
	else
		expect_takes(run, frame->step_index, frame->base);
}

/* Do the step, and go to its children or past them. `place` NULL: a loop from its first
 * element. */
static status enter(struct run *run, uint32_t step_index, const struct plan_place *place)
{
	const struct plan_step *step = &run->plan->step[step_index];
	uint64_t base;
	struct frame *frame = frame_prepare(run, step_index, &base);
	status result;

	if (step->depth == 0)
		run->root_step = step_index;
	plan_lines_for_step(&run->lines, step_index);
	if (is_loop(step)) {
		result = loop_begin(run, frame, base);
		if (result == STATUS_OK)
			result = place != NULL ? loop_seek(run, frame, *place) : loop_first(run, frame);
	} else {
		result = plan_lines_spend(&run->lines);
		if (result == STATUS_OK)
			result = do_single(run, step, base, frame);
	}
	run->next = frame->end;
	if (result != STATUS_OK)
		return is_left_out(result) ? STATUS_OK : result;
	if (frame->end == step_index + 1 && !is_loop(step))
		return STATUS_OK;
	run->frame_count++;
	run->next = step_index + 1;
	expect_element(run, frame);
	return is_loop(step) ? count_node(run, frame) : STATUS_OK;
}

/* As enter(), for what most steps are; nothing hangs on it. */
static status take(struct run *run)
{
	const struct plan_step *step = &run->plan->step[run->next];
	uint64_t base = run->frame_count > 0 ? run->frames[run->frame_count - 1].base : 0;

	if (step->depth == 0)
		run->root_step = run->next;
	plan_lines_for_step(&run->lines, run->next);
	run->next++;
	TRY(plan_lines_spend(&run->lines));
	status result = plan_lines_take(&run->lines, run->lines.root, base + (uint64_t)step->offset, step->size);
	return is_left_out(result) ? STATUS_OK : result;
}

/* All children are done: the loop's next element, or on. */
static status leave(struct run *run)
{
	struct frame *frame = &run->frames[run->frame_count - 1];
	const struct plan_step *step = step_of(run, frame);
	status result = STATUS_END;

	if (is_loop(step)) {
		bool is_array = step->type == PLAN_ARRAY || step->type == PLAN_PERCPU;

		plan_lines_for_step(&run->lines, frame->step_index);
		if (is_array || --frame->count > 0)
			result = loop_next(run, frame);
	}
	if (result == STATUS_OK) {
		run->next = frame->step_index + 1U;
		expect_element(run, frame);
		return count_node(run, frame);
	}
	if (!is_left_out(result))
		return result;
	if (step->type == PLAN_MOMENT)
		plan_lines_moment_end(&run->lines, (uint32_t)frame->index);
	run->frame_count--;
	run->next = frame->end;
	return STATUS_OK;
}

static status go_on(struct run *run)
{
	/* Each round spends at least one of the run's steps, or ends a step. */
	for (;;) {
		uint32_t end = run->frame_count > 0 ? run->frames[run->frame_count - 1].end : run->plan->step_count;

		if (run->next < end && run->plan->step[run->next].type == PLAN_TAKE)
			TRY(take(run));
		else if (run->next < end)
			TRY(enter(run, run->next, NULL));
		else if (run->frame_count > 0)
			TRY(leave(run));
		else
			return STATUS_END;
	}
}

/* ---- cursors */

/* Down the steps that lead to the innermost loop, each loop at its place. */
static status resume(struct run *run, const struct plan_cursor *cursor)
{
	uint32_t loop = 0;

	run->next = cursor->step_index;
	if (cursor->loop_count == 0)
		return STATUS_OK;
	for (run->next = 0; run->next <= cursor->step_index;) {
		uint32_t index = run->next, frame_count = run->frame_count;

		/* Not on the way: past it. But what a walk needs all along comes again. */
		if (run->end[index] <= cursor->step_index) {
			if (run->plan->step[index].depth == 0 && run->plan->step[index].type == PLAN_TAKE)
				TRY(enter(run, index, NULL));
			run->next = run->end[index];
			continue;
		}
		TRY(enter(run, index, is_loop(&run->plan->step[index]) ? &cursor->place[loop] : NULL));
		if (run->frame_count == frame_count)
			return STATUS_OK; /* leads there no more */
		loop += is_loop(&run->plan->step[index]);
	}
	return STATUS_OK;
}

static struct plan_place frame_place(const struct run *run, const struct frame *frame)
{
	uint8_t type = step_of(run, frame)->type;

	if (type == PLAN_XARRAY || type == PLAN_MAPLE)
		return plan_tree_place(&frame->tree);
	return (struct plan_place){.node = frame->node, .index = frame->index};
}

static void write_cursor(const struct run *run, bool is_done, struct plan_cursor *cursor)
{
	memset(cursor, 0, sizeof *cursor);
	cursor->is_done = is_done;
	if (is_done)
		return;
	cursor->next_line = run->lines.wanted_line;
	cursor->step_index = (uint8_t)run->root_step;
	for (uint32_t i = 0; i < run->frame_count; i++) {
		if (!is_loop(step_of(run, &run->frames[i])))
			continue;
		cursor->place[cursor->loop_count++] = frame_place(run, &run->frames[i]);
		cursor->step_index = run->frames[i].step_index;
	}
}

static void look_at_steps(struct run *run)
{
	const struct plan *plan = run->plan;

	for (uint32_t i = 0; i < plan->step_count; i++) {
		run->end[i] = (uint8_t)plan_step_end(plan, i);
		run->takes[i] = false;
	}
	for (uint32_t i = 0; i < plan->step_count; i++)
		/* A child's end is that of a step of the plan, whatever the analyzer thinks that its number is. */
		for (uint32_t child = i + 1; child < run->end[i] && child < plan->step_count; child = run->end[child])
			run->takes[i] |= plan->step[child].type == PLAN_TAKE;
}

status plan_run(const struct plan *plan, struct plan_cursor *cursor, struct plan_access *access,
		const struct plan_room *room, size_t *ret_size, uint32_t *ret_line_count)
{
	struct run run;

	run.plan = plan;
	run.frame_count = 0;
	run.root_step = 0;
	run.nodes_left = plan->node_count_max < NODE_COUNT_MAX ? plan->node_count_max : NODE_COUNT_MAX;
	look_at_steps(&run);
	plan_lines_init(&run.lines, plan, access, room);
	status result = STATUS_END;
	if (!cursor->is_done)
		result = resume(&run, cursor);
	if (result == STATUS_OK)
		result = go_on(&run);
	if (result != STATUS_END && result != STATUS_LIMIT)
		return result;
	write_cursor(&run, result == STATUS_END, cursor);
	*ret_size = run.lines.used;
	*ret_line_count = run.lines.line_count;
	return STATUS_OK;
}
