/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree behind /sys: fs/kernfs/dir.c, fs/kernfs/symlink.c, fs/sysfs/,
 * 5.10 to 7.2. */
#include "guest/proc/sysfs.h"

#include "guest/proc/listing.h"
#include "guest/proc/shows.h"
#include "guest/proc/subject.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

enum {
	/* kn->flags (include/linux/kernfs.h). */
	KERNFS_DIR = 1,
	KERNFS_FILE = 2,
	KERNFS_LINK = 4,
	KERNFS_TYPE = 15,
	MODE_DIRECTORY = 0040000,
	MODE_LINK = 0120000,
	MODE_FILE = 0100000,
	MODE_PERMISSIONS = 07777,
	MODE_READS = 0444,
	NOT_ALLOWED = 13, /* EACCES */
};

static const struct kernfs_node *parent_of(const struct kernfs_node *node)
{
	return field_exists(struct kernfs_node, __parent) ? READ_ONCE(node->__parent) : READ_ONCE(node->parent);
}

static void name_of(const struct kernfs_node *node, char name[SYSFS_NAME_SIZE])
{
	if (guest_string_copy(name, SYSFS_NAME_SIZE, node->name) == SYSFS_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of an entry of /sys has no end");
}

static u32 type_of(const struct kernfs_node *node)
{
	return node->flags & KERNFS_TYPE;
}

struct walk {
	u32 depth;
	const struct rb_node *above[SYSFS_TREE_DEPTH_MAX];
	const struct kernfs_node *last;
	struct guest_bound bound;
};

static void descend(struct walk *walk, const struct rb_node *node)
{
	for (; node != NULL; node = READ_ONCE(node->rb_left)) {
		if (walk->depth == SYSFS_TREE_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "a tree of /sys is deeper than any could be");
		walk->above[walk->depth++] = node;
	}
}

/* Entries of other network namespaces are left out: the tag is the namespace,
 * or from 6.19 or so what all namespaces have in common of it. */
static bool is_shown(const struct kernfs_node *node)
{
	const struct net *net = net_subject();

	if (node->active.counter < 0)
		return false;
	return node->ns == NULL || node->ns == net || node->ns == (const void *)&net->ns;
}

/* kernfs_name_compare(): entries go upwards, so a tree whose branches share nodes is told. */
static bool comes_before(const struct kernfs_node *a, const struct kernfs_node *b)
{
	char name[SYSFS_NAME_SIZE], other[SYSFS_NAME_SIZE];

	if (a->hash != b->hash || a->ns != b->ns)
		return a->hash <= b->hash;
	name_of(a, name);
	name_of(b, other);
	return strcmp(name, other) < 0;
}

static void walk_start(struct walk *walk, const struct kernfs_node *directory)
{
	walk->depth = 0;
	walk->last = NULL;
	walk->bound = GUEST_BOUND(SYSFS_ENTRY_COUNT_MAX, "entries of /sys");
	descend(walk, READ_ONCE(directory->dir.children.rb_node));
}

static const struct kernfs_node *walk_next(struct walk *walk)
{
	while (walk->depth != 0) {
		const struct rb_node *rb = walk->above[--walk->depth];
		const struct kernfs_node *node = container_of(rb, struct kernfs_node, rb);

		guest_bound(&walk->bound);
		if (walk->last != NULL && !comes_before(walk->last, node))
			guest_fail(STATUS_MALFORMED, "a tree of /sys isn't in order");
		walk->last = node;
		descend(walk, READ_ONCE(rb->rb_right));
		if (is_shown(node))
			return node;
	}
	return NULL;
}

static const struct kernfs_node *find(const struct kernfs_node *directory, const char *name, u64 size)
{
	const struct kernfs_node *node;
	char other[SYSFS_NAME_SIZE];
	struct walk walk;

	walk_start(&walk, directory);
	while ((node = walk_next(&walk)) != NULL) {
		name_of(node, other);
		if (strlen(other) == size && memcmp(other, name, size) == 0)
			return node;
	}
	return NULL;
}

/* The entry that the subject's path names; ends the boundary where there is none. */
static const struct kernfs_node *subject_node(void)
{
	const struct kernfs_node *node = READ_ONCE(sysfs_root_kn);
	char path[PROC_REST_SIZE_MAX];

	subject_rest(path, sizeof path);
	/* Bounded by the path's length. */
	for (u64 at = 0; path[at] != '\0';) {
		u64 size = 0;

		while (path[at + size] != '\0' && path[at + size] != '/')
			size++;
		if (type_of(node) != KERNFS_DIR)
			guest_fail(STATUS_MISSING, "the target has no such entry below /sys");
		node = find(node, path + at, size);
		if (node == NULL)
			guest_fail(STATUS_MISSING, "the target has no such entry below /sys");
		at += size + (path[at + size] == '/' ? 1 : 0);
	}
	return node;
}

static u32 mode_of(const struct kernfs_node *node)
{
	u32 type = type_of(node);

	if (type == KERNFS_LINK)
		return MODE_LINK | 0777;
	return (node->mode & MODE_PERMISSIONS) | (type == KERNFS_DIR ? MODE_DIRECTORY : MODE_FILE);
}

void sysfs_list(struct listing *listing)
{
	const struct kernfs_node *directory = subject_node(), *node;
	char name[SYSFS_NAME_SIZE];
	struct walk walk;

	if (type_of(directory) != KERNFS_DIR)
		guest_fail(STATUS_MISSING, "the target has no such directory below /sys");
	walk_start(&walk, directory);
	while ((node = walk_next(&walk)) != NULL) {
		name_of(node, name);
		listing_add(listing, name, mode_of(node), node->id);
	}
}

void sysfs_stat(void *answer)
{
	const struct kernfs_node *node = subject_node();
	struct stat_answer *stat = answer;

	stat->mode = mode_of(node);
	stat->inode = node->id;
	if (type_of(node) == KERNFS_FILE)
		stat->size = (u64)node->attr.size;
}

/* The directories that lead to a node, from the root on; without the root. */
struct path {
	u32 depth;
	const struct kernfs_node *parts[SYSFS_PATH_DEPTH_MAX]; /* the node itself first */
};

static void path_of(const struct kernfs_node *node, struct path *ret_path)
{
	const struct kernfs_node *parent;

	ret_path->depth = 0;
	for (; (parent = parent_of(node)) != NULL; node = parent) {
		if (ret_path->depth == SYSFS_PATH_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "an entry of /sys lies deeper than any does");
		ret_path->parts[ret_path->depth++] = node;
	}
}

static const struct kernfs_node *from_root(const struct path *path, u32 index)
{
	return index < path->depth ? path->parts[path->depth - 1 - index] : NULL;
}

/* kernfs_get_target_path() */
static void show_link(struct seq *seq, const struct kernfs_node *node)
{
	struct path from, to;
	char name[SYSFS_NAME_SIZE];
	u32 common = 0;

	path_of(parent_of(node), &from);
	path_of(node->symlink.target_kn, &to);
	while (common < from.depth && from_root(&from, common) == from_root(&to, common))
		common++;
	for (u32 i = common; i < from.depth; i++)
		seq_puts(seq, "../");
	for (u32 i = common; i < to.depth; i++) {
		name_of(from_root(&to, i), name);
		seq_printf(seq, i + 1 < to.depth ? "%s/" : "%s", name);
	}
}

bool sysfs_show_name(struct sysfs_file *file, const void *address)
{
	if (address == NULL)
		return false;
	file->is_of_module = !symbol_name((u64)address, file->show);
	return !file->is_of_module || module_symbol_name(address, file->show);
}

void sysfs_show_unknown(struct sysfs_file *file)
{
	seq_fault(file->seq, "%s() makes this file's text, and what it says isn't known", file->show);
}

/* Files of bytes have other operations than texts, and an attribute of their own. */
extern const char sysfs_bin_kfops_ro[], sysfs_bin_kfops_rw[], sysfs_bin_kfops_mmap[];

static bool is_bytes(const struct kernfs_node *node)
{
	const char *ops = node->attr.ops;

	return ops == sysfs_bin_kfops_ro || ops == sysfs_bin_kfops_rw || ops == sysfs_bin_kfops_mmap;
}

static void show_file(struct sysfs_file *file)
{
	if (is_bytes(file->node)) {
		sysfs_show_module_bytes(file);
		return;
	}
	if (file->object->ktype == NULL || file->object->ktype->sysfs_ops == NULL ||
	    !sysfs_show_name(file, file->object->ktype->sysfs_ops->show))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's text has no name in the target");
	if (strcmp(file->show, "module_attr_show") == 0)
		sysfs_show_module(file);
	else if (strcmp(file->show, "dev_attr_show") == 0)
		sysfs_show_device(file);
	else if (strcmp(file->show, "queue_attr_show") == 0)
		sysfs_show_queue(file);
	else
		sysfs_show_unknown(file);
}

void sysfs_show(struct seq *seq)
{
	struct sysfs_file file = {.seq = seq, .node = subject_node()};

	if (type_of(file.node) == KERNFS_LINK) {
		show_link(seq, file.node);
		return;
	}
	if (type_of(file.node) != KERNFS_FILE)
		guest_fail(STATUS_MISSING, "the target has no such file below /sys");
	/* kernfs_fop_open() */
	if ((file.node->mode & MODE_READS) == 0) {
		subject_refuse(NOT_ALLOWED);
		guest_fail(STATUS_MISSING, "the file can't be read");
	}
	file.attribute = file.node->priv;
	file.object = parent_of(file.node)->priv;
	name_of(file.node, file.name);
	show_file(&file);
}
