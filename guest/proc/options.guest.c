/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mount options of the file systems that live in memory: the show_options of
 * each, 5.10 to 7.2. */
#include "guest/proc/mounts.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/options.h"
#include "guest/proc/types/overlay.h"

enum {
	MODE_ALL = 07777,
	MODE_STICKY = 01000,
	PAGE_KIB = 4,
	PTY_COUNT_MAX = 1 << 20, /* NR_UNIX98_PTY_MAX */
	PAGE_SHIFT = 12,
	SUBSYSTEM_COUNT_MAX = 32, /* bits of subsys_mask */
	CGROUP_CLONE_CHILDREN = 1 << 1,
	AUTOFS_TYPE_DIRECT = 2, /* AUTOFS_TYPE_… (linux/auto_fs.h) */
	AUTOFS_TYPE_OFFSET = 4,
	AUTOFS_STRICT_EXPIRE = 2, /* AUTOFS_SBI_… (fs/autofs/autofs_i.h) */
	AUTOFS_IGNORE = 4,
	PSTORE_KMSG_BYTES = 10240, /* CONFIG_PSTORE_DEFAULT_KMSG_BYTES, which nobody sets otherwise */
	OPTION_SIZE_MAX = 64,
};

/* show_options of each. */
extern const char proc_show_options, shmem_show_options, devpts_show_options, ramfs_show_options, debugfs_show_options,
	tracefs_show_options, bpf_show_options, hugetlbfs_show_options, kernfs_sop_show_options, pstore_show_options;
extern unsigned int kmsg_bytes; /* its lower half before 6.8 */
extern const char cgroup_kf_syscall_ops, cgroup1_kf_syscall_ops, cgroup_favor_dynmods;
extern unsigned long _totalram_pages;
extern struct list_head super_blocks;
extern struct cgroup_root cgrp_dfl_root;
extern struct cgroup_subsys *cgroup_subsys[];

static void show_owner(struct seq *seq, u32 uid, u32 gid)
{
	if (uid != 0)
		seq_printf(seq, ",uid=%u", uid);
	if (gid != 0)
		seq_printf(seq, ",gid=%u", gid);
}

static void show_mode(struct seq *seq, u32 mode, u32 usual)
{
	if (mode != usual)
		seq_printf(seq, ",mode=%o", mode);
}

static void show_proc(struct seq *seq, const struct super_block *super)
{
	static const char *const levels[] = {"off", "noaccess", "invisible", "unknown", "ptraceable"};
	const struct proc_fs_info *info = super->s_fs_info;
	u32 hide = info->hide_pid;

	if (info->pid_gid.val != 0)
		seq_printf(seq, ",gid=%u", info->pid_gid.val);
	if (hide != 0)
		seq_printf(seq, ",hidepid=%s", hide < ARRAY_SIZE(levels) ? levels[hide] : "unknown");
	if (info->pidonly != 0)
		seq_puts(seq, ",subset=pid");
}

/* ---- tmpfs, devtmpfs */

static const char *huge_word(int huge)
{
	switch (huge) {
	case 1: return "always"; /* SHMEM_HUGE_… (mm/shmem.c) */
	case 2: return "within_size";
	case 3: return "advise";
	case -1: return "deny";
	case -2: return "force";
	default: return "bad_val";
	}
}

static bool has_limits(const struct shmem_sb_info *info)
{
	const struct shmem_quota_limits *limits;

	if (!field_exists(struct shmem_sb_info, qlimits))
		return false;
	limits = &info->qlimits;
	return (limits->usrquota_bhardlimit | limits->grpquota_bhardlimit | limits->usrquota_ihardlimit |
		limits->grpquota_ihardlimit) != 0;
}

/* Are inodes' numbers of 64 bits the kernel's default (CONFIG_TMPFS_INODE64)?
 * Then some file system has them: /dev, /, or another that nobody gave options. */
static bool has_wide_inodes(void)
{
	const struct super_block *super;

	list_for_each_entry (super, &super_blocks, s_list) {
		if ((u64)super->s_op->show_options == (u64)&shmem_show_options && super->s_fs_info != NULL &&
		    ((const struct shmem_sb_info *)super->s_fs_info)->full_inums)
			return true;
	}
	return false;
}

static void show_shmem(struct seq *seq, const struct super_block *super)
{
	const struct shmem_sb_info *info = super->s_fs_info;

	if (info->max_blocks != _totalram_pages / 2)
		seq_printf(seq, ",size=%luk", info->max_blocks * PAGE_KIB);
	if (info->max_inodes != _totalram_pages / 2)
		seq_printf(seq, ",nr_inodes=%lu", info->max_inodes);
	if (info->mode != (0777 | MODE_STICKY))
		seq_printf(seq, ",mode=%03o", info->mode);
	show_owner(seq, info->uid.val, info->gid.val);
	if (info->full_inums || has_wide_inodes())
		seq_printf(seq, ",inode%d", info->full_inums ? 64 : 32);
	if (info->huge != 0)
		seq_printf(seq, ",huge=%s", huge_word(info->huge));
	if (info->mpol != NULL)
		seq_fault(seq, "the memory policy of a tmpfs is missing");
	if (field_exists(struct shmem_sb_info, noswap) && info->noswap)
		seq_puts(seq, ",noswap");
	if (has_limits(info))
		seq_fault(seq, "the quotas of a tmpfs are missing");
}

static void show_devpts(struct seq *seq, const struct super_block *super)
{
	const struct pts_mount_opts *options = &((const struct pts_fs_info *)super->s_fs_info)->mount_opts;

	if (options->setuid != 0)
		seq_printf(seq, ",uid=%u", options->uid.val);
	if (options->setgid != 0)
		seq_printf(seq, ",gid=%u", options->gid.val);
	seq_printf(seq, ",mode=%03o,ptmxmode=%03o", options->mode, options->ptmxmode);
	if (options->max < PTY_COUNT_MAX)
		seq_printf(seq, ",max=%d", options->max);
}

static void show_ramfs(struct seq *seq, const struct super_block *super)
{
	show_mode(seq, ((const struct ramfs_fs_info *)super->s_fs_info)->mount_opts.mode, 0755);
}

static void show_debugfs(struct seq *seq, const struct super_block *super)
{
	const struct debugfs_fs_info *info = super->s_fs_info;

	if (field_exists(struct debugfs_fs_info, uid)) {
		show_owner(seq, info->uid.val, info->gid.val);
		show_mode(seq, info->mode, 0700);
	} else {
		show_owner(seq, info->mount_opts.uid.val, info->mount_opts.gid.val);
		show_mode(seq, info->mount_opts.mode, 0700);
	}
}

static void show_tracefs(struct seq *seq, const struct super_block *super)
{
	const struct tracefs_fs_info *info = super->s_fs_info;

	if (field_exists(struct tracefs_fs_info, uid)) {
		show_owner(seq, info->uid.val, info->gid.val);
		show_mode(seq, info->mode, 0700);
	} else {
		show_owner(seq, info->mount_opts.uid.val, info->mount_opts.gid.val);
		show_mode(seq, info->mount_opts.mode, 0700);
	}
}

/* Who owns it was said from 6.9 on, as what may be delegated. */
static void show_bpf(struct seq *seq, const struct super_block *super, const struct mount *mount)
{
	const struct inode *inode = mount->mnt.mnt_root->d_inode;
	const struct bpf_mount_opts *options = super->s_fs_info;
	bool delegates = field_exists(struct bpf_mount_opts, delegate_cmds);

	if (delegates)
		show_owner(seq, inode->i_uid.val, inode->i_gid.val);
	show_mode(seq, inode->i_mode & MODE_ALL & ~MODE_STICKY, 0777);
	if (delegates && (options->delegate_cmds | options->delegate_maps | options->delegate_progs |
			  options->delegate_attachs) != 0)
		seq_fault(seq, "what a bpf file system delegates is missing");
}

static void show_hugetlbfs(struct seq *seq, const struct super_block *super)
{
	const struct hugetlbfs_sb_info *info = super->s_fs_info;
	const struct hugepage_subpool *pool = info->spool;
	u32 shift = info->hstate->order + PAGE_SHIFT;
	u64 kib = (1ull << shift) / 1024;

	show_owner(seq, info->uid.val, info->gid.val);
	show_mode(seq, info->mode, 0755);
	if (info->max_inodes != -1)
		seq_printf(seq, ",nr_inodes=%lu", info->max_inodes);
	seq_printf(seq, ",pagesize=%llu%c", kib >= 1024 ? kib / 1024 : kib, kib >= 1024 ? 'M' : 'K');
	if (pool == NULL)
		return;
	if (pool->max_hpages != -1)
		seq_printf(seq, ",size=%llu", (u64)pool->max_hpages << shift);
	if (pool->min_hpages != -1)
		seq_printf(seq, ",min_size=%llu", (u64)pool->min_hpages << shift);
}

static void show_pstore(struct seq *seq)
{
	if (kmsg_bytes != PSTORE_KMSG_BYTES)
		seq_printf(seq, ",kmsg_bytes=%u", kmsg_bytes);
}

/* From 6.7 on it has some. */
static void show_efivarfs(struct seq *seq, const struct super_block *super)
{
	const struct efivarfs_mount_opts *options = &((const struct efivarfs_fs_info *)super->s_fs_info)->mount_opts;

	show_owner(seq, options->uid.val, options->gid.val);
}

static void show_autofs(struct seq *seq, const struct super_block *super)
{
	const struct autofs_sb_info *info = super->s_fs_info;
	const struct inode *root = super->s_root->d_inode;
	struct ticks ticks;

	if (info == NULL)
		return;
	ticks_read(&ticks);
	seq_printf(seq, ",fd=%d", info->pipefd);
	show_owner(seq, root->i_uid.val, root->i_gid.val);
	seq_printf(seq, ",pgrp=%d,timeout=%llu,minproto=%d,maxproto=%d", pid_shown(info->oz_pgrp),
		   info->exp_timeout / ticks_hz(&ticks), info->min_proto, info->max_proto);
	if (info->type == AUTOFS_TYPE_OFFSET)
		seq_puts(seq, ",offset");
	else
		seq_puts(seq, info->type == AUTOFS_TYPE_DIRECT ? ",direct" : ",indirect");
	if ((info->flags & AUTOFS_STRICT_EXPIRE) != 0)
		seq_puts(seq, ",strictexpire");
	if ((info->flags & AUTOFS_IGNORE) != 0)
		seq_puts(seq, ",ignore");
	if (info->pipe != NULL)
		seq_printf(seq, ",pipe_ino=%lu", info->pipe->f_inode->i_ino);
	else
		seq_puts(seq, ",pipe_ino=-1");
}

/* ---- cgroup */

struct flag_name {
	u32 flag;
	const char *name;
};

static void show_flags(struct seq *seq, u32 flags, const struct flag_name *names)
{
	for (; names->flag != 0; names++)
		if ((flags & names->flag) != 0)
			seq_puts(seq, names->name);
}

static void show_cgroup2(struct seq *seq)
{
	/* The bits moved when "favordynmods" came (6.0). */
	static const struct flag_name old[] = {
		{1 << 3, ",nsdelegate"}, {1 << 5, ",memory_localevents"}, {1 << 6, ",memory_recursiveprot"}, {0, NULL}};
	static const struct flag_name new[] = {{1 << 3, ",nsdelegate"},
					       {1 << 4, ",favordynmods"},
					       {1 << 17, ",memory_localevents"},
					       {1 << 18, ",memory_recursiveprot"},
					       {1 << 19, ",memory_hugetlb_accounting"},
					       {1 << 20, ",pids_localevents"},
					       {0, NULL}};

	show_flags(seq, cgrp_dfl_root.flags, symbol_exists(cgroup_favor_dynmods) ? new : old);
}

static void show_option(struct seq *seq, const char *name, const char *value)
{
	seq_putc(seq, ',');
	seq_puts(seq, name);
	seq_putc(seq, '=');
	string_write(seq, value, ", \t\n\\");
}

static void show_cgroup1(struct seq *seq, const struct kernfs_root *kernfs)
{
	static const struct flag_name old[] = {
		{1 << 1, ",noprefix"}, {1 << 2, ",xattr"}, {1 << 4, ",cpuset_v2_mode"}, {0, NULL}};
	static const struct flag_name new[] = {{1 << 1, ",noprefix"},
					       {1 << 2, ",xattr"},
					       {1 << 16, ",cpuset_v2_mode"},
					       {1 << 4, ",favordynmods"},
					       {0, NULL}};
	const struct cgroup *top = kernfs->kn->priv;
	const struct cgroup_root *root = top->root;

	for (u32 i = 0; i < SUBSYSTEM_COUNT_MAX; i++)
		if ((root->subsys_mask >> i & 1) != 0) {
			seq_putc(seq, ',');
			string_write(seq, cgroup_subsys[i]->legacy_name, ",= \t\n\\");
		}
	show_flags(seq, root->flags, symbol_exists(cgroup_favor_dynmods) ? new : old);
	if (root->release_agent_path[0] != '\0')
		show_option(seq, "release_agent", root->release_agent_path);
	if ((root->cgrp.flags & CGROUP_CLONE_CHILDREN) != 0)
		seq_puts(seq, ",clone_children");
	if (root->name[0] != '\0')
		show_option(seq, "name", root->name);
}

static void say_unknown(struct seq *seq, const struct super_block *super)
{
	char type[OPTION_SIZE_MAX];

	guest_string_copy(type, sizeof type, super->s_type->name);
	seq_fault(seq, "options are missing that only the file system %s itself knows", type);
}

#define IS_FUNCTION(pointer, function) (symbol_exists(function) && (u64)(pointer) == (u64) & (function))

/* sysfs has none. */
static void show_kernfs(struct seq *seq, const struct super_block *super)
{
	const struct kernfs_root *root = ((const struct kernfs_super_info *)super->s_fs_info)->root;

	if (root->syscall_ops == NULL)
		return;
	if (IS_FUNCTION(root->syscall_ops, cgroup_kf_syscall_ops))
		show_cgroup2(seq);
	else if (IS_FUNCTION(root->syscall_ops, cgroup1_kf_syscall_ops))
		show_cgroup1(seq, root);
	else
		say_unknown(seq, super);
}

/* File systems that may be modules are known by their names. */
static void show_other(struct seq *seq, const struct super_block *super, const struct mount *mount)
{
	char type[OPTION_SIZE_MAX];

	guest_string_copy(type, sizeof type, super->s_type->name);
	if (strcmp(type, "overlay") == 0 && type_exists(struct ovl_fs))
		overlay_options_show(seq, super);
	else if (strcmp(type, "autofs") == 0 && type_exists(struct autofs_sb_info))
		show_autofs(seq, super);
	else if (strcmp(type, "efivarfs") == 0 && type_exists(struct efivarfs_fs_info))
		show_efivarfs(seq, super);
	else if (btrfs_is_known(super))
		btrfs_options_show(seq, super, mount->mnt.mnt_root);
	else if (!disk_options_show(seq, super) && !fuse_options_show(seq, super) &&
		 !optical_options_show(seq, super) && !nfs_options_show(seq, super))
		say_unknown(seq, super);
}

void mount_options_show(struct seq *seq, const struct mount *mount)
{
	const struct super_block *super = mount->mnt.mnt_sb;
	const void *function = super->s_op->show_options;

	if (function == NULL)
		return;
	if (IS_FUNCTION(function, proc_show_options))
		show_proc(seq, super);
	else if (IS_FUNCTION(function, shmem_show_options))
		show_shmem(seq, super);
	else if (IS_FUNCTION(function, kernfs_sop_show_options))
		show_kernfs(seq, super);
	else if (IS_FUNCTION(function, devpts_show_options))
		show_devpts(seq, super);
	else if (IS_FUNCTION(function, ramfs_show_options))
		show_ramfs(seq, super);
	else if (IS_FUNCTION(function, debugfs_show_options))
		show_debugfs(seq, super);
	else if (IS_FUNCTION(function, tracefs_show_options))
		show_tracefs(seq, super);
	else if (IS_FUNCTION(function, bpf_show_options))
		show_bpf(seq, super, mount);
	else if (IS_FUNCTION(function, hugetlbfs_show_options))
		show_hugetlbfs(seq, super);
	else if (IS_FUNCTION(function, pstore_show_options))
		show_pstore(seq);
	else
		show_other(seq, super, mount);
}
