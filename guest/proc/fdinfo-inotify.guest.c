/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an inotify or fanotify file watches: fs/notify/fdinfo.c,
 * fs/notify/fsnotify.h, inotify/inotify.h, fanotify/fanotify.h; how file systems name their files: fs/exportfs/expfs.c,
 * mm/shmem.c, fs/kernfs/mount.c; 5.10 to 7.2. */
#include "guest/proc/fdinfo.h"
#include "guest/proc/row-loop.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/kernfs.h"
#include "guest/proc/types/namespace.h"

#include "guest/kernel/guestc-types-begin.h"

struct fsnotify_mark_connector {
	u32 type : 32; /* of fewer bits */
	u8 prio; /* from 6.10 */
	void *obj;
};

struct fsnotify_mark {
	u32 mask;
	u32 ignore_mask; /* before 6.0: ignored_mask, and other flags */
	unsigned int flags;
	struct list_head g_list;
	struct fsnotify_mark_connector *connector;
};

struct inotify_inode_mark {
	struct fsnotify_mark fsn_mark;
	int wd;
};

struct fanotify_group_private_data {
	int flags, f_flags;
};

struct fsnotify_group {
	struct list_head marks_list;
	struct fanotify_group_private_data fanotify_data; /* of a union */
};

enum fsnotify_obj_type {
	FSNOTIFY_OBJ_TYPE_MNTNS, /* from 6.15 */
};

struct export_operations {
	const void *encode_fh;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	OBJECT_INODE = 0, /* FSNOTIFY_OBJ_TYPE_… */
	OBJECT_MOUNT = 1,
	OBJECT_FILE_SYSTEM = 2,
	USER_MASK = 0xfff, /* IN_ALL_EVENTS */
	FLAG_EXCLUDES_UNLINKED = 0x10, /* FSNOTIFY_MARK_FLAG_…; the flags of a program: */
	FLAG_ONCE = 0x20,
	FLAG_IGNORED_SURVIVES = 0x100,
	FLAG_EVICTABLE = 0x200,
	FLAG_IGNORE = 0x400,
	MARK_IGNORED_SURVIVES = 0x40, /* FAN_MARK_… (include/uapi/linux/fanotify.h) */
	MARK_EVICTABLE = 0x200,
	MARK_IGNORE = 0x400,
	GROUP_FLAGS = 0x7fffffff, /* FANOTIFY_INIT_FLAGS: all that a group can have, but FANOTIFY_UNPRIV */
	MASK_EXCLUDES_UNLINKED = 0x04000000, /* IN_EXCL_UNLINK; IN_ONESHOT is the top bit */
	NUMBER_GENERATION = 1, /* FILEID_… (include/linux/exportfs.h) */
	WIDE_NUMBER_GENERATION = 0x81,
	KERNFS = 0xfe,
	HANDLE_WORDS_MAX = 3,
};

/* How the functions are called that make a file's name from its number. */
extern const char shmem_encode_fh, kernfs_encode_fh, generic_encode_ino32_fh;

struct handle {
	u32 type, count;
	u32 words[HANDLE_WORDS_MAX];
};

/* A load takes some 150 bytes of code, wherever it stands: here it stands once. */
static __attribute__((noinline)) u32 number(const u32 *field)
{
	return READ_ONCE(*field);
}

/* exportfs_encode_inode_fh().
 * False: a file system that has its own way. */
static bool handle_of(const struct inode *inode, struct handle *ret_handle)
{
	const struct export_operations *operations = inode->i_sb->s_export_op;
	const void *function = operations != NULL ? operations->encode_fh : NULL;
	u64 number = inode->i_ino;

	if (function != NULL && symbol_exists(shmem_encode_fh) && (u64)function == (u64)&shmem_encode_fh) {
		*ret_handle =
			(struct handle){NUMBER_GENERATION, 3, {inode->i_generation, (u32)number, (u32)(number >> 32)}};
		return true;
	}
	if (function != NULL && symbol_exists(kernfs_encode_fh) && (u64)function == (u64)&kernfs_encode_fh) {
		u64 id = ((const struct kernfs_node *)inode->i_private)->id;

		*ret_handle = (struct handle){KERNFS, 2, {(u32)id, (u32)(id >> 32)}};
		return true;
	}
	bool is_plain = symbol_exists(generic_encode_ino32_fh) && (u64)function == (u64)&generic_encode_ino32_fh;
	if (function != NULL && !is_plain)
		return false;
	/* File systems that can't be exported have got names too (6.7). */
	if (function == NULL && symbol_exists(generic_encode_ino32_fh))
		*ret_handle = (struct handle){
			WIDE_NUMBER_GENERATION, 3, {(u32)number, (u32)(number >> 32), inode->i_generation}};
	else
		*ret_handle = (struct handle){NUMBER_GENERATION, 2, {(u32)number, inode->i_generation}};
	return true;
}

static __attribute__((noinline)) void show_handle(struct seq *seq, const struct inode *inode)
{
	struct handle handle;
	char name[SYMBOL_NAME_SIZE];

	if (!handle_of(inode, &handle)) {
		symbol_text(((const struct export_operations *)inode->i_sb->s_export_op)->encode_fh, name);
		seq_fault(seq, "the name that %s() gives to a file is missing", name);
		return;
	}
	seq_printf(seq, "fhandle-bytes:%x fhandle-type:%x f_handle:", handle.count * 4, handle.type);
	for (u32 i = 0; i < handle.count; i++)
		seq_printf(seq, "%02x%02x%02x%02x", handle.words[i] & 0xff, handle.words[i] >> 8 & 0xff,
			   handle.words[i] >> 16 & 0xff, handle.words[i] >> 24);
}

/* Until 6.9 `obj` is where the object keeps its marks, since then it is the object (to programs: its public part). */
#define OBJECT(connector, type, marks, public)                                       \
	(field_exists(struct fsnotify_mark_connector, prio) ? (const type *)(public) \
							    : container_of((connector)->obj, type, marks))

static __attribute__((noinline)) const struct inode *inode_of(const struct fsnotify_mark_connector *connector)
{
	return OBJECT(connector, struct inode, i_fsnotify_marks, connector->obj);
}

static const struct mount *mount_of(const struct fsnotify_mark_connector *connector)
{
	return OBJECT(connector, struct mount, mnt_fsnotify_marks,
		      container_of((struct vfsmount *)connector->obj, struct mount, mnt));
}

static const struct super_block *file_system_of(const struct fsnotify_mark_connector *connector)
{
	return OBJECT(connector, struct super_block, s_fsnotify_marks, connector->obj);
}

static u32 mask_of(const struct fsnotify_mark *mark)
{
	u32 mask = mark->mask & USER_MASK;

	if ((mark->flags & FLAG_EXCLUDES_UNLINKED) != 0)
		mask |= MASK_EXCLUDES_UNLINKED;
	if ((mark->flags & FLAG_ONCE) != 0)
		mask |= 1u << 31;
	return mask;
}

void fdinfo_inotify_show(struct seq *seq, const struct file *file)
{
	const struct fsnotify_group *group = file->private_data;
	struct row_loop loop = ROW_LOOP;
	const struct fsnotify_mark *mark;

	list_for_each_entry (mark, &group->marks_list, g_list) {
		row_loop_check(&loop, mark);
		const struct fsnotify_mark_connector *connector = READ_ONCE(mark->connector);
		const struct inode *inode;

		if (connector == NULL || connector->type != OBJECT_INODE || connector->obj == NULL)
			continue;
		inode = inode_of(connector);
		seq_printf(seq, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0 ",
			   (u32)container_of(mark, struct inotify_inode_mark, fsn_mark)->wd, inode->i_ino,
			   inode->i_sb->s_dev, mask_of(mark));
		show_handle(seq, inode);
		seq_putc(seq, '\n');
	}
}

static u32 flags_of(u32 kept)
{
	return ((kept & FLAG_IGNORED_SURVIVES) != 0 ? MARK_IGNORED_SURVIVES : 0) |
	       ((kept & FLAG_EVICTABLE) != 0 ? MARK_EVICTABLE : 0) | ((kept & FLAG_IGNORE) != 0 ? MARK_IGNORE : 0);
}

/* fanotify_fdinfo(): what is watched. False: nothing any more. */
static bool show_object(struct seq *seq, const struct fsnotify_mark_connector *connector)
{
	u32 type = connector->type;

	if (connector->obj == NULL)
		return false;
	if (type == OBJECT_INODE)
		seq_printf(seq, "fanotify ino:%lx sdev:%x", inode_of(connector)->i_ino,
			   number(&inode_of(connector)->i_sb->s_dev));
	else if (type == OBJECT_MOUNT)
		seq_printf(seq, "fanotify mnt_id:%x", number((const u32 *)&mount_of(connector)->mnt_id));
	else if (type == OBJECT_FILE_SYSTEM)
		seq_printf(seq, "fanotify sdev:%x", number(&file_system_of(connector)->s_dev));
	else if (enum_value_exists(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_MNTNS) &&
		 type == (u32)enum_value(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_MNTNS))
		seq_printf(seq, "fanotify mnt_ns:%u", number(&((const struct mnt_namespace *)connector->obj)->ns.inum));
	else
		return false;
	return true;
}

void fdinfo_fanotify_show(struct seq *seq, const struct file *file)
{
	const struct fsnotify_group *group = file->private_data;
	struct row_loop loop = ROW_LOOP;
	const struct fsnotify_mark *mark;

	if (!field_exists(struct fsnotify_mark, ignore_mask)) {
		seq_fault(seq, "how fanotify's marks look before Linux 6.0 (and later ones of 5.10) isn't known");
		return;
	}
	seq_printf(seq, "fanotify flags:%x event-flags:%x\n",
		   number((const u32 *)&group->fanotify_data.flags) & GROUP_FLAGS,
		   number((const u32 *)&group->fanotify_data.f_flags));
	list_for_each_entry (mark, &group->marks_list, g_list) {
		row_loop_check(&loop, mark);
		const struct fsnotify_mark_connector *connector = READ_ONCE(mark->connector);

		if (connector == NULL || !show_object(seq, connector))
			continue;
		seq_printf(seq, " mflags:%x mask:%x ignored_mask:%x", flags_of(number(&mark->flags)),
			   number(&mark->mask), number(&mark->ignore_mask));
		if (connector->type == OBJECT_INODE) {
			seq_putc(seq, ' ');
			show_handle(seq, inode_of(connector));
		}
		seq_putc(seq, '\n');
	}
}
