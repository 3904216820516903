/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest C is written with that is compiled against one kernel's headers
 * (guestcc --headers): the kernel's own types, macros and inline functions. Only
 * for *.guest.c; include it first. docs/guest-c.md explains it.
 *
 * What stands here replaces what x86-64's headers say in assembly, where walks
 * over the kernel's data come past it. All other assembly is refused by guestcc,
 * with the function that it is in.
 */
#ifndef GUEST_KERNEL_HEADERS_H
#define GUEST_KERNEL_HEADERS_H

#ifndef __GUESTCC_HEADERS__
#error "headers.h is for guest C that is compiled with guestcc --headers"
#endif

/* The search for a bit, by an instruction that leaves its result undefined for 0:
 * the kernel's own versions for other machines instead. Before anything that
 * uses them (task_state_index() does). */
#include <linux/bitops.h>
#undef fls
#undef __fls
#undef __ffs
#define fls generic_fls
#define __fls generic___fls
#define __ffs generic___ffs
#include <asm-generic/bitops/builtin-__ffs.h>
#include <asm-generic/bitops/builtin-__fls.h>
#include <asm-generic/bitops/builtin-fls.h>

/* Tells the target's CPU what it may not do meanwhile. We read copies that no
 * CPU changes. */
#include <linux/rcupdate.h>
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/status.h"
#include "guest/kernel/guest-bound.h"
#include "guest/kernel/guest-call.h"

/* ---- what guestcc puts around every access; not for use by hand */
#include "guest/kernel/guestc-access.h"

#endif
