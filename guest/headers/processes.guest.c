/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process list, with the kernel's own macros over its own types. */
#include "guest/headers/common.h"

#include "guest/proc/format.h"

#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

static void show_process(void *argument)
{
	const struct row *row = argument;
	struct task_struct *task = row->object;
	char comm[TASK_COMM_LEN];

	guest_string_copy(comm, sizeof comm, task->comm);
	seq_printf(row->seq, "%d %u %c %d ", task_pid_nr(task), __kuid_val(task_uid(task)), task_state_to_char(task),
		   task_tgid_nr(rcu_dereference(task->real_parent)));
	seq_escape_name(row->seq, comm);
	seq_putc(row->seq, '\n');
}

void headers_processes_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "processes");
	struct row_loop loop = ROW_LOOP;
	struct task_struct *task;

	/* As task_list_check(). */
	if (list_empty(&init_task.tasks))
		guest_fail(STATUS_MALFORMED, "the list of tasks is empty");
	rcu_read_lock();
	for_each_process(task)
	{
		struct row row = {.seq = seq, .object = task};

		guest_bound(&bound);
		row_loop_check(&loop, task);
		row_show(&row, show_process, "a process is missing");
	}
	rcu_read_unlock();
}
