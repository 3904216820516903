/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"

enum {
	READ_SIZE_START = 16 << 10,
};

static status read_all(int file, const char *path, size_t size_max, uint8_t **data, size_t *ret_size)
{
	size_t capacity = 0, size = 0;

	for (;;) {
		if (size == capacity) {
			if (capacity > size_max)
				return report(STATUS_LIMIT, "%s is longer than %zu bytes", path, size_max);
			capacity = capacity == 0 ? READ_SIZE_START : capacity * 2;
			uint8_t *larger = realloc(*data, capacity);
			if (larger == NULL)
				return report(STATUS_NO_MEMORY, "out of memory while reading %s", path);
			*data = larger;
		}
		ssize_t got = read(file, *data + size, capacity - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EACCES || errno == EPERM))
			return STATUS_DENIED;
		if (got < 0 && errno == ESRCH)
			return STATUS_MISSING; /* the process of a /proc file ended */
		if (got < 0)
			return report(STATUS_IO, "can't read %s: %s", path, strerror(errno));
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret_size = size;
	return STATUS_OK;
}

status file_read(const char *path, size_t size_max, uint8_t **ret_data, size_t *ret_size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = NULL;

	if (file < 0 && (errno == EACCES || errno == EPERM))
		return STATUS_DENIED;
	if (file < 0)
		return STATUS_MISSING;
	status result = read_all(file, path, size_max, &data, ret_size);
	close(file);
	if (result != STATUS_OK) {
		free(data);
		return result;
	}
	*ret_data = data;
	return STATUS_OK;
}
