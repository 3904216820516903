/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/PID/fdinfo says of special files. Guest C. */
#ifndef GUEST_PROC_FDINFO_H
#define GUEST_PROC_FDINFO_H

#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/files.h"

/* inotify_show_fdinfo(): a line for each thing that is watched. */
GUEST_C void fdinfo_inotify_show(struct seq *seq, const struct file *file);

/* fanotify_show_fdinfo(): how it was made, and a line for each thing that is watched. */
GUEST_C void fdinfo_fanotify_show(struct seq *seq, const struct file *file);

/* pidfd_show_fdinfo(): which process it stands for. */
GUEST_C void fdinfo_pidfd_show(struct seq *seq, const struct file *file);

/* io_uring_show_fdinfo(): queues, files, buffers and requests of a ring; the file is marked where something of it isn't
 * known here. */
GUEST_C void fdinfo_uring_show(struct seq *seq, const struct file *file);

/* userfaultfd_show_fdinfo(): how many faults wait, and which calls the kernel takes. */
GUEST_C void fdinfo_userfault_show(struct seq *seq, const struct file *file);

/* bpf_prog_show_fdinfo(), bpf_map_show_fdinfo(), bpf_link_show_fdinfo(): the file is marked where a kind of map or link
 * isn't known here. */
GUEST_C void fdinfo_bpf_program_show(struct seq *seq, const struct file *file);
GUEST_C void fdinfo_bpf_map_show(struct seq *seq, const struct file *file);
GUEST_C void fdinfo_bpf_link_show(struct seq *seq, const struct file *file);

#endif
