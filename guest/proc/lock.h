/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of files, as /proc/locks and /proc/PID/fdinfo show them. Guest C. */
#ifndef GUEST_PROC_LOCK_H
#define GUEST_PROC_LOCK_H

#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/lock.h"

/* show_fd_locks(): the locks that a process's descriptor holds. */
GUEST_C void locks_of_file_show(struct seq *seq, const struct file *file, const struct files_struct *files);

#endif
