/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "enclave/vfs/entry.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/target.h"

/* A text is made when it is opened: all of it, or where it is long its first part, and the next ones as the
 * reader comes to them (guest/proc/seq.h). One part is in memory at a time. */
struct proc_file {
	struct file file;
	struct proc_text text; /* the part at hand */
	uint64_t start; /* where it begins in the file */
	uint64_t epoch; /* of which all parts are */
	bool is_begun; /* something was read */
	bool has_fault; /* this part or one before isn't whole */
	bool fault_told; /* the reader had its error */
	struct place place;
};

static struct proc_file *proc_file_of(struct file *file)
{
	return (struct proc_file *)file;
}

/* The text of this moment, from its beginning. */
static long begin(struct proc_file *proc)
{
	struct proc_text text = {0};

	/* The old part first: there isn't room for two. */
	proc_text_deinit(&proc->text);
	proc->start = 0;
	proc->is_begun = proc->fault_told = false;
	long result = entry_text(&proc->place.entry, proc->place.path, &text);
	proc->has_fault = result < 0 || text.fault != NULL;
	if (result == 0)
		proc->text = text;
	proc->epoch = target_epoch();
	return result;
}

static long go_on(struct proc_file *proc)
{
	struct seq_place next = proc->text.next;
	struct proc_text text = {0};

	proc->start += proc->text.size;
	proc_text_deinit(&proc->text);
	long result = entry_text_next(&proc->place.entry, proc->place.path, proc->epoch, &next, &text);
	proc->has_fault |= result < 0 || text.fault != NULL;
	if (result == 0)
		proc->text = text;
	/* Behind what it can't give, the file ends with an error of its own. */
	return result == -EIO ? 0 : result;
}

/* Have the part at hand that `from` lies in, or the last one. As seq_file does, what was left behind is made
 * anew, as it is then; so is a text whose epoch has ended, for who begins with it again. */
static long come_to(struct proc_file *proc, uint64_t from)
{
	long result = 0;

	if (from < proc->start || (from == 0 && proc->is_begun && proc->epoch != target_epoch()))
		result = begin(proc);
	/* The process that it was of has ended. */
	if (result == -ENOENT)
		return -ESRCH;
	while (result == 0 && proc->text.has_more && from - proc->start >= proc->text.size)
		result = go_on(proc);
	return result;
}

static long proc_file_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	struct proc_file *proc = proc_file_of(file);
	uint64_t from = (uint64_t)(offset < 0 ? file->position : offset);

	if (size == 0)
		return 0;
	long result = come_to(proc, from);
	if (result < 0)
		return result;
	uint64_t at = from - proc->start;
	size_t left = at < proc->text.size ? proc->text.size - (size_t)at : 0, part = size < left ? size : left;
	if (left == 0 && proc->has_fault && !proc->fault_told) {
		proc->fault_told = true;
		return -EIO;
	}
	if (left == 0 && proc->text.refusal != 0)
		return -proc->text.refusal;
	if (left == 0)
		return 0;
	memcpy(buffer, proc->text.data + at, part);
	proc->is_begun = true;
	if (offset < 0)
		file->position += (int64_t)part;
	return (long)part;
}

static bool is_sysctl(struct file *file)
{
	return strncmp(file->path, "/proc/sys/", sizeof "/proc/sys/" - 1) == 0;
}

/* Files below /proc/sys take the VFS's own llseek, with a size of 0; all others
 * are seq files, which know no end (fs/seq_file.c, seq_lseek()). */
static long proc_file_seek(struct file *file, int64_t offset, int whence)
{
	bool plain = is_sysctl(file);
	int64_t position;

	if (whence == SEEK_CUR) {
		if (__builtin_add_overflow(file->position, offset, &position))
			return -EOVERFLOW;
	} else if (whence == SEEK_SET || (whence == SEEK_END && plain)) {
		position = offset;
	} else {
		return -EINVAL;
	}
	if (position < 0)
		return -EINVAL;
	file->position = position;
	return position;
}

static long proc_file_stat(struct file *file, struct stat *ret_stat)
{
	return place_stat(&proc_file_of(file)->place, true, ret_stat);
}

/* proc_reg_mmap() (fs/proc/inode.c): EIO where the file has no mmap of its own;
 * /proc/sys has no such operation at all. */
static long proc_file_map(struct file *file, void *memory, size_t size, int64_t offset)
{
	return is_sysctl(file) ? -ENODEV : -EIO;
}

static void proc_file_close(struct file *file)
{
	proc_text_deinit(&proc_file_of(file)->text);
}

static const struct file_ops proc_file_ops = {
	.read = proc_file_read,
	.seek = proc_file_seek,
	.stat = proc_file_stat,
	.map = proc_file_map,
	.close = proc_file_close,
};

long proc_file_open(const struct place *place, int flags, struct file **ret_file)
{
	struct proc_file *proc;
	long result;

	/* The target is looked at, never changed. */
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		return -EACCES;
	proc = calloc(1, sizeof *proc);
	if (proc == NULL)
		return -ENOMEM;
	proc->place = *place;
	result = begin(proc);
	if (result == 0) {
		result = file_init(&proc->file, &proc_file_ops, flags, place->path);
		if (result < 0)
			proc_text_deinit(&proc->text);
	}
	if (result < 0) {
		free(proc);
		return result;
	}
	*ret_file = &proc->file;
	return 0;
}
