/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and existence of what isn't the host's. */
#ifndef ENCLAVE_VFS_INODE_H
#define ENCLAVE_VFS_INODE_H

#include <stdint.h>

struct proc_node;

uint64_t inode_of_node(const struct proc_node *node);
uint64_t inode_of_path(const char *path);

/* Does the target show this node? 0, -ENOENT, or -EIO where it can't be told. */
long node_exists(const struct proc_node *node);

#endif
