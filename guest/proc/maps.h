/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One area of a process's memory as /proc/PID/maps shows it. Guest C. */
#ifndef GUEST_PROC_MAPS_H
#define GUEST_PROC_MAPS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/path.h"
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/mm.h"

enum {
	AREA_READ = 0x1, /* VM_READ and so on (include/linux/mm.h) */
	AREA_WRITE = 0x2,
	AREA_EXECUTE = 0x4,
	AREA_MAY_SHARE = 0x80,
};

/* The memory of the subject's process; NULL where it has none (kernel threads,
 * and what is ending): its files are empty. */
GUEST_C const struct mm_struct *mm_subject(void);

/* Write the beginning of a line: addresses, rights, offset, device, inode. The
 * name begins at a column that seq_pad() fills up to. */
GUEST_C void area_header_show(struct seq *seq, u64 start, u64 end, u64 flags, u64 offset, u32 device, u64 inode);

/* The whole line of an area. Names of files are from `root` on. */
GUEST_C void area_show(struct seq *seq, const struct vm_area_struct *vma, const struct place *root);

/* What the rows of such a file share: row.rows->context. */
struct areas {
	struct place root; /* names of files are from here on */
	const struct mm_struct *mm;
	const void *own; /* the caller's */
};

/* Call `show` with a struct row for each area (row.object), the gate included. */
GUEST_C void areas_show(struct seq *seq, void (*show)(void *row), const void *own);

/* file_user_path(), file_user_inode() (include/linux/fs.h): the file that the
 * process has mapped, where a stacked file system maps another one for it. */
GUEST_C const struct path *file_path_mapped(const struct file *file);
GUEST_C const struct inode *file_inode_mapped(const struct file *file);

#endif
