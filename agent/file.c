/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "guest/memory/address.h"

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

status file_next_data(int file, uint64_t from, uint64_t end, uint64_t *ret_start, uint64_t *ret_size)
{
	off_t data = lseek(file, (off_t)from, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		return STATUS_END;
	if (data < 0)
		data = (off_t)from;
	if ((uint64_t)data >= end)
		return STATUS_END;
	off_t hole = lseek(file, data, SEEK_HOLE);
	uint64_t stop = hole > data && (uint64_t)hole < end ? (uint64_t)hole : end;
	/* File systems may have smaller blocks than pages, or larger ones. */
	uint64_t start = from + (((uint64_t)data - from) & ~(uint64_t)(GUEST_PAGE_SIZE - 1));
	stop = from + ((stop - from + GUEST_PAGE_SIZE - 1) & ~(uint64_t)(GUEST_PAGE_SIZE - 1));
	*ret_start = start;
	*ret_size = (stop < end ? stop : end) - start;
	return STATUS_OK;
}
