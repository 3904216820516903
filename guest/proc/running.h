/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What native helpers that guest C calls know of it: which kernel it is looking
 * at, and what the file is about. */
#ifndef GUEST_PROC_RUNNING_H
#define GUEST_PROC_RUNNING_H

#include <stdbool.h>

#include "base/status.h"
#include "guest/proc/node.h"
#include "guest/proc/subject.h"

struct guest_kernel;

/* The kernel of the running generator. NULL outside of one, where none was
 * ever entered. */
struct guest_kernel *proc_running_kernel(void);

/* Guest C looks at this kernel from now on, and what runs is about `subject`
 * (copied). As guest_linkage_resolve(). */
MUST_USE status proc_enter(struct guest_kernel *kernel, const struct proc_subject *subject);

/* guest_kernel's read_more: what each look at files begins with (guest/proc/ahead.c). */
struct plan;
void ahead_with_check(struct guest_kernel *kernel, struct plan *plan);
/* Did that bring, in this epoch, more than what every look begins with? It was copied after the kernel was looked at.
 */
bool ahead_has_come_with_check(void);

/* Run a generator in the kernel that was entered: as proc_text_init(). */
MUST_USE status proc_text_make(proc_show show, struct proc_text *ret_text);
/* The same of the part that begins at `start`; NULL: all of it. */
MUST_USE status proc_text_make_part(proc_show show, const struct seq_place *start, struct proc_text *ret_text);

/* What subject_pid() and the others answer from now on. */
void proc_subject_enter(const struct proc_subject *about);

/* Did guest C end with "there is no such thing" (guest_fail()), and not for want of a
 * field? To be asked before the next boundary. */
bool proc_is_absent(status outcome);

#endif
