/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are in the target's own /proc and /proc/net: the trees that its
 * procfs looks names up in (fs/proc/generic.c, pde_subdir_find(), 5.10 to 7.2). */
#include "guest/proc/shows.h"
#include "guest/proc/types/net.h"

enum {
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep; the
	 * nodes' inode numbers are 32 bits. */
	TREE_DEPTH_MAX = 64,
};

enum {
	PREFIX_SIZE = sizeof "net/" - 1,
};

/* proc_match(): shorter names come first. */
static int entry_compare(const char *name, u64 size, const struct proc_dir_entry *entry)
{
	u64 entry_size = entry->namelen;

	if (size != entry_size)
		return size < entry_size ? -1 : 1;
	return memcmp(name, entry->name, size);
}

/* pde_subdir_find(). */
static const struct proc_dir_entry *entry_find(const struct proc_dir_entry *directory, const char *name, u64 size)
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

bool net_node_exists(const char *path)
{
	const char *name = path + PREFIX_SIZE;

	return entry_find(init_net.proc_net, name, strlen(name)) != NULL;
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
bool entry_exists(const char *path)
{
	bool net = strlen(path) > PREFIX_SIZE && memcmp(path, "net/", PREFIX_SIZE) == 0;
	const struct proc_dir_entry *entry = net ? init_net.proc_net : init_net.proc_net->parent;

	/* Bounded by the path's length. */
	for (path += net ? PREFIX_SIZE : 0; entry != NULL && *path != '\0';) {
		u64 size = component_size(path);

		entry = entry_find(entry, path, size);
		path += size;
		if (*path == '/')
			path++;
	}
	return entry != NULL;
}
