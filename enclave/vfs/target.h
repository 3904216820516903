/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's kernel, found when a program first asks for something of it. */
#ifndef ENCLAVE_VFS_TARGET_H
#define ENCLAVE_VFS_TARGET_H

#include <stdint.h>

#include "base/status.h"

struct guest_kernel;

/* The kernel, attached, for a single question in the present epoch
 * (enclave/vfs/epoch.h). At the beginning of an epoch memory is looked at anew:
 * after a reboot of the target the kernel is found again. A failure is reported
 * once, noted as a fault of the run, and then kept: a target that wasn't Linux
 * doesn't become it. */
MUST_USE status target_kernel(struct guest_kernel **ret_kernel);

/* The same to read `what` as a whole: a path, the name of a table. */
MUST_USE status target_kernel_to_read(const char *what, struct guest_kernel **ret_kernel);

/* The number of the present epoch; 0: it has ended. */
uint64_t target_epoch(void);

/* The kernel, to go on with what was begun in the epoch of this number. STATUS_TORN: it has ended, so that what is
 * made now is of another moment; other outcomes as target_kernel(). */
MUST_USE status target_kernel_in(uint64_t epoch, struct guest_kernel **ret_kernel);

/* After something was made: has the kernel stayed the same? Asks memory as it is
 * now where the epoch has grown since it was last asked; its copies stay.
 * STATUS_GONE: it hasn't, and what was made may be of two boots, or of none:
 * end the epoch and make it again. Other outcomes: it can't be told. */
MUST_USE status target_still_same(void);

/* The same, of `path`: reported and noted as a fault. STATUS_GONE (the target
 * ended or rebooted), STATUS_IO. */
MUST_USE status target_check(const char *path);

/* A question about `what` failed with `outcome`: what the program gets, -ENOMEM or -EIO. Notes the run's fault and
 * sees to it that the reason was said: a fault's was where it arose, but that the target ended or rebooted under
 * the question nobody has said yet. */
MUST_USE long target_refusal(status outcome, const char *what);

/* Before other programs are told to look in the same epoch: where the source has still to be told to begin it, tell it.
 * As target_kernel(). */
MUST_USE status target_epoch_share(void);

/* The program ends: a target that stands still for it goes on, and how long it stood is said. */
void target_end(void);

/* The program lets time pass: the next question begins a new epoch. */
void target_epoch_end(void);

#endif
