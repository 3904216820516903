/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminals (include/linux/tty.h, tty_driver.h). */
#ifndef GUEST_PROC_TYPES_TTY_H
#define GUEST_PROC_TYPES_TTY_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct pid;

struct tty_driver {
	int major, minor_start;
};

struct tty_operations {
	const void *show_fdinfo;
};

struct tty_struct {
	struct tty_driver *driver;
	const struct tty_operations *ops;
	int index;
	struct {
		struct pid *pgrp;
	} ctrl; /* from 5.16 */
	struct pid *pgrp; /* before */
};

#include "guest/kernel/guestc-types-end.h"

#endif
