/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of what isn't the host's. */
#ifndef ENCLAVE_VFS_INODE_H
#define ENCLAVE_VFS_INODE_H

#include <stdint.h>

struct proc_entry;

/* Where the target says none; `path` is where the program found it. */
uint64_t inode_of_entry(const struct proc_entry *entry, const char *path);
uint64_t inode_of_path(const char *path);

#endif
