/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mount options of file systems on disks: fs/ext4/super.c, fs/fat/inode.c, fs/xfs/xfs_super.c, fs/squashfs/super.c,
 * 5.10 to 7.2. */
#include "guest/proc/mention.h"
#include "guest/proc/mounts.h"
#include "guest/proc/path.h"
#include "guest/proc/symbols.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/options.h"

#include "guest/kernel/guestc-types-begin.h"

struct ext4_super_block {
	u16 s_errors, s_def_resuid, s_def_resgid, s_def_resuid_hi, s_def_resgid_hi;
};

struct fscrypt_dummy_policy {
	const u8 *policy; /* its first byte is the version */
};

struct ext4_sb_info {
	struct ext4_super_block *s_es;
	unsigned int s_mount_opt, s_mount_opt2, s_def_mount_opt, s_def_mount_opt2;
	u64 s_sb_block;
	kuid_t s_resuid;
	kgid_t s_resgid;
	unsigned long s_commit_interval; /* in ticks */
	u32 s_max_batch_time, s_min_batch_time;
	unsigned long s_stripe;
	unsigned int s_inode_readahead_blks, s_li_wait_mult, s_max_dir_size_kb, s_groups_count;
	int s_jquota_fmt;
	const char *s_qf_names[2];
	unsigned long s_ext4_flags;
	struct fscrypt_dummy_policy s_dummy_enc_policy;
	void *s_mb_largest_free_orders; /* from 5.13: bitmaps are fetched early unless told not to */
	unsigned int s_fc_debug_max_replay; /* where CONFIG_EXT4_DEBUG is set */
};

struct nls_table {
	const char *charset;
};

struct fat_mount_options {
	kuid_t fs_uid;
	kgid_t fs_gid;
	u16 fs_fmask, fs_dmask, shortname, allow_utime;
	int time_offset;
	u8 name_check, errors, nfs;
	unsigned int quiet : 1, showexec : 1, sys_immutable : 1, dotsOK : 1, isvfat : 1, utf8 : 1, unicode_xlate : 1,
		numtail : 1, flush : 1, nocase : 1, usefree : 1, tz_set : 1, rodir : 1, discard : 1, dos1xfloppy : 1;
};

struct msdos_sb_info {
	struct nls_table *nls_disk, *nls_io;
	struct fat_mount_options options;
};

struct xfs_mount {
	u64 m_features; /* from 5.15 */
	const char *m_rtname, *m_logname;
	u8 m_blkbb_log;
	int m_dalign, m_swidth, m_logbufs, m_logbsize;
	unsigned int m_allocsize_log, m_qflags;
	u32 m_max_open_zones; /* from 6.15 */
	u64 m_awu_max_bytes; /* from 6.16 */
};

struct squashfs_sb_info {
	bool panic_on_errors;
	const void *thread_ops; /* from 6.3 */
	int max_thread_num;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	COMMIT_SECONDS = 5, /* JBD2_DEFAULT_MAX_COMMIT_AGE */
	MAX_BATCH_TIME = 15000, /* EXT4_DEF_… */
	READAHEAD_BLOCKS = 32,
	WAIT_FACTOR = 10,
	SCAN_GROUPS = 16, /* MB_DEFAULT_LINEAR_SCAN_THRESHOLD */
	ERRORS_CONTINUE = 1, /* EXT4_ERRORS_… of the disk */
	ERRORS_READ_ONLY = 2,
	ERRORS_PANIC = 3,
	SET_ERRORS_CONTINUE = 0x10, /* EXT4_MOUNT_… */
	SET_ERRORS_READ_ONLY = 0x20,
	SET_ERRORS_PANIC = 0x40,
	SET_DAX = 0x200,
	DATA_MASK = 0xc00,
	DATA_JOURNAL = 0x400,
	DATA_ORDERED = 0x800,
	SET_PREFETCH = 0x4000000,
	SET_DATA_ERROR_ABORT = 0x10000000,
	SET2_DAX_NEVER = 0x20, /* EXT4_MOUNT2_… */
	SET2_DAX_INODE = 0x40,
	SET2_OPTIMIZE_SCAN = 0x80,
	FLAG_SHUTDOWN = 1 << 1, /* EXT4_FLAGS_… */
	FLAG_READ_ONLY = 1 << 3,
	SUPER_ENCRYPTS_INLINE = 1 << 17, /* SB_INLINECRYPT */
	SUPER_VERSIONS = 1 << 23, /* SB_I_VERSION */
	CHARSET_SIZE = 32,
	TYPE_SIZE = 16,
	FAT_ERRORS_CONTINUE = 1,
	FAT_ERRORS_PANIC = 2,
	FAT_NFS_READ_ONLY = 2,
};

static const u32 set_init_tables = 0x80000000; /* EXT4_MOUNT_INIT_INODE_TABLE */

extern const char _ext4_show_options[], ext4_show_options[], squashfs_show_options[];

/* ---- ext4, which ext2 and ext3 are too */

/* A load takes some 150 bytes of code, wherever it stands: here it stands once. */
static __attribute__((noinline)) u32 word(const unsigned int *field)
{
	return READ_ONCE(*field);
}

/* Does this kernel say it at all? */
static bool ext4_says(const char *text)
{
	const char *function;

	if (symbol_exists(_ext4_show_options))
		return code_mentions(_ext4_show_options, text);
	function = module_symbol_find("_ext4_show_options");
	return function != NULL && code_mentions(function, text);
}

struct ext4_option {
	const char *name;
	u32 bits; /* EXT4_MOUNT_…, or with `is_second` EXT4_MOUNT2_… */
	bool is_set, is_second;
};

/* ext4_mount_opts[], those that aren't skipped, in its order. */
static const struct ext4_option ext4_options[] = {
	{"minixdf", 0x80, true, false},
	{"bsddf", 0x80, false, false},
	{"grpid", 0x4, true, false},
	{"nogrpid", 0x4, false, false},
	{"block_validity", 0x20000000, true, false},
	{"noblock_validity", 0x20000000, false, false},
	{"dioread_nolock", 0x400000, true, false},
	{"nodioread_nolock", 0x400000, false, false},
	{"discard", 0x40000000, true, false},
	{"nodiscard", 0x40000000, false, false},
	{"delalloc", 0x8000000, true, false},
	{"nodelalloc", 0x8000000, false, false},
	{"warn_on_error", 0x2000000, true, false},
	{"nowarn_on_error", 0x2000000, false, false},
	{"nojournal_checksum", 0x800000, false, false},
	{"journal_checksum", 0x800000, true, false},
	{"journal_async_commit", 0x1800000, true, false},
	{"norecovery", 0x100, true, false},
	{"barrier", 0x20000, true, false},
	{"nobarrier", 0x20000, false, false},
	{"noauto_da_alloc", 0x10000, true, false},
	{"auto_da_alloc", 0x10000, false, false},
	{"noinit_itable", 0x80000000, false, false},
	{"user_xattr", 0x4000, true, false},
	{"nouser_xattr", 0x4000, false, false}, /* these two up to 5.16 */
	{"acl", 0x8000, true, false},
	{"noacl", 0x8000, false, false},
	{"nouid32", 0x2000, true, false},
	{"debug", 0x8, true, false},
	{"quota", 0xc0000, true, false},
	{"usrquota", 0xc0000, true, false},
	{"grpquota", 0x140000, true, false},
	{"prjquota", 0x240000, true, false},
	{"noquota", 0x3c0000, false, false},
	{"nombcache", 0x1, true, false},
	{"prefetch_block_bitmaps", SET_PREFETCH, true, false}, /* "no_…" from 5.13 */
	{"fc_debug_force", 0x10, true, true},
	{"abort", 0x100, true, true},
};

static bool ext4_option_applies(const struct ext4_sb_info *info, const struct ext4_option *option)
{
	bool has_second = field_exists(struct ext4_sb_info, s_def_mount_opt2);
	u32 now, usual;

	/* Each of the second word came, or was put right, with it. */
	if (option->is_second && !has_second)
		return false;
	if (option->is_second && option->bits == 0x10 && !field_exists(struct ext4_sb_info, s_fc_debug_max_replay))
		return false;
	now = option->is_second ? word(&info->s_mount_opt2) : word(&info->s_mount_opt);
	usual = word(&info->s_def_mount_opt);
	if (option->is_second)
		usual = word(&info->s_def_mount_opt2);
	if ((option->bits & (now ^ usual)) == 0)
		return false;
	return option->is_set ? (now & option->bits) == option->bits : (now & option->bits) == 0;
}

static void show_ext4_flags(struct seq *seq, const struct ext4_sb_info *info)
{
	for (u32 i = 0; i < ARRAY_SIZE(ext4_options); i++) {
		const struct ext4_option *option = &ext4_options[i];
		bool is_reversed =
			option->bits == SET_PREFETCH && field_exists(struct ext4_sb_info, s_mb_largest_free_orders);

		if (!ext4_option_applies(info, option))
			continue;
		seq_puts(seq, is_reversed ? ",no_" : ",");
		seq_puts(seq, option->name);
	}
}

static void show_ext4_owners(struct seq *seq, const struct ext4_sb_info *info)
{
	const struct ext4_super_block *disk = info->s_es;
	u32 uid_high = 0, gid_high = 0;

	if (field_exists(struct ext4_super_block, s_def_resuid_hi)) {
		uid_high = disk->s_def_resuid_hi;
		gid_high = disk->s_def_resgid_hi;
	}
	if (info->s_resuid.val != 0 || (disk->s_def_resuid | uid_high) != 0)
		seq_printf(seq, ",resuid=%u", info->s_resuid.val);
	if (info->s_resgid.val != 0 || (disk->s_def_resgid | gid_high) != 0)
		seq_printf(seq, ",resgid=%u", info->s_resgid.val);
}

static void show_ext4_errors(struct seq *seq, const struct ext4_sb_info *info)
{
	u16 usual = info->s_es->s_errors;

	if ((word(&info->s_mount_opt) & SET_ERRORS_READ_ONLY) != 0 && usual != ERRORS_READ_ONLY)
		seq_puts(seq, ",errors=remount-ro");
	if ((word(&info->s_mount_opt) & SET_ERRORS_CONTINUE) != 0 && usual != ERRORS_CONTINUE)
		seq_puts(seq, ",errors=continue");
	if ((word(&info->s_mount_opt) & SET_ERRORS_PANIC) != 0 && usual != ERRORS_PANIC)
		seq_puts(seq, ",errors=panic");
}

static void show_ext4_times(struct seq *seq, const struct ext4_sb_info *info)
{
	struct ticks ticks;
	u64 hz;

	ticks_read(&ticks);
	hz = ticks_hz(&ticks);
	if (info->s_commit_interval != COMMIT_SECONDS * hz)
		seq_printf(seq, ",commit=%llu", info->s_commit_interval / hz);
	if (word(&info->s_min_batch_time) != 0)
		seq_printf(seq, ",min_batch_time=%u", word(&info->s_min_batch_time));
	if (word(&info->s_max_batch_time) != MAX_BATCH_TIME)
		seq_printf(seq, ",max_batch_time=%u", word(&info->s_max_batch_time));
}

static void show_ext4_data(struct seq *seq, const struct ext4_sb_info *info)
{
	if ((DATA_MASK & (word(&info->s_mount_opt) ^ word(&info->s_def_mount_opt))) == 0)
		return;
	switch (word(&info->s_mount_opt) & DATA_MASK) {
	case DATA_JOURNAL: seq_puts(seq, ",data=journal"); break;
	case DATA_ORDERED: seq_puts(seq, ",data=ordered"); break;
	case DATA_MASK: seq_puts(seq, ",data=writeback"); break;
	default: break;
	}
}

static void show_ext4_encryption(struct seq *seq, const struct super_block *super, const struct ext4_sb_info *info)
{
	if (field_exists(struct ext4_sb_info, s_dummy_enc_policy) && info->s_dummy_enc_policy.policy != NULL) {
		u8 version = *info->s_dummy_enc_policy.policy;

		seq_printf(seq, ",test_dummy_encryption=v%u", version == 0 ? 1u : version);
	}
	if ((super->s_flags & SUPER_ENCRYPTS_INLINE) != 0)
		seq_puts(seq, ",inlinecrypt");
}

static void show_ext4_access(struct seq *seq, const struct super_block *super, const struct ext4_sb_info *info)
{
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	if ((word(&info->s_mount_opt) & SET_DAX) != 0)
		seq_puts(seq, strcmp(type, "ext2") == 0 ? ",dax" : ",dax=always");
	else if ((word(&info->s_mount_opt2) & SET2_DAX_NEVER) != 0)
		seq_puts(seq, ",dax=never");
	else if ((word(&info->s_mount_opt2) & SET2_DAX_INODE) != 0)
		seq_puts(seq, ",dax=inode");
	if (!ext4_says("%cmb_optimize_scan=0"))
		return;
	bool scans = (word(&info->s_mount_opt2) & SET2_OPTIMIZE_SCAN) != 0;
	if (scans != (word(&info->s_groups_count) >= SCAN_GROUPS))
		seq_puts(seq, scans ? ",mb_optimize_scan=1" : ",mb_optimize_scan=0");
}

/* seq_show_option() */
static void show_name(struct seq *seq, const char *option, const char *value)
{
	if (value == NULL)
		return;
	seq_puts(seq, option);
	string_write(seq, value, ", \t\n\\");
}

static void show_ext4_quota(struct seq *seq, const struct ext4_sb_info *info)
{
	static const char *const formats[] = {"", "vfsold", "vfsv0", "", "vfsv1"}; /* QFMT_… */

	if (!field_exists(struct ext4_sb_info, s_jquota_fmt))
		return;
	if (info->s_jquota_fmt != 0)
		seq_printf(seq, ",jqfmt=%s",
			   (u32)info->s_jquota_fmt < ARRAY_SIZE(formats) ? formats[info->s_jquota_fmt] : "");
	show_name(seq, ",usrjquota=", READ_ONCE(info->s_qf_names[0]));
	show_name(seq, ",grpjquota=", READ_ONCE(info->s_qf_names[1]));
}

/* _ext4_show_options() */
static void show_ext4(struct seq *seq, const struct super_block *super)
{
	const struct ext4_sb_info *info = super->s_fs_info;
	bool says_read_only = ext4_says("%cemergency_ro");

	if (info->s_sb_block != 1)
		seq_printf(seq, ",sb=%llu", info->s_sb_block);
	show_ext4_flags(seq, info);
	show_ext4_owners(seq, info);
	show_ext4_errors(seq, info);
	show_ext4_times(seq, info);
	/* Where the other came, this is said in another file only. */
	if ((super->s_flags & SUPER_VERSIONS) != 0 && !says_read_only && ext4_says("%ci_version"))
		seq_puts(seq, ",i_version");
	if (info->s_stripe != 0)
		seq_printf(seq, ",stripe=%lu", info->s_stripe);
	show_ext4_data(seq, info);
	if (word(&info->s_inode_readahead_blks) != READAHEAD_BLOCKS)
		seq_printf(seq, ",inode_readahead_blks=%u", word(&info->s_inode_readahead_blks));
	if ((word(&info->s_mount_opt) & set_init_tables) != 0 && word(&info->s_li_wait_mult) != WAIT_FACTOR)
		seq_printf(seq, ",init_itable=%u", word(&info->s_li_wait_mult));
	if (word(&info->s_max_dir_size_kb) != 0)
		seq_printf(seq, ",max_dir_size_kb=%u", word(&info->s_max_dir_size_kb));
	if ((word(&info->s_mount_opt) & SET_DATA_ERROR_ABORT) != 0)
		seq_puts(seq, ",data_err=abort");
	show_ext4_encryption(seq, super, info);
	show_ext4_access(seq, super, info);
	if (says_read_only && (info->s_ext4_flags & FLAG_READ_ONLY) != 0)
		seq_puts(seq, ",emergency_ro");
	if (says_read_only && (info->s_ext4_flags & FLAG_SHUTDOWN) != 0)
		seq_puts(seq, ",shutdown");
	show_ext4_quota(seq, info);
}

/* ---- FAT */

static void show_charset(struct seq *seq, const char *option, const struct nls_table *table, u32 skipped)
{
	char name[CHARSET_SIZE];

	if (table == NULL)
		return;
	guest_string_copy(name, sizeof name, table->charset + skipped);
	seq_printf(seq, option, name);
}

static const char *short_names(u32 rule)
{
	switch (rule) {
	case 0x0102: return "win95"; /* VFAT_SFN_DISPLAY_… | VFAT_SFN_CREATE_… */
	case 0x0204: return "winnt";
	case 0x0104: return "mixed";
	case 0x0101: return "lower";
	default: return "unknown";
	}
}

static void show_if(struct seq *seq, bool is_so, const char *option)
{
	if (is_so)
		seq_puts(seq, option);
}

static void show_fat_names(struct seq *seq, const struct fat_mount_options *options)
{
	if (options->name_check != 'n')
		seq_printf(seq, ",check=%c", options->name_check);
	show_if(seq, options->usefree, ",usefree");
	show_if(seq, options->quiet, ",quiet");
	show_if(seq, options->showexec, ",showexec");
	show_if(seq, options->sys_immutable, ",sys_immutable");
	if (!options->isvfat) {
		show_if(seq, options->dotsOK, ",dotsOK=yes");
		show_if(seq, options->nocase, ",nocase");
		return;
	}
	show_if(seq, options->utf8, ",utf8");
	show_if(seq, options->unicode_xlate, ",uni_xlate");
	show_if(seq, !options->numtail, ",nonumtail");
	show_if(seq, options->rodir, ",rodir");
}

static void show_fat_behaviour(struct seq *seq, const struct fat_mount_options *options)
{
	show_if(seq, options->flush, ",flush");
	if (options->tz_set && options->time_offset != 0)
		seq_printf(seq, ",time_offset=%d", options->time_offset);
	else
		show_if(seq, options->tz_set, ",tz=UTC");
	if (options->errors == FAT_ERRORS_CONTINUE)
		seq_puts(seq, ",errors=continue");
	else
		seq_puts(seq, options->errors == FAT_ERRORS_PANIC ? ",errors=panic" : ",errors=remount-ro");
	if (options->nfs != 0)
		seq_puts(seq, options->nfs == FAT_NFS_READ_ONLY ? ",nfs=nostale_ro" : ",nfs=stale_rw");
	show_if(seq, options->discard, ",discard");
	show_if(seq, options->dos1xfloppy, ",dos1xfloppy");
}

/* fat_show_options(): the same in all kernels. */
static void show_fat(struct seq *seq, const struct super_block *super)
{
	const struct msdos_sb_info *info = super->s_fs_info;
	const struct fat_mount_options *options = &info->options;

	if (options->fs_uid.val != 0)
		seq_printf(seq, ",uid=%u", options->fs_uid.val);
	if (options->fs_gid.val != 0)
		seq_printf(seq, ",gid=%u", options->fs_gid.val);
	seq_printf(seq, ",fmask=%04o,dmask=%04o", options->fs_fmask, options->fs_dmask);
	if (options->allow_utime != 0)
		seq_printf(seq, ",allow_utime=%04o", options->allow_utime);
	show_charset(seq, ",codepage=%s", info->nls_disk, 2); /* without its "cp" */
	if (options->isvfat) {
		show_charset(seq, ",iocharset=%s", info->nls_io, 0);
		seq_printf(seq, ",shortname=%s", short_names(options->shortname));
	}
	show_fat_names(seq, options);
	show_fat_behaviour(seq, options);
}

/* ---- xfs */

static void show_xfs_flags(struct seq *seq, u64 features)
{
	/* XFS_FEAT_…; what came late, and what is gone since 6.18, has a place of its own on all kernels. */
	static const struct {
		u32 bit;
		const char *name;
	} flags[] = {{57, ",ikeep"},	 {52, ",wsync"},      {49, ",noalign"}, {58, ",swalloc"},
		     {63, ",nouuid"},	 {62, ",norecovery"}, {10, ",attr2"},	{59, ",filestreams"},
		     {55, ",grpid"},	 {54, ",discard"},    {51, ",largeio"}, {60, ",dax=always"},
		     {61, ",dax=never"}, {47, ",nolifetime"}};

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		show_if(seq, (features >> flags[i].bit & 1) != 0, flags[i].name);
	seq_puts(seq, (features >> 56 & 1) != 0 ? ",inode32" : ",inode64"); /* XFS_FEAT_SMALL_INUMS */
}

static void show_xfs_quota(struct seq *seq, const struct xfs_mount *mount)
{
	/* XFS_…QUOTA_ACCT, _ENFD */
	static const struct {
		u32 counted, enforced;
		const char *strict, *lax;
	} kinds[] = {{0x1, 0x2, ",usrquota", ",uqnoenforce"},
		     {0x8, 0x200, ",prjquota", ",pqnoenforce"},
		     {0x40, 0x80, ",grpquota", ",gqnoenforce"}};
	u32 flags = word(&mount->m_qflags);
	bool is_counted = false;

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		is_counted |= (flags & kinds[i].counted) != 0;
		if ((flags & kinds[i].enforced) != 0)
			seq_puts(seq, kinds[i].strict);
		else
			show_if(seq, (flags & kinds[i].counted) != 0, kinds[i].lax);
	}
	show_if(seq, !is_counted, ",noquota");
}

static void show_number_if(struct seq *seq, const char *format, s64 value)
{
	if (value > 0)
		seq_printf(seq, format, value);
}

/* xfs_fs_show_options() */
static void show_xfs(struct seq *seq, const struct super_block *super)
{
	const struct xfs_mount *mount = super->s_fs_info;
	u32 sectors = mount->m_blkbb_log & 31; /* of a block: XFS_FSB_TO_BB() */

	show_xfs_flags(seq, mount->m_features);
	if ((mount->m_features >> 50 & 1) != 0) /* XFS_FEAT_ALLOCSIZE */
		seq_printf(seq, ",allocsize=%lluk", (1ull << (word(&mount->m_allocsize_log) & 31)) >> 10);
	show_number_if(seq, ",logbufs=%lld", mount->m_logbufs);
	if (mount->m_logbsize > 0)
		seq_printf(seq, ",logbsize=%dk", mount->m_logbsize >> 10);
	show_name(seq, ",logdev=", mount->m_logname);
	show_name(seq, ",rtdev=", mount->m_rtname);
	show_number_if(seq, ",sunit=%lld", (s64)mount->m_dalign << sectors);
	show_number_if(seq, ",swidth=%lld", (s64)mount->m_swidth << sectors);
	show_xfs_quota(seq, mount);
	if (field_exists(struct xfs_mount, m_max_open_zones))
		show_number_if(seq, ",max_open_zones=%lld", mount->m_max_open_zones);
	if (field_exists(struct xfs_mount, m_awu_max_bytes) && mount->m_awu_max_bytes != 0)
		seq_printf(seq, ",max_atomic_write=%lluk", mount->m_awu_max_bytes >> 10);
}

/* ---- squashfs, on whose lines kernels before 5.18 write nothing */

/* Where the kernel was configured so, who mounts it says how many unpack it. */
static void show_squashfs_threads(struct seq *seq, const struct squashfs_sb_info *info)
{
	const char *function = module_symbol_find("squashfs_show_options");

	if (symbol_exists(squashfs_show_options))
		function = squashfs_show_options;
	if (function == NULL)
		guest_fail(STATUS_MISSING, "how many threads unpack a squashfs isn't known: its code isn't found");
	if (code_mentions(function, ",threads=single"))
		seq_fault(seq, "how many threads unpack a squashfs is missing");
	else if (code_mentions(function, ",threads=%d"))
		seq_printf(seq, ",threads=%d", info->max_thread_num);
}

static void show_squashfs(struct seq *seq, const struct super_block *super)
{
	const struct squashfs_sb_info *info = super->s_fs_info;

	seq_puts(seq, info->panic_on_errors ? ",errors=panic" : ",errors=continue");
	if (field_exists(struct squashfs_sb_info, thread_ops))
		show_squashfs_threads(seq, info);
}

/* xfs_fs_show_stats(), from 6.19 or so: of zones only (XFS_FEAT_ZONED). */
bool disk_lacks_statistics(const struct super_block *super)
{
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	return strcmp(type, "xfs") == 0 && field_exists(struct xfs_mount, m_features) &&
	       (((const struct xfs_mount *)super->s_fs_info)->m_features >> 29 & 1) == 0;
}

bool disk_options_show(struct seq *seq, const struct super_block *super)
{
	char type[TYPE_SIZE];
	bool is_extended;

	guest_string_copy(type, sizeof type, super->s_type->name);
	is_extended = strcmp(type, "ext4") == 0 || strcmp(type, "ext3") == 0;
	/* There is an ext2 of its own too. */
	if (strcmp(type, "ext2") == 0 && symbol_exists(ext4_show_options))
		is_extended = (u64)super->s_op->show_options == (u64)ext4_show_options;
	if (is_extended && type_exists(struct ext4_sb_info))
		show_ext4(seq, super);
	else if ((strcmp(type, "vfat") == 0 || strcmp(type, "msdos") == 0) && type_exists(struct msdos_sb_info))
		show_fat(seq, super);
	else if (strcmp(type, "xfs") == 0 && field_exists(struct xfs_mount, m_features))
		show_xfs(seq, super);
	else if (strcmp(type, "squashfs") == 0 && type_exists(struct squashfs_sb_info))
		show_squashfs(seq, super);
	else
		return false;
	return true;
}
