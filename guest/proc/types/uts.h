/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system calls itself (include/linux/utsname.h). */
#ifndef GUEST_PROC_TYPES_UTS_H
#define GUEST_PROC_TYPES_UTS_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct new_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct uts_namespace {
	struct ns_common ns;
	struct new_utsname name;
};

#include "guest/kernel/guestc-types-end.h"

extern struct uts_namespace init_uts_ns;

#endif
