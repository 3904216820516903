/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files and the table of descriptors.
 *
 * As on Linux, descriptors made by dup() share one struct file, and with it
 * the offset; close-on-exec belongs to the descriptor. All results are those of
 * system calls: ≥ 0, or a negative errno.
 */
#ifndef ENCLAVE_VFS_FILE_H
#define ENCLAVE_VFS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
	/* RLIMIT_NOFILE as programs see it. */
	FILE_DESCRIPTOR_COUNT_MAX = 1024,
};

struct file;

/* One kind of file. A missing operation is -EINVAL (read: -EISDIR or -EINVAL by
 * the file's own choice, so it is never missing). */
struct file_ops {
	/* Up to `size` bytes from `offset`; < 0: from the file's position, which moves. */
	long (*read)(struct file *file, void *buffer, size_t size, int64_t offset);
	long (*write)(struct file *file, const void *buffer, size_t size);
	long (*seek)(struct file *file, int64_t offset, int whence);
	long (*stat)(struct file *file, struct stat *ret_stat);
	/* struct linux_dirent64 records. Missing: -ENOTDIR. */
	long (*list)(struct file *file, void *buffer, size_t size);
	/* Missing: -ENOTTY. */
	long (*ioctl)(struct file *file, unsigned long request, void *argument);
	/* Fill a fresh private mapping. Missing: -ENODEV. */
	long (*map)(struct file *file, void *memory, size_t size, int64_t offset);
	/* Release what the kind owns; the struct itself goes to free(). */
	void (*close)(struct file *file);
};

/* The first member of each kind's own struct, which comes from malloc(). */
struct file {
	const struct file_ops *ops;
	uint32_t reference_count;
	int flags; /* of open(): access mode, O_APPEND, O_NONBLOCK, O_PATH */
	int64_t position;
	char *path; /* absolute, normalised, owned; NULL where there is none */
};

/* Prepare a file with one reference. `path` is copied; may be NULL. -ENOMEM. */
long file_init(struct file *file, const struct file_ops *ops, int flags, const char *path);
/* Give up one reference; the last one closes the file. */
void file_release(struct file *file);

/* The open file behind a descriptor, without a new reference. -EBADF. */
long descriptor_file(int fd, struct file **ret_file);
/* The lowest free descriptor ≥ minimum gets the caller's reference.
 * -EMFILE (the reference stays with the caller), -EINVAL (minimum beyond the table). */
long descriptor_install(struct file *file, int minimum, bool close_on_exec);
/* As dup2/dup3: `fd` becomes the caller's reference, what was there is closed. */
long descriptor_replace(struct file *file, int fd, bool close_on_exec);
long descriptor_close(int fd);
/* FD_CLOEXEC. -EBADF. */
long descriptor_flags(int fd);
long descriptor_flags_set(int fd, bool close_on_exec);
/* Close every descriptor in [first, last]: close_range(). */
void descriptor_close_range(unsigned first, unsigned last);

#endif
