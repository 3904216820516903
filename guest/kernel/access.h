/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time side of guest C: which kernel it looks at, error boundaries as
 * native code sees them, and what ended one.
 *
 * One kernel and one thread at a time for the whole process: the slots that
 * guestcc makes are global.
 */
#ifndef GUEST_KERNEL_ACCESS_H
#define GUEST_KERNEL_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/kernel/guest-call.h"
#include "guest/kernel/linkage.h"
#include "guest/memory/memory.h"
#include "guest/memory/space.h"

enum guest_fault_kind {
	GUEST_FAULT_NONE,
	GUEST_FAULT_UNMAPPED, /* a kernel address without a page */
	GUEST_FAULT_POINTER, /* NULL, not canonical, or neither the kernel's nor guest C's own */
	GUEST_FAULT_STORE, /* a store to anything but guest C's own memory */
	GUEST_FAULT_BOUNDS, /* outside the own object that it belongs to */
	GUEST_FAULT_LIMIT, /* a walk, the budget of the file, the stack */
	GUEST_FAULT_MISSING, /* the kernel lacks a field, type, symbol… */
	GUEST_FAULT_LAYOUT, /* another kernel than the one whose headers it was compiled against */
	GUEST_FAULT_DIVISION,
	GUEST_FAULT_CALL, /* through a pointer that is no function of guest C's */
	GUEST_FAULT_RAISED, /* guest_fail() */
};

enum {
	/* What guest C may use of the stack of whoever calls it; the caller's
	 * stack must have it free, and 64 KiB more for native code below. */
	GUEST_STACK_SIZE = 192 << 10,
	GUEST_TRY_DEPTH_MAX = 16,
	GUEST_FAULT_TEXT_SIZE = 256,
};

struct guest_fault {
	status status;
	enum guest_fault_kind kind;
	uint64_t address; /* 0 where it isn't about one */
	char text[GUEST_FAULT_TEXT_SIZE]; /* one line, where and what */
};

/* From now on guest C looks at this memory through these page tables; both
 * stay the caller's, and alive until the next call. NULL: at nothing. */
void guest_access_enter(struct guest_memory *memory, const struct guest_space *space);

/* guest_memory_begin_use() for that memory. What guest C reads of the kernel's own image and of its page tables doesn't
 * count as read: they are never another one's. */
void guest_access_begin_use(void);

/* guest_try() with memory that guest C may load from and store to:
 * [argument, argument + argument_size), for as long as fn() runs. For native
 * callers; guest C's own locals need no such permission. */
MUST_USE status guest_call(void (*fn)(void *argument), void *argument, size_t argument_size);

/* What ended the last boundary that ended with a fault. Never NULL; kind
 * GUEST_FAULT_NONE before the first. Overwritten by the next fault. */
const struct guest_fault *guest_fault_last(void);

/* All questions that guest C in this program asks: for
 * guest_linkage_resolve(). */
const struct guest_link *guest_access_links(size_t *ret_count);

/* As many bytes at `pointer` as are readable in one piece, at least 1 and at
 * most `size_max` (≥ 1): the guest's copied page, or own memory. Ends the
 * boundary where there is none. Valid until the next access. For
 * guest/kernel/strings.c. */
const uint8_t *guest_access_span(const void *pointer, size_t size_max, size_t *ret_size);
/* Ends the boundary with STATUS_LIMIT; `what` is native code's string. */
__attribute__((noreturn, cold)) void guest_access_too_long(const char *what);
/* May guest C store to the range? Ends the boundary if not. */
void guest_access_check_store(void *pointer, size_t size);

#endif
