/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are in the target's own /proc/net: the tree that its procfs
 * looks names up in (fs/proc/generic.c, pde_subdir_find(), 5.10 to 7.2). */
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

bool net_node_exists(const char *path)
{
	const char *name = path + PREFIX_SIZE;
	const struct rb_node *node = init_net.proc_net->subdir.rb_node;
	struct guest_bound bound = GUEST_BOUND(TREE_DEPTH_MAX, "the tree of /proc/net");
	u64 size = strlen(name);

	while (node != NULL) {
		guest_bound(&bound);
		int order = entry_compare(name, size, container_of(node, struct proc_dir_entry, subdir_node));
		if (order == 0)
			return true;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return false;
}
