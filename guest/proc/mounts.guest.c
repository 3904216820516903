/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/{mounts,mountinfo,mountstats} (fs/proc_namespace.c, namespace.c,
 * pnode.c, 5.10 to 7.2). */
#include "guest/proc/mounts.h"

#include "guest/proc/mention.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/namespace.h"

enum {
	MINOR_BITS = 20,
	/* Flags of a mount (include/linux/mount.h) and of a file system
	 * (include/linux/fs.h). */
	MOUNT_READ_ONLY = 0x40,
	MOUNT_SHARED = 0x1000,
	MOUNT_UNBINDABLE = 0x2000,
	MOUNT_CURSOR = 0x10000000, /* a place in the list, of somebody who reads it */
	MOUNT_T_SHARED = 1, /* mnt_t_flags, from 6.17 (fs/mount.h) */
	MOUNT_T_UNBINDABLE = 2,
	SUPER_READ_ONLY = 1,
	NAMESPACE_KIND_SIZE = 32,
	INVALID_ARGUMENT = 22, /* EINVAL */
};

/* What tells kernels and file systems apart. */
extern const char show_vfsmnt, kernfs_sop_show_path, nsfs_show_path;
extern char nop_mnt_idmap;

struct mount_look {
	const struct mnt_namespace *namespace;
	struct place root; /* of the process */
	const char *escape;
};

struct flag_name {
	u64 flag;
	const char *name;
};

static void show_flags(struct seq *seq, u64 flags, const struct flag_name *names)
{
	for (; names->flag != 0; names++)
		if ((flags & names->flag) != 0)
			seq_puts(seq, names->name);
}

const char *mount_escape(void)
{
	return symbol_exists(show_vfsmnt) && code_mentions(&show_vfsmnt, " \t\n\\#") ? " \t\n\\#" : " \t\n\\";
}

/* ---- parts of a row */

static void show_device(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	const struct super_block *super = mount->mnt.mnt_sb;

	if (super->s_op->show_devname != NULL && btrfs_is_known(super)) {
		btrfs_device_show(seq, super);
		return;
	}
	if (super->s_op->show_devname != NULL && nfs_device_show(seq, mount))
		return;
	if (super->s_op->show_devname != NULL)
		seq_fault(seq,
			  "the device of mount %d is what it was mounted as: its file system has a word of its own",
			  mount->mnt_id);
	string_write(seq, mount->mnt_devname != NULL ? mount->mnt_devname : "none", look->escape);
}

/* The mount point; false: it isn't below the process's root. */
static bool show_point(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	struct place place = {mount, mount->mnt.mnt_root};
	struct path_text text;

	if (!path_text_below(&text, &place, &look->root))
		return false;
	path_write(seq, &text, " \t\n\\");
	return true;
}

static void show_type(struct seq *seq, const struct super_block *super, const struct mount_look *look)
{
	string_write(seq, super->s_type->name, look->escape);
	if (super->s_subtype != NULL) {
		seq_putc(seq, '.');
		string_write(seq, super->s_subtype, look->escape);
	}
}

/* show_sb_opts() */
static void show_super_flags(struct seq *seq, const struct super_block *super)
{
	static const struct flag_name names[] = {
		{0x10, ",sync"}, {0x80, ",dirsync"}, {0x40, ",mand"}, {0x2000000, ",lazytime"}, {0, NULL}};

	show_flags(seq, super->s_flags, names);
	mount_labels_show(seq, super);
}

static bool is_idmapped(const struct vfsmount *mount)
{
	if (field_exists(struct vfsmount, mnt_idmap))
		return mount->mnt_idmap != &nop_mnt_idmap;
	if (field_exists(struct vfsmount, mnt_userns))
		return mount->mnt_userns != mount->mnt_sb->s_user_ns;
	return false;
}

/* show_mnt_opts() */
static void show_mount_flags(struct seq *seq, const struct vfsmount *mount)
{
	static const struct flag_name names[] = {
		{0x01, ",nosuid"},     {0x02, ",nodev"},    {0x04, ",noexec"},	    {0x08, ",noatime"},
		{0x10, ",nodiratime"}, {0x20, ",relatime"}, {0x80, ",nosymfollow"}, {0, NULL}};

	show_flags(seq, (u64)mount->mnt_flags, names);
	if (is_idmapped(mount))
		seq_puts(seq, ",idmapped");
}

static bool is_read_only(const struct super_block *super)
{
	return (super->s_flags & SUPER_READ_ONLY) != 0;
}

/* ---- mounts */

static bool show_mount(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	const struct super_block *super = mount->mnt.mnt_sb;

	show_device(seq, mount, look);
	seq_putc(seq, ' ');
	if (!show_point(seq, mount, look))
		return false;
	seq_putc(seq, ' ');
	show_type(seq, super, look);
	seq_puts(seq, (mount->mnt.mnt_flags & MOUNT_READ_ONLY) != 0 || is_read_only(super) ? " ro" : " rw");
	show_super_flags(seq, super);
	show_mount_flags(seq, &mount->mnt);
	mount_options_show(seq, mount);
	seq_puts(seq, " 0 0\n");
	return true;
}

/* ---- mountinfo */

static void show_namespace_file(struct seq *seq, const struct inode *inode)
{
	const struct ns_common *ns = inode->i_private;
	char kind[NAMESPACE_KIND_SIZE];

	guest_string_copy(kind, sizeof kind, ns->ops->name);
	seq_printf(seq, "%s:[%lu]", kind, inode->i_ino);
}

#define IS_FUNCTION(pointer, function) (symbol_exists(function) && (u64)(pointer) == (u64) & (function))

/* Where in its file system the mount's root is. */
static void show_root(struct seq *seq, const struct mount *mount)
{
	const struct dentry *dentry = mount->mnt.mnt_root;
	const void *function = mount->mnt.mnt_sb->s_op->show_path;
	struct path_text text;

	if (IS_FUNCTION(function, nsfs_show_path)) {
		show_namespace_file(seq, dentry->d_inode);
		return;
	}
	if (function != NULL && nfs_root_show(seq, mount->mnt.mnt_sb))
		return;
	/* Those of kernfs, of which the ones of cgroup name what their
	 * directory is called in the initial cgroup namespace: as its dentry. */
	if (function != NULL && !IS_FUNCTION(function, kernfs_sop_show_path))
		seq_fault(seq, "the root of mount %d may have another name: its file system has names of its own",
			  mount->mnt_id);
	path_text_inside(&text, dentry);
	path_write(seq, &text, " \t\n\\");
}

/* is_subdir(), and is_path_reachable(): is the mount's root below `root`? */
static bool is_below(const struct mount *mount, const struct place *root)
{
	struct guest_bound bound = GUEST_BOUND(PATH_TEXT_SIZE, "directories above a mount");
	const struct dentry *dentry = mount->mnt.mnt_root;

	while (mount != root->mount && mount->mnt_parent != mount) {
		guest_bound(&bound);
		dentry = mount->mnt_mountpoint;
		mount = READ_ONCE(mount->mnt_parent);
	}
	if (mount != root->mount)
		return false;
	while (dentry != root->dentry && dentry->d_parent != dentry) {
		guest_bound(&bound);
		dentry = READ_ONCE(dentry->d_parent);
	}
	return dentry == root->dentry;
}

/* get_peer_under_root() */
static const struct mount *peer_below(const struct mount *mount, const struct mount_look *look)
{
	struct guest_bound bound = GUEST_BOUND(ROW_COUNT_MAX, "mounts that share");
	const struct mount *peer = mount;

	do {
		guest_bound(&bound);
		if (peer->mnt_ns == look->namespace && is_below(peer, &look->root))
			return peer;
		peer = container_of(READ_ONCE(peer->mnt_share.next), struct mount, mnt_share);
	} while (peer != mount);
	return NULL;
}

/* get_dominating_id() */
static int dominating_group(const struct mount *mount, const struct mount_look *look)
{
	struct guest_bound bound = GUEST_BOUND(ROW_COUNT_MAX, "mounts that follow");
	const struct mount *master;

	for (master = mount->mnt_master; master != NULL; master = READ_ONCE(master->mnt_master)) {
		const struct mount *peer = peer_below(master, look);

		guest_bound(&bound);
		if (peer != NULL)
			return peer->mnt_group_id;
	}
	return 0;
}

static bool has_flag(const struct mount *mount, int flag, int t_flag)
{
	if (field_exists(struct mount, mnt_t_flags))
		return (mount->mnt_t_flags & t_flag) != 0;
	return (mount->mnt.mnt_flags & flag) != 0;
}

static void show_propagation(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	if (has_flag(mount, MOUNT_SHARED, MOUNT_T_SHARED))
		seq_printf(seq, " shared:%i", mount->mnt_group_id);
	if (mount->mnt_master != NULL) {
		int master = mount->mnt_master->mnt_group_id, dominating = dominating_group(mount, look);

		seq_printf(seq, " master:%i", master);
		if (dominating != 0 && dominating != master)
			seq_printf(seq, " propagate_from:%i", dominating);
	}
	if (has_flag(mount, MOUNT_UNBINDABLE, MOUNT_T_UNBINDABLE))
		seq_puts(seq, " unbindable");
}

static bool show_info(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	const struct super_block *super = mount->mnt.mnt_sb;

	seq_printf(seq, "%i %i %u:%u ", mount->mnt_id, mount->mnt_parent->mnt_id, super->s_dev >> MINOR_BITS,
		   super->s_dev & ((1 << MINOR_BITS) - 1));
	show_root(seq, mount);
	seq_putc(seq, ' ');
	if (!show_point(seq, mount, look))
		return false;
	seq_puts(seq, (mount->mnt.mnt_flags & MOUNT_READ_ONLY) != 0 ? " ro" : " rw");
	show_mount_flags(seq, &mount->mnt);
	show_propagation(seq, mount, look);
	seq_puts(seq, " - ");
	show_type(seq, super, look);
	seq_putc(seq, ' ');
	show_device(seq, mount, look);
	seq_puts(seq, is_read_only(super) ? " ro" : " rw");
	show_super_flags(seq, super);
	mount_options_show(seq, mount);
	seq_putc(seq, '\n');
	return true;
}

/* ---- mountstats */

static bool show_statistics(struct seq *seq, const struct mount *mount, const struct mount_look *look)
{
	const struct super_block *super = mount->mnt.mnt_sb;

	if (mount->mnt_devname == NULL && super->s_op->show_devname == NULL) {
		seq_puts(seq, "no device");
	} else {
		seq_puts(seq, "device ");
		show_device(seq, mount, look);
	}
	seq_puts(seq, " mounted on ");
	if (!show_point(seq, mount, look))
		return false;
	seq_puts(seq, " with fstype ");
	show_type(seq, super, look);
	if (super->s_op->show_stats != NULL) {
		seq_putc(seq, ' ');
		if (!disk_lacks_statistics(super) && !btrfs_lacks_statistics(super))
			seq_fault(seq, "the statistics of mount %d are missing", mount->mnt_id);
	}
	seq_putc(seq, '\n');
	return true;
}

/* ---- the walk */

typedef bool (*show_one)(struct seq *seq, const struct mount *mount, const struct mount_look *look);

static void show_with(const struct row *row, show_one show)
{
	const struct mount *mount = row->object;
	size_t size = seq_size(row->seq);

	if (!show(row->seq, mount, row->rows->context))
		seq_rewind(row->seq, size);
}

void mount_walk_start(struct mount_walk *walk, const struct mnt_namespace *namespace)
{
	*walk = (struct mount_walk){.namespace = namespace, .loop = ROW_LOOP};
	if (field_exists(struct mount, mnt_node))
		tree_walk_start(&walk->tree, &namespace->mounts);
	else
		walk->at = READ_ONCE(namespace->list.next);
}

static const struct mount *next_of_tree(struct mount_walk *walk)
{
	const struct rb_node *node = tree_walk_next(&walk->tree);

	if (node == NULL)
		return NULL;
	const struct mount *mount = container_of(node, struct mount, mnt_node);
	if (mount->mnt_id_unique <= walk->last)
		guest_fail(STATUS_MALFORMED, "the tree of mounts isn't in order");
	walk->last = mount->mnt_id_unique;
	return mount;
}

static const struct mount *next_of_list(struct mount_walk *walk)
{
	/* Ends, or comes back to itself: row_loop_check() tells. */
	while (walk->at != &walk->namespace->list) {
		const struct mount *mount = container_of(walk->at, struct mount, mnt_list);

		row_loop_check(&walk->loop, walk->at);
		walk->at = READ_ONCE(walk->at->next);
		if ((mount->mnt.mnt_flags & MOUNT_CURSOR) == 0)
			return mount;
	}
	return NULL;
}

const struct mount *mount_walk_next(struct mount_walk *walk)
{
	return field_exists(struct mount, mnt_node) ? next_of_tree(walk) : next_of_list(walk);
}

static void show_mounts(struct seq *seq, void (*show)(void *row))
{
	const struct task_struct *task = task_subject();
	const struct nsproxy *namespaces = READ_ONCE(task->nsproxy);
	const struct fs_struct *fs = READ_ONCE(task->fs);
	struct mount_look look = {.escape = mount_escape()};
	const struct mount *mount;
	struct mount_walk walk;
	struct rows rows = {.seq = seq, .show = show, .missing = "a mount is missing", .context = &look};

	if (namespaces == NULL || namespaces->mnt_ns == NULL || fs == NULL) {
		subject_refuse(INVALID_ARGUMENT);
		guest_fail(STATUS_MISSING, "the process has left its mounts");
	}
	look.namespace = namespaces->mnt_ns;
	look.root = place_make(&fs->root);
	mount_walk_start(&walk, look.namespace);
	while ((mount = mount_walk_next(&walk)) != NULL)
		rows_show(&rows, mount);
}

static void mount_row(void *row)
{
	show_with(row, show_mount);
}

static void info_row(void *row)
{
	show_with(row, show_info);
}

static void statistics_row(void *row)
{
	show_with(row, show_statistics);
}

void pid_mounts_show(struct seq *seq)
{
	show_mounts(seq, mount_row);
}

void pid_mountinfo_show(struct seq *seq)
{
	show_mounts(seq, info_row);
}

void pid_mountstats_show(struct seq *seq)
{
	show_mounts(seq, statistics_row);
}
