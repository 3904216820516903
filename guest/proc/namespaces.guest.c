/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/ns (fs/proc/namespaces.c, fs/nsfs.c and the …ns_get() of each kind,
 * 5.10 to 7.2). */
#include "guest/proc/types/namespace.h"

#include "guest/proc/file.h"
#include "guest/proc/mention.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

enum {
	NAMESPACE_MODE = 0100444, /* S_IFREG | S_IRUGO */
	PID_NAMESPACE_LEVEL_MAX = 32, /* MAX_PID_NS_LEVEL */
};

/* Where namespaces' inodes are; absent before the first was looked at. */
extern struct vfsmount *nsfs_mnt;
extern const char pidns_for_children_get, tasklist_lock[];

static const struct nsproxy *namespaces(void)
{
	const struct nsproxy *namespaces = READ_ONCE(task_subject()->nsproxy);

	if (namespaces == NULL)
		guest_fail(STATUS_MISSING, "the process has left its namespaces");
	return namespaces;
}

/* task_active_pid_ns() */
static const struct ns_common *pid_namespace(void)
{
	const struct pid *pid = READ_ONCE(task_subject()->thread_pid);

	if (pid == NULL || pid->level > PID_NAMESPACE_LEVEL_MAX)
		guest_fail(STATUS_MISSING, "the process has no number any more");
	return &pid->numbers[pid->level].ns->ns;
}

/* pidns_for_children_get(): before its first process is born, older kernels say
 * that there is none. */
static const struct ns_common *pid_namespace_for_children(void)
{
	const struct pid_namespace *space = namespaces()->pid_ns_for_children;

	if (READ_ONCE(space->child_reaper) == NULL && symbol_exists(pidns_for_children_get) &&
	    code_refers_to(&pidns_for_children_get, tasklist_lock))
		guest_fail(STATUS_MISSING, "nobody lives in the namespace yet");
	return &space->ns;
}

static const struct ns_common *user_namespace(void)
{
	return &READ_ONCE(task_subject()->real_cred)->user_ns->ns;
}

static void show(struct seq *seq, const char *kind, const struct ns_common *ns)
{
	seq_printf(seq, "%s:[%u]", kind, ns->inum);
}

static void fill(struct stat_answer *answer, const struct ns_common *ns)
{
	answer->mode = NAMESPACE_MODE;
	answer->link_count = 1;
	answer->inode = ns->inum;
	answer->device = device_number(nsfs_mnt->mnt_sb->s_dev);
}

/* A kind: the two questions about its link. */
#define NAMESPACE(file, kind, namespace)       \
	void ns_##file##_text(struct seq *seq) \
	{                                      \
		show(seq, kind, namespace);    \
	}                                      \
	void ns_##file##_stat(void *answer)    \
	{                                      \
		fill(answer, namespace);       \
	}

NAMESPACE(cgroup, "cgroup", &namespaces()->cgroup_ns->ns)
NAMESPACE(ipc, "ipc", &namespaces()->ipc_ns->ns)
NAMESPACE(mnt, "mnt", &namespaces()->mnt_ns->ns)
NAMESPACE(net, "net", &namespaces()->net_ns->ns)
NAMESPACE(pid, "pid", pid_namespace())
NAMESPACE(pid_for_children, "pid", pid_namespace_for_children())
NAMESPACE(time, "time", &namespaces()->time_ns->ns)
NAMESPACE(time_for_children, "time", &namespaces()->time_ns_for_children->ns)
NAMESPACE(user, "user", user_namespace())
NAMESPACE(uts, "uts", &namespaces()->uts_ns->ns)
