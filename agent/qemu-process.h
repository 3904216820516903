/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU process: found, identified, and held so that its PID can't come to
 * mean another one unnoticed. */
#ifndef AGENT_QEMU_PROCESS_H
#define AGENT_QEMU_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/qemu-arguments.h"
#include "agent/qemu-maps.h"
#include "base/status.h"

enum { QEMU_OWNER_COUNT_MAX = 16 };

struct qemu_process {
	pid_t pid;
	int pidfd; /* readable once the process has ended */
	struct qemu_arguments arguments;
};

/* Open process `pid` if it is a QEMU for x86-64.
 * STATUS_MISSING: no such process, or another program; STATUS_UNSUPPORTED: a
 * QEMU for another architecture; STATUS_MALFORMED: a command line that can't
 * be understood. All reported. */
MUST_USE status qemu_process_init(struct qemu_process *process, pid_t pid);
void qemu_process_deinit(struct qemu_process *process);

/* When process `pid` started, in clock ticks since this machine did: it and the number together name a process.
 * STATUS_GONE: there is none. */
MUST_USE status qemu_process_start_time(pid_t pid, uint64_t *ret_time);

/* STATUS_GONE once it has ended. */
MUST_USE status qemu_process_check(const struct qemu_process *process);

/* Its mappings that may be RAM. STATUS_DENIED with what to do about it,
 * STATUS_GONE, and what qemu_maps_parse() returns. */
MUST_USE status qemu_process_maps(const struct qemu_process *process, struct qemu_maps *ret_maps);

/* Say why access to it was refused, and what helps. Returns STATUS_DENIED. */
MUST_USE status qemu_process_denied(const struct qemu_process *process, const char *what);

/* Whose QEMUs a name may mean: anybody can start one of any name. */
struct qemu_owners {
	uid_t uid[QEMU_OWNER_COUNT_MAX];
	uint32_t count;
};

/* The PID of the one QEMU whose -name is `name`, among those that `owners` (NULL: all users)
 * run. STATUS_MISSING: none; STATUS_DENIED: others' only; STATUS_USAGE: several, named.
 * Reported. */
MUST_USE status qemu_process_find(const char *name, const struct qemu_owners *owners, pid_t *ret_pid);

/* Call `visit` for every QEMU for x86-64 that this user can see, by PID.
 * What `visit` returns, unless STATUS_OK, ends the search and is returned. */
typedef status (*qemu_process_visitor)(void *context, pid_t pid, const struct qemu_arguments *arguments);
MUST_USE status qemu_process_each(qemu_process_visitor visit, void *context);

#endif
