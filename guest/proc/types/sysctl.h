/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree behind /proc/sys (include/linux/sysctl.h). */
#ifndef GUEST_PROC_TYPES_SYSCTL_H
#define GUEST_PROC_TYPES_SYSCTL_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"

#include "guest/kernel/guestc-types-begin.h"

struct ctl_table_header;
struct ctl_table_root;
struct ctl_table_set;

struct ctl_table {
	const char *procname;
	void *data;
	int maxlen;
	u16 mode;
	const void *proc_handler;
	void *extra1, *extra2;
};

/* Node i of a header's array is about entry i of its table. */
struct ctl_node {
	struct rb_node node;
	struct ctl_table_header *header;
};

struct ctl_dir;

struct ctl_table_header {
	struct ctl_table *ctl_table;
	void *unregistering;
	struct ctl_table_root *root;
	struct ctl_node *node;
};

struct ctl_dir {
	struct ctl_table_header header;
	struct rb_root root;
};

struct ctl_table_set {
	struct ctl_dir dir;
};

struct ctl_table_root {
	struct ctl_table_set default_set;
};

#include "guest/kernel/guestc-types-end.h"

extern struct ctl_table_root sysctl_table_root;

#endif
