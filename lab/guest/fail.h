/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a program that can only do all or nothing. */
#ifndef LAB_GUEST_FAIL_H
#define LAB_GUEST_FAIL_H

/* Say what failed, with errno, and exit with 1. */
__attribute__((noreturn)) void fail(const char *what);

/* `result`, unless it is negative: then fail. */
static inline int must(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

#endif
