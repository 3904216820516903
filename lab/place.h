/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the lab keeps things, and the lock that says whether a VM runs. */
#ifndef LAB_PLACE_H
#define LAB_PLACE_H

#include <sys/types.h>

#include "base/status.h"

/* The directory of all VMs' state, made (0700) if missing; to be freed.
 * STATUS_DENIED: it is somebody else's. STATUS_IO. All reported. */
MUST_USE status place_state_root(char **ret_path);
/* One VM's directory (not made here); to be freed. STATUS_USAGE: impossible name. Reported. */
MUST_USE status place_machine(const char *name, char **ret_path);
/* A directory below $XDG_CACHE_HOME/bartizan, made if missing; to be freed. Reported. */
MUST_USE status place_cache(const char *what, char **ret_path);
/* Where the lab's scripts and guest programs are: beside the program in the
 * build tree, or installed. To be freed. STATUS_MISSING (reported). */
MUST_USE status place_programs(char **ret_path);

/*
 * A running VM is a locked file: the lock is a record lock (fcntl), so that
 * the kernel says which process holds it, and drops it when that one dies.
 */
/* Make the VM's directory and take its lock, for as long as *ret_fd is open
 * (and no other descriptor of that file was closed in this process).
 * STATUS_DENIED (reported): it runs. STATUS_IO (reported). */
MUST_USE status place_lock(const char *machine_path, int *ret_fd);
/* Who holds it? STATUS_MISSING (not reported): nobody. */
MUST_USE status place_lock_owner(const char *machine_path, pid_t *ret_pid);
/* Remove the directory with all in it. Hold the lock, or know that nobody does:
 * the lock's file goes last. */
void place_remove(const char *machine_path);

/* Remove what a killed VM left, unless it is in use; silent. */
void place_sweep(const char *machine_path);

#endif
