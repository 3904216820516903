/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about files: arguments unpacked for enclave/vfs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "enclave/runtime/runtime.h"
#include "enclave/spawn/spawn.h"
#include "enclave/syscalls/own.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/vfs.h"

enum { KERNEL_TERMIOS_SIZE = 36 /* struct termios, include/uapi/asm-generic/termbits.h */ };

long call_read(const long *a)
{
	return vfs_read((int)a[0], (void *)a[1], (size_t)a[2], -1);
}

long call_pread64(const long *a)
{
	return a[3] < 0 ? -EINVAL : vfs_read((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
}

long call_readv(const long *a)
{
	return vfs_readv((int)a[0], (const struct iovec *)a[1], (int)a[2], -1);
}

long call_preadv(const long *a)
{
	return a[3] < 0 ? -EINVAL : vfs_readv((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3]);
}

/* Nobody reads it any more: as Linux has it, the signal first. */
static long written(long result)
{
	if (result == -EPIPE)
		(void)own_signal(SIGPIPE);
	return result;
}

long call_write(const long *a)
{
	return written(vfs_write((int)a[0], (const void *)a[1], (size_t)a[2]));
}

/* No file here is writable at a position. */
long call_pwrite64(const long *a)
{
	struct file *file;
	long result = descriptor_file((int)a[0], &file);

	return result < 0 ? result : (file->flags & O_ACCMODE) == O_RDONLY ? -EBADF : -ESPIPE;
}

long call_writev(const long *a)
{
	return written(vfs_writev((int)a[0], (const struct iovec *)a[1], (int)a[2]));
}

long call_open(const long *a)
{
	return vfs_open(AT_FDCWD, (const char *)a[0], (int)a[1]);
}

long call_openat(const long *a)
{
	return vfs_open((int)a[0], (const char *)a[1], (int)a[2]);
}

long call_pipe(const long *a)
{
	return spawn_pipe((int *)a[0], 0);
}

long call_pipe2(const long *a)
{
	return spawn_pipe((int *)a[0], (int)a[1]);
}

long call_creat(const long *a)
{
	return vfs_open(AT_FDCWD, (const char *)a[0], O_CREAT | O_WRONLY | O_TRUNC);
}

long call_close(const long *a)
{
	return vfs_close((int)a[0]);
}

long call_close_range(const long *a)
{
	unsigned first = (unsigned)a[0], last = (unsigned)a[1];

	if (first > last)
		return -EINVAL;
	descriptor_close_range(first, last);
	return 0;
}

long call_lseek(const long *a)
{
	return vfs_lseek((int)a[0], a[1], (int)a[2]);
}

long call_ioctl(const long *a)
{
	uint64_t size = a[1] == TIOCGWINSZ ? sizeof(struct winsize) : a[1] == TCGETS ? KERNEL_TERMIOS_SIZE : 0;
	struct file *file;
	long result = descriptor_file((int)a[0], &file);

	/* What is written back depends on the request: no matter of pointers.c. */
	if (result == 0 && size > 0 && !runtime_memory_owns((uint64_t)a[2], size, true))
		return -EFAULT;
	return result < 0 ? result : vfs_ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
}

long call_getdents64(const long *a)
{
	return vfs_getdents((int)a[0], (void *)a[1], (size_t)a[2]);
}

long call_stat(const long *a)
{
	return vfs_stat(AT_FDCWD, (const char *)a[0], 0, (struct stat *)a[1]);
}

long call_lstat(const long *a)
{
	return vfs_stat(AT_FDCWD, (const char *)a[0], AT_SYMLINK_NOFOLLOW, (struct stat *)a[1]);
}

long call_fstat(const long *a)
{
	return vfs_fstat((int)a[0], (struct stat *)a[1]);
}

long call_newfstatat(const long *a)
{
	return vfs_stat((int)a[0], (const char *)a[1], (int)a[3], (struct stat *)a[2]);
}

long call_getxattr(const long *a)
{
	return vfs_getxattr((const char *)a[0], (const char *)a[1], (void *)a[2], (size_t)a[3]);
}

static struct statx_timestamp statx_time(const struct timespec *time)
{
	return (struct statx_timestamp){.tv_sec = time->tv_sec, .tv_nsec = (uint32_t)time->tv_nsec};
}

long call_statx(const long *a)
{
	struct statx *answer = (struct statx *)a[4];
	struct stat stat;
	long result = vfs_stat((int)a[0], (const char *)a[1], (int)a[2] & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), &stat);

	if (result < 0)
		return result;
	memset(answer, 0, sizeof *answer);
	answer->stx_mask = STATX_BASIC_STATS;
	answer->stx_blksize = (uint32_t)stat.st_blksize;
	answer->stx_nlink = (uint32_t)stat.st_nlink;
	answer->stx_uid = stat.st_uid;
	answer->stx_gid = stat.st_gid;
	answer->stx_mode = (uint16_t)stat.st_mode;
	answer->stx_ino = stat.st_ino;
	answer->stx_size = (uint64_t)stat.st_size;
	answer->stx_blocks = (uint64_t)stat.st_blocks;
	answer->stx_atime = statx_time(&stat.st_atim);
	answer->stx_mtime = statx_time(&stat.st_mtim);
	answer->stx_ctime = statx_time(&stat.st_ctim);
	answer->stx_rdev_major = major(stat.st_rdev);
	answer->stx_rdev_minor = minor(stat.st_rdev);
	answer->stx_dev_major = major(stat.st_dev);
	answer->stx_dev_minor = minor(stat.st_dev);
	return 0;
}

long call_statfs(const long *a)
{
	return vfs_statfs((const char *)a[0], (struct statfs *)a[1]);
}

long call_fstatfs(const long *a)
{
	return vfs_fstatfs((int)a[0], (struct statfs *)a[1]);
}

long call_readlink(const long *a)
{
	return vfs_readlink(AT_FDCWD, (const char *)a[0], (char *)a[1], (size_t)a[2]);
}

long call_readlinkat(const long *a)
{
	return vfs_readlink((int)a[0], (const char *)a[1], (char *)a[2], (size_t)a[3]);
}

long call_access(const long *a)
{
	return vfs_access(AT_FDCWD, (const char *)a[0], (int)a[1], 0);
}

long call_faccessat(const long *a)
{
	return vfs_access((int)a[0], (const char *)a[1], (int)a[2], 0);
}

long call_faccessat2(const long *a)
{
	return vfs_access((int)a[0], (const char *)a[1], (int)a[2], (int)a[3]);
}

long call_chdir(const long *a)
{
	return vfs_chdir((const char *)a[0]);
}

long call_fchdir(const long *a)
{
	return vfs_fchdir((int)a[0]);
}

long call_getcwd(const long *a)
{
	return vfs_getcwd((char *)a[0], (size_t)a[1]);
}

long call_dup(const long *a)
{
	return vfs_dup((int)a[0], 0, 0);
}

long call_dup2(const long *a)
{
	return vfs_dup2((int)a[0], (int)a[1], 0, 0);
}

long call_dup3(const long *a)
{
	return vfs_dup2((int)a[0], (int)a[1], (int)a[2], 1);
}

long call_fcntl(const long *a)
{
	return vfs_fcntl((int)a[0], (int)a[1], a[2]);
}

/* Every file here is always ready, as regular files are; what isn't open says so. */
long call_poll(const long *a)
{
	struct pollfd *polled = (struct pollfd *)a[0];
	long ready = 0;

	if ((unsigned long)a[1] > FILE_DESCRIPTOR_COUNT_MAX)
		return -EINVAL;
	vfs_epoch_end();
	for (long i = 0; i < a[1]; i++) {
		struct file *file;

		polled[i].revents = 0;
		if (polled[i].fd < 0)
			continue;
		polled[i].revents =
			descriptor_file(polled[i].fd, &file) < 0 ? POLLNVAL : polled[i].events & (POLLIN | POLLOUT);
		ready += polled[i].revents != 0;
	}
	return ready;
}
