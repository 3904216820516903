/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about programs that this one runs (docs/spawn.md). All return what the system call returns:
 * ≥ 0, or a negative errno. */
#ifndef ENCLAVE_SPAWN_SPAWN_H
#define ENCLAVE_SPAWN_SPAWN_H

#include "enclave/spawn/streams.h"

/* What posix_spawn() of the image's C library calls (enclave/libc/posix_spawn.c): no number of Linux'. */
#define SPAWN_CALL 0x40000

enum {
	/* posix_spawnattr_t's flags that mean nothing inside, where there are no signals and one user. */
	SPAWN_FLAGS_HARMLESS = 0x01 | 0x04 | 0x08, /* RESETIDS, SETSIGDEF, SETSIGMASK */
};

/* posix_spawn(): a port that the manifest names, or /bin/sh -c with a line of such (command.h). The
 * process's number. What can't be run is said on stderr: -ENOENT, and in a line for the shell it is
 * what a shell does: nothing but exit with 127. */
long spawn_program(const char *path, const char *const *arguments, const char *const *environment,
		   const struct streams_action *newest, int flags);
/* wait4() without rusage. */
long spawn_wait(long pid, int *ret_wait_status, int options);
/* pipe2() */
long spawn_pipe(int fds[2], int flags);

#endif
