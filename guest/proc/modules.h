/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules (kernel/module/). Guest C. */
#ifndef GUEST_PROC_MODULES_H
#define GUEST_PROC_MODULES_H

#include "guest/proc/seq.h"
#include "guest/proc/types/module.h"

enum {
	MODULE_NAME_SIZE = 64, /* MODULE_NAME_LEN is 56 */
	MODULE_COUNT_MAX = 1 << 16, /* their address space is 1.5 GiB */
	MODULE_USER_COUNT_MAX = 1 << 12,
	MODULE_FLAGS_SIZE = 40, /* a letter for each bit, and three more */
};

/* Does the kernel still, or already, count it as a module? */
GUEST_C bool module_is_formed(const struct module *module);
GUEST_C void module_name(const struct module *module, char ret_name[MODULE_NAME_SIZE]);
/* "Live", "Loading", "Unloading". */
GUEST_C const char *module_state(const struct module *module);
GUEST_C s32 module_refcount(const struct module *module);
/* Bytes it takes: of code and data that stay, of what is for its start alone. */
GUEST_C u32 module_core_size(const struct module *module);
GUEST_C u32 module_init_size(const struct module *module);
/* Its taints' letters; "" where there are none. */
GUEST_C void module_taint_letters(const struct module *module, char ret_letters[MODULE_FLAGS_SIZE]);

#endif
