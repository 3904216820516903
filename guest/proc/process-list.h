/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process list for programs that want just that: a row for each process, "PID user
 * state parent name", in the order of the list of tasks; the name with line ends and backslashes
 * escaped as in /proc/PID/status. A generator (guest/proc/running.h, proc_text_make()). */
#ifndef GUEST_PROC_PROCESS_LIST_H
#define GUEST_PROC_PROCESS_LIST_H

struct seq;

void process_list_show(struct seq *seq);

#endif
