/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/syscalls/pointers.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/checked.h"
#include "enclave/runtime/runtime.h"
#include "enclave/vfs/file.h"

enum kind {
	END,
	FD, /* a descriptor, looked at before the pointers after it */
	PATH, /* a string */
	IN, /* `size` bytes that are read */
	OUT, /* `size` bytes that are written */
	IN_OR_NULL,
	OUT_OR_NULL,
	IN_SIZED, /* argument `size` has the size */
	OUT_SIZED,
	IN_PARTS, /* struct iovec, argument `size` has their number; what they name is read */
	OUT_PARTS,
	POLLED, /* struct pollfd, argument `size` has their number */
};

struct pointer {
	uint8_t kind;
	uint8_t argument;
	uint16_t size;
};

enum {
	POINTER_COUNT_MAX = 3,
	/* The kernel's own structures, where they differ from the C library's. */
	SIGACTION_SIZE = 32,
	SIGNAL_SET_SIZE = 8,
	CPU_SET_SIZE = 8,
};

static const struct pointer pointers[][POINTER_COUNT_MAX] = {
	[SYS_read] = {{FD, 0}, {OUT_SIZED, 1, 2}},
	[SYS_pread64] = {{FD, 0}, {OUT_SIZED, 1, 2}},
	[SYS_readv] = {{FD, 0}, {OUT_PARTS, 1, 2}},
	[SYS_preadv] = {{FD, 0}, {OUT_PARTS, 1, 2}},
	[SYS_write] = {{FD, 0}, {IN_SIZED, 1, 2}},
	[SYS_writev] = {{FD, 0}, {IN_PARTS, 1, 2}},
	[SYS_open] = {{PATH, 0}},
	[SYS_openat] = {{PATH, 1}},
	[SYS_creat] = {{PATH, 0}},
	[SYS_getdents64] = {{FD, 0}, {OUT_SIZED, 1, 2}},
	[SYS_stat] = {{PATH, 0}, {OUT, 1, sizeof(struct stat)}},
	[SYS_lstat] = {{PATH, 0}, {OUT, 1, sizeof(struct stat)}},
	[SYS_getxattr] = {{PATH, 0}, {PATH, 1}, {OUT_SIZED, 2, 3}},
	[SYS_fstat] = {{FD, 0}, {OUT, 1, sizeof(struct stat)}},
	[SYS_newfstatat] = {{PATH, 1}, {OUT, 2, sizeof(struct stat)}},
	[SYS_statx] = {{PATH, 1}, {OUT, 4, sizeof(struct statx)}},
	[SYS_statfs] = {{PATH, 0}, {OUT, 1, sizeof(struct statfs)}},
	[SYS_fstatfs] = {{FD, 0}, {OUT, 1, sizeof(struct statfs)}},
	[SYS_readlink] = {{PATH, 0}, {OUT_SIZED, 1, 2}},
	[SYS_readlinkat] = {{PATH, 1}, {OUT_SIZED, 2, 3}},
	[SYS_access] = {{PATH, 0}},
	[SYS_faccessat] = {{PATH, 1}},
	[SYS_faccessat2] = {{PATH, 1}},
	[SYS_chdir] = {{PATH, 0}},
	[SYS_getcwd] = {{OUT_SIZED, 0, 1}},
	[SYS_sendto] = {{FD, 0}, {IN_SIZED, 1, 2}},
	[SYS_recvfrom] = {{FD, 0}, {OUT_SIZED, 1, 2}},
	[SYS_sendmsg] = {{FD, 0}, {IN, 1, sizeof(struct msghdr)}},
	[SYS_recvmsg] = {{FD, 0}, {OUT, 1, sizeof(struct msghdr)}},
	[SYS_getsockname] = {{FD, 0}, {OUT, 2, sizeof(socklen_t)}},
	[SYS_sched_getparam] = {{OUT_OR_NULL, 1, sizeof(int)}},
	[SYS_sched_rr_get_interval] = {{OUT, 1, sizeof(struct timespec)}},
	[SYS_poll] = {{POLLED, 0, 1}},
	[SYS_pipe] = {{OUT, 0, 2 * sizeof(int)}},
	[SYS_pipe2] = {{OUT, 0, 2 * sizeof(int)}},
	[SYS_wait4] = {{OUT_OR_NULL, 1, sizeof(int)}, {OUT_OR_NULL, 3, sizeof(struct rusage)}},
	[SYS_rt_sigaction] = {{IN_OR_NULL, 1, SIGACTION_SIZE}, {OUT_OR_NULL, 2, SIGACTION_SIZE}},
	[SYS_rt_sigprocmask] = {{IN_OR_NULL, 1, SIGNAL_SET_SIZE}, {OUT_OR_NULL, 2, SIGNAL_SET_SIZE}},
	[SYS_sigaltstack] = {{OUT_OR_NULL, 1, sizeof(stack_t)}},
	[SYS_sched_getaffinity] = {{OUT, 2, CPU_SET_SIZE}},
	[SYS_capget] = {{OUT, 0, sizeof(struct __user_cap_header_struct)},
			{OUT_OR_NULL, 1, 2 * sizeof(struct __user_cap_data_struct)}},
	[SYS_getrandom] = {{OUT_SIZED, 0, 1}},
	[SYS_getrlimit] = {{OUT, 1, sizeof(struct rlimit)}},
	[SYS_prlimit64] = {{OUT_OR_NULL, 3, sizeof(struct rlimit)}},
	/* musl's structure has room at its end that the kernel's hasn't. */
	[SYS_getrusage] = {{OUT, 1, sizeof(struct rusage)}},
	[SYS_sysinfo] = {{OUT, 0, sizeof(struct sysinfo)}},
	[SYS_uname] = {{OUT, 0, sizeof(struct utsname)}},
	[SYS_clock_gettime] = {{OUT, 1, sizeof(struct timespec)}},
	[SYS_clock_getres] = {{OUT_OR_NULL, 1, sizeof(struct timespec)}},
	[SYS_gettimeofday] = {{OUT_OR_NULL, 0, sizeof(struct timeval)}},
	[SYS_time] = {{OUT_OR_NULL, 0, sizeof(time_t)}},
	[SYS_times] = {{OUT_OR_NULL, 0, sizeof(struct tms)}},
	[SYS_nanosleep] = {{IN, 0, sizeof(struct timespec)}},
	[SYS_clock_nanosleep] = {{IN, 2, sizeof(struct timespec)}},
};

static long check_range(uint64_t address, uint64_t size, bool write)
{
	return size == 0 || runtime_memory_owns(address, size, write) ? 0 : -EFAULT;
}

/* Page by page, as a string may end close to where memory does. */
static long check_path(uint64_t address)
{
	uint64_t end = address + PATH_MAX;

	while (address < end) {
		uint64_t page_end = (address | 4095) + 1, part = (page_end < end ? page_end : end) - address;

		while (part > 0 && !runtime_memory_owns(address, part, false))
			part /= 2; /* the last page of the image may be a part of one */
		if (part == 0)
			return -EFAULT;
		if (memchr((const void *)address, '\0', part) != NULL)
			return 0;
		address += part;
	}
	return -ENAMETOOLONG;
}

static long check_parts(uint64_t address, long count, bool write)
{
	const struct iovec *parts = (const struct iovec *)address;
	long result;

	if (count < 0 || count > IOV_MAX)
		return 0; /* the handler says EINVAL */
	result = check_range(address, (uint64_t)count * sizeof *parts, false);
	for (long i = 0; i < count && result == 0; i++)
		result = check_range((uint64_t)parts[i].iov_base, parts[i].iov_len, write);
	return result;
}

static long check_polled(uint64_t address, uint64_t count)
{
	/* More than that is the handler's EINVAL. */
	return count > FILE_DESCRIPTOR_COUNT_MAX ? 0 : check_range(address, count * sizeof(struct pollfd), true);
}

static long check(const struct pointer *pointer, const long *arguments)
{
	uint64_t address = (uint64_t)arguments[pointer->argument];
	struct file *file;

	switch ((enum kind)pointer->kind) {
	case END: return 0;
	case FD: return descriptor_file((int)address, &file);
	case PATH: return check_path(address);
	case IN_OR_NULL:
	case OUT_OR_NULL:
		if (address == 0)
			return 0;
		return check_range(address, pointer->size, pointer->kind == OUT_OR_NULL);
	case IN:
	case OUT: return check_range(address, pointer->size, pointer->kind == OUT);
	case IN_SIZED:
	case OUT_SIZED: return check_range(address, (uint64_t)arguments[pointer->size], pointer->kind == OUT_SIZED);
	case IN_PARTS:
	case OUT_PARTS: return check_parts(address, arguments[pointer->size], pointer->kind == OUT_PARTS);
	case POLLED: return check_polled(address, (uint64_t)arguments[pointer->size]);
	}
	return -EFAULT;
}

long pointers_check(long number, const long *arguments)
{
	if (number < 0 || (unsigned long)number >= ARRAY_COUNT(pointers))
		return 0;
	for (size_t i = 0; i < POINTER_COUNT_MAX; i++) {
		long result = check(&pointers[number][i], arguments);

		if (result < 0)
			return result;
	}
	return 0;
}
