/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct descriptor {
	struct file *file; /* NULL: free */
	bool close_on_exec;
};

static struct descriptor descriptors[FILE_DESCRIPTOR_COUNT_MAX];

long file_init(struct file *file, const struct file_ops *ops, int flags, const char *path)
{
	*file = (struct file){.ops = ops, .reference_count = 1, .flags = flags};
	if (path != NULL) {
		file->path = strdup(path);
		if (file->path == NULL)
			return -ENOMEM;
	}
	return 0;
}

void file_release(struct file *file)
{
	if (--file->reference_count > 0)
		return;
	if (file->ops->close != NULL)
		file->ops->close(file);
	free(file->path);
	free(file);
}

static bool is_open(int fd)
{
	return fd >= 0 && fd < FILE_DESCRIPTOR_COUNT_MAX && descriptors[fd].file != NULL;
}

long descriptor_file(int fd, struct file **ret_file)
{
	if (!is_open(fd))
		return -EBADF;
	*ret_file = descriptors[fd].file;
	return 0;
}

long descriptor_install(struct file *file, int minimum, bool close_on_exec)
{
	if (minimum < 0 || minimum >= FILE_DESCRIPTOR_COUNT_MAX)
		return -EINVAL;
	for (int fd = minimum; fd < FILE_DESCRIPTOR_COUNT_MAX; fd++) {
		if (descriptors[fd].file != NULL)
			continue;
		descriptors[fd] = (struct descriptor){.file = file, .close_on_exec = close_on_exec};
		return fd;
	}
	return -EMFILE;
}

long descriptor_replace(struct file *file, int fd, bool close_on_exec)
{
	struct file *before;

	if (fd < 0 || fd >= FILE_DESCRIPTOR_COUNT_MAX)
		return -EBADF;
	before = descriptors[fd].file;
	descriptors[fd] = (struct descriptor){.file = file, .close_on_exec = close_on_exec};
	if (before != NULL)
		file_release(before);
	return fd;
}

long descriptor_close(int fd)
{
	struct file *file;

	if (!is_open(fd))
		return -EBADF;
	file = descriptors[fd].file;
	descriptors[fd] = (struct descriptor){0};
	file_release(file);
	return 0;
}

long descriptor_flags(int fd)
{
	return !is_open(fd) ? -EBADF : descriptors[fd].close_on_exec ? FD_CLOEXEC : 0;
}

long descriptor_flags_set(int fd, bool close_on_exec)
{
	if (!is_open(fd))
		return -EBADF;
	descriptors[fd].close_on_exec = close_on_exec;
	return 0;
}

void descriptor_close_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd <= last && fd < FILE_DESCRIPTOR_COUNT_MAX; fd++)
		if (is_open((int)fd))
			(void)descriptor_close((int)fd);
}
