/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that only name something: O_PATH. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/vfs/files.h"
#include "enclave/vfs/inode.h"

struct named_file {
	struct file file;
	struct place place;
};

static long no_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	return -EBADF;
}

static long no_write(struct file *file, const void *buffer, size_t size)
{
	return -EBADF;
}

static long no_seek(struct file *file, int64_t offset, int whence)
{
	return -EBADF;
}

static long no_list(struct file *file, void *buffer, size_t size)
{
	return -EBADF;
}

static long path_stat(struct file *file, struct stat *ret_stat)
{
	return place_stat(&((struct named_file *)file)->place, !(file->flags & O_NOFOLLOW), ret_stat);
}

static long not_a_terminal(struct file *file, unsigned long request, void *argument)
{
	return -EBADF;
}

static const struct file_ops path_ops = {
	.read = no_read,
	.write = no_write,
	.seek = no_seek,
	.list = no_list,
	.stat = path_stat,
	.ioctl = not_a_terminal,
};

static long create(const struct file_ops *ops, int flags, const struct place *place, struct file **ret_file)
{
	struct named_file *named = calloc(1, sizeof *named);
	long result;

	if (named == NULL)
		return -ENOMEM;
	result = file_init(&named->file, ops, flags, place != NULL ? place->path : NULL);
	if (result < 0) {
		free(named);
		return result;
	}
	if (place != NULL)
		named->place = *place;
	*ret_file = &named->file;
	return 0;
}

long path_file_open(const struct place *place, int flags, struct file **ret_file)
{
	struct stat stat;
	long result = place_stat(place, !(flags & O_NOFOLLOW), &stat);

	return result < 0 ? result : create(&path_ops, flags, place, ret_file);
}
