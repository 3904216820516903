/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of one open file, of a directory that a process is in, and of
 * an inode. Guest C. */
#ifndef GUEST_PROC_FILE_H
#define GUEST_PROC_FILE_H

#include "guest/kernel/guestc.h"
#include "guest/proc/listing.h"
#include "guest/proc/path.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/files.h"

/* new_encode_dev() (include/linux/kdev_t.h): a device as stat() says it. */
GUEST_C u64 device_number(u32 device);

/* generic_fillattr() (fs/stat.c): what stat() says of an inode. Stacked file
 * systems (overlayfs) give files of theirs another device and number than their
 * own inodes have: these are the inode's. */
GUEST_C void inode_stat(const struct inode *inode, struct stat_answer *answer);

/* What readlink() of a link in /proc gives for the file: its name from our root.
 * Ends the boundary where the name is longer than readlink() could give. */
GUEST_C void path_link(struct seq *seq, const struct path *path);

/* The file that the subject's process (or thread) has under the subject's
 * number. Ends the boundary with STATUS_MISSING where there is none. */
GUEST_C const struct file *file_subject(void);
/* The one under any number; NULL: none. */
GUEST_C const struct file *file_find(const struct files_struct *files, u32 number);
/* How many numbers the table of files says are in use; 0 of NULL, which a process has that is ending. */
GUEST_C u64 file_count(const struct files_struct *files);
/* Does a table of files have the number's bit set in `bits`, which is one of its maps? */
GUEST_C bool file_bit(const unsigned long *bits, u32 number);

#endif
