/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code that guestcc puts around guest C's accesses, as C: guestcc finds
 * these functions by name in the module that it compiles, calls them where an
 * access needs it, and the optimiser inlines them.
 */
#ifndef GUEST_KERNEL_GUESTC_ACCESS_H
#define GUEST_KERNEL_GUESTC_ACCESS_H

#include "guest/kernel/access-state.h"
#include "guest/kernel/linkage.h"

#define GUESTCC_INLINE static inline __attribute__((always_inline, used))

/* The stack pointer; guestcc replaces the call. */
u64 guestcc_stack_pointer(void);

/* Outside of every boundary window_end is 0: nothing is on the stack then. */
GUESTCC_INLINE bool guestcc_on_stack(u64 address, u64 size)
{
	u64 end = guest_access_state.window_end;

	return address >= guestcc_stack_pointer() && address < end && end - address >= size;
}

/* Where to load `size` bytes at `pointer` from. `site` is "file:line". */
GUESTCC_INLINE const void *guestcc_load(const void *pointer, u64 size, const char *site)
{
	u64 address = (u64)pointer;
	const struct guest_tlb_entry *entry = &guest_access_state.tlb[guest_tlb_index(address)];

	/* The line of the last byte must be the line that the first byte's
	 * entry stands for: an access that crosses lines never hits. */
	if (likely(((address + size - 1) & ~(GUEST_LINE_SIZE - 1ull)) == entry->line))
		return (const void *)(address + entry->delta);
	if (guestcc_on_stack(address, size))
		return pointer;
	return guest_access_load_slow(pointer, size, site);
}

/* May `size` bytes at `pointer` be stored to? Returns only if so. */
GUESTCC_INLINE void guestcc_store(void *pointer, u64 size, const char *site)
{
	if (unlikely(!guestcc_on_stack((u64)pointer, size)))
		guest_access_store_slow(pointer, size, site);
}

/* Is an access inside the object that it is derived from? */
GUESTCC_INLINE void guestcc_bounds(const void *pointer, const void *object, u64 object_size, u64 size, const char *site)
{
	u64 offset = (u64)pointer - (u64)object;

	if (unlikely(object_size < size || offset > object_size - size))
		guest_access_out_of_bounds(pointer, size, site);
}

/* The answer to a question about the kernel, which may lack the thing. */
GUESTCC_INLINE u64 guestcc_answer(u64 answer, const struct guest_link *link)
{
	if (unlikely(answer == GUEST_LINK_POISON))
		guest_access_missing(link);
	return answer;
}

/* Does the kernel's bit-field value fit into the one that guest C declares? */
GUESTCC_INLINE void guestcc_fits(u64 value, u64 width, u32 is_signed, const struct guest_link *link)
{
	u64 cut =
		is_signed ? (u64)((s64)(value << (64 - width)) >> (64 - width)) : value << (64 - width) >> (64 - width);

	if (unlikely(cut != value))
		guest_access_cut(link);
}

/* On every loop's way back: guest C always ends. */
GUESTCC_INLINE void guestcc_step(const char *site)
{
	if (unlikely(guest_access_state.steps_left-- == 0))
		guest_access_no_steps_left(site);
}

/* On entry to a function that may be part of a recursion. */
GUESTCC_INLINE void guestcc_enter(const char *site)
{
	if (unlikely(guestcc_stack_pointer() < guest_access_state.stack_limit))
		guest_access_no_stack_left(site);
	guestcc_step(site);
}

/* A divisor that may be 0, or −1 under the least number (both trap). */
GUESTCC_INLINE void guestcc_divide(bool bad, const char *site)
{
	if (unlikely(bad))
		guest_access_bad_division(site);
}

/* A pointer on its way to native code, which would just follow it. */
GUESTCC_INLINE void guestcc_native(const void *pointer, const char *site)
{
	if (unlikely(!guestcc_on_stack((u64)pointer, 1)))
		guest_access_native_slow(pointer, site);
}

/* After native code ran: it may have read the guest's memory, and made the
 * copies that the TLB points to stale. */
GUESTCC_INLINE void guestcc_returned(void)
{
	if (unlikely(*guest_access_state.generation != guest_access_state.tlb_generation))
		guest_access_flush();
}

#endif
