/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's files of records that an image has sealed for itself (CALL_UNSENT_*): what a remote verifier hasn't
 * taken yet. Each run has a file of its own, which it holds locked as long as it lives: so a run that is over can be
 * told from one that goes on, and nobody removes what another one wrote. The host can lose them, and give old ones
 * back; the verifier notices what matters of that.
 */
#ifndef HOST_SERVE_UNSENT_H
#define HOST_SERVE_UNSENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	/* All files together. A verifier that is away for long: then no more is kept. */
	UNSENT_SIZE_MAX = 64 << 20,
};

struct unsent_files;

/* The files of this image and target: `path` is that of all of them, each one's name goes on with "~" and a number. The
 * directory must be there. STATUS_NO_MEMORY, STATUS_IO; reported. */
MUST_USE status unsent_files_create(const char *path, struct unsent_files **ret_files);
/* Lets go of them; those that hold something stay for the next run. NULL is fine. */
void unsent_files_destroy(struct unsent_files *files);

/* Add a record of at most CALL_UNSENT_SIZE_MAX bytes to this run's file, which is made, 0600; both are on the disk
 * afterwards. STATUS_LIMIT: there is too much; STATUS_IO; reported. */
MUST_USE status unsent_put(struct unsent_files *files, const void *record, size_t size);
/* A record of runs that are over: file and number from 0. Its size, 0 where there is none, or STATUS_LIMIT: it doesn't
 * fit, STATUS_IO, reported. A file that was cut within a record ends before it. */
int64_t unsent_get(struct unsent_files *files, uint64_t file, uint64_t number, void *record, size_t size);
/* Remove a file of a run that is over, or CALL_UNSENT_OWN. STATUS_IO, reported. No file is fine. */
MUST_USE status unsent_clear(struct unsent_files *files, uint64_t file);

#endif
