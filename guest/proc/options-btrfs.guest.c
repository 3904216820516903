/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What btrfs shows in its own way: options, device (fs/btrfs/super.c), and the device of an inode (inode.c), 5.16 to
 * 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/mounts.h"
#include "guest/proc/path.h"
#include "guest/proc/types/btrfs.h"

enum {
	TYPE_SIZE = 8,
	DEPTH_MAX = 8192, /* names of at least a character and a slash: PATH_TEXT_SIZE / 2 */
	MAX_INLINE = 2048, /* BTRFS_DEFAULT_… */
	COMMIT_SECONDS = 30,
	POOL_MAX = 8,
	SUBVOLUME_ROOT = 256, /* BTRFS_FIRST_FREE_OBJECTID */
	FREE_SPACE_TREE = 1, /* BTRFS_FEATURE_COMPAT_RO_FREE_SPACE_TREE */
	SUPER_LISTS = 1 << 16, /* SB_POSIXACL */
	COMPRESSION_LZO = 2, /* BTRFS_COMPRESS_LZO */
	DEVICE_MISSING = 1 << 2, /* BTRFS_DEV_STATE_MISSING */
	/* BTRFS_MOUNT_… as they are from 6.8 on */
	OPTION_SSD = 1 << 3,
	OPTION_COMPRESS = 1 << 5,
	OPTION_SSD_SPREAD = 1 << 8,
	OPTION_NOSSD = 1 << 9,
	OPTION_FORCE_COMPRESS = 1 << 11,
	/* before, two more stood behind the first nineteen */
	OLD_CHECKS = 3 << 19,
	OLD_SAME = (1 << 19) - 1,
	OLD_MOVED = 21,
	NEW_MOVED = 19,
};

struct option {
	u32 bit;
	const char *name;
};

bool btrfs_is(const struct super_block *super)
{
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	return strcmp(type, "btrfs") == 0;
}

bool btrfs_is_known(const struct super_block *super)
{
	return btrfs_is(super) && type_exists(struct btrfs_fs_info) &&
	       field_exists(struct btrfs_fs_devices, latest_dev);
}

/* btrfs_show_devname() */
void btrfs_device_show(struct seq *seq, const struct super_block *super)
{
	const struct btrfs_fs_info *info = super->s_fs_info;
	const struct btrfs_device *device = READ_ONCE(info->fs_devices->latest_dev);
	const char *name = device->name;

	if ((device->dev_state & DEVICE_MISSING) != 0)
		seq_fault(seq, "which disk btrfs shows where one is missing isn't known");
	if (type_exists(struct rcu_string))
		name += field_offset(struct rcu_string, str);
	string_write(seq, name, " \t\n\\");
}

/* btrfs_show_stats(), from 6.19 or so. */
bool btrfs_lacks_statistics(const struct super_block *super)
{
	return btrfs_is_known(super) && field_exists(struct btrfs_fs_info, zone_size) &&
	       ((const struct btrfs_fs_info *)super->s_fs_info)->zone_size == 0;
}

static const struct btrfs_root *subvolume_of(const struct inode *inode)
{
	if (inode == NULL)
		guest_fail(STATUS_MALFORMED, "a directory of btrfs has no inode");
	return container_of(inode, struct btrfs_inode, vfs_inode)->root;
}

u32 btrfs_inode_device(const struct inode *inode)
{
	if (!type_exists(struct btrfs_inode))
		guest_fail(STATUS_UNSUPPORTED,
			   "btrfs is a module whose types the kernel doesn't keep: which device its "
			   "files say that they are on isn't known");
	return subvolume_of(inode)->anon_dev;
}

/* The bits at the places that they have from 6.8 on. */
static u64 options_of(struct seq *seq, const struct btrfs_fs_info *info)
{
	u64 bits = info->mount_opt;

	if (type_exists(struct btrfs_fs_context))
		return bits;
	if ((bits & OLD_CHECKS) != 0)
		seq_fault(seq, "how btrfs checks its own writes (check_int) is missing");
	return (bits & OLD_SAME) | bits >> OLD_MOVED << NEW_MOVED;
}

static void show_options(struct seq *seq, u64 bits, const struct option *options)
{
	for (; options->name != NULL; options++)
		if ((bits >> options->bit & 1) != 0)
			seq_puts(seq, options->name);
}

static void show_rescue(struct seq *seq, u64 bits)
{
	static const struct option options[] = {{24, "nologreplay"},
						{17, "usebackuproot"},
						{27, "ignorebadroots"},
						{28, "ignoredatacsums"},
						{31, "ignoremetacsums"},
						{32, "ignoresuperflags"},
						{0, NULL}};
	const char *before = ",rescue=";

	for (const struct option *option = options; option->name != NULL; option++)
		if ((bits >> option->bit & 1) != 0) {
			seq_puts(seq, before);
			seq_puts(seq, option->name);
			before = ":";
		}
}

static void show_pool(struct seq *seq, const struct btrfs_fs_info *info)
{
	u32 cpu, usual = 2;

	for_each_online_cpu(cpu) usual++;
	if (info->thread_pool_size != min(usual, (u32)POOL_MAX))
		seq_printf(seq, ",thread_pool=%u", info->thread_pool_size);
}

static void show_compression(struct seq *seq, const struct btrfs_fs_info *info, u64 bits)
{
	static const char *const names[] = {"", "zlib", "lzo", "zstd"}; /* btrfs_compress_types */
	u32 type = info->compress_type;
	int level = info->compress_level;

	if ((bits & OPTION_COMPRESS) == 0)
		return;
	if (type >= ARRAY_SIZE(names))
		guest_fail(STATUS_MALFORMED, "btrfs compresses in a way that there isn't");
	seq_puts(seq, (bits & OPTION_FORCE_COMPRESS) != 0 ? ",compress-force=" : ",compress=");
	seq_puts(seq, names[type]);
	/* LZO has none: kernels that keep one all the same don't print it. */
	if (level != 0 && type != COMPRESSION_LZO)
		seq_printf(seq, ":%d", level);
}

static void show_disk(struct seq *seq, u64 bits)
{
	if ((bits & OPTION_NOSSD) != 0)
		seq_puts(seq, ",nossd");
	if ((bits & OPTION_SSD_SPREAD) != 0)
		seq_puts(seq, ",ssd_spread");
	else if ((bits & OPTION_SSD) != 0)
		seq_puts(seq, ",ssd");
}

static const char *space_cache(const struct btrfs_super_block *disk)
{
	if (disk->cache_generation != 0)
		return ",space_cache";
	return (disk->compat_ro_flags & FREE_SPACE_TREE) != 0 ? ",space_cache=v2" : ",nospace_cache";
}

/* The directory that is the root of the subvolume in which `dentry` is. */
static const struct dentry *subvolume_root(const struct dentry *dentry)
{
	struct guest_bound bound = GUEST_BOUND(DEPTH_MAX, "directories of a subvolume");
	const struct btrfs_root *subvolume = subvolume_of(dentry->d_inode);

	for (;;) {
		const struct dentry *above = READ_ONCE(dentry->d_parent);

		if (above == dentry || subvolume_of(above->d_inode) != subvolume)
			return dentry;
		guest_bound(&bound);
		dentry = above;
	}
}

static bool is_below_root(const struct super_block *super, const struct dentry *dentry)
{
	struct guest_bound bound = GUEST_BOUND(DEPTH_MAX, "directories above a subvolume");

	for (; dentry != super->s_root; dentry = READ_ONCE(dentry->d_parent)) {
		guest_bound(&bound);
		if (dentry->d_parent == dentry)
			return false;
	}
	return true;
}

/* btrfs_get_subvol_name_from_objectid() reads a subvolume's name from disk. All mounts have come by names, from the top
 * down (mount_subvol()), so that the directories of that name are in memory. */
static void show_subvolume(struct seq *seq, const struct super_block *super, const struct dentry *dentry)
{
	const struct dentry *root = subvolume_root(dentry);
	struct path_text text;

	seq_printf(seq, ",subvolid=%llu", subvolume_of(dentry->d_inode)->root_key.objectid);
	if (root->d_inode->i_ino != SUBVOLUME_ROOT || !is_below_root(super, root)) {
		seq_fault(seq, "the name of a subvolume is missing: it stands on btrfs's disk only");
		return;
	}
	if (root->d_hash.pprev == NULL && root != super->s_root)
		return; /* deleted: the kernel doesn't find it either */
	seq_puts(seq, ",subvol=");
	path_text_inside(&text, root);
	path_write(seq, &text, ", \t\n\\");
}

/* btrfs_show_options() */
void btrfs_options_show(struct seq *seq, const struct super_block *super, const struct dentry *root)
{
	static const struct option first[] = {
		{4, ",degraded"}, {0, ",nodatasum"}, {1, ",nodatacow"}, {2, ",nobarrier"}, {0, NULL}};
	static const struct option second[] = {
		{7, ",flushoncommit"}, {10, ",discard"}, {26, ",discard=async"}, {0, NULL}};
	static const struct option third[] = {{20, ",rescan_uuid_tree"},
					      {13, ",clear_cache"},
					      {14, ",user_subvol_rm_allowed"},
					      {15, ",enospc_debug"},
					      {16, ",autodefrag"},
					      {18, ",skip_balance"},
					      {0, NULL}};
	static const struct option fourth[] = {{21, ",fragment=data"},
					       {22, ",fragment=metadata"},
					       {25, ",ref_verify"},
					       {33, ",ref_tracker"},
					       {0, NULL}};
	static const struct option tree_log[] = {{6, ",notreelog"}, {0, NULL}};
	static const struct option fatal[] = {{19, ",fatal_errors=panic"}, {0, NULL}};
	const struct btrfs_fs_info *info = super->s_fs_info;
	u64 bits = options_of(seq, info);

	show_options(seq, bits, first);
	if (info->max_inline != MAX_INLINE)
		seq_printf(seq, ",max_inline=%llu", info->max_inline);
	show_pool(seq, info);
	show_compression(seq, info, bits);
	show_disk(seq, bits);
	show_options(seq, bits, tree_log);
	show_rescue(seq, bits);
	show_options(seq, bits, second);
	if ((super->s_flags & SUPER_LISTS) == 0)
		seq_puts(seq, ",noacl");
	seq_puts(seq, space_cache(info->super_copy));
	show_options(seq, bits, third);
	if (info->metadata_ratio != 0)
		seq_printf(seq, ",metadata_ratio=%u", info->metadata_ratio);
	show_options(seq, bits, fatal);
	if (info->commit_interval != COMMIT_SECONDS)
		seq_printf(seq, ",commit=%u", info->commit_interval);
	show_options(seq, bits, fourth);
	show_subvolume(seq, super, root);
}
