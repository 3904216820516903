/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "enclave/spawn/children.h"

struct pipe {
	uint8_t *data;
	size_t start, end, capacity; /* what waits is [start, end) */
	bool has_reader, has_writer;
	bool broken;
};

struct pipe_end {
	struct file file;
	struct pipe *pipe;
	bool is_writer;
};

static struct pipe_end *end_of(struct file *file)
{
	return (struct pipe_end *)file;
}

size_t pipe_peek(const struct pipe *pipe, const uint8_t **ret_data)
{
	*ret_data = pipe->data + pipe->start;
	return pipe->end - pipe->start;
}

void pipe_consume(struct pipe *pipe, size_t size)
{
	pipe->start += size;
	if (pipe->start == pipe->end)
		pipe->start = pipe->end = 0;
}

bool pipe_append(struct pipe *pipe, const void *data, size_t size)
{
	size_t length = pipe->end - pipe->start, capacity = pipe->capacity != 0 ? pipe->capacity : 4096;
	uint8_t *grown;

	if (pipe->start > 0) {
		memmove(pipe->data, pipe->data + pipe->start, length);
		pipe->start = 0;
		pipe->end = length;
	}
	while (capacity - length < size)
		capacity *= 2;
	if (capacity != pipe->capacity) {
		grown = realloc(pipe->data, capacity);
		if (grown == NULL)
			return false;
		pipe->data = grown;
		pipe->capacity = capacity;
	}
	memcpy(pipe->data + length, data, size);
	pipe->end = length + size;
	return true;
}

bool pipe_is_full(const struct pipe *pipe)
{
	return pipe->end - pipe->start >= PIPE_ROOM;
}

bool pipe_has_reader(const struct pipe *pipe)
{
	return pipe->has_reader;
}

bool pipe_has_writer(const struct pipe *pipe)
{
	return pipe->has_writer;
}

void pipe_break(struct pipe *pipe)
{
	pipe->broken = true;
}

/* Nobody will ever do what is waited for: Linux would wait for ever. */
static long refuse_to_wait(const char *what)
{
	(void)!report(STATUS_UNSUPPORTED,
		      "the program waits to %s a pipe whose other end nobody uses but the program itself; it got %s",
		      what, strerror(EDEADLK));
	return -EDEADLK;
}

static long read_pipe(struct file *file, void *buffer, size_t size, int64_t offset)
{
	struct pipe *pipe = end_of(file)->pipe;
	const uint8_t *data;
	size_t length;

	if (end_of(file)->is_writer)
		return -EBADF;
	if (offset >= 0)
		return -ESPIPE;
	if (size == 0)
		return 0;
	while ((length = pipe_peek(pipe, &data)) == 0) {
		if (pipe->broken)
			return -EIO;
		if (!pipe->has_writer)
			return 0;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (children_pump() != STATUS_OK)
			return refuse_to_wait("read from");
	}
	if (size < length)
		length = size;
	memcpy(buffer, data, length);
	pipe_consume(pipe, length);
	return (long)length;
}

static long write_pipe(struct file *file, const void *buffer, size_t size)
{
	struct pipe *pipe = end_of(file)->pipe;

	if (!end_of(file)->is_writer)
		return -EBADF;
	if (!pipe->has_reader)
		return -EPIPE;
	while (pipe_is_full(pipe)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (children_pump() != STATUS_OK)
			return refuse_to_wait("write into");
		if (!pipe->has_reader)
			return -EPIPE;
	}
	if (size > PIPE_ROOM)
		size = PIPE_ROOM;
	return pipe_append(pipe, buffer, size) ? (long)size : -ENOMEM;
}

long pipe_seek(struct file *file, int64_t offset, int whence)
{
	return -ESPIPE;
}

long pipe_stat(struct file *file, struct stat *ret_stat)
{
	memset(ret_stat, 0, sizeof *ret_stat);
	ret_stat->st_mode = S_IFIFO | 0600;
	ret_stat->st_blksize = 4096;
	ret_stat->st_nlink = 1;
	return 0;
}

static void close_end(struct file *file)
{
	struct pipe_end *end = end_of(file);
	struct pipe *pipe = end->pipe;

	if (end->is_writer)
		pipe->has_writer = false;
	else
		pipe->has_reader = false;
	if (pipe->has_reader || pipe->has_writer)
		return;
	free(pipe->data);
	free(pipe);
}

static const struct file_ops pipe_ops = {
	.read = read_pipe,
	.write = write_pipe,
	.seek = pipe_seek,
	.stat = pipe_stat,
	.close = close_end,
};

struct pipe *pipe_of_reader(struct file *file)
{
	return file->ops == &pipe_ops && !end_of(file)->is_writer ? end_of(file)->pipe : NULL;
}

struct pipe *pipe_of_writer(struct file *file)
{
	return file->ops == &pipe_ops && end_of(file)->is_writer ? end_of(file)->pipe : NULL;
}

static struct file *make_end(struct pipe *pipe, bool is_writer, int flags)
{
	struct pipe_end *end = calloc(1, sizeof *end);

	if (end == NULL)
		return NULL;
	end->pipe = pipe;
	end->is_writer = is_writer;
	/* No path, so nothing that could fail. */
	(void)file_init(&end->file, &pipe_ops, flags | (is_writer ? O_WRONLY : O_RDONLY), NULL);
	return &end->file;
}

long pipe_create(int flags, struct file **ret_reader, struct file **ret_writer)
{
	struct pipe *pipe = calloc(1, sizeof *pipe);
	struct file *reader = NULL, *writer = NULL;

	if (pipe != NULL) {
		reader = make_end(pipe, false, flags & O_NONBLOCK);
		writer = make_end(pipe, true, flags & O_NONBLOCK);
	}
	if (reader == NULL || writer == NULL) {
		free(reader);
		free(writer);
		free(pipe);
		return -ENOMEM;
	}
	pipe->has_reader = pipe->has_writer = true;
	*ret_reader = reader;
	*ret_writer = writer;
	return 0;
}
