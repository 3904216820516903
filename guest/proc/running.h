/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For native helpers that guest C calls: which kernel it is looking at. */
#ifndef GUEST_PROC_RUNNING_H
#define GUEST_PROC_RUNNING_H

struct guest_kernel;

/* The kernel of the running generator. NULL outside of one, where none was
 * ever entered. */
struct guest_kernel *proc_running_kernel(void);

#endif
