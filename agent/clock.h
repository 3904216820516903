/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A time that only moves forward. */
#ifndef AGENT_CLOCK_H
#define AGENT_CLOCK_H

#include <stdint.h>

/* Since the machine was started, suspension included (CLOCK_BOOTTIME): nobody can set it, and it is the same for all
 * processes. */
int64_t clock_ns(void);

#endif
