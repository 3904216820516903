/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files below a process as the kernel's own tables have them, and who owns them
 * (fs/proc/base.c, fs/proc/proc_net.c, 5.10 to 7.2). */
#include "guest/proc/entry.h"

#include "guest/proc/ahead.h"
#include "guest/proc/file.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/mm.h"
#include "guest/proc/types/namespace.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/proc-entry.h"
#include "guest/proc/types/signal.h"

enum {
	NAME_SIZE_AHEAD = 20,
	TABLE_SIZE_MAX = 1 << 16, /* 7.2 has 55 entries in its longest */
	TASK_SIZE = sizeof "/task/[tid]" - 1,
	PF_KTHREAD = 0x00200000, /* include/linux/sched.h */
	DUMPABLE_BY_OWNER = 1, /* SUID_DUMP_USER, TASK_DUMPABLE_OWNER */
	DUMPABLE_MASK = 3, /* MMF_DUMPABLE_MASK (include/linux/sched/coredump.h) */
	EXTENT_COUNT_MAX = 340, /* UID_GID_MAP_MAX_EXTENTS */
	EXTENT_BASE_COUNT = 5, /* UID_GID_MAP_MAX_BASE_EXTENTS */
	MODE_OPEN_DIRECTORY = 0040555, /* S_IFDIR | S_IRUGO | S_IXUGO */
};

extern u8 nlink_tgid, nlink_tid;
extern const char proc_fd_getattr;

/* The table ends where the kernel's next variable begins. */
static u32 table_count(const struct pid_entry *table)
{
	char name[SYMBOL_NAME_SIZE];
	uint64_t offset, size;

	if (!symbol_around((u64)table, name, &offset, &size) || offset != 0 || size > TABLE_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel's table of files about a process has no end");
	return (u32)(size / type_size(struct pid_entry));
}

/* The entry with this name in the table; NULL: none. */
static const struct pid_entry *table_find(const struct pid_entry *table, const char *name, u64 size)
{
	u32 count = table_count(table);

	for (u32 i = 0; i < count && table[i].name != NULL; i++) { /* NULL: room between variables */
		if (table[i].len == size && memcmp(table[i].name, name, size) == 0)
			return &table[i];
	}
	return NULL;
}

static u64 part_size(const char *path)
{
	u64 size = 0;

	while (path[size] != '\0' && path[size] != '/')
		size++;
	return size;
}

/* Static tables have symbols where the kernel keeps those of data (all
 * distributions' do). */
static bool tables_are_known(void)
{
	return symbol_exists(tgid_base_stuff) && symbol_exists(tid_base_stuff) && type_exists(struct pid_entry);
}

static const struct pid_entry *find(const char *path, bool of_thread)
{
	return table_find(of_thread ? tid_base_stuff : tgid_base_stuff, path, part_size(path));
}

bool process_entry_exists(const char *path, bool of_thread)
{
	return tables_are_known() && find(path, of_thread) != NULL;
}

/* make_kuid(space, 0), or 0 where it has none. */
static u32 root_of(const struct uid_gid_map *map)
{
	u32 count = min(READ_ONCE(map->nr_extents), (u32)EXTENT_COUNT_MAX);
	const struct uid_gid_extent *extents = count > EXTENT_BASE_COUNT ? map->forward : map->extent;

	for (u32 i = 0; i < count; i++) {
		if (extents[i].first == 0 && extents[i].count != 0)
			return extents[i].lower_first;
	}
	return 0;
}

/* Who owns what isn't for everybody; the task's own ids where it may be dumped. */
static const struct user_namespace *space_of_undumpable(const struct task_struct *task, bool *ret_by_owner)
{
	*ret_by_owner = false;
	if (field_exists(struct task_struct, exec_state)) {
		const struct task_exec_state *state = READ_ONCE(task->exec_state);

		*ret_by_owner = state->dumpable == DUMPABLE_BY_OWNER;
		return state->user_ns;
	}
	const struct mm_struct *mm = READ_ONCE(task->mm);
	if (mm == NULL)
		return NULL;
	const unsigned long *flags = (const unsigned long *)&mm->flags;
	*ret_by_owner = (flags[0] & DUMPABLE_MASK) == DUMPABLE_BY_OWNER;
	return mm->user_ns;
}

/* task_dump_owner(). */
static void owner(const struct task_struct *task, struct stat_answer *answer)
{
	bool by_owner;

	answer->uid = answer->gid = 0;
	if (task->flags & PF_KTHREAD)
		return;
	if (answer->mode != MODE_OPEN_DIRECTORY) {
		const struct user_namespace *space = space_of_undumpable(task, &by_owner);

		if (!by_owner) {
			answer->uid = space != NULL ? root_of(&space->uid_map) : 0;
			answer->gid = space != NULL ? root_of(&space->gid_map) : 0;
			return;
		}
	}
	const struct cred *cred = READ_ONCE(task->real_cred);
	answer->uid = cred->euid.val;
	answer->gid = cred->egid.val;
}

/* proc_tgid_net_getattr(): as many links as the directory of the namespace has. */
static u32 net_link_count(const struct task_struct *task)
{
	return READ_ONCE(task->nsproxy) != NULL ? net_subject()->proc_net->nlink : 2;
}

/* Links of a directory in the table: proc_pident_instantiate() gives two. */
static u32 link_count(const struct task_struct *task, const char *name)
{
	if (strcmp(name, "task") == 0)
		return 2 + (u32)task->signal->nr_threads; /* proc_task_getattr() */
	return strcmp(name, "net") == 0 ? net_link_count(task) : 2;
}

void process_entry_facts(const char *path, struct stat_answer *answer)
{
	const struct task_struct *task = task_subject();
	bool of_thread = subject_tid() != 0;

	path += of_thread ? TASK_SIZE : 0;
	if (*path == '\0') {
		if (symbol_exists(nlink_tgid) && symbol_exists(nlink_tid))
			answer->link_count = of_thread ? nlink_tid : nlink_tgid;
	} else if (tables_are_known()) {
		const struct pid_entry *entry = find(++path, of_thread);

		if (entry == NULL)
			guest_fail(STATUS_MISSING, "the target has no such file for a process");
		if (path[part_size(path)] == '\0') {
			/* Of another type it would be something that we don't make. */
			if ((entry->mode & ENTRY_TYPE_MASK) != (answer->mode & ENTRY_TYPE_MASK))
				guest_fail(STATUS_MALFORMED,
					   "a file of a process is of another type than any kernel gives it");
			answer->mode = entry->mode;
			answer->link_count = (entry->mode & ENTRY_TYPE_MASK) == 0040000 ? link_count(task, path) : 1;
			/* proc_fd_getattr(), where the kernel has it: since 6.2. */
			if (strcmp(path, "fd") == 0 && symbol_exists(proc_fd_getattr))
				answer->size = file_count(READ_ONCE(task->files));
		}
	}
	owner(task, answer);
}

/* ---- reading ahead */

void process_entries_ahead(void)
{
	AHEAD_VARIABLE(nlink_tgid, sizeof nlink_tgid);
	AHEAD_VARIABLE(nlink_tid, sizeof nlink_tid);
	if (!tables_are_known())
		return;
	AHEAD_START (tgid_base_stuff)
		AHEAD_ARRAY_HERE (type_size(struct pid_entry), table_count(tgid_base_stuff)) {
			AHEAD_TAKE(struct pid_entry, len);
			AHEAD_TAKE(struct pid_entry, mode);
			AHEAD_FOLLOW (struct pid_entry, name)
				ahead_take(0, NAME_SIZE_AHEAD);
		}
}

void process_owner_ahead(void)
{
	AHEAD_TAKE(struct task_struct, flags);
	AHEAD_FOLLOW (struct task_struct, exec_state) {
		AHEAD_TAKE(struct task_exec_state, dumpable);
		AHEAD_TAKE(struct task_exec_state, user_ns);
	}
	AHEAD_FOLLOW (struct task_struct, mm) {
		AHEAD_TAKE(struct mm_struct, flags);
		AHEAD_TAKE(struct mm_struct, user_ns);
	}
	AHEAD_FOLLOW (struct task_struct, real_cred) {
		AHEAD_TAKE(struct cred, euid);
		AHEAD_TAKE(struct cred, egid);
	}
	AHEAD_FOLLOW (struct task_struct, nsproxy)
		AHEAD_TAKE(struct nsproxy, net_ns);
	AHEAD_FOLLOW (struct task_struct, signal)
		AHEAD_TAKE(struct signal_struct, nr_threads);
}
