/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every generator and every question that nodes.h and nodes-sys.h name. */
#ifndef GUEST_PROC_SHOWS_H
#define GUEST_PROC_SHOWS_H

#include <stdbool.h>

struct listing;
struct seq;

#define DIRECTORY(path_)
#define DIRECTORY_MODE(path_, mode_)
#define LISTED(path_, list_, exists_) void list_(struct listing *listing);
#define LISTED_MODE(path_, mode_, list_, exists_) void list_(struct listing *listing);
#define LISTED_OWN(path_, mode_, list_, own_) \
	void list_(struct listing *listing);  \
	void own_(void *answer);
#define LINK(path_, target_)
#define LINK_NODE(path_, text_, stat_) void text_(struct seq *seq);
#define LINK_FOUND(path_, text_, stat_, own_) \
	void text_(struct seq *seq);          \
	void stat_(void *answer);             \
	void own_(void *answer);
#define FILE_NODE(path_, show_, exists_) void show_(struct seq *seq);
#define PRIVATE_NODE(path_, show_, exists_) void show_(struct seq *seq);
#define FILE_MODE(path_, mode_, show_, exists_) void show_(struct seq *seq);
#define TREE_NODE(path_, stat_, list_, show_) \
	void stat_(void *answer);             \
	void list_(struct listing *listing);  \
	void show_(struct seq *seq);
#include "guest/proc/nodes.h"
#include "guest/proc/nodes-sys.h"
#undef DIRECTORY
#undef DIRECTORY_MODE
#undef LISTED
#undef LISTED_MODE
#undef LISTED_OWN
#undef LINK
#undef LINK_NODE
#undef LINK_FOUND
#undef FILE_NODE
#undef PRIVATE_NODE
#undef FILE_MODE
#undef TREE_NODE

/* proc_exists: is the file in the network namespace's own /proc/net? */
bool net_node_exists(const char *path);
/* Has the target's procfs an entry at this path ("stat", "net/sctp/snmp",
 * "[pid]/io"), shown here or not? What is below /proc/sys isn't such an entry. */
bool entry_exists(const char *path);
/* Has the kernel this file of a process in its own tables? */
bool task_entry_exists(const char *path);

/* Has the subject's process a file under the subject's number? */
bool pid_fd_exists(const char *path);

/* proc_stat of magic links, one a line. */
void ns_cgroup_stat(void *answer);
void ns_ipc_stat(void *answer);
void ns_mnt_stat(void *answer);
void ns_net_stat(void *answer);
void ns_pid_for_children_stat(void *answer);
void ns_pid_stat(void *answer);
void ns_time_for_children_stat(void *answer);
void ns_time_stat(void *answer);
void ns_user_stat(void *answer);
void ns_uts_stat(void *answer);
void pid_cwd_stat(void *answer);
void pid_exe_stat(void *answer);
void pid_fd_stat(void *answer);
void pid_root_stat(void *answer);
void sysctl_stat(void *answer);
void sysfs_stat(void *answer);

#endif
