/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of IPv4 devices (include/linux/inetdevice.h). */
#ifndef GUEST_PROC_TYPES_DEVCONF_H
#define GUEST_PROC_TYPES_DEVCONF_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct ipv4_devconf {
	int data[1]; /* by IPV4_DEVCONF_… − 1 */
};

#include "guest/kernel/guestc-types-end.h"

#endif
