/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large pages of a process's memory. Guest C. */
#ifndef GUEST_PROC_LARGE_H
#define GUEST_PROC_LARGE_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/mm.h"

/* Would the kernel give the area large pages (THPeligible of /proc/PID/smaps)? */
GUEST_C bool area_takes_large_pages(const struct vm_area_struct *vma);

/* shmem_file(): is it a file of tmpfs, or shared memory? `file` may be NULL. */
GUEST_C bool file_is_shared_memory(const struct file *file);

#endif
