/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does a function of the kernel do? Kernels differ in some formats and
 * orders that no type and no symbol tells apart. But a function that prints a
 * string or calls another one holds its address.
 */
#ifndef GUEST_PROC_MENTION_H
#define GUEST_PROC_MENTION_H

#include "guest/kernel/guestc.h"

/* Does the code at `function` refer to a string that starts with `string`?
 * Looks at the first 2 KiB: functions that print a row are shorter. */
GUEST_C bool code_mentions(const char *function, const char *string);

/* Does the code at `function` refer to `target`, as a call does? */
GUEST_C bool code_refers_to(const char *function, const char *target);

#endif
