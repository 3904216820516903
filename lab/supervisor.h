/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that owns a VM: see lab/lab.h. */
#ifndef LAB_SUPERVISOR_H
#define LAB_SUPERVISOR_H

#include "base/status.h"
#include "lab/lab.h"

struct supervisor_setup {
	const struct lab_options *options;
	const char *accelerator;
	const char *kernel_directory; /* its last part is the version */
	const char *initramfs_path;
	const char *machine_path;
	int owner_fd; /* a pidfd; -1: the VM has no owner */
};

/*
 * Start a VM under a supervisor of its own, detached from this process, and
 * wait until the guest answers. If this process dies while it waits, so does
 * the VM. STATUS_IO, STATUS_DENIED, …: there is no VM; reported, with the end of
 * the guest's console where that helps.
 */
MUST_USE status supervisor_start(const struct supervisor_setup *setup);

#endif
