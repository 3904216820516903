/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"

/* Which errors a call can give, by its manual page: a host that says anything
 * else is lying, and an errno that the program never expected is a way to
 * steer it. */
enum { ERRNO_COUNT_MAX = 16 };

struct host_call {
	uint16_t number;
	const char *name;
	uint8_t errnos[ERRNO_COUNT_MAX]; /* 0 ends */
};

#define PATH_ERRNOS ENOENT, EACCES, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM, EIO, EPERM

static const struct host_call call_open = {SYS_openat, "openat", {PATH_ERRNOS, EMFILE, ENFILE, EINTR, ENXIO, ENODEV}};
static const struct host_call call_close = {SYS_close, "close", {EBADF, EINTR, EIO}};
static const struct host_call call_read = {SYS_read, "read", {EAGAIN, EBADF, EINTR, EINVAL, EIO, EISDIR}};
static const struct host_call call_pread = {
	SYS_pread64, "pread64", {EAGAIN, EBADF, EINTR, EINVAL, EIO, EISDIR, ESPIPE}};
static const struct host_call call_write = {
	SYS_write, "write", {EAGAIN, EBADF, EINTR, EINVAL, EIO, ENOSPC, EPIPE, EFBIG, EDQUOT, EPERM}};
static const struct host_call call_seek = {SYS_lseek, "lseek", {EBADF, EINVAL, ESPIPE, EOVERFLOW, ENXIO}};
static const struct host_call call_fstat = {SYS_fstat, "fstat", {EBADF, EIO, ENOMEM, EOVERFLOW}};
static const struct host_call call_stat = {SYS_newfstatat, "newfstatat", {PATH_ERRNOS, EOVERFLOW}};
static const struct host_call call_readlink = {SYS_readlinkat, "readlinkat", {PATH_ERRNOS, EINVAL}};
static const struct host_call call_getdents = {SYS_getdents64, "getdents64", {EBADF, EINVAL, EIO, ENOENT, ENOTDIR}};
static const struct host_call call_ioctl = {SYS_ioctl, "ioctl", {EBADF, EINVAL, EIO, ENOTTY}};
static const struct host_call call_clock = {SYS_clock_gettime, "clock_gettime", {EINVAL}};
static const struct host_call call_sleep = {SYS_clock_nanosleep, "clock_nanosleep", {EINTR, EINVAL}};

/* The host lied. Said once a run: the reason won't change. */
static long refuse_answer(const struct host_call *call, int64_t answer)
{
	static bool reported;

	runtime_fault_note();
	if (!reported) {
		reported = true;
		(void)!report(STATUS_MALFORMED,
			      "the host answered %s with %lld, which the call can't give: "
			      "the machine that runs this program is broken or hostile",
			      call->name, (long long)answer);
	}
	return -EIO;
}

/* Said once per call: a program that gives up because of it must not be a riddle.
 * Not for write(): it carries the words themselves. */
static long refuse_call(const struct host_call *call)
{
	static uint64_t named[8]; /* a bit per number */
	uint64_t bit = UINT64_C(1) << (call->number % 64);
	size_t word = call->number / 64;

	if (call->number != SYS_write && word < ARRAY_COUNT(named) && !(named[word] & bit)) {
		named[word] |= bit;
		(void)!report(STATUS_DENIED,
			      "the program asked for the system call %s (%u), which its manifest doesn't list; "
			      "it got Operation not permitted",
			      call->name, (unsigned)call->number);
	}
	return -EPERM;
}

/* Call, and accept result_min ≤ result ≤ result_max or an errno on the call's list. */
static long ask_between(const struct host_call *call, int64_t result_min, int64_t result_max, uint64_t a, uint64_t b,
			uint64_t c, uint64_t d)
{
	int64_t answer;

	if (!manifest_allows_call(call->number))
		return refuse_call(call);
	answer = runtime_call_host(call->number, a, b, c, d, 0);
	if (answer >= result_min && answer <= result_max)
		return (long)answer;
	for (size_t i = 0; i < ERRNO_COUNT_MAX && call->errnos[i] != 0; i++)
		if (answer == -(int64_t)call->errnos[i])
			return (long)answer;
	return refuse_answer(call, answer);
}

static long ask(const struct host_call *call, int64_t result_max, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return ask_between(call, 0, result_max, a, b, c, d);
}

static long put_path(const char *path)
{
	size_t size = strlen(path) + 1;

	if (size > CALL_PATH_SIZE_MAX)
		return -ENAMETOOLONG;
	runtime_window_put(0, path, size);
	return 0;
}

/* The descriptors that the host has handed out: a bit each. */
static uint64_t open_fds[(HOST_FD_MAX + 1) / 64];

static uint64_t *open_fd_word(long host_fd, uint64_t *ret_bit)
{
	*ret_bit = UINT64_C(1) << (host_fd % 64);
	return &open_fds[host_fd / 64];
}

long runtime_host_open(const char *path, int flags)
{
	long result = put_path(path);
	uint64_t safe = (uint64_t)(flags & (O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)) | O_RDONLY | O_CLOEXEC | O_NOCTTY;
	uint64_t *word, bit;

	if (result < 0)
		return result;
	result = ask_between(&call_open, HOST_FD_MIN, HOST_FD_MAX, 0, safe, 0, 0);
	if (result < 0)
		return result;
	word = open_fd_word(result, &bit);
	if (*word & bit)
		return refuse_answer(&call_open, result);
	*word |= bit;
	return result;
}

long runtime_host_close(int host_fd)
{
	uint64_t *word, bit;

	if (host_fd < HOST_FD_MIN || host_fd > HOST_FD_MAX)
		return -EBADF;
	/* Free whatever the answer, as in Linux. */
	word = open_fd_word(host_fd, &bit);
	if (manifest_allows_call(SYS_close))
		*word &= ~bit;
	return ask(&call_close, 0, (uint64_t)host_fd, 0, 0, 0);
}

long runtime_host_read(int host_fd, void *buffer, size_t size, int64_t offset)
{
	size_t part = size < HOST_TRANSFER_SIZE_MAX ? size : HOST_TRANSFER_SIZE_MAX;
	long result = offset < 0 ? ask(&call_read, (int64_t)part, (uint64_t)host_fd, 0, part, 0)
				 : ask(&call_pread, (int64_t)part, (uint64_t)host_fd, 0, part, (uint64_t)offset);

	if (result > 0)
		runtime_window_get(0, buffer, (size_t)result);
	return result;
}

long runtime_host_write(int host_fd, const void *buffer, size_t size)
{
	size_t part = size < HOST_TRANSFER_SIZE_MAX ? size : HOST_TRANSFER_SIZE_MAX;

	runtime_window_put(0, buffer, part);
	/* Nothing of something isn't an answer: a library that writes on until all is
	 * written would never end. */
	return ask_between(&call_write, part > 0, (int64_t)part, (uint64_t)host_fd, 0, part, 0);
}

long runtime_host_seek(int host_fd, int64_t offset, int whence)
{
	if (whence < SEEK_SET || whence > SEEK_END)
		return -EINVAL;
	if (whence == SEEK_SET && offset >= 0)
		return ask_between(&call_seek, offset, offset, (uint64_t)host_fd, (uint64_t)offset, SEEK_SET, 0);
	return ask(&call_seek, INT64_MAX, (uint64_t)host_fd, (uint64_t)offset, (uint64_t)whence, 0);
}

static bool time_is_possible(const struct timespec *time)
{
	return time->tv_nsec >= 0 && time->tv_nsec < 1000000000;
}

/* Programs size their buffers by it. No file system has blocks beyond 16 MiB (ZFS's
 * largest record). */
enum { BLOCK_SIZE_MAX = 16 * 1024 * 1024 };

/* What a stat can't be, whatever the file. */
static bool stat_is_possible(const struct stat *answer, bool may_be_link)
{
	mode_t type = answer->st_mode & S_IFMT;
	static const mode_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
	bool known = false;

	for (size_t i = 0; i < ARRAY_COUNT(types); i++)
		known |= type == types[i];
	return known && (answer->st_mode & ~(mode_t)(S_IFMT | 07777)) == 0 && (may_be_link || type != S_IFLNK) &&
	       answer->st_size >= 0 && answer->st_blocks >= 0 && answer->st_blksize > 0 &&
	       answer->st_blksize <= BLOCK_SIZE_MAX && time_is_possible(&answer->st_atim) &&
	       time_is_possible(&answer->st_mtim) && time_is_possible(&answer->st_ctim);
}

static long get_stat(const struct host_call *call, size_t offset, long result, bool may_be_link, struct stat *ret_stat)
{
	struct stat answer;

	if (result < 0)
		return result;
	runtime_window_get(offset, &answer, sizeof answer);
	if (!stat_is_possible(&answer, may_be_link))
		return refuse_answer(call, answer.st_mode);
	*ret_stat = answer;
	return 0;
}

long runtime_host_fstat(int host_fd, struct stat *ret_stat)
{
	return get_stat(&call_fstat, 0, ask(&call_fstat, 0, (uint64_t)host_fd, 0, 0, 0), false, ret_stat);
}

long runtime_host_stat(const char *path, int flags, struct stat *ret_stat)
{
	long result = put_path(path);

	if (result < 0)
		return result;
	result = ask(&call_stat, 0, 0, CALL_PATH_SIZE_MAX, (uint64_t)(flags & AT_SYMLINK_NOFOLLOW), 0);
	return get_stat(&call_stat, CALL_PATH_SIZE_MAX, result, flags & AT_SYMLINK_NOFOLLOW, ret_stat);
}

long runtime_host_readlink(const char *path, char *buffer, size_t size)
{
	long result = put_path(path);
	size_t part = size < CALL_PATH_SIZE_MAX ? size : CALL_PATH_SIZE_MAX;

	if (result < 0)
		return result;
	if (size == 0)
		return -EINVAL;
	result = ask_between(&call_readlink, 1, (int64_t)part, 0, CALL_PATH_SIZE_MAX, part, 0);
	if (result < 0)
		return result;
	runtime_window_get(CALL_PATH_SIZE_MAX, buffer, (size_t)result);
	if (memchr(buffer, '\0', (size_t)result) != NULL) {
		memset(buffer, 0, (size_t)result);
		return refuse_answer(&call_readlink, result);
	}
	return result;
}

/* struct linux_dirent64 (include/linux/dirent.h): u64 ino, s64 off, u16 reclen,
 * u8 type, name with NUL, padding. */
enum { DIRENT_NAME_OFFSET = 19, DIRENT_TYPE_MAX = 14 /* DT_WHT */ };

static bool dirents_are_whole(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint16_t record;

		if (size - at < DIRENT_NAME_OFFSET + 2)
			return false;
		memcpy(&record, bytes + at + 16, sizeof record);
		if (record % 8 != 0 || record < DIRENT_NAME_OFFSET + 2 || record > size - at)
			return false;
		const char *name = (const char *)bytes + at + DIRENT_NAME_OFFSET;
		size_t room = record - DIRENT_NAME_OFFSET, length = strnlen(name, room);

		if (length == 0 || length == room || length > NAME_MAX || memchr(name, '/', length) != NULL ||
		    bytes[at + DIRENT_NAME_OFFSET - 1] > DIRENT_TYPE_MAX)
			return false;
		at += record;
	}
	return true;
}

long runtime_host_getdents(int host_fd, void *buffer, size_t size)
{
	size_t part = size < HOST_TRANSFER_SIZE_MAX ? size : HOST_TRANSFER_SIZE_MAX;
	long result = ask(&call_getdents, (int64_t)part, (uint64_t)host_fd, 0, part, 0);

	if (result <= 0)
		return result;
	runtime_window_get(0, buffer, (size_t)result);
	if (!dirents_are_whole(buffer, (size_t)result)) {
		memset(buffer, 0, (size_t)result);
		return refuse_answer(&call_getdents, result);
	}
	return result;
}

long runtime_host_ioctl(int host_fd, unsigned long request, void *destination, size_t size)
{
	long result = ask(&call_ioctl, 0, (uint64_t)host_fd, request, 0, 0);

	if (result == 0)
		runtime_window_get(0, destination, size);
	return result;
}

/* All but CLOCK_REALTIME and its coarse twin must not run backwards. */
static bool clock_is_monotonic(clockid_t clock)
{
	return clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE;
}

/* KTIME_SEC_MAX (include/linux/ktime.h): the last second that a kernel counts to, in
 * 2262. Sums with it don't overflow. */
static const time_t clock_second_max = INT64_MAX / 1000000000;

long runtime_host_clock(clockid_t clock, struct timespec *ret_time)
{
	static struct timespec last[CLOCK_BOOTTIME + 1];
	struct timespec answer;
	long result;

	if (clock < 0 || clock > CLOCK_BOOTTIME)
		return -EINVAL;
	result = ask(&call_clock, 0, (uint64_t)clock, 0, 0, 0);
	if (result < 0)
		return result;
	runtime_window_get(0, &answer, sizeof answer);
	if (answer.tv_sec < 0 || answer.tv_sec > clock_second_max || !time_is_possible(&answer))
		return refuse_answer(&call_clock, answer.tv_nsec);
	if (clock_is_monotonic(clock)) {
		struct timespec *before = &last[clock];

		if (answer.tv_sec < before->tv_sec ||
		    (answer.tv_sec == before->tv_sec && answer.tv_nsec < before->tv_nsec))
			answer = *before;
		*before = answer;
	}
	*ret_time = answer;
	return 0;
}

long runtime_host_sleep(const struct timespec *duration)
{
	runtime_window_put(0, duration, sizeof *duration);
	return ask(&call_sleep, 0, CLOCK_MONOTONIC, 0, 0, 0);
}
