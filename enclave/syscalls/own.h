/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program is to itself among the target's processes: nobody. */
#ifndef ENCLAVE_SYSCALLS_OWN_H
#define ENCLAVE_SYSCALLS_OWN_H

#include "enclave/vfs/vfs.h"

enum {
	OWN_PID = VFS_OWN_PID,
};

/* The program raises a signal at itself. One whose default is to end it ends it. */
long own_signal(long number);

#endif
