/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of musl's src/process/posix_spawn.c, which clones the process with its memory: inside, a
 * program that is run gets an enclave of its own, by one call (enclave/spawn/spawn.h). popen(), system()
 * and posix_spawnp() come here too.
 */
#include <spawn.h>
#include <unistd.h>

#include "syscall.h"

enum { SPAWN_CALL = 0x40000 };

int posix_spawn(pid_t *restrict ret_pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict])
{
	long result = __syscall(SPAWN_CALL, path, argv, envp, actions ? actions->__actions : 0,
				attributes ? attributes->__flags : 0);

	if (result < 0)
		return (int)-result;
	if (ret_pid)
		*ret_pid = (pid_t)result;
	return 0;
}
