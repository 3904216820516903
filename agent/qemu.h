/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running QEMU as source: its guest's RAM, mapped where it is a shared file,
 * else read from the process; the layout and the registers from QMP where that
 * answers, else the layout from the command line, and no registers.
 */
#ifndef AGENT_QEMU_H
#define AGENT_QEMU_H

#include <sys/types.h>

#include "agent/target.h"

/* Statuses as target_create(). */
MUST_USE status qemu_target_create(pid_t pid, struct target **ret_target);

#endif
