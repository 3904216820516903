/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the code that guestcc generates shares with guest/kernel/access.c: the
 * software TLB, the stack window, the budget, and the ways out of the fast
 * path. For guestc-access.h and access.c only.
 */
#ifndef GUEST_KERNEL_ACCESS_STATE_H
#define GUEST_KERNEL_ACCESS_STATE_H

#include <stddef.h>
#include <stdint.h>

struct guest_link;

enum {
	GUEST_TLB_ENTRY_COUNT = 1024,
	/* Never equal to a page's address. */
	GUEST_TLB_EMPTY = 1,
};

struct guest_tlb_entry {
	uint64_t page; /* guest virtual address of the page, or GUEST_TLB_EMPTY */
	uint64_t delta; /* what to add to a guest address to get our copy's */
};

struct guest_access_state {
	/* Guest C's own stack is [stack pointer, window_end): everything below
	 * the outermost error boundary. 0 outside of a boundary. */
	uint64_t window_end;
	/* Below this the stack may not grow. */
	uint64_t stack_limit;
	/* Loop iterations and calls left until the outermost boundary ends. */
	uint64_t steps_left;
	/* What makes TLB entries stale: guest_memory's generation, and the one
	 * that they were made in. */
	const uint64_t *generation;
	uint64_t tlb_generation;
	struct guest_tlb_entry tlb[GUEST_TLB_ENTRY_COUNT];
};

/* One per process, like the slots that guestcc makes: guest C runs on one
 * thread at a time. */
extern struct guest_access_state guest_access_state __attribute__((visibility("hidden")));

/* The slow paths. `site` is "file:line" of the guest C. */
const void *guest_access_load_slow(const void *pointer, uint64_t size, const char *site);
void guest_access_store_slow(void *pointer, uint64_t size, const char *site);
void guest_access_flush(void);
void guest_access_native_slow(const void *pointer, const char *site);
void guest_access_call_check(const void *function, const char *site);
__attribute__((noreturn, cold)) void guest_access_out_of_bounds(const void *pointer, uint64_t size, const char *site);
__attribute__((noreturn, cold)) void guest_access_missing(const struct guest_link *link);
__attribute__((noreturn, cold)) void guest_access_cut(const struct guest_link *link);
__attribute__((noreturn, cold)) void guest_access_no_steps_left(const char *site);
__attribute__((noreturn, cold)) void guest_access_no_stack_left(const char *site);
__attribute__((noreturn, cold)) void guest_access_bad_division(const char *site);

#endif
