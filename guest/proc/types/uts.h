/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system calls itself (include/linux/utsname.h). */
#ifndef GUEST_PROC_TYPES_UTS_H
#define GUEST_PROC_TYPES_UTS_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct new_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct uts_namespace {
	struct new_utsname name;
};

#pragma clang attribute pop

extern struct uts_namespace init_uts_ns;

#endif
