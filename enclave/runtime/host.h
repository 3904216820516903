/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls that the host makes for us, one function each: what goes out is
 * marshalled through the window, what comes back is checked against what was
 * asked (length, range, an allow-list of errno values per call).
 *
 * All return what the system call returns: ≥ 0, or a negative errno. A call
 * that the manifest doesn't list is -EPERM and never reaches the host. An
 * answer that the call can't give is -EIO, reported once, and counted as a
 * fault of the run (enclave/runtime/fault.h).
 */
#ifndef ENCLAVE_RUNTIME_HOST_H
#define ENCLAVE_RUNTIME_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum {
	/* The largest file descriptor a host may hand out; the first three are its
	 * own standard streams, which it never hands out. */
	HOST_FD_MAX = 4095,
	HOST_FD_MIN = 3,
	/* One transfer: callers loop, or return short as Linux may. */
	HOST_TRANSFER_SIZE_MAX = 128 * 1024,
};

/* Open for reading only, close-on-exec. A descriptor that is open already, or one
 * of the standard streams, is no answer: two files of the program's would be one.
 * `flags` of these: O_DIRECTORY,
 * O_NOFOLLOW, O_NONBLOCK. */
long runtime_host_open(const char *path, int flags);
long runtime_host_close(int host_fd);
/* `offset` < 0: at the file's own position. */
long runtime_host_read(int host_fd, void *buffer, size_t size, int64_t offset);
long runtime_host_write(int host_fd, const void *buffer, size_t size);
long runtime_host_seek(int host_fd, int64_t offset, int whence);
long runtime_host_fstat(int host_fd, struct stat *ret_stat);
/* `flags`: 0 or AT_SYMLINK_NOFOLLOW. */
long runtime_host_stat(const char *path, int flags, struct stat *ret_stat);
long runtime_host_readlink(const char *path, char *buffer, size_t size);
/* Whole, well-formed struct linux_dirent64 records only. */
long runtime_host_getdents(int host_fd, void *buffer, size_t size);
/* TIOCGWINSZ (8 bytes) and TCGETS (36 bytes) only. */
long runtime_host_ioctl(int host_fd, unsigned long request, void *result, size_t result_size);
/* Never backwards for CLOCK_MONOTONIC and its kin, and never beyond what a kernel
 * can count to. CLOCK_REALTIME may jump in both directions, as it may under Linux
 * where an administrator sets it. The host's word all the same: nothing that must
 * hold may depend on it. */
long runtime_host_clock(clockid_t clock, struct timespec *ret_time);
long runtime_host_sleep(const struct timespec *duration);

#endif
