/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mount options of file systems for optical disks, on which clouds hand machines their configuration, too:
 * fs/isofs/inode.c, fs/udf/super.c, 5.10 to 7.2. */
#include "guest/proc/mention.h"
#include "guest/proc/mounts.h"

#include "guest/kernel/guestc-types-begin.h"

struct nls_table {
	const char *charset;
};

struct isofs_sb_info {
	s32 s_sbsector;
	unsigned char s_joliet_level, s_mapping, s_check, s_session;
	unsigned int s_rock : 2, s_cruft : 1, s_nocompress : 1, s_hide : 1, s_showassoc : 1, s_overriderockperm : 1,
		s_uid_set : 1, s_gid_set : 1;
	u16 s_fmode, s_dmode;
	kgid_t s_gid;
	kuid_t s_uid;
	struct nls_table *s_nls_iocharset; /* NULL: UTF-8 */
};

struct udf_sb_info {
	s32 s_session;
	u32 s_anchor, s_last_block;
	u16 s_umask, s_fmode, s_dmode;
	kgid_t s_gid;
	kuid_t s_uid;
	unsigned long s_flags;
	struct nls_table *s_nls_map; /* NULL: UTF-8 */
};

#include "guest/kernel/guestc-types-end.h"

enum {
	TYPE_SIZE = 16,
	CHARSET_SIZE = 32,
	NO_SESSION = 255,
	USUAL_BLOCK_BITS = 10,
	INVALID_MODE = 0xffff, /* ISOFS_INVALID_MODE, UDF_INVALID_MODE */
	UDF_SHORT = 2, /* UDF_FLAG_… */
	UDF_INLINE = 3,
	UDF_STRICT = 5,
	UDF_UNDELETE = 6,
	UDF_UNHIDE = 7,
	UDF_FORGETS_USER = 11,
	UDF_FORGETS_GROUP = 12,
	UDF_SETS_USER = 13,
	UDF_SETS_GROUP = 14,
	UDF_SETS_SESSION = 15,
	UDF_SETS_LAST_BLOCK = 16,
	UDF_SETS_BLOCK_SIZE = 17,
};

/* A load takes some 150 bytes of code, wherever it stands. */
static __attribute__((noinline)) void show_if(struct seq *seq, bool is_so, const char *option)
{
	if (is_so)
		seq_puts(seq, option);
}

static __attribute__((noinline)) void show_number_if(struct seq *seq, bool is_so, const char *format, u32 value)
{
	if (is_so)
		seq_printf(seq, format, value);
}

static void show_charset(struct seq *seq, const struct nls_table *table)
{
	char name[CHARSET_SIZE] = "utf8";

	if (table != NULL)
		guest_string_copy(name, sizeof name, table->charset);
	seq_printf(seq, ",iocharset=%s", name);
}

static u32 block_size(const struct super_block *super)
{
	return 1u << (super->s_blocksize_bits & 31);
}

/* isofs_show_options(): the same in all kernels. */
static void show_iso9660(struct seq *seq, const struct super_block *super)
{
	const struct isofs_sb_info *info = super->s_fs_info;
	u32 rock = info->s_rock, session = info->s_session, mode;
	s32 sector = info->s_sbsector;

	show_if(seq, rock == 0, ",norock");
	show_if(seq, rock != 0 && info->s_joliet_level == 0, ",nojoliet");
	show_if(seq, info->s_cruft, ",cruft");
	show_if(seq, info->s_hide, ",hide");
	show_if(seq, info->s_nocompress, ",nocompress");
	show_if(seq, info->s_overriderockperm, ",overriderockperm");
	show_if(seq, info->s_showassoc, ",showassoc");
	show_number_if(seq, info->s_check != 0, ",check=%c", info->s_check);
	show_number_if(seq, info->s_mapping != 0, ",map=%c", info->s_mapping);
	show_number_if(seq, session != NO_SESSION, ",session=%u", session - 1);
	show_number_if(seq, sector != -1, ",sbsector=%u", (u32)sector);
	show_number_if(seq, super->s_blocksize_bits != USUAL_BLOCK_BITS, ",blocksize=%u", block_size(super));
	show_number_if(seq, info->s_uid_set, ",uid=%u", info->s_uid.val);
	show_number_if(seq, info->s_gid_set, ",gid=%u", info->s_gid.val);
	mode = info->s_dmode;
	show_number_if(seq, mode != INVALID_MODE, ",dmode=%o", mode);
	mode = info->s_fmode;
	show_number_if(seq, mode != INVALID_MODE, ",fmode=%o", mode);
	/* Where the kernel was configured so (CONFIG_JOLIET). */
	if (code_mentions(super->s_op->show_options, ",iocharset="))
		show_charset(seq, info->s_nls_iocharset);
}

static void show_udf_owners(struct seq *seq, const struct udf_sb_info *info, u64 flags)
{
	show_if(seq, (flags >> UDF_FORGETS_USER & 1) != 0, ",uid=forget");
	show_if(seq, (flags >> UDF_FORGETS_GROUP & 1) != 0, ",gid=forget");
	show_number_if(seq, (flags >> UDF_SETS_USER & 1) != 0, ",uid=%u", info->s_uid.val);
	show_number_if(seq, (flags >> UDF_SETS_GROUP & 1) != 0, ",gid=%u", info->s_gid.val);
	show_number_if(seq, info->s_umask != 0, ",umask=%o", info->s_umask);
	show_number_if(seq, info->s_fmode != INVALID_MODE, ",mode=%o", info->s_fmode);
	show_number_if(seq, info->s_dmode != INVALID_MODE, ",dmode=%o", info->s_dmode);
}

/* udf_show_options(): the same in all kernels. */
static void show_udf(struct seq *seq, const struct super_block *super)
{
	const struct udf_sb_info *info = super->s_fs_info;
	u64 flags = info->s_flags;

	show_if(seq, (flags >> UDF_STRICT & 1) == 0, ",nostrict");
	show_number_if(seq, (flags >> UDF_SETS_BLOCK_SIZE & 1) != 0, ",bs=%u", block_size(super));
	show_if(seq, (flags >> UDF_UNHIDE & 1) != 0, ",unhide");
	show_if(seq, (flags >> UDF_UNDELETE & 1) != 0, ",undelete");
	show_if(seq, (flags >> UDF_INLINE & 1) == 0, ",noadinicb");
	show_if(seq, (flags >> UDF_SHORT & 1) != 0, ",shortad");
	show_udf_owners(seq, info, flags);
	show_number_if(seq, (flags >> UDF_SETS_SESSION & 1) != 0, ",session=%d", (u32)info->s_session);
	show_number_if(seq, (flags >> UDF_SETS_LAST_BLOCK & 1) != 0, ",lastblock=%u", info->s_last_block);
	show_number_if(seq, info->s_anchor != 0, ",anchor=%u", info->s_anchor);
	show_charset(seq, info->s_nls_map);
}

bool optical_options_show(struct seq *seq, const struct super_block *super)
{
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	if (strcmp(type, "iso9660") == 0 && type_exists(struct isofs_sb_info))
		show_iso9660(seq, super);
	else if (strcmp(type, "udf") == 0 && type_exists(struct udf_sb_info))
		show_udf(seq, super);
	else
		return false;
	return true;
}
