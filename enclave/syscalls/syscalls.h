/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where musl's system calls arrive (enclave/libc/syscall_arch.h): an image's own
 * kernel, as small as that can be.
 */
#ifndef ENCLAVE_SYSCALLS_SYSCALLS_H
#define ENCLAVE_SYSCALLS_SYSCALLS_H

#include <stdbool.h>

/* The seam: a Linux x86-64 system call. ≥ 0, or a negative errno. */
long image_syscall(long number, long a, long b, long c, long d, long e, long f);

/* For a handler: does the program itself ask, and not what answers another of its calls? */
bool syscall_is_programs(void);

/* For a handler: say, once for each call of table.h, that it was refused. Gives `result`. */
long syscall_refuse(long number, long result);

/* One handler per INSIDE line of table.h: six arguments, as the kernel gets them. */
#define INSIDE(number, name) long call_##name(const long *arguments);
#define ANSWER(number, name, result)
#define REFUSED(number, name, error)
#include "enclave/syscalls/table.h"
#undef INSIDE
#undef ANSWER
#undef REFUSED

#endif
