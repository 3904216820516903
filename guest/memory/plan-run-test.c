/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-run.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/memory/walked.h"

/* Lines of data, without the tables that lead there. */
static size_t data_line_count(const struct walked *walked)
{
	size_t count = 0;

	for (size_t i = 0; i < walked->line_count; i++)
		count += walked->lines[i] >= DATA / PLAN_LINE_SIZE;
	return count;
}

static void take_sends_each_line_of_its_range_once_and_the_tables_that_lead_there(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	add_start(&walked, at(0));
	struct plan_step *take = add(&walked, 1, PLAN_TAKE);
	take->offset = 60;
	take->size = 70;
	add(&walked, 1, PLAN_TAKE)->offset = 64;
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(data_line_count(&walked), 3);
	for (uint64_t line = 0; line < 3; line++)
		assert_int_equal(times_sent(&walked, line * 64), 1);
	assert_int_equal(walked.line_count, 3 + 4);
	assert_int_equal(walked.lines[0], (ROOT + (DIRECT >> 39) % 512 * 8) / 64);
	teardown(&walked);
}

static void follow_leads_to_what_is_pointed_to_unless_it_is_null_or_unmapped(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	put(&walked, 0, at(0x1000) | 3);
	put(&walked, 8, 0);
	put(&walked, 16, 0xffffc90000000000ULL);
	put(&walked, 24, 0x1234567812345678ULL);
	add_start(&walked, at(0));
	for (int i = 0; i < 4; i++) {
		struct plan_step *follow = add(&walked, 1, PLAN_FOLLOW);
		follow->offset = i * 8;
		follow->mask = ~3ULL;
		add(&walked, 2, PLAN_TAKE)->offset = 64;
	}
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x1040), 1);
	assert_int_equal(data_line_count(&walked), 2);
	teardown(&walked);
}

/* `count` nodes of a list of which each lies at the start of 256 bytes. */
static void plan_of_list(struct walked *walked)
{
	add_start(walked, at(0));
	struct plan_step *list = add(walked, 1, PLAN_LIST);
	list->offset = 8;
	list->node_offset = -64; /* the node is before its object */
	add(walked, 2, PLAN_TAKE)->offset = 128;
}

static void list_goes_over_every_node_until_the_head(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_list(&walked, 8, 0x2000, 20);
	plan_of_list(&walked);
	run(&walked);
	assert_true(walked.cursor.is_done);
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(times_sent(&walked, 0x2000 + i * 256), 1);
		assert_int_equal(times_sent(&walked, 0x2000 + i * 256 + 192), 1);
	}
	assert_int_equal(data_line_count(&walked), 1 + 2 * 20);
	teardown(&walked);
}

static void a_list_that_loops_ends_with_the_bound_of_nodes(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_list(&walked, 8, 0x2000, 20);
	put(&walked, 0x2000 + 19 * 256, at(0x2000 + 5 * 256));
	plan_of_list(&walked);
	walked.plan.step[1].count = 1000;
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(data_line_count(&walked), 1 + 2 * 20);
	/* Without a bound in the plan, the source's own. */
	walked.plan.step[1].count = UINT32_MAX;
	walked.cursor = (struct plan_cursor){0};
	walked.line_count = 0;
	run(&walked);
	assert_false(walked.cursor.is_done);
	teardown(&walked);
}

static void a_list_that_leaves_ram_keeps_what_came_before(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_list(&walked, 8, 0x2000, 3);
	put(&walked, 0x2000 + 2 * 256, 0xffffffffffffffffULL);
	plan_of_list(&walked);
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x2000 + 2 * 256 + 192), 1);
	teardown(&walked);
}

static void chain_ends_with_null_and_with_an_odd_number(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	for (int i = 0; i < 2; i++) {
		put(&walked, (uint64_t)i * 8, at(0x2000 + (uint64_t)i * 0x1000) | 1);
		put(&walked, 0x2010 + (uint64_t)i * 0x1000, at(0x2200 + (uint64_t)i * 0x1000));
		put(&walked, 0x2210 + (uint64_t)i * 0x1000, (uint64_t)i);
	}
	add_start(&walked, at(0));
	struct plan_step *array = add(&walked, 1, PLAN_ARRAY);
	array->count = 2;
	struct plan_step *chain = add(&walked, 2, PLAN_CHAIN);
	chain->value = 16;
	chain->mask = ~1ULL;
	add(&walked, 3, PLAN_TAKE)->offset = 64;
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x2040), 1);
	assert_int_equal(times_sent(&walked, 0x2240), 1);
	assert_int_equal(times_sent(&walked, 0x3240), 1);
	assert_int_equal(data_line_count(&walked), 1 + 8);
	teardown(&walked);
}

static void an_array_takes_its_place_and_length_from_the_target_within_the_plans_bound(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	put(&walked, 0, at(0x3000));
	put(&walked, 8, 15); /* a mask: 16 elements */
	add_start(&walked, at(0));
	struct plan_step *array = add(&walked, 1, PLAN_ARRAY);
	array->flags = PLAN_INDIRECT | PLAN_PLUS_ONE;
	array->count = 1024;
	array->stride = 64;
	array->count_size = 4;
	array->node_offset = 8;
	add(&walked, 2, PLAN_TAKE);
	run(&walked);
	assert_int_equal(data_line_count(&walked), 1 + 16);
	/* An absurd count. */
	put(&walked, 8, 0xfffffffe);
	walked.line_count = 0;
	walked.cursor = (struct plan_cursor){0};
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(data_line_count(&walked), 1 + 1024);
	teardown(&walked);
}

static void if_lets_one_value_through_or_all_others(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	put(&walked, 0, 0x1122334455660002ULL);
	for (int i = 0; i < 4; i++) {
		add_start(&walked, at(0));
		struct plan_step *step = add(&walked, 1, PLAN_IF);
		step->size = 2;
		step->value = i % 2 == 0 ? 2 : 10;
		step->flags = i < 2 ? 0 : PLAN_UNLESS;
		add(&walked, 2, PLAN_TAKE)->offset = (i + 1) * 64;
	}
	run(&walked);
	assert_int_equal(times_sent(&walked, 64), 1);
	assert_int_equal(times_sent(&walked, 128), 0);
	assert_int_equal(times_sent(&walked, 192), 0);
	assert_int_equal(times_sent(&walked, 256), 1);
	teardown(&walked);
}

static void percpu_adds_each_cpus_offset(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	put(&walked, 0, 0x10000);
	put(&walked, 8, 0x20000);
	put(&walked, 16, 0xdead000000000000ULL);
	add_start(&walked, at(0x100));
	struct plan_step *step = add(&walked, 1, PLAN_PERCPU);
	step->value = at(0);
	step->count = 3;
	add(&walked, 2, PLAN_TAKE);
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x10100), 1);
	assert_int_equal(times_sent(&walked, 0x20100), 1);
	assert_int_equal(data_line_count(&walked), 3);
	teardown(&walked);
}

/* ---- trees */

enum { XA_NODE = 0x10000, OBJECTS = 0x40000 };

/* The root has a node in each third slot, which has an object in each second one. */
static size_t make_xarray(struct walked *walked)
{
	size_t count = 0;

	put(walked, 0, at(XA_NODE) | 2);
	for (uint64_t i = 0; i < 64; i += 3) {
		uint64_t node = XA_NODE + 0x1000 + i * 0x400;

		put(walked, XA_NODE + 40 + i * 8, at(node) | 2);
		put(walked, node + 40, 5 << 1 | 1); /* a value */
		put(walked, node + 40 + 8, 256 << 2 | 2); /* a retry entry */
		for (uint64_t slot = 2; slot < 64; slot += 2)
			put(walked, node + 40 + slot * 8, at(OBJECTS + count++ * 64));
	}
	return count;
}

static void plan_of_tree(struct walked *walked, uint8_t type)
{
	add_start(walked, at(0));
	add(walked, 1, type);
	add(walked, 2, PLAN_TAKE)->size = 1;
}

static void xarray_finds_every_pointer(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	size_t count = make_xarray(&walked);
	plan_of_tree(&walked, PLAN_XARRAY);
	run(&walked);
	assert_true(walked.cursor.is_done);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(times_sent(&walked, OBJECTS + i * 64), 1);
	teardown(&walked);
}

static void xarray_may_be_a_single_entry_or_empty(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	plan_of_tree(&walked, PLAN_XARRAY);
	put(&walked, 0, at(OBJECTS));
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, OBJECTS), 1);
	walked.cursor = (struct plan_cursor){0};
	walked.line_count = 0;
	put(&walked, 0, 0);
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(data_line_count(&walked), 1);
	teardown(&walked);
}

static void an_xarray_whose_nodes_are_their_own_children_ends(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	put(&walked, 0, at(XA_NODE) | 2);
	for (uint64_t i = 0; i < 64; i++)
		put(&walked, XA_NODE + 40 + i * 8, at(XA_NODE) | 2);
	plan_of_tree(&walked, PLAN_XARRAY);
	run(&walked);
	assert_false(walked.cursor.is_done);
	assert_true(data_line_count(&walked) < 16);
	teardown(&walked);
}

/* Two leaves, up to 99 and from there on: an object in each second slot, whose ranges end with 1, 11, 21, 31. */
static void make_maple(struct walked *walked)
{
	const uint64_t leaf[2] = {XA_NODE + 0x100, XA_NODE + 0x200};

	put(walked, 0, (at(XA_NODE) | 3 << 3 | 4) | 2); /* arange_64 */
	put(walked, XA_NODE + 8, 99);
	put(walked, XA_NODE + 16, ~0ULL);
	for (uint64_t i = 0; i < 2; i++) {
		put(walked, XA_NODE + 80 + i * 8, at(leaf[i]) | 1 << 3 | 4); /* leaf_64 */
		for (uint64_t slot = 0; slot < 5; slot++) {
			put(walked, leaf[i] + 8 + slot * 8, slot < 4 ? slot * 10 + 1 : 0);
			put(walked, leaf[i] + 128 + slot * 8, slot % 2 == 0 ? at(OBJECTS + (i * 8 + slot) * 64) : 0);
		}
		/* What was there before. */
		put(walked, leaf[i] + 128 + 6 * 8, at(OBJECTS + 0x1000));
	}
	put(walked, XA_NODE + 80 + 2 * 8, at(OBJECTS + 0x2000));
}

static void maple_finds_every_pointer_and_nothing_behind_the_last_pivot(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_maple(&walked);
	plan_of_tree(&walked, PLAN_MAPLE);
	run(&walked);
	assert_true(walked.cursor.is_done);
	for (uint64_t i = 0; i < 2; i++)
		for (uint64_t slot = 0; slot < 5; slot += 2)
			assert_int_equal(times_sent(&walked, OBJECTS + (i * 8 + slot) * 64), 1);
	assert_int_equal(times_sent(&walked, OBJECTS + 0x1000), 0);
	assert_int_equal(times_sent(&walked, OBJECTS + 0x2000), 0);
	teardown(&walked);
}

/* The one object, if there is any, that a plan for one entry of the tree at 0 brings; all data lines that it takes. */
static size_t find_one(struct walked *walked, uint8_t type, uint64_t index, bool is_in_memory, uint64_t *ret_object)
{
	const uint64_t first = (DATA + OBJECTS) / PLAN_LINE_SIZE;

	memset(&walked->cursor, 0, sizeof walked->cursor);
	walked->line_count = 0;
	walked->plan.step_count = 0;
	plan_of_tree(walked, type);
	struct plan_step *tree = &walked->plan.step[1];
	tree->flags = PLAN_ONE;
	tree->value = is_in_memory ? ~0ULL : index;
	tree->count_size = is_in_memory ? 4 : 0;
	tree->node_offset = 8;
	put(walked, 8, index);
	run(walked);
	assert_true(walked->cursor.is_done);
	*ret_object = UINT64_MAX;
	for (size_t i = 0; i < walked->line_count; i++) {
		if (walked->lines[i] < first)
			continue;
		assert_true(*ret_object == UINT64_MAX);
		*ret_object = walked->lines[i] - first;
	}
	return data_line_count(walked);
}

static void one_entry_of_a_tree_takes_the_way_to_it_and_no_line_more(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t object;

	for (int is_in_memory = 0; is_in_memory < 2; is_in_memory++) {
		setup(&walked);
		make_xarray(&walked);
		put(&walked, XA_NODE, 6); /* the root's shift */
		/* Of the second node, which has 31 objects before it: the head, each node's shift and slot, the object.
		 */
		assert_int_equal(find_one(&walked, PLAN_XARRAY, 3 * 64 + 4, is_in_memory, &object), 6);
		assert_int_equal(object, 31 + 1);
		find_one(&walked, PLAN_XARRAY, 3 * 64, is_in_memory, &object); /* a value */
		assert_true(object == UINT64_MAX);
		find_one(&walked, PLAN_XARRAY, 1, is_in_memory, &object); /* a retry entry */
		assert_true(object == UINT64_MAX);
		find_one(&walked, PLAN_XARRAY, 64 + 2, is_in_memory, &object); /* no node */
		assert_true(object == UINT64_MAX);
		teardown(&walked);

		setup(&walked);
		make_maple(&walked);
		/* The head, the node's pivots and slots, the leaf's, the object. */
		assert_int_equal(find_one(&walked, PLAN_MAPLE, 15, is_in_memory, &object), 6);
		assert_int_equal(object, 2);
		find_one(&walked, PLAN_MAPLE, 5, is_in_memory, &object); /* the range up to 11 is empty */
		assert_true(object == UINT64_MAX);
		find_one(&walked, PLAN_MAPLE, 100, is_in_memory, &object); /* behind the last pivot */
		assert_int_equal(object, 8 + 4);
		teardown(&walked);
	}
}

static void one_entry_of_an_xarray_whose_node_is_its_own_child_ends(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t object;

	setup(&walked);
	put(&walked, 0, at(XA_NODE) | 2);
	for (uint64_t i = 0; i < 64; i++)
		put(&walked, XA_NODE + 40 + i * 8, at(XA_NODE) | 2);
	assert_true(find_one(&walked, PLAN_XARRAY, 5, false, &object) < 8);
	assert_true(object == UINT64_MAX);
	teardown(&walked);
}

static uint64_t rb_node(uint64_t i)
{
	return OBJECTS + i * 256;
}

/* A balanced tree over [first, last]. */
static uint64_t make_rb(struct walked *walked, uint64_t first, uint64_t last, uint64_t parent)
{
	uint64_t middle = (first + last) / 2, node = rb_node(middle);

	put(walked, node, parent | 1);
	put(walked, node + 8, middle < last ? make_rb(walked, middle + 1, last, at(node)) : 0);
	put(walked, node + 16, middle > first ? make_rb(walked, first, middle - 1, at(node)) : 0);
	return at(node);
}

static void plan_of_rb(struct walked *walked)
{
	add_start(walked, at(0));
	add(walked, 1, PLAN_RBTREE);
	add(walked, 2, PLAN_TAKE)->offset = 64;
}

static void rbtree_is_walked_in_order(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t expected = 0;

	setup(&walked);
	put(&walked, 0, make_rb(&walked, 0, 99, 0));
	plan_of_rb(&walked);
	run(&walked);
	assert_true(walked.cursor.is_done);
	for (size_t i = 0; i < walked.line_count; i++)
		if (expected < 100 && walked.lines[i] == (DATA + rb_node(expected) + 64) / PLAN_LINE_SIZE)
			expected++;
	assert_int_equal(expected, 100);
	teardown(&walked);
}

static void an_rbtree_that_loops_ends(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	for (uint64_t i = 0; i < 2; i++) {
		put(&walked, rb_node(i), at(rb_node(1 - i)));
		put(&walked, rb_node(i) + 8, i == 0 ? 0 : at(rb_node(0)));
		put(&walked, rb_node(i) + 16, 0);
	}
	put(&walked, 0, at(rb_node(0)));
	plan_of_rb(&walked);
	run(&walked);
	assert_int_equal(data_line_count(&walked), 1 + 2 + 1);
	/* Down to the left without end. */
	put(&walked, rb_node(0) + 16, at(rb_node(0)));
	walked.cursor = (struct plan_cursor){0};
	walked.line_count = 0;
	run(&walked);
	assert_true(walked.cursor.is_done);
	teardown(&walked);
}

/* ---- processes' memory */

static void plan_of_span(struct walked *walked)
{
	add_start(walked, at(0));
	add(walked, 1, PLAN_SPACE)->offset = 16;
	struct plan_step *span = add(walked, 2, PLAN_SPAN);
	span->node_offset = 8;
	span->size = 256;
}

static void span_sends_a_processs_memory_within_the_plans_bound(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t next_table = DATA + 0x11000;
	struct guest_space user;

	setup(&walked);
	user = guest_space_with_root(&walked.plan.space, (struct guest_pa){DATA + 0x10000});
	fake_guest_map(&walked.guest, &user, USER_ADDRESS, DATA + 0x50000, FAKE_PRESENT | FAKE_USER, &next_table);
	put(&walked, 0, USER_ADDRESS + 32);
	put(&walked, 8, USER_ADDRESS + 100);
	put(&walked, 16, at(0x10000));
	plan_of_span(&walked);
	assert_true(plan_needs_user_memory(&walked.plan));
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x50000), 1);
	assert_int_equal(times_sent(&walked, 0x50040), 1);
	assert_int_equal(times_sent(&walked, 0x50080), 0);
	/* From a start up to the end of the world, or before itself. */
	put(&walked, 8, ~0ULL);
	walked.cursor = (struct plan_cursor){0};
	walked.line_count = 0;
	run(&walked);
	assert_int_equal(times_sent(&walked, 0x50100), 1);
	assert_int_equal(times_sent(&walked, 0x50140), 0);
	put(&walked, 8, USER_ADDRESS);
	walked.cursor = (struct plan_cursor){0};
	walked.line_count = 0;
	run(&walked);
	assert_int_equal(times_sent(&walked, 0x50000), 0);
	teardown(&walked);
}

/* The root that a plan names may be that of a process. */
static void without_a_space_a_processs_address_leads_nowhere_though_the_tables_map_it(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t next_table = DATA + 0x11000;

	setup(&walked);
	fake_guest_map(&walked.guest, &walked.plan.space, USER_ADDRESS, DATA + 0x50000, FAKE_PRESENT | FAKE_USER,
		       &next_table);
	put(&walked, 0, USER_ADDRESS);
	add_start(&walked, USER_ADDRESS);
	add(&walked, 1, PLAN_TAKE);
	add_start(&walked, at(0));
	add(&walked, 1, PLAN_FOLLOW);
	add(&walked, 2, PLAN_TAKE);
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(times_sent(&walked, 0x50000), 0);
	assert_int_equal(times_sent(&walked, 0), 1);
	/* With one it needs the right to that. */
	walked.plan.step_count = 0;
	walked.line_count = 0;
	walked.cursor = (struct plan_cursor){0};
	add_start(&walked, USER_ADDRESS);
	add(&walked, 1, PLAN_TAKE);
	add(&walked, 1, PLAN_SPACE);
	assert_true(plan_needs_user_memory(&walked.plan));
	run(&walked);
	assert_int_equal(times_sent(&walked, 0x50000), 1);
	teardown(&walked);
}

static void a_pgd_outside_of_the_direct_map_is_left_out(void **state)
{
	(void)state;
	const uint64_t bad[] = {0, 0x1000, 0xffff888000000008ULL, ~0ULL, 0xffffffff81000000ULL};
	struct walked walked;

	setup(&walked);
	put(&walked, 0, USER_ADDRESS);
	put(&walked, 8, USER_ADDRESS + 64);
	plan_of_span(&walked);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put(&walked, 16, bad[i]);
		walked.cursor = (struct plan_cursor){0};
		walked.line_count = 0;
		run(&walked);
		assert_true(walked.cursor.is_done);
		assert_true(data_line_count(&walked) <= 1);
	}
	teardown(&walked);
}

/* ---- cursors */

/* Run with `room` bytes at a time until it is done; how many runs it took. */
static size_t run_in_pieces(struct walked *walked, size_t room)
{
	size_t count = 0;

	while (!walked->cursor.is_done) {
		assert_int_equal(plan_cursor_validate(&walked->plan, &walked->cursor), STATUS_OK);
		assert_int_equal(fake_guest_run_plan(&walked->guest, &walked->plan, &walked->cursor, walked->answer,
						     room, &walked->answer_size),
				 STATUS_OK);
		assert_true(walked->answer_size <= room);
		size_t before = walked->line_count;
		collect(walked);
		assert_true(count++ < 1000);
		/* What it had no room for wasn't sent. */
		for (size_t i = before; i < walked->line_count && !walked->cursor.is_done; i++)
			assert_int_not_equal(walked->lines[i], walked->cursor.next_line);
	}
	return count;
}

static void a_walk_in_small_pieces_finds_all_that_one_run_does(void **state)
{
	(void)state;
	static const uint8_t types[] = {PLAN_LIST, PLAN_XARRAY, PLAN_RBTREE};
	struct walked *whole = malloc(sizeof *whole), *pieces = malloc(sizeof *pieces);

	for (size_t type = 0; type < sizeof types; type++) {
		struct walked *both[] = {whole, pieces};

		for (size_t i = 0; i < 2; i++) {
			setup(both[i]);
			if (types[type] == PLAN_LIST) {
				make_list(both[i], 8, 0x2000, 100);
				plan_of_list(both[i]);
			} else if (types[type] == PLAN_XARRAY) {
				(void)make_xarray(both[i]);
				plan_of_tree(both[i], PLAN_XARRAY);
			} else {
				put(both[i], 0, make_rb(both[i], 0, 99, 0));
				plan_of_rb(both[i]);
			}
		}
		run(whole);
		assert_true(run_in_pieces(pieces, 550) > 3);
		for (size_t i = 0; i < whole->line_count; i++) {
			bool found = false;

			for (size_t j = 0; j < pieces->line_count; j++)
				found |= whole->lines[i] == pieces->lines[j];
			assert_true(found);
		}
		teardown(whole);
		teardown(pieces);
	}
	free(whole);
	free(pieces);
}

static void a_cursor_in_loops_within_loops_goes_on_where_it_stopped(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	/* 16 buckets of 8 nodes. */
	for (uint64_t i = 0; i < 16; i++) {
		put(&walked, i * 8, at(0x2000 + i * 0x1000));
		for (uint64_t j = 0; j < 8; j++)
			put(&walked, 0x2000 + i * 0x1000 + j * 256,
			    j < 7 ? at(0x2000 + i * 0x1000 + (j + 1) * 256) : 1);
	}
	add_start(&walked, at(0));
	add(&walked, 1, PLAN_ARRAY)->count = 16;
	add(&walked, 2, PLAN_CHAIN);
	add(&walked, 3, PLAN_TAKE)->offset = 64;
	assert_true(run_in_pieces(&walked, 500) > 6);
	for (uint64_t i = 0; i < 16; i++)
		for (uint64_t j = 0; j < 8; j++)
			assert_true(times_sent(&walked, 0x2000 + i * 0x1000 + j * 256 + 64) >= 1);
	teardown(&walked);
}

static void a_cursor_of_the_callers_own_only_gives_another_walk(void **state)
{
	(void)state;
	struct walked walked;
	uint64_t random = 7;

	setup(&walked);
	(void)make_xarray(&walked);
	plan_of_tree(&walked, PLAN_XARRAY);
	plan_of_list(&walked);
	for (int i = 0; i < 2000; i++) {
		walked.cursor = (struct plan_cursor){0};
		for (size_t byte = 0; byte < sizeof walked.cursor; byte++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			((uint8_t *)&walked.cursor)[byte] = (uint8_t)(random >> 56);
		}
		walked.cursor.is_done = false;
		walked.cursor.step_index %= walked.plan.step_count + 1;
		walked.cursor.loop_count %= 3;
		if (plan_cursor_validate(&walked.plan, &walked.cursor) != STATUS_OK)
			continue;
		walked.line_count = 0;
		run(&walked);
	}
	teardown(&walked);
}

static void what_ended_ends_the_run(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	add_start(&walked, at(0));
	add(&walked, 1, PLAN_TAKE);
	walked.guest.gone = true;
	assert_int_equal(fake_guest_run_plan(&walked.guest, &walked.plan, &walked.cursor, walked.answer,
					     sizeof walked.answer, &walked.answer_size),
			 STATUS_GONE);
	teardown(&walked);
}

static void a_loop_of_many_lines_stays_within_its_line_count(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_list(&walked, 8, 0x2000, 100);
	plan_of_list(&walked);
	walked.plan.line_count_max = 50;
	run(&walked);
	assert_false(walked.cursor.is_done);
	assert_int_equal(walked.line_count, 50);
	teardown(&walked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_sends_each_line_of_its_range_once_and_the_tables_that_lead_there),
		cmocka_unit_test(follow_leads_to_what_is_pointed_to_unless_it_is_null_or_unmapped),
		cmocka_unit_test(list_goes_over_every_node_until_the_head),
		cmocka_unit_test(a_list_that_loops_ends_with_the_bound_of_nodes),
		cmocka_unit_test(a_list_that_leaves_ram_keeps_what_came_before),
		cmocka_unit_test(chain_ends_with_null_and_with_an_odd_number),
		cmocka_unit_test(an_array_takes_its_place_and_length_from_the_target_within_the_plans_bound),
		cmocka_unit_test(if_lets_one_value_through_or_all_others),
		cmocka_unit_test(percpu_adds_each_cpus_offset),
		cmocka_unit_test(xarray_finds_every_pointer),
		cmocka_unit_test(xarray_may_be_a_single_entry_or_empty),
		cmocka_unit_test(an_xarray_whose_nodes_are_their_own_children_ends),
		cmocka_unit_test(maple_finds_every_pointer_and_nothing_behind_the_last_pivot),
		cmocka_unit_test(one_entry_of_a_tree_takes_the_way_to_it_and_no_line_more),
		cmocka_unit_test(one_entry_of_an_xarray_whose_node_is_its_own_child_ends),
		cmocka_unit_test(rbtree_is_walked_in_order),
		cmocka_unit_test(an_rbtree_that_loops_ends),
		cmocka_unit_test(span_sends_a_processs_memory_within_the_plans_bound),
		cmocka_unit_test(without_a_space_a_processs_address_leads_nowhere_though_the_tables_map_it),
		cmocka_unit_test(a_pgd_outside_of_the_direct_map_is_left_out),
		cmocka_unit_test(a_walk_in_small_pieces_finds_all_that_one_run_does),
		cmocka_unit_test(a_cursor_in_loops_within_loops_goes_on_where_it_stopped),
		cmocka_unit_test(a_cursor_of_the_callers_own_only_gives_another_walk),
		cmocka_unit_test(what_ended_ends_the_run),
		cmocka_unit_test(a_loop_of_many_lines_stays_within_its_line_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
