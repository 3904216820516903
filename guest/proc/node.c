/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "guest/proc/shows.h"

#define DIRECTORY(path_) {.path = path_, .mode = S_IFDIR | 0555},
#define LINK(path_, target_) {.path = path_, .mode = S_IFLNK | 0777, .target = target_},
#define FILE_NODE(path_, show_, exists_) {.path = path_, .mode = S_IFREG | 0444, .show = show_, .exists = exists_},
const struct proc_node proc_nodes[] = {
#include "guest/proc/nodes.h"
};

const size_t proc_node_count = ARRAY_COUNT(proc_nodes);

static const char net_alias[] = "self/net/";
static const char net_files[] = "net/";

static int compare_path(const void *path, const void *node)
{
	return strcmp(path, ((const struct proc_node *)node)->path);
}

status proc_node_find(const char *path, const struct proc_node **ret_node)
{
	if (strncmp(path, net_alias, strlen(net_alias)) == 0)
		path += strlen(net_alias) - strlen(net_files);
	const struct proc_node *node = bsearch(path, proc_nodes, proc_node_count, sizeof proc_nodes[0], compare_path);
	if (node == NULL)
		return STATUS_MISSING;
	*ret_node = node;
	return STATUS_OK;
}

/* What the paths of a directory's children start with, its size. */
static size_t children_prefix(const struct proc_node *directory, const char **ret_prefix)
{
	if (strcmp(directory->path, "self/net") == 0) {
		*ret_prefix = net_files;
		return strlen(net_files) - 1;
	}
	*ret_prefix = directory->path;
	return strlen(directory->path);
}

static bool is_child(const struct proc_node *node, const char *prefix, size_t prefix_size)
{
	const char *name = node->path;

	if (prefix_size != 0) {
		if (strncmp(name, prefix, prefix_size) != 0 || name[prefix_size] != '/')
			return false;
		name += prefix_size + 1;
	}
	return name[0] != '\0' && strchr(name, '/') == NULL;
}

const struct proc_node *proc_node_next(const struct proc_node *directory, const struct proc_node *previous)
{
	const char *prefix;
	size_t prefix_size = children_prefix(directory, &prefix);
	const struct proc_node *node = previous != NULL ? previous + 1 : proc_nodes;

	if (!S_ISDIR(directory->mode))
		return NULL;
	for (; node < proc_nodes + proc_node_count; node++)
		if (is_child(node, prefix, prefix_size))
			return node;
	return NULL;
}

const char *proc_node_name(const struct proc_node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash != NULL ? slash + 1 : node->path;
}
