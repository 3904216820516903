/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Below these directories are the nodes of "net". */
static const char *const net_directories[] = {"[pid]/net", "[pid]/task/[tid]/net"};
static const char net[] = "net";

static int compare_path(const void *path, const void *node)
{
	return strcmp(path, ((const struct proc_node *)node)->path);
}

static const struct proc_node *node_at(const struct proc_tree *tree, const char *path)
{
	return bsearch(path, tree->nodes, tree->node_count, sizeof tree->nodes[0], compare_path);
}

static bool is_net_directory(const char *path)
{
	for (size_t i = 0; i < sizeof net_directories / sizeof net_directories[0]; i++)
		if (strcmp(net_directories[i], path) == 0)
			return true;
	return false;
}

/* What the paths of a directory's children start with. */
static const char *children_prefix(const struct proc_node *directory)
{
	return is_net_directory(directory->path) ? net : directory->path;
}

/* A walk down one tree. */
struct walk {
	struct proc_entry entry; /* node: where the walk stands */
	/* The last "[*]" that was passed, and what it would stand for. */
	const struct proc_node *rest_node;
	const char *rest;
};

/* The node below where the walk stands; NULL: none. */
static const struct proc_node *below(const struct walk *walk, const char *part, size_t size)
{
	const char *prefix = children_prefix(walk->entry.node);
	char path[PROC_PATH_SIZE_MAX];
	size_t length = strlen(prefix);

	if (length + 1 + size >= sizeof path)
		return NULL;
	/* By hand: programs look up millions of paths. */
	memcpy(path, prefix, length);
	if (length != 0)
		path[length++] = '/';
	memcpy(path + length, part, size);
	path[length + size] = '\0';
	return node_at(walk->entry.tree, path);
}

/* name_to_int() (fs/proc/util.c): decimal, no leading zeros. */
static bool parse_number(const char *part, size_t size, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (size == 0 || size > 10 || (size > 1 && part[0] == '0'))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (part[i] < '0' || part[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(part[i] - '0');
	}
	if (number >= UINT32_MAX) /* name_to_int() keeps it for "none" */
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static const struct proc_node *below_by_number(struct walk *walk, uint32_t number)
{
	struct proc_subject *subject = &walk->entry.subject;
	const struct proc_node *node;

	if (number != 0 && number <= PROC_PID_MAX) {
		if ((node = below(walk, "[pid]", 5)) != NULL) {
			subject->pid = number;
			return node;
		}
		if ((node = below(walk, "[tid]", 5)) != NULL) {
			subject->tid = number;
			return node;
		}
	}
	if ((node = below(walk, "[n]", 3)) != NULL)
		subject->number = number;
	return node;
}

/* One part of the path further down; false: no node there. */
static bool step(struct walk *walk, const char *part, size_t size)
{
	const struct proc_node *node = below(walk, "[*]", 3);
	uint32_t number;

	if (node != NULL) {
		walk->rest_node = node;
		walk->rest = part;
	}
	/* A part that a program writes as "[pid]" names no pattern. */
	node = size < PROC_PATH_SIZE_MAX && part[0] != '[' ? below(walk, part, size) : NULL;
	if (node == NULL && parse_number(part, size, &number))
		node = below_by_number(walk, number);
	if (node == NULL)
		return false;
	walk->entry.node = node;
	return true;
}

/* The walk ended before the path did: the rest is for the last "[*]", if any. */
static status take_rest(struct walk *walk)
{
	size_t size = walk->rest_node != NULL ? strlen(walk->rest) + 1 : 0;

	if (size == 0 || size > sizeof walk->entry.subject.rest)
		return STATUS_MISSING;
	walk->entry.node = walk->rest_node;
	memcpy(walk->entry.subject.rest, walk->rest, size);
	return STATUS_OK;
}

static status walk_down(struct walk *walk, const char *path)
{
	while (*path != '\0') {
		size_t size = strcspn(path, "/");

		if (size == 0 || path[size + (path[size] == '/')] == '/')
			return STATUS_MISSING; /* not normalised */
		if (!step(walk, path, size))
			return take_rest(walk);
		path += size;
		if (*path != '/')
			continue;
		path++;
		if (*path == '\0')
			return STATUS_MISSING;
	}
	return STATUS_OK;
}

status proc_entry_find(const char *path, struct proc_entry *ret_entry)
{
	for (size_t i = 0; i < proc_tree_count; i++) {
		const struct proc_tree *tree = &proc_trees[i];
		size_t root = strlen(tree->root);

		if (strncmp(path, tree->root, root) != 0 || (path[root] != '\0' && path[root] != '/'))
			continue;
		struct walk walk = {.entry = {.tree = tree, .node = node_at(tree, "")}};
		if (path[root] == '/' && path[root + 1] == '\0')
			return STATUS_MISSING;
		TRY(walk_down(&walk, path + root + (path[root] == '/')));
		*ret_entry = walk.entry;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

/* One part of a node's path, its pattern replaced; what snprintf() returns. */
static int write_part(const struct proc_subject *subject, const char *part, size_t size, char *to, size_t room)
{
	if (size == 5 && memcmp(part, "[pid]", 5) == 0)
		return snprintf(to, room, "/%u", subject->pid);
	if (size == 5 && memcmp(part, "[tid]", 5) == 0)
		return snprintf(to, room, "/%u", subject->tid);
	if (size == 3 && memcmp(part, "[n]", 3) == 0)
		return snprintf(to, room, "/%u", subject->number);
	if (size == 3 && memcmp(part, "[*]", 3) == 0)
		return snprintf(to, room, "/%s", subject->rest);
	return snprintf(to, room, "/%.*s", (int)size, part);
}

void proc_entry_name(const struct proc_entry *entry, char ret_name[PROC_NAME_SIZE_MAX])
{
	const struct proc_subject *subject = &entry->subject;
	const char *part = entry->node->path;
	bool shared = subject->pid != 0 && strncmp(part, "net/", sizeof "net/" - 1) == 0;
	size_t used = (size_t)snprintf(ret_name, PROC_NAME_SIZE_MAX, "%s", entry->tree->root);

	if (shared)
		used += (size_t)snprintf(ret_name + used, PROC_NAME_SIZE_MAX - used, "/%u", subject->pid);
	if (shared && subject->tid != 0)
		used += (size_t)snprintf(ret_name + used, PROC_NAME_SIZE_MAX - used, "/task/%u", subject->tid);
	/* PROC_NAME_SIZE_MAX has room for the longest path, its numbers and its rest. */
	while (*part != '\0' && used < PROC_NAME_SIZE_MAX) {
		size_t size = strcspn(part, "/");

		used += (size_t)write_part(subject, part, size, ret_name + used, PROC_NAME_SIZE_MAX - used);
		part += size + (part[size] == '/');
	}
}

bool proc_node_is_magic(const struct proc_node *node)
{
	return S_ISLNK(node->mode) && node->stat != NULL;
}

static bool is_child(const struct proc_node *node, const char *prefix, size_t prefix_size)
{
	const char *name = node->path;

	if (prefix_size != 0) {
		if (strncmp(name, prefix, prefix_size) != 0 || name[prefix_size] != '/')
			return false;
		name += prefix_size + 1;
	}
	return name[0] != '\0' && name[0] != '[' && strchr(name, '/') == NULL;
}

const struct proc_node *proc_node_next(const struct proc_tree *tree, const struct proc_node *directory,
				       const struct proc_node *previous)
{
	const char *prefix = children_prefix(directory);
	size_t prefix_size = strlen(prefix);
	const struct proc_node *node = previous != NULL ? previous + 1 : tree->nodes;

	if (!S_ISDIR(directory->mode))
		return NULL;
	for (; node < tree->nodes + tree->node_count; node++)
		if (is_child(node, prefix, prefix_size))
			return node;
	return NULL;
}

const char *proc_node_name(const struct proc_node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash != NULL ? slash + 1 : node->path;
}
