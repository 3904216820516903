/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has memory changed since this epoch's copy was made? What a process has in its own memory
 * lies in pages and tables that are somebody else's a moment after it has ended or called exec():
 * what was read of it counts only if the process still has it afterwards. What the kernel keeps of a process is
 * likewise another's a moment later. Native; for guest C.
 *
 * What must not have changed is noted while it is read, and looked at once when all is read:
 * one question for a whole command line. Where a read plan brought all of it and showed that it was
 * there at one moment (AHEAD_MOMENT, guest/proc/ahead.h), that is known already, and nothing is asked.
 */
#ifndef GUEST_PROC_NOW_H
#define GUEST_PROC_NOW_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

enum {
	/* A text that ended as torn (proc_text.is_torn) is worth making anew in another epoch: each
	 * is of a process that was just then changing, and few change again. */
	PROC_TORN_TRIES = 4,
};

/* These `size` bytes are what must be at the kernel's address still when it is looked. Looks, where so many
 * are noted that no more can be. */
GUEST_NATIVE void proc_memory_expect(uint64_t address, const void *bytes, uint64_t size);

/* A text that is going to tell of the subject's task reads it from now on: what counts is when that was copied. Once
 * for each text; again: nothing. */
GUEST_NATIVE void proc_memory_begin_task(void);

/* What is made tells of this task of the target's: it counts only if that is still there when all is read, and has what
 * it had (task_expect()). Who makes a text asks, proc_memory_task(); 0: it tells of none.
 * True: what it has isn't held yet in this epoch. Then all that is noted up to proc_memory_hold() is; it isn't looked
 * at before proc_memory_expect_held(). That is false where nothing is held of the task: not all could be read. */
GUEST_NATIVE bool proc_memory_tells_of(uint64_t task);
GUEST_NATIVE void proc_memory_hold(bool is_whole);
bool proc_memory_expect_held(void);
uint64_t proc_memory_task(void);

/* What is noted lasts a moment only, as the kernel does it: it is looked at some time after it was copied. */
GUEST_NATIVE void proc_memory_expect_later(void);

/* Was all that was noted as it should be? Asks the source, past all copies: a round trip for sixteen parts.
 * False also where there is nothing any more. */
bool proc_memory_is_still(void);

/* Guest C, at a pointer to the task's address: notes what a task must still have. */
void task_expect(void *task);

/* Has the task of this text been looked at past the copies already, later than all of them that the text is made of? So
 * it is with the second file of a process, where a read plan brought both. And: it has been, now. */
bool proc_memory_task_was_still(void);
void proc_memory_task_is_still(void);

/* How many texts needed no look, since the program began: for tests. */
uint64_t proc_memory_known_count(void);

/* The text is read. What is asked of a task from now on, up to the next text, is a single question: nothing of that is
 * held. */
void proc_memory_text_is_read(void);

/* Nothing is noted: another text begins. */
void proc_memory_forget(void);

#endif
