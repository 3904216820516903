/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/attr/current, prev, exec with AppArmor, as the machine's root reads
 * them: security/apparmor/lsm.c, apparmor_getprocattr(); procattr.c; label.c,
 * aa_label_snxprint(); 5.10 to 7.2. Where AppArmor isn't in use the files say so
 * by an error, as another module's labels aren't decoded.
 */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/apparmor.h"
#include "guest/proc/types/cred.h"

enum {
	ERROR_INVALID = 22, /* EINVAL */
	FLAG_STALE = 0x800,
	/* APPARMOR_UNCONFINED, and as many modes as there are names */
	MODE_UNCONFINED = 3,
	MODE_COUNT_MAX = 5,
	MODE_NONE = -1,
	MODE_MIXED = -2,
	/* A label of more profiles than fit into the text that /proc shows isn't
	 * shown by the kernel either. */
	PROFILE_COUNT_MAX = 4096,
	NAMESPACE_LEVEL_MAX = 4096,
	NAME_SIZE = 4096,
};

static void require(void)
{
	if (!symbol_exists(apparmor_initialized) || apparmor_initialized == 0)
		guest_fail(STATUS_UNSUPPORTED,
			   "the target's security module isn't AppArmor: its labels can't be decoded");
}

/* aa_get_newest_label(): one that was replaced says by what. */
static const struct aa_label *newest(const struct aa_label *label)
{
	return label != NULL && (label->flags & FLAG_STALE) != 0 ? label->proxy->label : label;
}

/* aa_ns_visible(root_ns, …): itself or below. */
static bool is_visible(const struct aa_ns *namespace)
{
	struct guest_bound bound = GUEST_BOUND(NAMESPACE_LEVEL_MAX, "levels of AppArmor's namespaces");

	for (; namespace != NULL; namespace = namespace->parent) {
		guest_bound(&bound);
		if (namespace == root_ns)
			return true;
	}
	return false;
}

static void copy_name(char ret_name[NAME_SIZE], const char *name)
{
	if (guest_string_copy(ret_name, NAME_SIZE, name) == NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "a name of AppArmor's is longer than any");
}

static void show_namespace(struct seq *seq, const struct aa_ns *namespace)
{
	char name[NAME_SIZE];
	u64 skip = strlen(root_ns->base.hname) + 2; /* and the "//" between them */

	if (strlen(namespace->base.hname) < skip)
		guest_fail(STATUS_MALFORMED, "a namespace of AppArmor isn't called after the one it lies in");
	copy_name(name, namespace->base.hname + skip);
	seq_printf(seq, ":%s:", name);
}

static const struct aa_profile *profile_at(const struct aa_label *label, u32 index)
{
	const struct aa_profile *profile = label->vec[index];

	if (index > PROFILE_COUNT_MAX)
		guest_fault_limit("profiles of one label of AppArmor");
	/* Profiles left out would make a process look free of them. */
	if ((profile == NULL) != (index == (u32)label->size))
		guest_fail(STATUS_MALFORMED, "a label of AppArmor hasn't as many profiles as it says");
	return profile;
}

/* label_modename(); MODE_NONE: all are unconfined. */
static s64 mode_of(const struct aa_label *label)
{
	const struct aa_profile *profile;
	s64 mode = MODE_NONE;

	for (u32 i = 0; (profile = profile_at(label, i)) != NULL; i++) {
		if (!is_visible(profile->ns) || profile == profile->ns->unconfined)
			continue;
		if (mode != MODE_NONE && mode != profile->mode)
			return MODE_MIXED;
		mode = profile->mode;
	}
	return mode;
}

static void show_mode(struct seq *seq, s64 mode)
{
	char name[32];

	if (mode == MODE_NONE)
		return;
	if (mode == MODE_MIXED) {
		seq_puts(seq, " (mixed)");
		return;
	}
	if (mode < 0 || mode >= MODE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a profile of AppArmor has a mode that doesn't exist");
	guest_string_copy(name, sizeof name, aa_profile_mode_names[mode]);
	seq_printf(seq, " (%s)", name);
}

/* aa_label_snxprint() as seen from root_ns */
static void show_label(struct seq *seq, const struct aa_label *label)
{
	const struct aa_profile *profile;
	const struct aa_ns *previous = NULL;
	char name[NAME_SIZE];
	u32 shown = 0;

	for (u32 i = 0; (profile = profile_at(label, i)) != NULL; i++) {
		if (!is_visible(profile->ns))
			continue;
		if (shown++ > 0)
			seq_puts(seq, "//&");
		if (profile->ns != root_ns && profile->ns != previous) {
			previous = profile->ns;
			show_namespace(seq, profile->ns);
		}
		copy_name(name, profile->base.hname);
		seq_puts(seq, name);
	}
	if (shown == 0)
		seq_puts(seq, "unconfined");
	else
		show_mode(seq, mode_of(label));
	seq_putc(seq, '\n');
}

static const struct aa_task_ctx *context_of(const struct task_struct *task)
{
	return (const void *)((const char *)task->security + apparmor_blob_sizes.lbs_task);
}

/* The kernel answers EINVAL where there is no such label. */
static void show_or_refuse(struct seq *seq, const struct aa_label *label)
{
	if (label == NULL)
		seq_refuse(seq, ERROR_INVALID);
	else
		show_label(seq, newest(label));
}

void task_attr_current_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();

	require();
	const struct aa_label *const *label =
		(const void *)((const char *)task->real_cred->security + apparmor_blob_sizes.lbs_cred);
	/* Every process has one (cred_label(), security/apparmor/include/cred.h). */
	if (*label == NULL)
		guest_fail(STATUS_MALFORMED, "a process has no label of AppArmor");
	show_label(seq, newest(*label));
}

void task_attr_prev_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();

	require();
	show_or_refuse(seq, context_of(task)->previous);
}

void task_attr_exec_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();

	require();
	show_or_refuse(seq, context_of(task)->onexec);
}

/* Attributes that other modules have: with AppArmor the kernel answers EINVAL. */
void task_attr_other_show(struct seq *seq)
{
	require();
	seq_refuse(seq, ERROR_INVALID);
}
