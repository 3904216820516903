/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables themselves. */
#include <sys/stat.h>

#include "base/checked.h"
#include "guest/proc/node.h"
#include "guest/proc/shows.h"

#define DIRECTORY(path_) DIRECTORY_MODE(path_, 0555)
#define DIRECTORY_MODE(path_, mode_) LISTED_MODE(path_, mode_, NULL, NULL)
#define LISTED(path_, list_, exists_) LISTED_MODE(path_, 0555, list_, exists_)
#define LISTED_MODE(path_, mode_, list_, exists_) \
	{.path = path_, .mode = S_IFDIR | (mode_), .list = list_, .exists = exists_},
#define LISTED_OWN(path_, mode_, list_, own_) {.path = path_, .mode = S_IFDIR | (mode_), .list = list_, .own = own_},
#define LINK(path_, target_) {.path = path_, .mode = S_IFLNK | 0777, .target = target_},
#define LINK_NODE(path_, text_, stat_) {.path = path_, .mode = S_IFLNK | 0777, .show = text_, .stat = stat_},
#define LINK_FOUND(path_, text_, stat_, own_) \
	{.path = path_, .mode = S_IFLNK | 0777, .show = text_, .stat = stat_, .own = own_},
#define FILE_NODE(path_, show_, exists_) FILE_MODE(path_, 0444, show_, exists_)
#define PRIVATE_NODE(path_, show_, exists_) FILE_MODE(path_, 0400, show_, exists_)
#define FILE_MODE(path_, mode_, show_, exists_) \
	{.path = path_, .mode = S_IFREG | (mode_), .show = show_, .exists = exists_},
#define TREE_NODE(path_, stat_, list_, show_) {.path = path_, .stat = stat_, .list = list_, .show = show_},

static const struct proc_node proc_nodes[] = {
#include "guest/proc/nodes.h"
};

static const struct proc_node sys_nodes[] = {
#include "guest/proc/nodes-sys.h"
};

/* procfs is the first. */
const struct proc_tree proc_trees[] = {
	{.root = "/proc", .nodes = proc_nodes, .node_count = ARRAY_COUNT(proc_nodes)},
	{.root = "/sys", .nodes = sys_nodes, .node_count = ARRAY_COUNT(sys_nodes)},
};

const size_t proc_tree_count = ARRAY_COUNT(proc_trees);
