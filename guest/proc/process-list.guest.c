/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process list by itself, from the list of tasks: what a program that wants just
 * that asks of the guest library, without /proc. */
#include "guest/proc/process-list.h"

#include "guest/proc/ahead.h"
#include "guest/proc/fault.h"
#include "guest/proc/format.h"
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/task.h"

enum {
	COMM_SIZE = 16, /* TASK_COMM_LEN */
};

/* As the walk, and what a row reads. */
static void tasks_ahead(void *unused)
{
	AHEAD_START (&init_task)
		AHEAD_LIST (struct task_struct, tasks, struct task_struct, tasks) {
			AHEAD_TAKE(struct task_struct, tasks);
			AHEAD_TAKE(struct task_struct, pid);
			AHEAD_TAKE(struct task_struct, comm);
			AHEAD_TAKE(struct task_struct, alloc_lock);
			AHEAD_TAKE(struct task_struct, __state);
			AHEAD_TAKE(struct task_struct, state);
			AHEAD_TAKE(struct task_struct, exit_state);
			AHEAD_FOLLOW (struct task_struct, real_cred)
				AHEAD_TAKE(struct cred, uid);
			AHEAD_FOLLOW (struct task_struct, real_parent)
				AHEAD_TAKE(struct task_struct, tgid);
		}
}

struct process_rows {
	struct rows rows; /* must be first */
	bool is_view; /* numbers are a PID namespace's */
	bool is_torn;
};

static bool gets_a_name(const struct task_struct *task)
{
	const u32 *lock = (const u32 *)task_name_lock(task);

	return lock != NULL && READ_ONCE(*lock) != 0;
}

/* What it reads is read in the order in which tasks_ahead() brings it, which is the faster one. */
static void show_row(void *argument)
{
	const struct row *row = argument;
	struct process_rows *processes = (struct process_rows *)row->rows;
	const struct task_struct *task = row->object;
	u32 number = processes->is_view ? task_pid_shown(task) : (u32)task->pid;
	char comm[COMM_SIZE];

	if (processes->is_view && number == 0)
		return;
	guest_string_copy(comm, sizeof comm, task->comm);
	if (gets_a_name(task))
		processes->is_torn = true;
	char state = task_state_text(task)[0];
	const struct cred *cred = READ_ONCE(task->real_cred);
	u32 user = cred->uid.val;
	const struct task_struct *parent = READ_ONCE(task->real_parent);
	u32 parent_number = processes->is_view ? task_tgid_shown(parent) : (u32)parent->tgid;

	seq_printf(row->seq, "%u %u %c %u ", number, user, state, parent_number);
	/* A process chooses its name: with a line end in it, it would have a second row. */
	seq_escape_name(row->seq, comm);
	seq_putc(row->seq, '\n');
}

/* A task leads back to the one before it. That was copied earlier, with all that its row is made of: if it has been
 * taken from the list meanwhile, and its place and its credentials were given to another one, its row may be of both.
 * So may be this one's, where it was itself taken out and its place is in the list again, further back. */
static bool leads_back(const struct task_struct *task, const struct list_head *before)
{
	return READ_ONCE(task->tasks.prev) == before;
}

static void show_all(void *argument)
{
	struct process_rows *processes = argument;
	const struct task_struct *task;
	const struct list_head *before = &init_task.tasks;
	struct row_loop loop = ROW_LOOP;

	task_list_check();
	list_for_each_entry (task, &init_task.tasks, tasks) {
		if (!leads_back(task, before))
			processes->is_torn = true;
		row_loop_check(&loop, task);
		rows_show(&processes->rows, task);
		before = &task->tasks;
	}
}

void process_list_show(struct seq *seq)
{
	struct process_rows processes = {
		.rows = {.seq = seq, .show = show_row, .missing = "a process is missing"},
		.is_view = subject_view_pid_space() != 0,
	};

	ahead(tasks_ahead, NULL, AHEAD_KEY_PROCESS_LIST);
	if (guest_try(show_all, &processes) != STATUS_OK)
		proc_fault(seq, "the rest of the processes is missing", (u64)&init_task);
	if (processes.is_torn)
		guest_fail(STATUS_TORN, "processes ended, or got another name, while the list was read");
}
