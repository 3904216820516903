/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AppArmor's profiles and what tasks have of them (security/apparmor/include/,
 * include/linux/lsm_hooks.h). */
#ifndef GUEST_PROC_TYPES_APPARMOR_H
#define GUEST_PROC_TYPES_APPARMOR_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct aa_label;
struct aa_profile;

/* Where a module's data begins in what all of them share. */
struct lsm_blob_sizes {
	u32 lbs_cred : 32, lbs_task : 32;
};

struct aa_policy {
	const char *hname;
};

struct aa_ns {
	struct aa_policy base;
	struct aa_ns *parent;
	struct aa_profile *unconfined;
};

struct aa_proxy {
	struct aa_label *label;
};

struct aa_label {
	struct aa_proxy *proxy;
	long flags;
	int size;
	struct aa_profile *vec[1]; /* to NULL */
};

struct aa_profile {
	struct aa_policy base;
	struct aa_ns *ns;
	long mode;
};

struct aa_task_ctx {
	struct aa_label *onexec, *previous;
};

#include "guest/kernel/guestc-types-end.h"

extern struct lsm_blob_sizes apparmor_blob_sizes;
extern int apparmor_initialized;
extern struct aa_ns *root_ns;
extern const char *aa_profile_mode_names[];

#endif
