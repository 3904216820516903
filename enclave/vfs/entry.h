/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about entries of the target's trees, with the errno of a system call
 * as answer. Where nothing else is said: -ENOENT where the target has no such file
 * or the process is gone, -EIO where the target can't be read (said and noted as
 * a fault of the run), -ENOMEM. `path` is where the program found it. */
#ifndef ENCLAVE_VFS_ENTRY_H
#define ENCLAVE_VFS_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/proc/node.h"

/* Type and permissions; of a fixed node without asking the target. */
long entry_mode(const struct proc_entry *entry, uint32_t *ret_mode);

/* 0: it is there. */
long entry_exists_now(const struct proc_entry *entry);

/* As proc_entry_stat(). */
long entry_stat(const struct proc_entry *entry, bool follow, struct stat_answer *ret_answer);

/* As readlink(): the bytes written, cut at `size`. -EINVAL: not a link. */
long entry_readlink(const struct proc_entry *entry, const char *path, char *buffer, size_t size);

/* The text of a file, or its first part (`has_more`); its directory's entries. What isn't whole was said and noted. */
long entry_text(const struct proc_entry *entry, const char *path, struct proc_text *ret_text);
/* The part that begins at `next`, in the epoch that the one before was made in (target_epoch()).
 * -EIO: that epoch has ended, or the kernel is another one. */
long entry_text_next(const struct proc_entry *entry, const char *path, uint64_t epoch, const struct seq_place *next,
		     struct proc_text *ret_text);
long entry_listing(const struct proc_entry *entry, const char *path, struct listing **ret_listing);

#endif
