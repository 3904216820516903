/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/report.h"
#include "enclave/spawn/pipe.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/vfs.h"

enum {
	/* As many as anybody gives: popen() has one for each of its own that are open, and one. */
	OVERRIDE_COUNT_MAX = 64,
};

/* The table of descriptors as actions change it: what was changed last counts. */
struct view {
	struct {
		int fd;
		struct file *file; /* NULL: closed */
	} override[OVERRIDE_COUNT_MAX];
	size_t count;
};

static void view_release(struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->override[i].file != NULL)
			file_release(view->override[i].file);
}

/* Takes the caller's reference. */
static long view_set(struct view *view, int fd, struct file *file)
{
	if (view->count == OVERRIDE_COUNT_MAX) {
		if (file != NULL)
			file_release(file);
		return -E2BIG;
	}
	view->override[view->count].fd = fd;
	view->override[view->count++].file = file;
	return 0;
}

/* A new reference; NULL where it is closed. `at_exec`: what close-on-exec leaves. */
static struct file *view_get(const struct view *view, int fd, bool at_exec)
{
	struct file *file;

	for (size_t i = view->count; i-- > 0;) {
		if (view->override[i].fd != fd)
			continue;
		if (view->override[i].file != NULL)
			view->override[i].file->reference_count++;
		return view->override[i].file;
	}
	if (descriptor_file(fd, &file) < 0 || (at_exec && descriptor_flags(fd) == FD_CLOEXEC))
		return NULL;
	file->reference_count++;
	return file;
}

static long view_open(struct view *view, const struct streams_action *action)
{
	long fd = vfs_open(AT_FDCWD, action->path, action->open_flags & ~O_CLOEXEC), result;
	struct file *file;

	if (fd < 0)
		return fd;
	result = descriptor_file((int)fd, &file);
	if (result == 0) {
		file->reference_count++;
		result = view_set(view, action->fd, file);
	}
	(void)vfs_close((int)fd);
	return result;
}

static long apply(struct view *view, const struct streams_action *action)
{
	struct file *file;

	switch (action->command) {
	case STREAMS_CLOSE: return view_set(view, action->fd, NULL);
	case STREAMS_DUP2:
		file = view_get(view, action->source_fd, false);
		return file == NULL ? -EBADF : view_set(view, action->fd, file);
	case STREAMS_OPEN: return view_open(view, action);
	default:
		(void)!report(
			STATUS_UNSUPPORTED,
			"the program starts another one with a file action (%d) that isn't possible inside; it got %s",
			action->command, strerror(ENOSYS));
		return -ENOSYS;
	}
}

long streams_init(struct streams *streams, const struct streams_action *newest)
{
	struct view view = {0};
	long result = 0;

	memset(streams, 0, sizeof *streams);
	while (newest != NULL && newest->next != NULL)
		newest = newest->next;
	for (const struct streams_action *action = newest; action != NULL && result == 0; action = action->prev)
		result = apply(&view, action);
	for (int i = 0; i < STREAM_COUNT && result == 0; i++)
		streams->file[i] = view_get(&view, i, true);
	view_release(&view);
	return result;
}

void streams_copy(struct streams *streams, const struct streams *from)
{
	*streams = *from;
	for (int i = 0; i < STREAM_COUNT; i++)
		if (streams->file[i] != NULL)
			streams->file[i]->reference_count++;
}

void streams_release(struct streams *streams)
{
	for (int i = 0; i < STREAM_COUNT; i++)
		streams_set(streams, i, NULL);
}

void streams_set(struct streams *streams, int stream, struct file *file)
{
	if (streams->file[stream] != NULL)
		file_release(streams->file[stream]);
	streams->file[stream] = file;
}

static long open_null(struct file **ret_file)
{
	long fd = vfs_open(AT_FDCWD, "/dev/null", O_RDWR), result;

	if (fd < 0)
		return fd;
	result = descriptor_file((int)fd, ret_file);
	if (result == 0)
		(*ret_file)->reference_count++;
	(void)vfs_close((int)fd);
	return result;
}

long streams_redirect(struct streams *streams, const struct command_stage *stage)
{
	for (size_t i = 0; i < stage->redirection_count; i++) {
		const struct command_redirection *redirection = &stage->redirection[i];
		struct file *file;
		long result;

		if (redirection->to == COMMAND_TO_NULL) {
			result = open_null(&file);
			if (result < 0)
				return result;
		} else {
			file = streams->file[redirection->to];
			if (file == NULL)
				return -EBADF;
			file->reference_count++;
		}
		streams_set(streams, redirection->stream, file);
	}
	return 0;
}

long streams_kind(const struct streams *streams, int stream, enum peer_stream *ret_kind)
{
	struct file *file = streams->file[stream];
	int host_fd;

	if (file == NULL)
		*ret_kind = PEER_STREAM_CLOSED;
	else if (stream == 0 ? pipe_of_reader(file) != NULL : pipe_of_writer(file) != NULL)
		*ret_kind = PEER_STREAM_PEER;
	else if (file->path != NULL && strcmp(file->path, "/dev/null") == 0)
		*ret_kind = PEER_STREAM_NULL;
	else if ((host_fd = host_stream_number(file)) >= 0 && (stream == 0) == (host_fd == 0))
		*ret_kind = (enum peer_stream)(PEER_STREAM_HOST + host_fd);
	else {
		(void)!report(STATUS_UNSUPPORTED,
			      "the program starts another one with %s as its descriptor %d: a program inside gets only "
			      "pipes, /dev/null and the standard streams from the one that runs it; it got %s",
			      file->path != NULL ? file->path : "a socket or an end of a pipe", stream,
			      strerror(EINVAL));
		return -EINVAL;
	}
	return 0;
}
