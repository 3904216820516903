/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Branches that the kernel patches in and out (include/linux/jump_label.h). */
#ifndef GUEST_PROC_TYPES_STATIC_KEY_H
#define GUEST_PROC_TYPES_STATIC_KEY_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct static_key {
	atomic_t enabled; /* not 0: on */
};

struct static_key_true {
	struct static_key key;
};

struct static_key_false {
	struct static_key key;
};

#include "guest/kernel/guestc-types-end.h"

#endif
