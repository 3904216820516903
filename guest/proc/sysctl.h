/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/sys: its tree, and the values of its files. Guest C. */
#ifndef GUEST_PROC_SYSCTL_H
#define GUEST_PROC_SYSCTL_H

#include "guest/proc/seq.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/sysctl.h"

enum {
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep. */
	SYSCTL_TREE_DEPTH_MAX = 64,
	/* Entries of one directory: net.ipv4.conf has one for each device. */
	SYSCTL_ENTRY_COUNT_MAX = 1 << 20,
	SYSCTL_NAME_SIZE = 256,
	/* Numbers of one file. */
	SYSCTL_VALUE_COUNT_MAX = 1 << 10,
};

/* A file whose text is made: its entry, what its handler is called. */
struct sysctl {
	struct seq *seq;
	const struct ctl_table *entry;
	char handler[SYMBOL_NAME_SIZE];
};

/* Numbers as the kernel's handlers write them: separated by tabs, a line's end
 * behind the last. `size` is that of one. */
enum sysctl_number {
	SYSCTL_INT,
	SYSCTL_UINT,
	SYSCTL_U8,
	SYSCTL_BOOL,
	SYSCTL_ULONG,
	SYSCTL_JIFFIES, /* ints, in seconds, */
	SYSCTL_JIFFIES_USER, /* in hundredths, */
	SYSCTL_JIFFIES_MS, /* in thousandths */
	SYSCTL_ULONG_JIFFIES_MS,
};
GUEST_C void sysctl_show_numbers(struct seq *seq, enum sysctl_number kind, const void *data, u64 size);
/* proc_dostring() */
GUEST_C void sysctl_show_string(struct seq *seq, const char *data, u64 size);
/* A list of CPUs or other bits: "0-3,8" (proc_do_large_bitmap()). */
GUEST_C void sysctl_show_bits(struct seq *seq, const unsigned long *bits, u64 count);

/* Entries whose handler does more than read them. False: not one of these. */
GUEST_C bool sysctl_show_special(struct sysctl *sysctl);
GUEST_C bool sysctl_show_special_net(struct sysctl *sysctl);

#endif
