/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up what the daemon doesn't need: it reads other processes' memory, but starts no
 * program, writes no file and opens no connection to another machine.
 */
#ifndef AGENT_SERVE_CONFINE_H
#define AGENT_SERVE_CONFINE_H

#include <stddef.h>

#include "base/status.h"

/* Become `user` (NULL: stay), keep CAP_SYS_PTRACE (others' memory) and
 * CAP_DAC_READ_SEARCH (others' /proc entries and RAM files), where we have them, and no other capability,
 * no_new_privs, and a filter of system calls that ends the process at any other. `devices` are the descriptors on which
 * the questions of the module's device may be asked (kmod/bartizan.h). For all threads to come: call it before the
 * first. STATUS_USAGE: no such user; STATUS_DENIED, STATUS_IO. All reported. */
MUST_USE status confine_process(const char *user, const int devices[], size_t device_count);

/* The filter alone. STATUS_IO, reported. */
MUST_USE status confine_calls(const int devices[], size_t device_count);

#endif
