/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of tasks: fs/proc/array.c, proc_task_name(); kernel/workqueue.c,
 * wq_worker_comm(); kernel/kthread.c, get_kthread_comm(); 5.10 to 7.2.
 *
 * A worker is called after its comm, from 6.11 after what it is (comm is too
 * short for that), and what it works on or did last.
 */
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/workqueue.h"

enum {
	DECIMAL_SIZE_MAX = 12,
	LOCK_SIZE = 4, /* of a spinlock_t without debugging */
};

/* A text that is cut where it doesn't fit, as scnprintf() does. */
struct text {
	char *bytes;
	u32 size;
};

static void add(struct text *text, const char *bytes, u32 size)
{
	for (u32 i = 0; i < size && text->size + 1 < TASK_NAME_SIZE; i++)
		text->bytes[text->size++] = bytes[i];
	text->bytes[text->size] = '\0';
}

static void add_own(struct text *text, const char *string)
{
	add(text, string, (u32)strlen(string));
}

static void add_guest(struct text *text, const char *string, u64 size)
{
	char copy[TASK_NAME_SIZE];

	guest_string_copy(copy, min(size, (u64)sizeof copy), string);
	add_own(text, copy);
}

static void add_number(struct text *text, s32 number)
{
	char digits[DECIMAL_SIZE_MAX];
	u32 at = sizeof digits, left = number < 0 ? -(u32)number : (u32)number;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (number < 0)
		digits[--at] = '-';
	add(text, digits + at, (u32)sizeof digits - at);
}

static void add_comm(struct text *text, const struct task_struct *task)
{
	add_guest(text, task->comm, field_size(struct task_struct, comm));
}

/* to_kthread() */
static const struct kthread *kthread_of(const struct task_struct *task)
{
	if (field_exists(struct task_struct, worker_private))
		return task->worker_private;
	return task->set_child_tid;
}

/* Does this kernel name workers by itself? Then it does so in
 * format_worker_id(), which may be inlined. */
static bool names_workers(void)
{
	return symbol_exists(format_worker_id) || code_mentions(&wq_worker_comm, "kworker/dying");
}

static void add_worker_id(struct text *text, const struct worker *worker, const struct worker_pool *pool)
{
	if (worker->rescue_wq != NULL) {
		add_own(text, "kworker/R-");
		add_guest(text, worker->rescue_wq->name, field_size(struct workqueue_struct, name));
	} else if (pool == NULL) {
		add_own(text, "kworker/dying");
	} else {
		add_own(text, pool->cpu >= 0 ? "kworker/" : "kworker/u");
		add_number(text, pool->cpu >= 0 ? pool->cpu : pool->id);
		add_own(text, ":");
		add_number(text, worker->id);
		if (pool->cpu >= 0 && pool->attrs->nice < 0)
			add_own(text, "H");
	}
}

static void add_worker(struct text *text, const struct task_struct *task)
{
	const struct worker *worker = kthread_of(task)->data;
	const struct worker_pool *pool = worker->pool;

	if (names_workers())
		add_worker_id(text, worker, pool);
	else
		add_comm(text, task);
	if (pool == NULL || worker->desc[0] == '\0')
		return;
	add_own(text, worker->current_work != NULL ? "+" : "-");
	add_guest(text, worker->desc, field_size(struct worker, desc));
}

static void add_kthread(struct text *text, const struct task_struct *task)
{
	const struct kthread *kthread = field_exists(struct kthread, full_name) ? kthread_of(task) : NULL;

	if (kthread != NULL && kthread->full_name != NULL)
		add_guest(text, kthread->full_name, TASK_NAME_SIZE);
	else
		add_comm(text, task);
}

void task_name(const struct task_struct *task, char ret_name[TASK_NAME_SIZE])
{
	struct text text = {.bytes = ret_name};

	ret_name[0] = '\0';
	if ((task->flags & PF_WQ_WORKER) != 0)
		add_worker(&text, task);
	else if ((task->flags & PF_KTHREAD) != 0)
		add_kthread(&text, task);
	else
		add_comm(&text, task);
}

u64 task_name_lock(const struct task_struct *task)
{
	if (field_size(struct task_struct, alloc_lock) != LOCK_SIZE)
		return 0;
	return (u64)task + field_offset(struct task_struct, alloc_lock);
}

/* comm_show() (fs/proc/base.c) */
void task_comm_show(struct seq *seq)
{
	char name[TASK_NAME_SIZE];

	task_name(task_subject(), name);
	seq_printf(seq, "%s\n", name);
}
