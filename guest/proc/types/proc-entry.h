/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own tables of files below /proc/PID (fs/proc/base.c). */
#ifndef GUEST_PROC_TYPES_PROC_ENTRY_H
#define GUEST_PROC_TYPES_PROC_ENTRY_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct pid_entry {
	const char *name;
	unsigned int len;
	u16 mode;
};

#include "guest/kernel/guestc-types-end.h"

extern const struct pid_entry tgid_base_stuff[], tid_base_stuff[], attr_dir_stuff[], apparmor_attr_dir_stuff[];

#endif
