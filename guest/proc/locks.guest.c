/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/locks (fs/locks.c, 5.10 to 7.2). */
#include "guest/proc/lock.h"

#include "guest/proc/mention.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/pid.h"

enum {
	LOCK_POSIX = 1, /* FL_… */
	LOCK_FLOCK = 2,
	LOCK_DELEGATION = 4,
	LOCK_ACCESS = 8,
	LOCK_LEASE = 32,
	LOCK_DOWNGRADE_PENDING = 256,
	LOCK_UNLOCK_PENDING = 512,
	LOCK_OF_FILE = 1024, /* FL_OFDLCK */
	LOCK_LAYOUT = 2048,
	TYPE_READ = 0, /* F_RDLCK */
	TYPE_WRITE = 1,
	TYPE_UNLOCKED = 2,
	TYPE_MANDATORY = 32, /* LOCK_MAND, before 5.17, with these: */
	TYPE_MANDATORY_READ = 64,
	TYPE_MANDATORY_WRITE = 128,
	SUPER_MANDATORY = 0x40, /* SB_MANDLOCK, before 5.15 */
	MODE_SET_GROUP = 02000,
	MODE_GROUP_EXECUTES = 010,
	MINOR_BITS = 20,
	/* Who waits for whom: a lock waits for one other, and each costs
	 * memory and a process. */
	LOCK_COUNT_MAX = 1 << 20,
};

static const s64 offset_max = 0x7fffffffffffffff;

extern struct file_lock_list_struct file_lock_list;
extern const char locks_show[];

/* A lock of either shape. */
struct lock {
	const void *lock; /* struct file_lock_core, before 6.9 struct file_lock */
	const struct file *file;
	u32 flags, type;
	s32 pid;
};

static bool has_core(void)
{
	return type_exists(struct file_lock_core);
}

static void lock_read(struct lock *lock, const void *address)
{
	lock->lock = address;
	if (has_core()) {
		const struct file_lock_core *core = address;

		lock->file = core->flc_file;
		lock->flags = core->flc_flags;
		lock->type = core->flc_type;
		lock->pid = (s32)core->flc_pid;
	} else {
		const struct file_lock *old = address;

		lock->file = old->fl_file;
		lock->flags = old->fl_flags;
		lock->type = old->fl_type;
		lock->pid = (s32)old->fl_pid;
	}
}

static const struct list_head *requests_of(const void *lock)
{
	return has_core() ? &((const struct file_lock_core *)lock)->flc_blocked_requests
			  : &((const struct file_lock *)lock)->fl_blocked_requests;
}

static const struct list_head *member_of(const void *lock)
{
	return has_core() ? &((const struct file_lock_core *)lock)->flc_blocked_member
			  : &((const struct file_lock *)lock)->fl_blocked_member;
}

static const void *blocker_of(const void *lock)
{
	return has_core() ? (const void *)READ_ONCE(((const struct file_lock_core *)lock)->flc_blocker)
			  : (const void *)READ_ONCE(((const struct file_lock *)lock)->fl_blocker);
}

static const void *from_member(const struct list_head *member)
{
	return (const char *)member - (has_core() ? field_offset(struct file_lock_core, flc_blocked_member)
						  : field_offset(struct file_lock, fl_blocked_member));
}

/* The view's number of a process that the initial namespace calls `pid`. */
static s32 pid_in_view(s32 pid)
{
	const struct task_struct *task;

	list_for_each_entry (task, &init_task.tasks, tasks)
		if (task->pid == pid)
			return (s32)task_pid_shown(task);
	return 0;
}

/* locks_translate_pid() */
static s32 owner_shown(const struct lock *lock)
{
	if ((lock->flags & LOCK_OF_FILE) != 0)
		return -1;
	if (lock->pid <= 0 || task_view() == &init_pid_ns)
		return lock->pid;
	return pid_in_view(lock->pid);
}

/* ---- one line: lock_get_status() */

static bool is_mandatory(const struct inode *inode)
{
	return (inode->i_sb->s_flags & SUPER_MANDATORY) != 0 &&
	       (inode->i_mode & (MODE_SET_GROUP | MODE_GROUP_EXECUTES)) == MODE_SET_GROUP;
}

static bool is_lease(const struct lock *lock)
{
	return (lock->flags & (LOCK_LEASE | LOCK_DELEGATION | LOCK_LAYOUT)) != 0;
}

static const char *range_kind(const struct lock *lock)
{
	if ((lock->flags & LOCK_ACCESS) != 0)
		return "ACCESS";
	return (lock->flags & LOCK_OF_FILE) != 0 ? "OFDLCK" : "POSIX ";
}

static void show_kind(struct seq *seq, const struct lock *lock)
{
	if ((lock->flags & LOCK_POSIX) != 0) {
		seq_puts(seq, range_kind(lock));
		if (lock->file == NULL)
			seq_puts(seq, " *NOINODE* ");
		else
			seq_puts(seq, is_mandatory(lock->file->f_inode) ? " MANDATORY " : " ADVISORY  ");
	} else if ((lock->flags & LOCK_FLOCK) != 0) {
		seq_puts(seq, (lock->type & TYPE_MANDATORY) != 0 ? "FLOCK  MSNFS     " : "FLOCK  ADVISORY  ");
	} else if (is_lease(lock)) {
		seq_puts(seq, (lock->flags & LOCK_DELEGATION) != 0 ? "DELEG  " : "LEASE  ");
		if ((lock->flags & (LOCK_UNLOCK_PENDING | LOCK_DOWNGRADE_PENDING)) != 0)
			seq_puts(seq, "BREAKING  ");
		else
			seq_puts(seq, lock->file != NULL ? "ACTIVE    " : "BREAKER   ");
	} else {
		seq_puts(seq, "UNKNOWN UNKNOWN  ");
	}
}

static const char *mandatory_word(u32 type)
{
	bool writes = (type & TYPE_MANDATORY_WRITE) != 0;

	if ((type & TYPE_MANDATORY_READ) != 0)
		return writes ? "RW    " : "READ  ";
	return writes ? "WRITE " : "NONE  ";
}

static const char *type_word(const struct lock *lock)
{
	u32 type = lock->type;

	if ((type & TYPE_MANDATORY) != 0)
		return mandatory_word(type);
	if (is_lease(lock) && (lock->flags & LOCK_UNLOCK_PENDING) != 0)
		type = TYPE_UNLOCKED;
	else if (is_lease(lock) && (lock->flags & LOCK_DOWNGRADE_PENDING) != 0)
		type = TYPE_READ;
	if (type == TYPE_WRITE)
		return "WRITE ";
	return type == TYPE_READ ? "READ " : "UNLCK ";
}

static void show_range(struct seq *seq, const struct lock *lock)
{
	const struct file_lock *range = lock->lock;

	if ((lock->flags & LOCK_POSIX) == 0) {
		seq_puts(seq, "0 EOF\n");
		return;
	}
	if (has_core())
		range = container_of(lock->lock, struct file_lock, c);
	if (range->fl_end == offset_max)
		seq_printf(seq, "%lld EOF\n", range->fl_start);
	else
		seq_printf(seq, "%lld %lld\n", range->fl_start, range->fl_end);
}

static void show_lock(struct seq *seq, const struct lock *lock, u64 number, int level)
{
	seq_printf(seq, "%llu: ", number);
	if (level > 0)
		seq_printf(seq, "%*s", level - 1 + 3, "-> ");
	show_kind(seq, lock);
	seq_puts(seq, type_word(lock));
	if (lock->file != NULL) {
		const struct inode *inode = lock->file->f_inode;
		u32 device = inode->i_sb->s_dev;

		seq_printf(seq, "%d %02x:%02x:%lu ", owner_shown(lock), device >> MINOR_BITS,
			   device & ((1 << MINOR_BITS) - 1), inode->i_ino);
	} else {
		seq_printf(seq, "%d <none>:0 ", owner_shown(lock));
	}
	show_range(seq, lock);
}

/* ---- the file */

/* The one after it among those who wait for the same; NULL: it is the last. */
static const void *next_waiter(const void *lock)
{
	const void *blocker = blocker_of(lock);
	const struct list_head *next;

	if (blocker == NULL)
		return NULL;
	next = READ_ONCE(member_of(lock)->next);
	return next == requests_of(blocker) || next == member_of(lock) ? NULL : from_member(next);
}

/* locks_show(): who waits, as a tree; before 5.14 those alone who wait for the
 * lock itself. */
static void show_waiters(struct seq *seq, const void *top, u64 number)
{
	struct guest_bound bound = GUEST_BOUND(LOCK_COUNT_MAX, "processes that wait for a lock");
	bool deep = code_mentions(locks_show, "-> ");
	const void *at = top;
	int level = 0;

	while (at != NULL) {
		struct lock lock;

		guest_bound(&bound);
		if (at != top) {
			lock_read(&lock, at);
			show_lock(seq, &lock, number, level);
		}
		if ((deep || at == top) && !list_empty(requests_of(at))) {
			at = from_member(READ_ONCE(requests_of(at)->next));
			level++;
			continue;
		}
		const void *next = next_waiter(at);
		while (next == NULL && at != top && blocker_of(at) != NULL) {
			guest_bound(&bound);
			at = blocker_of(at);
			level--;
			next = at == top ? NULL : next_waiter(at);
		}
		at = next;
	}
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	struct lock lock;

	lock_read(&lock, row->object);
	if (owner_shown(&lock) == 0)
		return;
	show_lock(row->seq, &lock, row->rows->count, 0);
	show_waiters(row->seq, lock.lock, row->rows->count);
}

void locks_show_all(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a lock is missing"};
	u64 offset =
		has_core() ? field_offset(struct file_lock_core, flc_link) : field_offset(struct file_lock, fl_link);
	u32 cpu;

	for_each_possible_cpu (cpu)
		rows_show_list(&rows, READ_ONCE(per_cpu_ptr(&file_lock_list, cpu)->hlist.first), offset);
}

/* ---- a descriptor's */

static void show_held(struct seq *seq, const struct list_head *head, u32 *number, const struct file *file,
		      const struct files_struct *files)
{
	u64 offset =
		has_core() ? field_offset(struct file_lock_core, flc_list) : field_offset(struct file_lock, fl_list);
	struct guest_bound bound = GUEST_BOUND(LOCK_COUNT_MAX, "locks of a file");

	for (const struct list_head *at = READ_ONCE(head->next); at != head; at = READ_ONCE(at->next)) {
		const void *address = (const char *)at - offset;
		const void *owner = has_core() ? ((const struct file_lock_core *)address)->flc_owner
					       : ((const struct file_lock *)address)->fl_owner;
		struct lock lock;

		guest_bound(&bound);
		lock_read(&lock, address);
		if (lock.file != file || (owner != files && owner != file))
			continue;
		seq_puts(seq, "lock:\t");
		show_lock(seq, &lock, ++*number, 0);
	}
}

void locks_of_file_show(struct seq *seq, const struct file *file, const struct files_struct *files)
{
	const struct file_lock_context *context = READ_ONCE(file->f_inode->i_flctx);
	u32 number = 0;

	if (context == NULL)
		return;
	show_held(seq, &context->flc_flock, &number, file, files);
	show_held(seq, &context->flc_posix, &number, file, files);
	show_held(seq, &context->flc_lease, &number, file, files);
}
