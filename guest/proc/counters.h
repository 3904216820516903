/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters that network management defines, with the names that the running
 * kernel itself gives them: its tables (struct snmp_mib) say which counters a
 * file shows, in which order and under which name.
 */
#ifndef GUEST_PROC_COUNTERS_H
#define GUEST_PROC_COUNTERS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/snmp.h"

enum {
	COUNTER_NAME_SIZE = 48,
	/* Lines of a table, and numbers that they may name: the largest table
	 * (TcpExt) had 129 lines in 7.2. */
	COUNTER_COUNT_MAX = 256,
};

/* A table, read from the kernel. */
struct counter_table {
	u32 count;
	bool is_marked; /* a line without a name ends it */
	struct {
		u32 number;
		char name[COUNTER_NAME_SIZE];
	} lines[COUNTER_COUNT_MAX];
};

/* Read the table that begins at `lines`: to its end mark where it has one
 * (before 6.16), else to the end of the variable. */
GUEST_C void counter_table_read(const struct snmp_mib *lines, struct counter_table *ret_table);

/* The same of a module's table `name`, which may not be there: false. */
GUEST_C bool counter_table_read_module(const char *name, struct counter_table *ret_table);

/* The sum of the counter `number` over all CPUs: `counters` is a __percpu
 * pointer to 64-bit words. */
GUEST_C u64 counter_sum(const void *counters, u32 number);

/* " NAME NAME…" and " VALUE VALUE…". `counters` NULL shows zeroes. */
GUEST_C void counters_show_names(struct seq *seq, const struct counter_table *table);
GUEST_C void counters_show_values(struct seq *seq, const struct counter_table *table, const void *counters);

#endif
