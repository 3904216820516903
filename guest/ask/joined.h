/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is made in parts (guest/proc/seq.h), joined again: for tests and fuzzers. */
#ifndef GUEST_ASK_JOINED_H
#define GUEST_ASK_JOINED_H

#include "guest/proc/node.h"

/* The whole text in the present epoch, made in parts of `part_size` bytes; each after the first `even_count` is
 * twice as large as the one before, which bounds how often a generator begins anew. The text ends with the first part
 * that has a fault. proc_text_deinit() frees it. Outcomes as proc_text_part_init(), of any part. */
MUST_USE status joined_text_init(struct guest_kernel *kernel, const struct proc_entry *entry, uint32_t part_size,
				 uint32_t even_count, struct proc_text *ret_text);

#endif
