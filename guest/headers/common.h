/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this module share: where their text goes, and rows that may
 * be lost one by one. Only for *.guest.c here; include it first. */
#ifndef GUEST_HEADERS_COMMON_H
#define GUEST_HEADERS_COMMON_H

#include "guest/kernel/headers.h"

/* The text goes to guest/proc/seq.h's functions, which have the names of the
 * kernel's: those get out of the way. */
#define seq_file kernel_seq_file
#define seq_pad kernel_seq_pad
#define seq_printf kernel_seq_printf
#define seq_putc kernel_seq_putc
#define seq_puts kernel_seq_puts
#define seq_setwidth kernel_seq_setwidth
#define seq_write kernel_seq_write
#include <linux/seq_file.h>
#undef seq_pad
#undef seq_printf
#undef seq_putc
#undef seq_puts
#undef seq_setwidth
#undef seq_write
#include "guest/proc/seq.h"

#include "guest/headers/shows.h"
#include "guest/proc/fault.h"
#include "guest/proc/row-loop.h"

/* One object of a walk. */
struct row {
	struct seq *seq;
	void *object;
	unsigned int number;
	bool is_shown; /* set by who shows it */
};

/* Show it in a boundary of its own: what the target tore or forged costs one row
 * and marks the file. `missing` is that row's name: "a socket is missing". */
static inline void row_show(struct row *row, void (*show)(void *row), const char *missing)
{
	size_t size = seq_size(row->seq);
	status outcome = guest_try(show, row);

	if (outcome == STATUS_OK)
		return;
	seq_rewind(row->seq, size);
	if (outcome == STATUS_GONE)
		guest_fail(STATUS_GONE, "the target has ended");
	proc_fault(row->seq, missing, (u64)row->object);
}

#endif
