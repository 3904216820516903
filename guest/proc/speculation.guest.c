/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arch/x86/kernel/cpu/bugs.c, arch_prctl_spec_ctrl_get(); fs/proc/array.c,
 * task_seccomp(); 5.10 to 7.2.
 */
#include "guest/proc/speculation.h"

#include "guest/proc/types/cpu.h"

enum {
	/* arch/x86/include/asm/cpufeatures.h: NBUGINTS, X86_BUG_… */
	BUG_WORD_COUNT = 2,
	BUG_SPECTRE_V2 = 16,
	BUG_SPEC_STORE_BYPASS = 17,
	/* PFA_…: bits of atomic_flags (include/linux/sched.h) */
	SSB_DISABLE = 3,
	SSB_FORCE_DISABLE = 4,
	IB_DISABLE = 5,
	IB_FORCE_DISABLE = 6,
	SSB_NOEXEC = 7,
	/* enum spectre_v2_user_mitigation */
	USER_NONE = 0,
	USER_STRICT = 1,
	USER_STRICT_PREFERRED = 2,
	USER_PRCTL = 3,
	USER_SECCOMP = 4,
};

/* boot_cpu_has_bug() */
static bool has_bug(u32 bug)
{
	u64 word_count = field_size(struct cpuinfo_x86, x86_capability) / sizeof(u32);

	if (word_count < BUG_WORD_COUNT)
		guest_fail(STATUS_MALFORMED, "the kernel's description of CPUs has no room for their bugs");
	return (boot_cpu_data.x86_capability[word_count - BUG_WORD_COUNT + bug / 32] >> bug % 32 & 1) != 0;
}

static bool has(const struct task_struct *task, u32 flag)
{
	return (task->atomic_flags >> flag & 1) != 0;
}

/* ssb_prctl_get() */
const char *speculation_store_bypass_text(const struct task_struct *task)
{
	u32 mode = ssb_mode;

	if (mode == (u32)enum_value(enum ssb_mitigation, SPEC_STORE_BYPASS_NONE))
		return has_bug(BUG_SPEC_STORE_BYPASS) ? "vulnerable" : "not vulnerable";
	if (mode == (u32)enum_value(enum ssb_mitigation, SPEC_STORE_BYPASS_DISABLE))
		return "globally mitigated";
	if (has(task, SSB_FORCE_DISABLE))
		return "thread force mitigated";
	/* PR_SPEC_DISABLE_NOEXEC isn't among the cases of status. */
	if (has(task, SSB_NOEXEC))
		return "vulnerable";
	return has(task, SSB_DISABLE) ? "thread mitigated" : "thread vulnerable";
}

static bool is_controlled(u32 mode)
{
	return mode == USER_PRCTL || mode == USER_SECCOMP;
}

/* ib_prctl_get() */
const char *speculation_indirect_branch_text(const struct task_struct *task)
{
	u32 barrier = spectre_v2_user_ibpb, predictors = spectre_v2_user_stibp;

	if (!has_bug(BUG_SPECTRE_V2))
		return "not affected";
	if (barrier == USER_NONE && predictors == USER_NONE)
		return "always enabled";
	if (is_controlled(barrier) || is_controlled(predictors)) {
		if (has(task, IB_FORCE_DISABLE))
			return "conditional force disabled";
		return has(task, IB_DISABLE) ? "conditional disabled" : "conditional enabled";
	}
	if (barrier == USER_STRICT || predictors == USER_STRICT || predictors == USER_STRICT_PREFERRED)
		return "always disabled";
	return "not affected";
}
