/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files a program that is to be started gets as its standard input, output and error. */
#ifndef ENCLAVE_SPAWN_STREAMS_H
#define ENCLAVE_SPAWN_STREAMS_H

#include "base/status.h"
#include "enclave/spawn/command.h"
#include "enclave/vfs/file.h"
#include "wire/peer.h"

enum { STREAM_COUNT = 3 };

/* One reference each; NULL: closed. */
struct streams {
	struct file *file[STREAM_COUNT];
};

/* posix_spawn_file_actions_t of musl, newest first: src/process/fdop.h. */
enum streams_action_command {
	STREAMS_CLOSE = 1,
	STREAMS_DUP2 = 2,
	STREAMS_OPEN = 3,
	STREAMS_CHDIR = 4,
	STREAMS_FCHDIR = 5,
};

struct streams_action {
	struct streams_action *next, *prev;
	int command, fd, source_fd, open_flags;
	mode_t mode;
	char path[];
};

/* What exec() would leave of the program's own descriptors after these actions (NULL: none). The caller owes
 * streams_release(). Negative errno, as the action that fails has it; -ENOSYS, reported, for one that isn't
 * possible. */
long streams_init(struct streams *streams, const struct streams_action *newest);
void streams_copy(struct streams *streams, const struct streams *from);
void streams_release(struct streams *streams);

/* Put another file in the place of one; takes the caller's reference. */
void streams_set(struct streams *streams, int stream, struct file *file);
/* A shell's redirections. -EBADF, -ENOMEM. */
long streams_redirect(struct streams *streams, const struct command_stage *stage);

/* What the child is told that it has. -EINVAL, reported: a file that it can't be given. */
long streams_kind(const struct streams *streams, int stream, enum peer_stream *ret_kind);

#endif
