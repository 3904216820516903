/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the first process has to do before a guest is a system. */
#ifndef LAB_GUEST_BOOT_H
#define LAB_GUEST_BOOT_H

#include "base/status.h"

enum { BOOT_NAME_SIZE_MAX = 64 };

/* Mount the usual file systems, load the modules of /lib/modules/order, set
 * the host's name, bring up the loopback interface and the network card. What fails and can be done
 * without is reported only; STATUS_IO where there is no going on. */
MUST_USE status boot_system(void);

/* Open the virtio port of this name, waiting for it to appear. STATUS_MISSING
 * (reported) after some seconds, STATUS_IO. */
MUST_USE status boot_open_port(const char *name, int *ret_fd);

#endif
