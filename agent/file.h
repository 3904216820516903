/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, also those whose size is only known by reading (/proc). */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Read all of `path`; *ret_data is freed by the caller. STATUS_MISSING: no such
 * file; STATUS_DENIED: not ours to read; neither is reported. STATUS_LIMIT:
 * longer than `size_max`; STATUS_IO, STATUS_NO_MEMORY: reported. */
MUST_USE status file_read(const char *path, size_t size_max, uint8_t **ret_data, size_t *ret_size);

/* The next run of bytes in [from, end) that isn't a hole, widened to whole
 * pages from `from` on. All of it where the file system doesn't know holes.
 * STATUS_END: only a hole is left. */
MUST_USE status file_next_data(int file, uint64_t from, uint64_t end, uint64_t *ret_start, uint64_t *ret_size);

#endif
