/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saying that a text isn't whole. */
#ifndef GUEST_PROC_FAULT_H
#define GUEST_PROC_FAULT_H

#include <stdint.h>

struct listing;
struct seq;

/* After a guest_try() that failed: seq_fault() with `what` is missing, the
 * address of the record and the description of that last fault. Native. */
void proc_fault(struct seq *seq, const char *what, uint64_t address);
/* The same for a directory: listing_fault() with what is missing. */
void proc_listing_fault(struct listing *listing, const char *what);

#endif
