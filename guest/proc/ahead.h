/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading ahead: a read plan (guest/memory/plan.h) written next to the walk that it
 * serves, in the same names. It says what the walk is going to touch, so that all of
 * it comes with one question:
 *
 *	static void tasks_ahead(void *unused)
 *	{
 *		AHEAD_START(&init_task)
 *			AHEAD_LIST(struct task_struct, tasks, struct task_struct, tasks) {
 *				AHEAD_TAKE(struct task_struct, pid);
 *				AHEAD_FOLLOW(struct task_struct, cred)
 *					AHEAD_TAKE(struct cred, uid);
 *			}
 *	}
 *	…
 *	ahead(tasks_ahead, NULL, AHEAD_KEY_…);
 *
 * Nothing depends on it: without plans, or with a wrong one, the file is the same and
 * takes longer. What the kernel lacks is left out, with all below it. Guest C; the
 * functions at the end are native.
 */
#ifndef GUEST_PROC_AHEAD_H
#define GUEST_PROC_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

/* What tells plans apart: each is run once in an epoch. */
enum ahead_key {
	AHEAD_KEY_ENTRIES = 1,
	AHEAD_KEY_LISTING,
	AHEAD_KEY_PROCESSES,
	AHEAD_KEY_PROCESS_LIST,
	AHEAD_KEY_SHARED,
	AHEAD_KEY_VERSION,
	/* With the address of a network namespace. */
	AHEAD_KEY_TCP = 8,
	AHEAD_KEY_UDP,
	AHEAD_KEY_UDPLITE,
	AHEAD_KEY_RAW,
	AHEAD_KEY_UNIX,
	AHEAD_KEY_OF_V4 = 16, /* with these, of one family alone */
	AHEAD_KEY_OF_V6 = 32,
};

/* Instead of these, of sockets that netlink tells about: it reads more of each. */
#define AHEAD_KEY_NETLINK (1ull << 61)

/* Of one process: its number with this. */
#define AHEAD_KEY_PROCESS (1ull << 62)

/* What else programs read of each process, besides what AHEAD_KEY_PROCESSES brings by itself. */
enum ahead_wish {
	AHEAD_WISH_FILES = 1 << 0, /* fd/, fdinfo/ */
	AHEAD_WISH_AREAS = 1 << 1, /* maps */
	AHEAD_WISH_COUNT = 2,
	AHEAD_WISH_SHIFT = 56, /* where they stand in that key */
};

/* Make and run the plan that `describe` writes, unless this epoch has had it. A fault in it is no fault of
 * the file. */
#define ahead(describe, argument, key)                                  \
	do {                                                            \
		if (ahead_begin(key)) {                                 \
			if (guest_try(describe, argument) == STATUS_OK) \
				ahead_run();                            \
		}                                                       \
	} while (0)

/* ---- steps with children: the statement or block behind them */

#define AHEAD_BELOW(step) for (bool below_ = (step); below_; below_ = ahead_up())

/* From an address of the kernel's. */
#define AHEAD_START(address) AHEAD_BELOW (ahead_start((uint64_t)(address)))
/* From the address of one of its members. */
#define AHEAD_MEMBER(T, m) AHEAD_BELOW (field_exists(T, m) && ahead_at((int64_t)field_offset(T, m)))
/* Back to what a member is in. */
#define AHEAD_CONTAINER(T, m) AHEAD_BELOW (field_exists(T, m) && ahead_at(-(int64_t)field_offset(T, m)))
#define AHEAD_FOLLOW(T, m) AHEAD_FOLLOW_MASKED (T, m, ~0ull)
#define AHEAD_FOLLOW_MASKED(T, m, mask) \
	AHEAD_BELOW (field_exists(T, m) && ahead_follow((int64_t)field_offset(T, m), mask))
/* What a pointer leads to that is itself the base, as an array's element is. */
#define AHEAD_FOLLOW_HERE() AHEAD_BELOW (ahead_follow(0, ~0ull))
/* list_for_each_entry(): the head is member m of T, objects are E with node n. */
#define AHEAD_LIST(T, m, E, n)                                   \
	AHEAD_BELOW (field_exists(T, m) && field_exists(E, n) && \
		     ahead_list((int64_t)field_offset(T, m), (int64_t)field_offset(E, n)))
/* hlist and the like: the first pointer is here, & mask; objects are E with node n, whose next
 * pointer comes first. */
#define AHEAD_CHAIN_HERE(E, n, mask) \
	AHEAD_BELOW (field_exists(E, n) && ahead_chain(0, (int64_t)field_offset(E, n), 0, mask))
#define AHEAD_CHAIN(T, m, E, n)                                  \
	AHEAD_BELOW (field_exists(T, m) && field_exists(E, n) && \
		     ahead_chain((int64_t)field_offset(T, m), (int64_t)field_offset(E, n), 0, ~0ull))
/* The next pointer is at `next` bytes from the object, whose start the pointers lead to. */
#define AHEAD_LINKS(T, m, next) \
	AHEAD_BELOW (field_exists(T, m) && ahead_chain((int64_t)field_offset(T, m), 0, next, ~0ull))
/* `count` elements of `stride` bytes from here. */
#define AHEAD_ARRAY_HERE(stride, count) AHEAD_BELOW (ahead_array(0, stride, count, false, 0, 0, false))
/* The array that pointer m of T leads to, with as many elements as member n says (+ 1 where n is a
 * mask), at most `most`. */
#define AHEAD_ARRAY(T, m, stride, n, is_mask, most)                                                            \
	AHEAD_BELOW (field_exists(T, m) && field_exists(T, n) &&                                               \
		     ahead_array((int64_t)field_offset(T, m), stride, most, true, (int64_t)field_offset(T, n), \
				 (uint32_t)field_size(T, n), is_mask))
/* Each pointer in a tree: m is the member that holds the root's pointer. */
#define AHEAD_XARRAY(T, m)                                                                          \
	AHEAD_BELOW (field_exists(T, m) && field_exists(struct xa_node, slots) &&                   \
		     ahead_xarray((int64_t)field_offset(T, m), field_offset(struct xa_node, slots), \
				  field_size(struct xa_node, slots) / 8))
#define AHEAD_MAPLE(T, m)                                                                                           \
	AHEAD_BELOW (                                                                                               \
		field_exists(T, m) && type_exists(struct maple_node) &&                                             \
		ahead_maple((int64_t)field_offset(T, m), field_offset(struct maple_range_64, pivot),                \
			    field_offset(struct maple_range_64, slot), field_size(struct maple_range_64, slot) / 8, \
			    field_offset(struct maple_arange_64, slot), field_size(struct maple_arange_64, slot) / 8))
/* Of such trees only what is there for one index; for the number that member n of T is. */
#define AHEAD_XARRAY_AT(T, m, index)                                                                \
	AHEAD_BELOW (field_exists(T, m) && field_exists(struct xa_node, slots) &&                   \
		     ahead_xarray((int64_t)field_offset(T, m), field_offset(struct xa_node, slots), \
				  field_size(struct xa_node, slots) / 8) &&                         \
		     ahead_only((uint64_t)(index), 0, 0))
#define AHEAD_MAPLE_AT(T, m, n)                                                                           \
	AHEAD_BELOW (field_exists(T, m) && type_exists(struct maple_node) &&                              \
		     ahead_maple((int64_t)field_offset(T, m), field_offset(struct maple_range_64, pivot), \
				 field_offset(struct maple_range_64, slot),                               \
				 field_size(struct maple_range_64, slot) / 8,                             \
				 field_offset(struct maple_arange_64, slot),                              \
				 field_size(struct maple_arange_64, slot) / 8) &&                         \
		     ahead_only(0, (int64_t)field_offset(T, n), (uint32_t)field_size(T, n)))
/* A red-black tree's nodes in order: m is its root's rb_node, objects are E with node n. */
#define AHEAD_RBTREE(T, m, E, n)                                                            \
	AHEAD_BELOW (field_exists(T, m) && field_exists(E, n) &&                            \
		     ahead_rbtree((int64_t)field_offset(T, m), (int64_t)field_offset(E, n), \
				  field_offset(struct rb_node, rb_left), field_offset(struct rb_node, rb_right)))
/* Each possible CPU's copy of what is here. */
#define AHEAD_PERCPU() AHEAD_BELOW (ahead_percpu((uint64_t)&__per_cpu_offset[0], nr_cpu_ids))
/* Only where the number m of T is, or isn't, `value`. */
#define AHEAD_IF(T, m, value) AHEAD_BELOW (ahead_condition(T, m, value, ~0ull, false))
#define AHEAD_UNLESS(T, m, value) AHEAD_BELOW (ahead_condition(T, m, value, ~0ull, true))
/* Only where it has one of these bits at least. */
#define AHEAD_IF_ANY(T, m, bits) AHEAD_BELOW (ahead_condition(T, m, 0, bits, true))
#define ahead_condition(T, m, value, mask, unless)                                                                  \
	(field_exists(T, m) && ahead_if((int64_t)field_offset(T, m), (uint32_t)field_size(T, m), (uint64_t)(value), \
					(uint64_t)(mask), unless))
/* What stands below was there at one moment, or isn't said to have been (guest/proc/now.h). */
#define AHEAD_MOMENT() AHEAD_BELOW (ahead_moment())
/* Spans are of the process whose mm this is. */
#define AHEAD_SPACE(T, pgd) AHEAD_BELOW (field_exists(T, pgd) && ahead_space((int64_t)field_offset(T, pgd)))

/* ---- steps without */

#define AHEAD_TAKE(T, m)                                                                     \
	do {                                                                                 \
		if (field_exists(T, m))                                                      \
			ahead_take((int64_t)field_offset(T, m), (uint32_t)field_size(T, m)); \
	} while (0)
/* From where member m points up to where n does, at most so many bytes. */
#define AHEAD_SPAN(T, m, n, most)                                                                   \
	do {                                                                                        \
		if (field_exists(T, m) && field_exists(T, n))                                       \
			ahead_span((int64_t)field_offset(T, m), (int64_t)field_offset(T, n), most); \
	} while (0)
/* Only as a root: a variable of the kernel's, so many bytes of it. */
#define AHEAD_VARIABLE(x, size)                                                \
	do {                                                                   \
		if (symbol_exists(x))                                          \
			ahead_take((int64_t)(uint64_t)&(x), (uint32_t)(size)); \
	} while (0)

/* ---- native: what the words above become */

/* A new plan; false where no plans are run, or this epoch has had it. */
bool ahead_begin(uint64_t key);
/* Has the plan run in this epoch? And is all that it brought still here, or comes when it is wanted? */
bool ahead_has_run(uint64_t key);
bool ahead_is_here(uint64_t key);
/* Does the program go through all processes? It has listed them lately, or asked about several. */
bool ahead_of_all(void);
/* The program reads this of the process at hand: who does so of several will of all others. */
void ahead_wish(enum ahead_wish wish);
/* Which of them it will; the same ones as long as it reads of one process. */
uint32_t ahead_wishes(void);
/* From here on fields that are less than so many lines apart are one step of the plan that is being written: it takes
 * fewer, and brings more. */
void ahead_widen(uint32_t line_count);
/* Is there room for so many steps in the plan that is being written? */
bool ahead_has_room(uint32_t step_count);
/* A plan whose lines have gone may run again, if no other one is under way. */
void ahead_renew(uint64_t key);
/* Run it. A plan that is too large is a fault of ours, and reported. */
void ahead_run(void);

/* Add a step below the present one, and go there: always true. */
bool ahead_start(uint64_t address);
bool ahead_at(int64_t offset);
bool ahead_follow(int64_t offset, uint64_t mask);
bool ahead_list(int64_t offset, int64_t node_offset);
bool ahead_chain(int64_t offset, int64_t node_offset, uint64_t next, uint64_t mask);
bool ahead_array(int64_t offset, uint64_t stride, uint64_t count, bool indirect, int64_t count_offset,
		 uint32_t count_size, bool is_mask);
bool ahead_xarray(int64_t offset, uint64_t slots, uint64_t slot_count);
bool ahead_maple(int64_t offset, uint64_t pivot, uint64_t range_slot, uint64_t range_slot_count, uint64_t arange_slot,
		 uint64_t arange_slot_count);
bool ahead_rbtree(int64_t offset, int64_t node_offset, uint64_t left, uint64_t right);
bool ahead_percpu(uint64_t table, uint32_t count);
bool ahead_if(int64_t offset, uint32_t size, uint64_t value, uint64_t mask, bool unless);
bool ahead_space(int64_t offset);
bool ahead_moment(void);
/* Of the tree just added, only the entry for an index: `index` or, with a size, the number there. Always true. */
bool ahead_only(uint64_t index, int64_t offset, uint32_t size);
/* Of the loop just added, so many nodes. Always true. */
bool ahead_at_most(uint32_t count);
/* Back up: always false, which ends AHEAD_BELOW. */
bool ahead_up(void);

void ahead_take(int64_t offset, uint32_t size);
void ahead_span(int64_t start_offset, int64_t end_offset, uint32_t size);

#endif
