/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and paths as a program inside sees them. Every function is a system
 * call of the same name: arguments as there, ≥ 0 or a negative errno as result,
 * pointers into the image's own memory.
 */
#ifndef ENCLAVE_VFS_VFS_H
#define ENCLAVE_VFS_VFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>

enum {
	/* The program's own PID: above PID_MAX_LIMIT (include/linux/threads.h), so
	 * that no process of a Linux target can have it, and a program which leaves
	 * itself out of its list leaves out nobody else; and above what programs
	 * that try every number try (PID_MAX_LIMIT itself: chkproc). */
	VFS_OWN_PID = 4 * 1024 * 1024 + 1,
};

/* Descriptors 0, 1 and 2 are the host's; the working directory is "/". Call once
 * before all else. */
void vfs_init(void);

long vfs_open(int directory_fd, const char *path, int flags);
long vfs_read(int fd, void *buffer, size_t size, int64_t offset); /* offset < 0: read() */
long vfs_write(int fd, const void *buffer, size_t size);
long vfs_readv(int fd, const struct iovec *parts, int part_count, int64_t offset);
long vfs_writev(int fd, const struct iovec *parts, int part_count);
long vfs_lseek(int fd, int64_t offset, int whence);
long vfs_getdents(int fd, void *buffer, size_t size);
long vfs_ioctl(int fd, unsigned long request, void *argument);
long vfs_map(int fd, void *memory, size_t size, int64_t offset);

long vfs_stat(int directory_fd, const char *path, int flags, struct stat *ret_stat);
/* An extended attribute of a file of the target's, links followed; `room` 0: how large it is. -ENOTSUP where
 * none is known. */
long vfs_getxattr(const char *path, const char *name, void *value, size_t room);
long vfs_fstat(int fd, struct stat *ret_stat);
long vfs_statfs(const char *path, struct statfs *ret_stat);
long vfs_fstatfs(int fd, struct statfs *ret_stat);
long vfs_readlink(int directory_fd, const char *path, char *buffer, size_t size);
long vfs_access(int directory_fd, const char *path, int mode, int flags);

long vfs_chdir(const char *path);
long vfs_fchdir(int fd);
/* Be where the program's parent was, without a look whether that is still there: a program that
 * asks nothing of the target needn't find its kernel. -EINVAL: `path` isn't absolute and
 * normalised, as vfs_getcwd() gives it; -ENAMETOOLONG. */
long vfs_directory_inherit(const char *path);
long vfs_getcwd(char *buffer, size_t size); /* with its NUL, which counts */

long vfs_close(int fd);
long vfs_dup(int fd, int minimum, int close_on_exec);
long vfs_dup2(int fd, int to, int flags, int is_dup3);
long vfs_fcntl(int fd, int command, long argument);

/* The program sleeps or waits: enclave/vfs/epoch.h. */
void vfs_epoch_end(void);

#endif
