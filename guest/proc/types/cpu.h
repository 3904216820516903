/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs as the kernel found them (arch/x86/include/asm/processor.h,
 * nospec-branch.h, arch/x86/kernel/cpu/bugs.c). */
#ifndef GUEST_PROC_TYPES_CPU_H
#define GUEST_PROC_TYPES_CPU_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct cpuinfo_x86 {
	u32 x86_capability[1]; /* features, then the last two words: bugs */
};

enum ssb_mitigation {
	SPEC_STORE_BYPASS_NONE, /* the target's values are asked for */
	SPEC_STORE_BYPASS_DISABLE,
};

#include "guest/kernel/guestc-types-end.h"

extern struct cpuinfo_x86 boot_cpu_data;
/* enum ssb_mitigation, enum spectre_v2_user_mitigation */
extern u32 ssb_mode, spectre_v2_user_ibpb, spectre_v2_user_stibp;

#endif
