/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces by a process that lives in them, by their inode, by a name (kernel/pid.c, fs/nsfs.c,
 * net/core/net_namespace.c, 5.10 to 7.2; iproute2's ip/ipnetns.c for where names are). */
#include "guest/proc/mounts.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/namespace.h"
#include "guest/proc/view-question.h"

enum {
	PID_NAMESPACE_LEVEL_MAX = 32, /* MAX_PID_NS_LEVEL */
	FIRST_PROCESS = 1,
};

extern struct list_head net_namespace_list;

/* task_active_pid_ns(); NULL: it is ending. */
static const struct pid_namespace *space_of(const struct task_struct *task)
{
	const struct pid *pid = READ_ONCE(task->thread_pid);

	if (pid == NULL)
		return NULL;
	if (pid->level > PID_NAMESPACE_LEVEL_MAX)
		guest_fail(STATUS_MALFORMED, "a PID namespace lies deeper than Linux makes them");
	return pid->numbers[pid->level].ns;
}

/* A namespace without a process is at its end: nobody can be in it any more. */
static const struct pid_namespace *space_with_inode(u32 inode)
{
	struct row_loop loop = ROW_LOOP;
	const struct task_struct *task;

	list_for_each_entry (task, &init_task.tasks, tasks) {
		row_loop_check(&loop, task);
		const struct pid_namespace *space = space_of(task);
		u32 level = 0;
		for (; space != NULL && level <= PID_NAMESPACE_LEVEL_MAX; level++, space = READ_ONCE(space->parent))
			if (space->ns.inum == inode)
				return space;
	}
	return NULL;
}

static const struct pid_namespace *space_find(const struct proc_view_choice *choice)
{
	if (choice->kind == PROC_VIEW_OF_INODE)
		return space_with_inode(choice->number);
	const struct task_struct *task = task_find_initial(choice->number);
	return task != NULL ? space_of(task) : NULL;
}

static const struct net *net_of(const struct task_struct *task)
{
	const struct nsproxy *spaces = task != NULL ? READ_ONCE(task->nsproxy) : NULL;

	return spaces != NULL ? spaces->net_ns : NULL;
}

static const struct net *net_with_inode(u32 inode)
{
	struct row_loop loop = ROW_LOOP;
	const struct net *net;

	list_for_each_entry (net, &net_namespace_list, list) {
		row_loop_check(&loop, net);
		if (net->ns.inum == inode)
			return net;
	}
	return NULL;
}

static bool is_named(const struct mount *mount, const struct place *root, const char *directory, const char *name)
{
	struct place place = {mount, mount->mnt.mnt_root};
	u64 length = strlen(directory), name_length = strlen(name);
	struct path_text text;

	if (!path_text_below(&text, &place, root) || PATH_TEXT_SIZE - text.start != length + name_length)
		return false;
	return memcmp(text.bytes + text.start, directory, length) == 0 &&
	       memcmp(text.bytes + text.start + length, name, name_length) == 0;
}

/* Among the mounts of the target's first process: `ip netns add` shares them with everybody. */
static const struct net *net_with_name(const char *name)
{
	const struct task_struct *first = task_find_initial(FIRST_PROCESS);
	const struct nsproxy *spaces = first != NULL ? READ_ONCE(first->nsproxy) : NULL;
	const struct fs_struct *fs = spaces != NULL ? READ_ONCE(first->fs) : NULL;
	const struct mount *mount;
	struct mount_walk walk;
	char type[8];

	if (fs == NULL || spaces->mnt_ns == NULL)
		return NULL;
	struct place root = place_make(&fs->root);
	mount_walk_start(&walk, spaces->mnt_ns);
	while ((mount = mount_walk_next(&walk)) != NULL) {
		guest_string_copy(type, sizeof type, mount->mnt.mnt_sb->s_type->name);
		if (strcmp(type, "nsfs") == 0 &&
		    (is_named(mount, &root, "/run/netns/", name) || is_named(mount, &root, "/var/run/netns/", name)))
			return net_with_inode((u32)mount->mnt.mnt_root->d_inode->i_ino);
	}
	return NULL;
}

static const struct net *net_find(const struct proc_view_choice *choice)
{
	switch (choice->kind) {
	case PROC_VIEW_OF_NAME: return net_with_name(choice->name);
	case PROC_VIEW_OF_INODE: return net_with_inode(choice->number);
	default: return net_of(task_find_initial(choice->number));
	}
}

static u64 mark_of(const struct pid_namespace *space)
{
	const struct task_struct *first = READ_ONCE(space->child_reaper);

	/* Another thread takes its place where the first one ends (find_child_reaper(), kernel/exit.c): the leader
	 * stays. */
	return first != NULL ? READ_ONCE(first->group_leader)->start_boottime : 0;
}

static void answer_net(struct view_question *question, const struct net *net)
{
	question->net = (u64)net;
	if (net == NULL) {
		question->lacks = VIEW_LACKS_NET;
		return;
	}
	question->net_inode = net->ns.inum;
	question->net_mark = net->hash_mix;
}

void view_question_run(void *argument)
{
	struct view_question *question = argument;
	const struct pid_namespace *space = NULL;

	if (question->view.pid.kind != PROC_VIEW_INITIAL) {
		space = space_find(&question->view.pid);
		if (space == NULL) {
			question->lacks = VIEW_LACKS_PID_SPACE;
			return;
		}
		question->pid_space = (u64)space;
		question->pid_inode = space->ns.inum;
		question->pid_mark = mark_of(space);
	}
	if (question->view.net.kind != PROC_VIEW_INITIAL)
		answer_net(question, net_find(&question->view.net));
	else if (space != NULL)
		answer_net(question, net_of(READ_ONCE(space->child_reaper)));
}
