/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/whole-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static status report_errno(const char *what, const char *path)
{
	status fault = errno == ENOENT ? STATUS_MISSING : errno == EACCES || errno == EPERM ? STATUS_DENIED : STATUS_IO;

	return report(fault < 0 ? fault : STATUS_IO, "%s can't be %s: %s", path, what, strerror(errno));
}

status whole_file_read(const char *path, struct span *ret_bytes)
{
	__attribute__((cleanup(close_file))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return report_errno("opened", path);
	if (!S_ISREG(st.st_mode))
		return report(STATUS_USAGE, "%s isn't a regular file", path);
	if (st.st_size > WHOLE_FILE_SIZE_MAX)
		return report(STATUS_LIMIT, "%s has %lld bytes: at most %d are read", path, (long long)st.st_size,
			      WHOLE_FILE_SIZE_MAX);
	size_t size = (size_t)st.st_size, done = 0;
	uint8_t *data = malloc(size + 1);
	if (data == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the %zu bytes of %s", size, path);
	while (done < size) {
		ssize_t got = read(fd, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(data);
			return report_errno("read", path);
		}
		if (got == 0)
			break; /* it became shorter meanwhile: its reader will notice */
		done += (size_t)got;
	}
	*ret_bytes = (struct span){data, done};
	return STATUS_OK;
}

static bool write_all(int fd, struct span bytes)
{
	for (size_t done = 0; done < bytes.size;) {
		ssize_t put = write(fd, bytes.data + done, bytes.size - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

status whole_file_write(const char *path, struct span bytes)
{
	char beside[PATH_MAX];

	if ((size_t)snprintf(beside, sizeof beside, "%s.%d.new", path, (int)getpid()) >= sizeof beside)
		return report(STATUS_USAGE, "the path %s is too long", path);
	__attribute__((cleanup(close_file))) int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return report_errno("made", beside);
	if (write_all(fd, bytes) && fsync(fd) == 0 && rename(beside, path) == 0)
		return STATUS_OK;
	status fault = report_errno("written", path);
	unlink(beside);
	return fault;
}
