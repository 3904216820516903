/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's kernel, found when a program first asks for something of it. */
#ifndef ENCLAVE_VFS_TARGET_H
#define ENCLAVE_VFS_TARGET_H

#include "base/status.h"

struct guest_kernel;

/* The kernel, attached and still the same one: after a reboot of the target it
 * is found again. A failure is reported once, noted as a fault of the run, and
 * then kept: a target that wasn't Linux doesn't become it. */
MUST_USE status target_kernel(struct guest_kernel **ret_kernel);

/* After /proc/`path` was made: did the kernel stay the same throughout? If not,
 * what was made may be of two boots, or of none. Reported and noted as a fault:
 * STATUS_GONE (the target ended or rebooted), STATUS_IO. */
MUST_USE status target_check(const char *path);

#endif
