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
	/* One for each line of 64 bytes, direct-mapped: what a walk over a few hundred objects touches
	 * fits, and what it keeps coming back to in any case. */
	GUEST_TLB_ENTRY_BITS = 12,
	GUEST_TLB_ENTRY_COUNT = 1 << GUEST_TLB_ENTRY_BITS,
	GUEST_LINE_SHIFT = 6,
	GUEST_LINE_SIZE = 1 << GUEST_LINE_SHIFT,
	/* Never equal to a line's address. */
	GUEST_TLB_EMPTY = 1,
};

struct guest_tlb_entry {
	uint64_t line; /* guest virtual address of the line, or GUEST_TLB_EMPTY */
	uint64_t delta; /* what to add to a guest address to get our copy's */
};

/* Which entry is a line's. Objects of one kind lie in slabs of up to 32 KiB, all in the same places of
 * theirs: by the low bits alone they would share a few entries. */
static inline __attribute__((always_inline)) uint64_t guest_tlb_index(uint64_t address)
{
	uint64_t number = address >> GUEST_LINE_SHIFT;

	return (number ^ number >> (GUEST_TLB_ENTRY_BITS - 3)) & (GUEST_TLB_ENTRY_COUNT - 1);
}

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
/* Before anything that was compiled against a kernel's headers runs: are all these
 * answers what they say? The first is GUEST_LINK_RELEASE. */
void guest_access_fixed_check(const struct guest_link *const *links, uint64_t count);
__attribute__((noreturn, cold)) void guest_access_out_of_bounds(const void *pointer, uint64_t size, const char *site);
__attribute__((noreturn, cold)) void guest_access_missing(const struct guest_link *link);
__attribute__((noreturn, cold)) void guest_access_cut(const struct guest_link *link);
__attribute__((noreturn, cold)) void guest_access_no_steps_left(const char *site);
__attribute__((noreturn, cold)) void guest_access_no_stack_left(const char *site);
__attribute__((noreturn, cold)) void guest_access_bad_division(const char *site);

#endif
