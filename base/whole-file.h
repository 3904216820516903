/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files in memory, whole. */
#ifndef BASE_WHOLE_FILE_H
#define BASE_WHOLE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum {
	/* A kernel image is at most this large, everything else is smaller. */
	WHOLE_FILE_SIZE_MAX = 512 << 20,
};

/* Read a regular file; ret_bytes->data is freed by the caller. Reported:
 * STATUS_MISSING, STATUS_DENIED, STATUS_IO, STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE status whole_file_read(const char *path, struct span *ret_bytes);

/* Write a file beside its place and move it there when it is whole: a reader
 * never sees half of it. Reported: STATUS_DENIED, STATUS_IO. */
MUST_USE status whole_file_write(const char *path, struct span bytes);

#endif
