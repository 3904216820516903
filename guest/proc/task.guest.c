/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks by number and in the list (kernel/pid.c, lib/radix-tree.c, lib/idr.c,
 * fs/proc/base.c; 5.10 to 7.2). */
#include "guest/proc/task.h"

#include "guest/proc/fault.h"
#include "guest/proc/listing.h"
#include "guest/proc/now.h"
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/namespace.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/user.h"

enum {
	/* XA_CHUNK_SHIFT, where BASE_SMALL isn't configured (it is for machines
	 * of a few megabytes); 11 levels of 6 bits are an index of 64 bits. */
	RADIX_SHIFT = 6,
	RADIX_DEPTH_MAX = 11,
	/* MAX_PID_NS_LEVEL (include/linux/pid_namespace.h) */
	PID_NAMESPACE_LEVEL_MAX = 32,
	PROC_DIRECTORY_MODE = 0040555, /* S_IFDIR | 0555 */
	/* Eight numbers, a word of flags, five sets of capabilities: 80 bytes from 5.10 to 7.2. */
	CRED_SIZE_MAX = 256,
	COMM_SIZE = 16, /* TASK_COMM_LEN */
	SELF_PID = 1, /* where /proc/self leads: we are nobody in the target */
};

/* radix_tree_is_internal_node(): an address with 2 in its low bits. */
static bool is_node(const void *entry)
{
	return ((u64)entry & 3) == 2;
}

/* __radix_tree_lookup(): NULL where there is no such index. */
static const void *radix_lookup(const struct xarray *tree, u64 index)
{
	const void *entry = READ_ONCE(tree->xa_head);
	struct guest_bound bound = GUEST_BOUND(RADIX_DEPTH_MAX, "levels of the PID tree");
	u64 highest = 0;

	if (is_node(entry)) {
		const struct xa_node *node = (const struct xa_node *)((u64)entry & ~3ull);
		u32 bits = (u32)node->shift + RADIX_SHIFT;
		highest = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	} else if (entry != NULL) {
		/* An entry without a node has the index 0, which no process has. */
		guest_fail(STATUS_MALFORMED, "the tree of PIDs is none");
	}
	if (index > highest)
		return NULL;
	while (is_node(entry)) {
		guest_bound(&bound);
		const struct xa_node *node = (const struct xa_node *)((u64)entry & ~3ull);
		u32 shift = node->shift;
		if (shift >= 64)
			guest_fail(STATUS_MALFORMED, "a node of the PID tree is shifted beyond its index");
		entry = READ_ONCE(node->slots[(index >> shift) & ((1u << RADIX_SHIFT) - 1)]);
		if (shift == 0)
			break;
	}
	return entry;
}

/* find_pid_ns(). */
static const struct pid *pid_find(u32 number, const struct pid_namespace *space)
{
	return radix_lookup(&space->idr.idr_rt, (u64)number - space->idr.idr_base);
}

static const struct task_struct *pid_task(const struct pid *pid)
{
	const struct hlist_node *first = READ_ONCE(pid->tasks[PIDTYPE_PID].first);

	/* The first of pid_links[] is PIDTYPE_PID's. */
	return first == NULL ? NULL : container_of(first, const struct task_struct, pid_links);
}

static const struct task_struct *task_find_in(u32 number, const struct pid_namespace *space)
{
	const struct pid *pid = pid_find(number, space);

	return pid == NULL ? NULL : pid_task(pid);
}

/* pid_nr_ns(). */
static u32 pid_number(const struct pid *pid, const struct pid_namespace *space)
{
	if (pid == NULL)
		return 0;
	u32 level = space->level;
	if (level > PID_NAMESPACE_LEVEL_MAX)
		guest_fail(STATUS_MALFORMED, "a PID namespace lies deeper than Linux makes them");
	if (level > pid->level)
		return 0;
	const struct upid *number = &pid->numbers[level];
	return number->ns == space ? (u32)number->nr : 0;
}

const struct pid_namespace *task_view(void)
{
	const struct pid_namespace *space = (const struct pid_namespace *)subject_view_pid_space();

	return space != NULL ? space : &init_pid_ns;
}

const struct nsproxy *task_view_namespaces(void)
{
	const struct task_struct *init = READ_ONCE(task_view()->child_reaper);
	const struct nsproxy *spaces = init != NULL ? READ_ONCE(init->nsproxy) : NULL;

	if (spaces == NULL)
		guest_fail(STATUS_MALFORMED, "the first process of the PID namespace that is shown has ended");
	return spaces;
}

const struct task_struct *task_find(u32 number)
{
	return task_find_in(number, task_view());
}

const struct task_struct *task_find_initial(u32 number)
{
	return task_find_in(number, &init_pid_ns);
}

const struct pid *task_pid_find(u32 number)
{
	return pid_find(number, task_view());
}

u32 pid_shown(const struct pid *pid)
{
	return pid_number(pid, task_view());
}

u32 task_pid_shown(const struct task_struct *task)
{
	return pid_number(READ_ONCE(task->thread_pid), task_view());
}

u32 task_tgid_shown(const struct task_struct *task)
{
	return pid_number(READ_ONCE(task->signal->pids[PIDTYPE_TGID]), task_view());
}

bool task_is_leader(const struct task_struct *task)
{
	/* thread_group_leader() */
	return task->group_leader == task;
}

/* The subject's task; NULL: there is none, or the thread isn't the process's. */
static const struct task_struct *subject_find(void)
{
	const struct task_struct *task = task_find(subject_pid()), *thread;

	if (task == NULL || subject_tid() == 0)
		return task;
	/* proc_task_lookup(): same_thread_group(). */
	thread = task_find(subject_tid());
	return thread != NULL && thread->signal == task->signal ? thread : NULL;
}

/* Does what was found by a number say of itself that it has that number? Parts of an epoch are copied at
 * different moments: a struct that was freed and taken for another process meanwhile may be half the one,
 * half the other. And does its process have its leader's number? (/proc/TID is there too, for any thread:
 * proc_pid_lookup(), fs/proc/base.c.) */
static bool has_number(const struct task_struct *task, u32 number)
{
	return task_pid_shown(task) == number &&
	       pid_number(READ_ONCE(task->thread_pid), &init_pid_ns) == (u32)READ_ONCE(task->pid) &&
	       pid_number(READ_ONCE(READ_ONCE(task->group_leader)->thread_pid), task_view()) == task_tgid_shown(task);
}

/* Noted, as it is in this epoch's copy: that field of what the kernel has there. */
#define EXPECT(object, field)                                                        \
	do {                                                                         \
		typeof((object)->field) value_ = READ_ONCE((object)->field);         \
		proc_memory_expect((u64) & (object)->field, &value_, sizeof value_); \
	} while (0)

/* Who it is: one struct cred is never changed, but for its count, as long as it is in use. */
static void cred_expect(const struct cred *cred)
{
	u8 bytes[CRED_SIZE_MAX];
	u64 start = field_offset(struct cred, uid), size = field_offset(struct cred, cap_ambient) + 8 - start;

	if (size > sizeof bytes)
		guest_fail(STATUS_UNSUPPORTED, "this kernel keeps credentials in another order");
	guest_copy(bytes, (const u8 *)cred + start, size);
	proc_memory_expect((u64)cred + start, bytes, size);
}

static void name_expect(const struct task_struct *task)
{
	char name[COMM_SIZE];
	u32 unlocked = 0;
	u64 lock = task_name_lock(task);

	guest_copy(name, task->comm, sizeof name);
	proc_memory_expect((u64)task->comm, name, sizeof name);
	if (lock != 0)
		proc_memory_expect(lock, &unlocked, sizeof unlocked);
}

void task_expect(void *argument)
{
	const struct task_struct *task = *(const struct task_struct **)argument;

	/* A task that is gone has no struct pid; one that took its place was started later. */
	EXPECT(task, pid);
	EXPECT(task, thread_pid);
	EXPECT(task, start_boottime);
	EXPECT(task, group_leader);
	EXPECT(task, real_parent);
	/* What belongs to it, and may be given back without its end. */
	EXPECT(task, signal);
	EXPECT(task, sighand);
	EXPECT(task, mm);
	EXPECT(task, fs);
	EXPECT(task, files);
	EXPECT(task, nsproxy);
	EXPECT(task, real_cred);
	cred_expect(READ_ONCE(task->real_cred));
	name_expect(task);
	const struct mm_struct *mm = READ_ONCE(task->mm);
	if (mm != NULL && (task->flags & PF_KTHREAD) == 0)
		user_memory_expect(task, mm);
}

/* As task_subject(), for what isn't made of the task itself. */
static const struct task_struct *subject_task(void)
{
	const struct task_struct *task = subject_find();

	if (task == NULL)
		guest_fail(STATUS_MISSING, "the process has ended");
	if (!has_number(task, subject_tid() != 0 ? subject_tid() : subject_pid()))
		guest_fail(STATUS_TORN, "the process that has this number says that it has another one");
	return task;
}

const struct task_struct *task_subject(void)
{
	proc_memory_begin_task();
	const struct task_struct *task = subject_task();

	/* Before anything else is read of it. Where this fails, it does at the end, too, and is said there. */
	if (proc_memory_tells_of((u64)task))
		proc_memory_hold(guest_try(task_expect, &task) == STATUS_OK);
	return task;
}

const struct net *net_subject(void)
{
	const struct net *chosen = (const struct net *)subject_view_net();

	if (subject_pid() == 0 || (subject_pid() == SELF_PID && subject_view_net_is_chosen()))
		return chosen != NULL ? chosen : &init_net;
	const struct task_struct *task = subject_task();
	/* get_proc_task_net() (fs/proc/proc_net.c) */
	const struct nsproxy *spaces = READ_ONCE(task->nsproxy);
	if (spaces == NULL)
		guest_fail(STATUS_MISSING, "the process has no network namespace any more");
	return spaces->net_ns;
}

void task_list_check(void)
{
	if (READ_ONCE(init_task.tasks.next) == &init_task.tasks)
		guest_fail(STATUS_MALFORMED, "the list of tasks is empty");
}

struct processes {
	struct listing *listing;
	const struct pid_namespace *view;
};

/* Every process of the list that the view has a number for; the kernel's own
 * listing (next_tgid()) goes by number. */
static void list_all(void *argument)
{
	struct processes *processes = argument;
	const struct task_struct *task;
	struct row_loop loop = ROW_LOOP;

	task_list_check();
	list_for_each_entry (task, &init_task.tasks, tasks) {
		row_loop_check(&loop, task);
		u32 number = pid_number(READ_ONCE(task->signal->pids[PIDTYPE_TGID]), processes->view);
		if (number != 0)
			listing_add_number(processes->listing, number, PROC_DIRECTORY_MODE, 0);
	}
}

void proc_list_processes(struct listing *listing)
{
	struct processes processes = {listing, task_view()};

	task_list_ahead();
	if (guest_try(list_all, &processes) != STATUS_OK)
		proc_listing_fault(listing, "the rest of the processes is missing");
	listing_sort_numbers(listing);
}

static void list_threads(void *argument)
{
	struct processes *processes = argument;
	const struct task_struct *thread;
	struct row_loop loop = ROW_LOOP;

	list_for_each_entry (thread, &task_subject()->signal->thread_head, thread_node) {
		row_loop_check(&loop, thread);
		u32 number = pid_number(READ_ONCE(thread->thread_pid), processes->view);
		if (number != 0)
			listing_add_number(processes->listing, number, PROC_DIRECTORY_MODE, 0);
	}
}

/* proc_task_readdir() */
void task_list_threads(struct listing *listing)
{
	struct processes processes = {listing, task_view()};

	if (guest_try(list_threads, &processes) != STATUS_OK)
		proc_listing_fault(listing, "the rest of the threads is missing");
	listing_sort_numbers(listing);
}
