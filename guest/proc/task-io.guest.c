/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/io, /proc/PID/task/TID/io: fs/proc/base.c, do_io_accounting(), 5.10 to 7.2. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"

struct io {
	u64 rchar, wchar, syscr, syscw, read_bytes, write_bytes, cancelled_write_bytes;
};

static void add(struct io *sum, const struct task_io_accounting *part)
{
	sum->rchar += part->rchar;
	sum->wchar += part->wchar;
	sum->syscr += part->syscr;
	sum->syscw += part->syscw;
	sum->read_bytes += part->read_bytes;
	sum->write_bytes += part->write_bytes;
	sum->cancelled_write_bytes += part->cancelled_write_bytes;
}

void task_io_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	struct task_struct *thread;
	struct io sum = {0};

	if (subject_tid() != 0 || !task_has_signals(task)) {
		add(&sum, &task->ioac);
	} else {
		/* Of threads that have ended. */
		add(&sum, &task->signal->ioac);
		for_each_thread(thread, task->signal) add(&sum, &thread->ioac);
	}
	seq_printf(seq, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", sum.rchar, sum.wchar, sum.syscr,
		   sum.syscw);
	seq_printf(seq, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: %llu\n", sum.read_bytes,
		   sum.write_bytes, sum.cancelled_write_bytes);
}
