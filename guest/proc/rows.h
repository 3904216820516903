/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of a pseudo file, one for each object of a list. Each row has an
 * error boundary of its own: what the guest tore or forged costs one row and
 * marks the file, and the walk goes on.
 */
#ifndef GUEST_PROC_ROWS_H
#define GUEST_PROC_ROWS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/row-loop.h"
#include "guest/proc/seq.h"

enum {
	/* Rows of one file. SEQ_SIZE_MAX holds fewer. */
	ROW_COUNT_MAX = 1 << 20,
	/* Lists that may be unreadable before a table is given up: with that
	 * many there is nothing to show. */
	ROW_BAD_LIST_COUNT_MAX = 1000,
};

/* One file's walk. The caller sets the first part. */
struct rows {
	struct seq *seq; /* NULL: nothing is written, and what can't be read ends the caller's boundary */
	/* Called with a struct row for each object. It may write nothing. */
	void (*show)(void *row);
	const char *missing; /* what a row that can't be read says: "a socket is missing" */
	const void *context; /* the file's own */
	u64 end; /* the odd number that a list ends with which isn't empty; 0: NULL */
	bool in_parts; /* the file has this one table, and may be made in parts (seq_begins()) */

	u32 count, bad_list_count;
};

struct row {
	const struct rows *rows;
	struct seq *seq;
	const void *object;
};

/* Show one object. */
GUEST_C void rows_show(struct rows *rows, const void *object);

/* Show what a list holds: `first` is its first node, or NULL where it is empty, `node_offset` says where in an
 * object its node lies. */
GUEST_C void rows_show_list(struct rows *rows, const void *first, u64 node_offset);

/* The same for the `count` lists of a hash table, an array of hlist_head. */
GUEST_C void rows_show_table(struct rows *rows, const struct hlist_head *lists, u32 count, u64 node_offset);

#endif
