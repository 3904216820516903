/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an epoch begins with: the read plans that the program ran in the epoch before, as one plan, which
 * comes together with the look at the kernel. A program that looks again and again (netstat -c, top) reads
 * the same files each time, and needs one question for what took one for each plan.
 *
 * The first is what every look at files begins with. The others stay as long as the program asks for them in each
 * epoch, and as long as they are small: what they bring must be unpacked at once, and must not push out what a larger
 * walk comes back to.
 */
#ifndef GUEST_PROC_PRELUDE_H
#define GUEST_PROC_PRELUDE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/memory/plan.h"

enum {
	PRELUDE_PART_COUNT_MAX = 6,
	/* The look at the kernel itself takes the others at most (guest_kernel_read_ahead()). */
	PRELUDE_STEP_COUNT_MAX = PLAN_STEP_COUNT_MAX - 12,
	/* Lines of all of them: a third of what a program's ring holds (enclave/vfs/target.c), of which half is
	   unpacked at once. */
	PRELUDE_LINE_COUNT_MAX = 4096,
	/* Where a larger walk passes through the ring in each epoch: what is kept in it all the same
	 * (an eighth, guest/memory/lines.c), with room for what that walk begins with. */
	PRELUDE_KEPT_COUNT_MAX = 1024,
	/* So many epochs begin without more, once what came with one was too much. */
	PRELUDE_PAUSE_COUNT = 64,
};

struct prelude_part {
	uint64_t key; /* what ahead() knows it by */
	uint32_t step_count, line_count;
	bool is_asked; /* since the prelude was taken last */
};

/* All zero: an empty one. */
struct prelude {
	struct plan plan;
	struct prelude_part part[PRELUDE_PART_COUNT_MAX];
	uint32_t part_count;
	uint64_t boot_id; /* of the kernel that it is of */
	bool was_asked; /* anything, since it was taken last */
	bool is_passed; /* by a larger walk */
	bool is_outgrown; /* more came last than is unpacked at once */
	uint32_t pause_count; /* so many epochs more have the first part alone */
};

bool prelude_begins_with(const struct prelude *prelude, uint64_t boot_id, uint64_t key);
/* Begin anew, with what every look begins with. */
void prelude_start(struct prelude *prelude, uint64_t boot_id, uint64_t key, const struct plan *plan,
		   uint32_t line_count);
/* The program ran a plan by itself that brought so many lines, all of them at once. */
void prelude_add(struct prelude *prelude, uint64_t key, const struct plan *plan, uint32_t line_count);
/* The same of one that brought more than that. */
void prelude_pass(struct prelude *prelude);
/* The program is about to read what the plan of that key is for. `is_whole`: all that came with the prelude is
 * unpacked. */
void prelude_ask(struct prelude *prelude, uint64_t key, bool is_whole);
/* An epoch begins: what is left of it (what wasn't asked for goes), behind the steps of `plan`; as many parts as have
 * room there. How many they are: the first ones. */
uint32_t prelude_take(struct prelude *prelude, struct plan *plan);

#endif
