/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's command line, and whether KVM can be used. */
#ifndef LAB_QEMU_H
#define LAB_QEMU_H

#include "base/status.h"
#include "lab/lab.h"
#include "lab/words.h"

/* The name of the virtio port that the guest's agent listens on. */
#define QEMU_EXEC_PORT "bartizan.exec"
/* On the kernel's command line: there is a network card to bring up. */
#define QEMU_NIC_WORD "bartizan.nic"

/* What a VM is started from; strings are borrowed. */
struct qemu_setup {
	const struct lab_options *options;
	const char *accelerator; /* "tcg" or "kvm" */
	const char *kernel_path;
	const char *initramfs_path;
	const char *state_path; /* the directory for its sockets and logs */
	int exec_fd; /* a connected socket that QEMU inherits */
};

/* Check what the user asked for; STATUS_USAGE (reported). */
MUST_USE status qemu_check(const struct lab_options *options);

/* STATUS_NO_MEMORY, STATUS_USAGE (a path is too long); reported. */
MUST_USE status qemu_words(const struct qemu_setup *setup, struct words *words);

/* Does /dev/kvm run a real instruction? A device that is there but emulates
 * half of it, or belongs to somebody else, doesn't count. */
bool qemu_kvm_works(void);

#endif
