/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security labels of file systems: security/selinux/hooks.c,
 * selinux_sb_show_options(), 5.10 to 7.2. No other module has any. */
#include "guest/proc/mounts.h"

#include "guest/kernel/guestc-types-begin.h"

struct selinux_state {
	bool initialized;
};

struct lsm_blob_sizes {
	int lbs_superblock; /* from 5.12; before, the file system points to SELinux's own */
};

struct superblock_security_struct {
	unsigned short flags;
};

#include "guest/kernel/guestc-types-end.h"

extern struct selinux_state selinux_state;
extern struct lsm_blob_sizes selinux_blob_sizes;

enum {
	LABEL_CONTEXTS = 0x0f, /* fscontext=, context=, rootcontext=, defcontext= */
	LABEL_SHOWN = 0x10, /* SBLABEL_MNT */
	LABEL_READY = 0x0100, /* SE_SBINITIALIZED */
};

void mount_labels_show(struct seq *seq, const struct super_block *super)
{
	const struct superblock_security_struct *label = super->s_security;
	u32 flags;

	if (!symbol_exists(selinux_state) || !selinux_state.initialized || label == NULL)
		return;
	if (field_exists(struct lsm_blob_sizes, lbs_superblock))
		label = (const void *)((const char *)label + selinux_blob_sizes.lbs_superblock);
	flags = label->flags;
	if ((flags & LABEL_READY) == 0)
		return;
	if ((flags & LABEL_CONTEXTS) != 0)
		seq_fault(seq, "the security contexts of a file system are missing");
	if ((flags & LABEL_SHOWN) != 0)
		seq_puts(seq, ",seclabel");
}
