/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/target.h"
#include "guest/proc/node.h"

struct proc_file {
	struct file file;
	const struct proc_node *node;
	struct proc_text text;
	bool fault_told; /* the reader had its error */
	struct place place;
};

static struct proc_file *proc_file_of(struct file *file)
{
	return (struct proc_file *)file;
}

static long proc_file_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	struct proc_file *proc = proc_file_of(file);
	uint64_t from = (uint64_t)(offset < 0 ? file->position : offset);
	size_t left = from < proc->text.size ? proc->text.size - (size_t)from : 0;
	size_t part = size < left ? size : left;

	if (size == 0)
		return 0;
	if (left == 0 && proc->text.fault != NULL && !proc->fault_told) {
		proc->fault_told = true;
		return -EIO;
	}
	memcpy(buffer, proc->text.data + (left == 0 ? 0 : from), part);
	if (offset < 0)
		file->position += (int64_t)part;
	return (long)part;
}

/* Files below /proc/sys take the VFS's own llseek, with a size of 0; all others
 * are seq files, which know no end (fs/seq_file.c, seq_lseek()). */
static long proc_file_seek(struct file *file, int64_t offset, int whence)
{
	bool plain = strncmp(proc_file_of(file)->node->path, "sys/", 4) == 0;
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
	return strncmp(proc_file_of(file)->node->path, "sys/", 4) == 0 ? -ENODEV : -EIO;
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

/* The errno for a file that wasn't made; why was said already. */
static long errno_of(status result)
{
	return result == STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

/* The text, or the errno that stands for why there is none. */
static long make_text(const struct proc_node *node, struct proc_text *ret_text)
{
	struct guest_kernel *kernel;
	status result = target_kernel(&kernel), after;

	if (result != STATUS_OK)
		return errno_of(result);
	result = proc_text_init(kernel, node, ret_text);
	/* Even "no such file" is an answer of a kernel that is still there. */
	after = target_check(node->path);
	if (after != STATUS_OK) {
		if (result == STATUS_OK)
			proc_text_deinit(ret_text);
		return errno_of(after);
	}
	if (result == STATUS_MISSING)
		return -ENOENT;
	if (result != STATUS_OK) {
		runtime_fault_note();
		if (result == STATUS_NO_MEMORY)
			(void)!report(result,
				      "/proc/%s doesn't fit into the program's memory: raise `heap` in its manifest",
				      node->path);
		return errno_of(result);
	}
	if (ret_text->fault != NULL) {
		runtime_fault_note();
		(void)!report(STATUS_MALFORMED, "/proc/%s isn't whole: %s", node->path, ret_text->fault);
	}
	return 0;
}

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
	result = make_text(place->node, &proc->text);
	if (result == 0) {
		proc->node = place->node;
		proc->place = *place;
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
