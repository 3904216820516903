/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few names below /dev that every program inside finds, whatever its manifest says.
 *
 * /dev/null is here, not the host's: programs open it to have something to read nothing
 * from. Names of terminals are here for their stat() alone: ps and others turn the device
 * number of a process's terminal into a name, and want the name's stat() to agree. Which
 * terminals the target has isn't asked: the numbers are Linux's own
 * (Documentation/admin-guide/devices.txt), and a program asks for those that a process of the
 * target has.
 */
#ifndef ENCLAVE_VFS_DEVICE_H
#define ENCLAVE_VFS_DEVICE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "enclave/vfs/file.h"
#include "enclave/vfs/path.h"

/* Does the absolute, normalised path name such a device, or lead to one (/dev, /dev/pts)? */
bool device_is_here(const char *path);
bool device_leads_here(const char *path);

/* Type and permissions, and number, of a device that is here. */
void device_stat(const char *path, mode_t *ret_mode, dev_t *ret_number);

/* /dev/null; -ENXIO for a terminal, as where nobody is at it. */
long device_open(const struct place *place, int flags, struct file **ret_file);

#endif
