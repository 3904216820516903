/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which text does a function of the kernel print? A format isn't data that a
 * type describes, and kernels differ in some of them. But a function that
 * prints a string holds its address.
 */
#ifndef GUEST_PROC_MENTION_H
#define GUEST_PROC_MENTION_H

#include "guest/kernel/guestc.h"

/* Does the code at `function` refer to a string that starts with `string`?
 * Looks at the first 2 KiB: functions that print a row are shorter. Answers
 * false where the kernel has no such function (poisoned symbol). */
GUEST_C bool code_mentions(const char *function, const char *string);

#endif
