/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that both guest C and native code call: error boundaries, faults
 * and copies. Implemented in guest/kernel/access.c and strings.c.
 */
#ifndef GUEST_KERNEL_GUEST_CALL_H
#define GUEST_KERNEL_GUEST_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#if defined(__bpf__) || defined(__GUESTCC_HEADERS__) /* guest C: guestcc reads the marks */
/* Native: guestcc checks that every pointer it gets is to guest C's own
 * memory (or NULL) before it gets it. */
#define GUEST_NATIVE __attribute__((section("guest_native")))
/* Native, and checks what its pointers point to itself: it gets guest
 * addresses as they are. */
#define GUEST_NATIVE_RAW __attribute__((section("guest_native_raw")))
/* Guest C (a function or variable) that another guest C object defines. */
#define GUEST_C __attribute__((section("guest_c")))
#else
#define GUEST_NATIVE
#define GUEST_NATIVE_RAW
#define GUEST_C
#endif

/* Run fn(argument) inside an error boundary. STATUS_OK, or the status of the
 * fault that ended it: then everything that fn() had on its stack is gone, and
 * guest_fault_last() (guest/kernel/access.h) describes the fault.
 * From native code `argument` may be anything, but guest C can't load or store
 * through it (an opaque handle); guest_call() passes memory. From guest C it
 * may point to a local variable.
 * STATUS_LIMIT: too many nested boundaries. */
MUST_USE status guest_try(void (*fn)(void *argument), void *argument);

/* End the nearest boundary. `text` is one line that says what was found (a
 * string of guest C's own); it isn't copied. */
__attribute__((noreturn, cold)) void guest_fail(status outcome, const char *text);
/* A bounded walk took one step too many; `what` names what was walked. */
__attribute__((noreturn, cold)) void guest_fault_limit(const char *what);

/* Copy `size` bytes from the guest (or from own memory) to own memory. */
void guest_copy(void *destination, const void *source, size_t size);

/* Copy a string of the guest's: at most size − 1 bytes and a NUL. Returns its
 * length, or `size` where it was cut. `size` 0 does nothing and returns 0. */
size_t guest_string_copy(char *destination, size_t size, const char *source);

#endif
