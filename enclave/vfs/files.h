/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of file there are; each call makes one with one reference. */
#ifndef ENCLAVE_VFS_FILES_H
#define ENCLAVE_VFS_FILES_H

#include "enclave/vfs/file.h"
#include "enclave/vfs/path.h"

/* A pseudo file: its text is made now. -EIO where the target can't be read,
 * -ENOENT where it has no such file. A text that isn't whole gives -EIO once
 * after its last byte, then end of file (some programs, netstat among them,
 * loop until end of file and never look at errors). */
long proc_file_open(const struct place *place, int flags, struct file **ret_file);

/* A directory of /proc, or one that is made up. */
long directory_open(const struct place *place, int flags, struct file **ret_file);

/* A file or directory of the host that the manifest allows. */
long host_file_open(const struct place *place, int flags, struct file **ret_file);
/* The host's descriptor 0, 1 or 2. */
long host_stream_open(int host_fd, int flags, struct file **ret_file);
/* Which of them is it? -1: none. */
int host_stream_number(struct file *file);

/* Something that was only named (O_PATH). */
long path_file_open(const struct place *place, int flags, struct file **ret_file);

/* stat() without opening. -ENOENT where the target lacks the file. */
long place_stat(const struct place *place, bool follow, struct stat *ret_stat);

#endif
