/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled against compiler/made-up-headers. */
#include "guest/kernel/headers.h"

#include <linux/sched.h>

#include "guest/kernel/headers-test/calls.h"

void headers_walk(void *argument)
{
	struct headers_call *call = argument;
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task)
	{
		call->count++;
		call->pid_sum += task->pid;
		call->state_index = task_state_index(task);
		guest_string_copy(call->comm, sizeof call->comm, task->comm);
	}
	rcu_read_unlock();
}

void headers_store(void *argument)
{
	struct headers_call *call = argument;

	*(int *)call->in = 1;
}

void headers_length(void *argument)
{
	struct headers_call *call = argument;

	call->count = (int64_t)strlen(init_task.comm);
}
