/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are in the target's own /proc and /proc/net: the trees that its
 * procfs looks names up in (fs/proc/generic.c, pde_subdir_find(), 5.10 to 7.2). */
#include "guest/proc/entry.h"

#include "guest/proc/ahead.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/options.h"

enum {
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep; the
	 * nodes' inode numbers are 32 bits. */
	TREE_DEPTH_MAX = 64,
	/* Of a name, with its entry: most are short, and lie in the entry itself. */
	NAME_SIZE_AHEAD = 20,
	PREFIX_SIZE = sizeof "net/" - 1,
	PID_SIZE = sizeof "[pid]" - 1,
	TASK_SIZE = sizeof "[pid]/task/[tid]" - 1,
	REST_SIZE = sizeof "[*]" - 1,
	INIT_PID = 1,
};

extern struct proc_dir_entry proc_root;
extern struct file_system_type proc_fs_type;
extern unsigned long process_counts; /* per-CPU (kernel/fork.c) */

/* proc_match(): shorter names come first. */
static int entry_compare(const char *name, u64 size, const struct proc_dir_entry *entry)
{
	u64 entry_size = entry->namelen;

	if (size != entry_size)
		return size < entry_size ? -1 : 1;
	return memcmp(name, entry->name, size);
}

/* pde_subdir_find(). */
static const struct proc_dir_entry *subdir_find(const struct proc_dir_entry *directory, const char *name, u64 size)
{
	const struct rb_node *node = directory->subdir.rb_node;
	struct guest_bound bound = GUEST_BOUND(TREE_DEPTH_MAX, "a tree of /proc");

	while (node != NULL) {
		guest_bound(&bound);
		const struct proc_dir_entry *entry = container_of(node, struct proc_dir_entry, subdir_node);
		int order = entry_compare(name, size, entry);
		if (order == 0)
			return entry;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool starts_with(const char *path, const char *prefix, u64 size)
{
	return strnlen(path, size) == size && memcmp(path, prefix, size) == 0;
}

static u64 component_size(const char *path)
{
	u64 size = 0;

	while (path[size] != '\0' && path[size] != '/')
		size++;
	return size;
}

/* proc_net_ns_init() (fs/proc/proc_net.c): the parent of a namespace's "net" is
 * the root of procfs. */
static const struct proc_dir_entry *root(void)
{
	return symbol_exists(proc_root) ? &proc_root : init_net.proc_net->parent;
}

/* As system_facts(). */
static void facts_ahead(void)
{
	AHEAD_TAKE(struct proc_dir_entry, mode);
	AHEAD_TAKE(struct proc_dir_entry, uid);
	AHEAD_TAKE(struct proc_dir_entry, gid);
	AHEAD_TAKE(struct proc_dir_entry, low_ino);
	AHEAD_TAKE(struct proc_dir_entry, size);
	AHEAD_TAKE(struct proc_dir_entry, nlink);
}

/* The names in a directory: a program that looks at one file looks at others. */
static void names_ahead(void)
{
	AHEAD_RBTREE (struct proc_dir_entry, subdir.rb_node, struct proc_dir_entry, subdir_node) {
		AHEAD_TAKE(struct proc_dir_entry, namelen);
		facts_ahead();
		AHEAD_FOLLOW (struct proc_dir_entry, name)
			ahead_take(0, NAME_SIZE_AHEAD);
	}
}

/* As task_subject() makes sure that it has found the right one; the base is the task. */
static void number_ahead(void)
{
	AHEAD_TAKE(struct task_struct, pid);
	AHEAD_TAKE(struct task_struct, thread_pid);
	AHEAD_TAKE(struct task_struct, group_leader);
	AHEAD_FOLLOW (struct task_struct, signal)
		AHEAD_TAKE(struct signal_struct, pids);
}

/* What a program that follows /proc/net or /proc/self asks of that process, init. */
static void init_ahead(void)
{
	AHEAD_START (&init_pid_ns) {
		AHEAD_TAKE(struct pid_namespace, idr.idr_base);
		AHEAD_TAKE(struct pid_namespace, level);
		AHEAD_XARRAY_AT(struct pid_namespace, idr.idr_rt.xa_head, INIT_PID)
		{
			AHEAD_TAKE(struct pid, level);
			/* The first namespace's: init has one number alone. */
			ahead_take((s64)field_offset(struct pid, numbers), (u32)type_size(struct upid));
			AHEAD_TAKE(struct pid, tasks);
			AHEAD_FOLLOW (struct pid, tasks)
				AHEAD_CONTAINER (struct task_struct, pid_links) {
					number_ahead();
					process_owner_ahead();
				}
		}
	}
}

/* Where the first /proc is mounted. */
static void mounts_ahead(void)
{
	if (symbol_exists(proc_fs_type))
		AHEAD_START (&proc_fs_type)
			AHEAD_CHAIN (struct file_system_type, fs_supers.first, struct super_block, s_instances) {
				AHEAD_TAKE(struct super_block, s_dev);
				AHEAD_FOLLOW (struct super_block, s_fs_info)
					AHEAD_TAKE(struct proc_fs_info, pid_ns);
			}
}

/* As process_count(). */
static void process_count_ahead(void)
{
	AHEAD_VARIABLE(nr_cpu_ids, sizeof nr_cpu_ids);
	AHEAD_VARIABLE(__cpu_possible_mask, sizeof(u64));
	if (symbol_exists(process_counts) && symbol_exists(__per_cpu_offset))
		AHEAD_START (&process_counts)
			AHEAD_PERCPU ()
				ahead_take(0, sizeof(u64));
}

static void entries_ahead(void *unused)
{
	AHEAD_START (&init_net)
		AHEAD_FOLLOW (struct net, proc_net) {
			AHEAD_TAKE(struct proc_dir_entry, nlink);
			names_ahead();
			AHEAD_FOLLOW (struct proc_dir_entry, parent) {
				facts_ahead();
				names_ahead();
			}
		}
	init_ahead();
	process_count_ahead();
	mounts_ahead();
	process_entries_ahead();
}

const struct proc_dir_entry *entry_find(const char *path)
{
	bool net = starts_with(path, "net/", PREFIX_SIZE);
	const struct proc_dir_entry *entry = net ? net_subject()->proc_net : root();

	/* Bounded by the path's length. */
	for (path += net ? PREFIX_SIZE : 0; entry != NULL && *path != '\0';) {
		u64 size = component_size(path);
		char rest[PROC_REST_SIZE_MAX];

		if (size == REST_SIZE && starts_with(path, "[*]", REST_SIZE)) {
			subject_rest(rest, sizeof rest);
			entry = subdir_find(entry, rest, strlen(rest));
		} else {
			entry = subdir_find(entry, path, size);
		}
		path += size;
		if (*path == '/')
			path++;
	}
	return entry;
}

bool net_node_exists(const char *path)
{
	return entry_find(path) != NULL;
}

bool entry_exists(const char *path)
{
	if (starts_with(path, "[pid]/task/[tid]/", TASK_SIZE + 1))
		return process_entry_exists(path + TASK_SIZE + 1, true);
	if (starts_with(path, "[pid]/", PID_SIZE + 1))
		return process_entry_exists(path + PID_SIZE + 1, false);
	return entry_find(path) != NULL;
}

/* nr_processes(). */
static u32 process_count(void)
{
	u64 count = 0;
	u32 cpu;

	if (!symbol_exists(process_counts))
		return 0;
	for_each_possible_cpu (cpu)
		count += *per_cpu_ptr(&process_counts, cpu);
	return (u32)count;
}

/* proc_get_inode() (fs/proc/inode.c), proc_getattr(), proc_root_getattr(). */
static void system_facts(const char *path, struct stat_answer *answer)
{
	const struct proc_dir_entry *entry = entry_find(path);

	if (entry == NULL)
		guest_fail(STATUS_MISSING, "the target's procfs has no such entry");
	u32 mode = entry->mode;
	if ((mode & ENTRY_TYPE_MASK) == (answer->mode & ENTRY_TYPE_MASK))
		answer->mode = mode;
	answer->uid = entry->uid.val;
	answer->gid = entry->gid.val;
	answer->inode = entry->low_ino;
	answer->size = (u64)entry->size;
	answer->link_count = entry->nlink;
	if (path[0] == '\0')
		answer->link_count += process_count();
}

u64 device_shown(u32 device)
{
	u32 major = device >> 20, minor = device & 0xfffff;

	return (minor & 0xff) | (u64)major << 8 | (u64)(minor & ~0xffu) << 12;
}

/* The device number of the first /proc that was mounted for the view. */
static void find_device(void *argument)
{
	const struct pid_namespace *view = task_view();
	const struct super_block *super;
	u64 *found = argument;

	/* The newest comes first. */
	hlist_for_each_entry (super, &proc_fs_type.fs_supers, s_instances) {
		const struct proc_fs_info *info = super->s_fs_info;

		if (info != NULL && info->pid_ns == view)
			*found = device_shown(super->s_dev);
	}
}

/* 0, and one is made up, where none is mounted; or where the list was changing:
 * no file is worth losing for that. */
static u64 device(void)
{
	u64 found = 0;

	if (!symbol_exists(proc_fs_type) || guest_try(find_device, &found) != STATUS_OK)
		return 0;
	return found;
}

/* /proc/self and thread-self are made apart (fs/proc/self.c), /proc/sys has inodes
 * of its own, whose directories count no links (fs/proc/proc_sysctl.c). */
static bool is_apart(const char *path)
{
	return strcmp(path, "self") == 0 || strcmp(path, "thread-self") == 0 || strcmp(path, "sys") == 0 ||
	       starts_with(path, "sys/", sizeof "sys/" - 1);
}

void entry_facts(void *argument)
{
	struct entry_facts *facts = argument;

	ahead_renew(AHEAD_KEY_ENTRIES);
	ahead(entries_ahead, NULL, AHEAD_KEY_ENTRIES);
	task_ahead();
	if (subject_pid() != 0)
		task_subject(); /* or there is nothing */
	facts->answer.device = device();
	if (starts_with(facts->path, "[pid]", PID_SIZE))
		process_entry_facts(facts->path + PID_SIZE, &facts->answer);
	else if (is_apart(facts->path))
		facts->answer.link_count = 1;
	else
		system_facts(facts->path, &facts->answer);
}
