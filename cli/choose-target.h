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

#endif
