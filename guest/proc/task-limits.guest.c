/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/limits: fs/proc/base.c, proc_pid_limits(), 5.10 to 7.2. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"

static const struct {
	char name[24], unit[12];
} limits[] = {
	{"Max cpu time", "seconds"},	{"Max file size", "bytes"},	 {"Max data size", "bytes"},
	{"Max stack size", "bytes"},	{"Max core file size", "bytes"}, {"Max resident set", "bytes"},
	{"Max processes", "processes"}, {"Max open files", "files"},	 {"Max locked memory", "bytes"},
	{"Max address space", "bytes"}, {"Max file locks", "locks"},	 {"Max pending signals", "signals"},
	{"Max msgqueue size", "bytes"}, {"Max nice priority", ""},	 {"Max realtime priority", ""},
	{"Max realtime timeout", "us"},
};

static void show_limit(struct seq *seq, unsigned long limit)
{
	if (limit == ~0ul)
		seq_printf(seq, "%-20s ", "unlimited");
	else
		seq_printf(seq, "%-20lu ", limit);
}

void task_limits_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();

	/* Released, it has lost its number first (__exit_signal(), kernel/exit.c): we wouldn't be here. */
	if (!task_has_signals(task))
		guest_fail(STATUS_TORN, "a process that has a number has no limits");
	seq_printf(seq, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (u32 i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit *limit = &task->signal->rlim[i];

		seq_printf(seq, "%-25s ", limits[i].name);
		show_limit(seq, limit->rlim_cur);
		show_limit(seq, limit->rlim_max);
		if (limits[i].unit[0] != '\0')
			seq_printf(seq, "%-10s\n", limits[i].unit);
		else
			seq_putc(seq, '\n');
	}
}
