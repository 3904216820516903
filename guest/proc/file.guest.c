/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/{cwd,exe,root,fd} (fs/proc/base.c, fd.c, fs/file.c, fs/stat.c, 5.10
 * to 7.2). */
#include "guest/proc/file.h"

#include "guest/proc/ahead.h"
#include "guest/proc/mounts.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/mm.h"

enum {
	/* fs.nr_open is 1 Mi by default, and tables grow with the numbers that
	 * are used: 16 Mi files would take a gigabyte of the kernel's memory. */
	FILE_COUNT_MAX = 1 << 24,
	WORD_BITS = 64,
	FILE_MODE_READ = 1, /* FMODE_READ, FMODE_WRITE */
	FILE_MODE_WRITE = 2,
	TASK_KERNEL_THREAD = 0x00200000, /* PF_KTHREAD */
	MINOR_BITS = 20,
	TYPE_LINK = 0120000, /* S_IFLNK */
	TYPE_FILE = 0100000, /* S_IFREG */
	MODE_PERMISSIONS = 07777,
	TYPE_NAME_SIZE = 16, /* room for "overlay" */
	MODE_READ = 0500, /* S_IRUSR | S_IXUSR */
	MODE_WRITE = 0300, /* S_IWUSR | S_IXUSR */
	LINK_SIZE = 64, /* proc_fd_instantiate() says so of every one */
	MODE_INFO = TYPE_FILE | 0444, /* from 5.14; before it was 0400 */
};

extern const char pidfs_getattr;

u64 device_number(u32 device)
{
	u64 major = device >> MINOR_BITS, minor = device & ((1 << MINOR_BITS) - 1);

	return (minor & 0xff) | major << 8 | (minor & ~0xffull) << 12;
}

static bool is_of_type(const struct inode *inode, const char *type)
{
	char name[TYPE_NAME_SIZE];

	guest_string_copy(name, sizeof name, inode->i_sb->s_type->name);
	return strcmp(name, type) == 0;
}

/* Of directories, an overlay shows the upper layer's size (ovl_getattr()). */
static const struct inode *inode_with_size(const struct inode *inode)
{
	return is_of_type(inode, "overlay") ? overlay_inode_upper(inode) : inode;
}

void inode_stat(const struct inode *inode, struct stat_answer *answer)
{
	answer->mode = inode->i_mode;
	answer->uid = inode->i_uid.val;
	answer->gid = inode->i_gid.val;
	answer->link_count = inode->i_nlink;
	answer->inode = inode->i_ino;
	answer->device = device_number(btrfs_is(inode->i_sb) ? btrfs_inode_device(inode) : inode->i_sb->s_dev);
	answer->special_device = device_number(inode->i_rdev);
	answer->size = (u64)inode_with_size(inode)->i_size;
	/* It doesn't say that it is a regular file (from 6.15 on, and in 6.12's repaired versions). */
	if (symbol_exists(pidfs_getattr) && is_of_type(inode, "pidfs"))
		answer->mode &= MODE_PERMISSIONS;
}

void path_link(struct seq *seq, const struct path *path)
{
	struct place place = place_make(path), root;
	struct path_text text;

	place_root(&root);
	path_text_make(&text, &place, &root);
	if (PATH_TEXT_SIZE - text.start > PATH_LINK_LENGTH_MAX)
		guest_fail(STATUS_LIMIT, "the name is longer than readlink() can give");
	path_write(seq, &text, "");
}

/* ---- a process's own places */

static const struct path *exe_path(void)
{
	const struct task_struct *task = task_subject();
	const struct mm_struct *mm = READ_ONCE(task->mm);
	const struct file *file;

	if (mm == NULL || (task->flags & TASK_KERNEL_THREAD) != 0)
		guest_fail(STATUS_MISSING, "the task runs no file");
	file = READ_ONCE(mm->exe_file);
	if (file == NULL)
		guest_fail(STATUS_MISSING, "the process has given up its file");
	return &file->f_path;
}

static const struct fs_struct *task_fs(void)
{
	const struct fs_struct *fs = READ_ONCE(task_subject()->fs);

	if (fs == NULL)
		guest_fail(STATUS_MISSING, "the process has left its directories");
	return fs;
}

void pid_exe_text(struct seq *seq)
{
	path_link(seq, exe_path());
}

void pid_exe_stat(void *answer)
{
	inode_stat(exe_path()->dentry->d_inode, answer);
}

void pid_cwd_text(struct seq *seq)
{
	path_link(seq, &task_fs()->pwd);
}

void pid_cwd_stat(void *answer)
{
	inode_stat(task_fs()->pwd.dentry->d_inode, answer);
}

void pid_root_text(struct seq *seq)
{
	path_link(seq, &task_fs()->root);
}

void pid_root_stat(void *answer)
{
	inode_stat(task_fs()->root.dentry->d_inode, answer);
}

/* ---- descriptors */

/* For how many files was the table made? The first of a process is part of its files_struct; of another one the
 * three maps were allocated in one piece (alloc_fdtable(), fs/file.c). So a count that is forged alone shows: what lies
 * behind the table may look like files, and a smaller count hides some. */
static u64 room_of(const struct files_struct *files, const struct fdtable *table)
{
	u64 maps = (u64)READ_ONCE(table->open_fds), on_exec = (u64)READ_ONCE(table->close_on_exec);

	if (table == &files->fdtab)
		return field_size(struct files_struct, fd_array) / sizeof(u64);
	if (on_exec <= maps || (u64)READ_ONCE(table->full_fds_bits) - on_exec != on_exec - maps)
		return 0;
	return 8 * (on_exec - maps);
}

static const struct fdtable *descriptors(const struct files_struct *files)
{
	const struct fdtable *table = READ_ONCE(files->fdt);

	if (table->max_fds > FILE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "the table of files says that it is larger than any could be");
	if (table->max_fds != room_of(files, table))
		guest_fail(STATUS_MALFORMED, "the table of files says that it has another size than it was made with");
	return table;
}

bool file_bit(const unsigned long *bits, u32 number)
{
	return (READ_ONCE(bits[number / WORD_BITS]) >> number % WORD_BITS & 1) != 0;
}

/* A slot below max_fds. The kernel sets a number's bit before it has its file and clears it when it has none
 * any more (fd_install(), file_close_fd_locked(), fs/file.c 6.12): a file without it is from another moment, or
 * lies behind the table's end. */
static const struct file *descriptor(const struct fdtable *table, u32 number)
{
	const struct file *file = READ_ONCE(table->fd[number]);

	if (file != NULL && !file_bit(table->open_fds, number))
		guest_fail(STATUS_TORN, "a table of files has a file at a number that it says is free");
	return file;
}

const struct file *file_find(const struct files_struct *files, u32 number)
{
	const struct fdtable *table = descriptors(files);

	return number < table->max_fds ? descriptor(table, number) : NULL;
}

/* proc_readfd_count(), fs/proc/fd.c. */
u64 file_count(const struct files_struct *files)
{
	u64 count = 0;

	if (files == NULL)
		return 0;
	const struct fdtable *table = descriptors(files);
	/* Read once more, so bounded once more. */
	const u32 word_count = min((u32)READ_ONCE(table->max_fds), (u32)FILE_COUNT_MAX) / WORD_BITS;
	for (u32 i = 0; i < word_count; i++)
		for (u64 word = READ_ONCE(table->open_fds[i]); word != 0; word &= word - 1)
			count++;
	return count;
}

const struct file *file_subject(void)
{
	const struct files_struct *files = READ_ONCE(task_subject()->files);
	const struct file *file = files != NULL ? file_find(files, subject_number()) : NULL;

	if (file == NULL)
		guest_fail(STATUS_MISSING, "the process has no such file");
	return file;
}

void pid_fd_text(struct seq *seq)
{
	path_link(seq, &file_subject()->f_path);
}

void pid_fd_stat(void *answer)
{
	inode_stat(file_subject()->f_inode, answer);
}

/* tid_fd_update_inode() */
static u32 link_mode(const struct file *file)
{
	return TYPE_LINK | ((file->f_mode & FILE_MODE_READ) != 0 ? MODE_READ : 0) |
	       ((file->f_mode & FILE_MODE_WRITE) != 0 ? MODE_WRITE : 0);
}

void pid_fd_own(void *argument)
{
	struct stat_answer *answer = argument;

	answer->mode = link_mode(file_subject());
	answer->size = LINK_SIZE;
}

/* proc_readfd_common(): by their numbers. All of one type: what is of several stands in a listing apart. */
static void list_descriptors(struct listing *listing, u32 type)
{
	const struct files_struct *files = READ_ONCE(task_subject()->files);
	const struct fdtable *table;

	ahead_wish(AHEAD_WISH_FILES);
	if (files == NULL)
		return; /* it is ending: the directory is empty */
	table = descriptors(files);
	for (u32 i = 0; i < table->max_fds; i++)
		if (descriptor(table, i) != NULL)
			listing_add_number(listing, i, type, 0);
}

void pid_fd_list(struct listing *listing)
{
	list_descriptors(listing, TYPE_LINK);
}

void pid_fdinfo_list(struct listing *listing)
{
	list_descriptors(listing, MODE_INFO);
}
