/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pipes inside: memory, and at their ends this program or one that it runs (children.h), which
 * holds its end's file as long as it lives.
 */
#ifndef ENCLAVE_SPAWN_PIPE_H
#define ENCLAVE_SPAWN_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "enclave/vfs/file.h"

enum {
	/* No more is taken from a child, or from the program while a child could read, than that: Linux' own is
	 * 64 KiB (fs/pipe.c), and here a record of 32 KiB may come on top. */
	PIPE_ROOM = 256 * 1024,
};

struct pipe;

/* Both ends, with one reference each. -ENOMEM. */
long pipe_create(int flags, struct file **ret_reader, struct file **ret_writer);

/* Which pipe's end is it? NULL: none's. */
struct pipe *pipe_of_reader(struct file *file);
struct pipe *pipe_of_writer(struct file *file);

/* What waits in it, at `ret_data`, which lasts until the next call. */
size_t pipe_peek(const struct pipe *pipe, const uint8_t **ret_data);
void pipe_consume(struct pipe *pipe, size_t size);
/* False: no memory. */
bool pipe_append(struct pipe *pipe, const void *data, size_t size);
bool pipe_is_full(const struct pipe *pipe);

bool pipe_has_reader(const struct pipe *pipe);
bool pipe_has_writer(const struct pipe *pipe);
/* What came isn't all that should have come: behind it, reading gives EIO, for good. */
void pipe_break(struct pipe *pipe);

/* Members of struct file_ops for whatever looks like a pipe, ours or the one to a parent: seeking is
 * -ESPIPE; stat() tells a FIFO. */
long pipe_seek(struct file *file, int64_t offset, int whence);
long pipe_stat(struct file *file, struct stat *ret_stat);

#endif
