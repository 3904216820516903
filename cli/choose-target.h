/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which target a command means. */
#ifndef CLI_CHOOSE_TARGET_H
#define CLI_CHOOSE_TARGET_H

#include "agent/target.h"
#include "wire/start.h"

/* Attach to the target called `name` (qemu:PID, qemu:NAME, lab:NAME, dump:FILE),
 * or, where it is NULL, to the only virtual machine that runs here.
 * STATUS_USAGE (reported with a list): none or several run. Others as
 * target_create(). */
MUST_USE status choose_target(const char *name, struct target **ret_target);

/* The same, without attaching: the name that target_create() and an agent take, with zeros
 * behind it. STATUS_USAGE, reported: too long, or as above. */
MUST_USE status choose_target_name(const char *name, char ret_name[START_TARGET_SIZE]);

enum { CHOOSE_AGENT_SIZE = START_TARGET_SIZE + 8 };

/* "dev:/dev/bartizanN" (kmod/), N > 0, stands for another machine's target: its name as grants have it, and the address
 * of the agent that has it, by way of that device. Both are the word of this machine's kernel; what is watched is what
 * the grant names. STATUS_END: `name` is nothing of that kind. STATUS_USAGE, reported: the module was told a name that
 * can't be. */
MUST_USE status choose_target_forwarded(const char *name, char ret_name[START_TARGET_SIZE],
					char ret_agent[CHOOSE_AGENT_SIZE]);

#endif
