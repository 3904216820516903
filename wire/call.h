/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that leave an image (enclave) for the untrusted host. Every answer is
 * hostile.
 *
 * A call goes through the window, memory of the host that both sides see: the
 * image fills the slot and the data area, posts the call, and reads the result
 * once. Arguments that would be pointers are offsets into the data area, so
 * neither side ever follows an address that the other one made.
 *
 * The slot is a ring of one, since an image has one call under way at a time.
 * Every word has one writer, so no lock lies in shared memory and nobody reads
 * back what he wrote. The state of the slot follows from two numbers:
 *
 *   idle     posted == done
 *   posted   posted == done + 1, claimed == done
 *   claimed  posted == claimed == done + 1: somebody of the host serves it
 *
 * The image posts by storing the next sequence number behind the arguments. A
 * helper thread of the host that sees it serves the call while the image stays
 * inside and spins. If no helper is awake, or the spin ends in vain, the image
 * leaves once, and the thread that comes out serves the call itself or waits for
 * the one that claimed it. What the host's words say is a hint to the image: it
 * spins a bounded number of times on any of them, leaves a bounded number of
 * times, and then gives up (docs/enclave.md, "Calls").
 *
 * Numbers below CALL_OWN_BASE are Linux x86-64 system calls, restricted to the
 * ones that the image's manifest lists; own calls start there. "at X" is an
 * offset into the data area, a multiple of 8.
 */
#ifndef WIRE_CALL_H
#define WIRE_CALL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CALL_OWN_BASE = 0x10000,
	/* Page source (guest/memory/source.h); the result is a status from
	 * base/status.h.
	 * (at addresses: u64 each, count, at pages: 4096 bytes each, at
	 * results: i64 each) */
	CALL_SOURCE_READ_PAGES = CALL_OWN_BASE,
	CALL_SOURCE_RAM_MAP, /* (at struct call_ram_map) */
	CALL_SOURCE_REGISTERS, /* (CPU index, at struct call_registers) */
	CALL_SOURCE_CHECK, /* () */
	CALL_SOURCE_NEXT_POPULATED, /* (address, at struct call_range) */
	/* End the program: (exit code, 0…255). Doesn't return. */
	CALL_EXIT,
	/* The program has crashed: the CPU says so, not the host. (exception vector,
	 * address of the instruction as an offset from the image's base, error code,
	 * address that it used; the last two for #PF and #GP, else 0). Doesn't
	 * return. Without the right to output in clear the second is
	 * CALL_CRASH_WITHHELD and the others are 0. */
	CALL_CRASHED,
	/* The user's profile of the target's kernel (guest/kernel/profile.h), where
	 * START_HAS_PROFILE says that there is one. () → its size in bytes;
	 * (offset, size, at bytes) → a status, after all of these bytes. */
	CALL_PROFILE_SIZE,
	CALL_PROFILE_READ,
	/* The link's ring (wire/link-ring.h) holds a request: (its sequence
	 * number). Wakes the source if it sleeps and waits for the reply with that
	 * number. STATUS_OK: look at the ring; STATUS_GONE: the source has ended or
	 * hung up; STATUS_TORN: nothing yet after a second, ask again. */
	CALL_LINK_WAIT,
	/* Ask the grantor for a grant (wire/grantor.h): (at request, its size, at
	 * reply, its size at most) → the reply's size, or a status < 0. */
	CALL_GRANT,
};

enum {
	CALL_ARGUMENT_COUNT = 6,
	CALL_DATA_SIZE = 256 * 1024,
	/* Pages per CALL_SOURCE_READ_PAGES. */
	CALL_PAGE_COUNT_MAX = 32,
	/* A path with its NUL. */
	CALL_PATH_SIZE_MAX = 4096,
};

/* No instruction's offset: images are far smaller. */
#define CALL_CRASH_WITHHELD UINT64_MAX

/* The host's word on its helper thread. Any other value means CALL_HELPER_NONE. */
enum call_helper {
	CALL_HELPER_NONE,
	CALL_HELPER_AWAKE, /* looks at the slot: spinning is worth it */
	CALL_HELPER_ASLEEP,
};

enum { CALL_LINE_SIZE = 64 };

/* Each line of the CPU's cache has one writer, and each word is read and written
 * as one aligned u64. */
struct call_slot {
	/* The image's line. */
	uint64_t number;
	uint64_t argument[CALL_ARGUMENT_COUNT];
	uint64_t posted; /* sequence number of this call, from 1: stored last */
	/* The host's lines: the answer, */
	int64_t result;
	uint64_t done; /* sequence number of the call with this result: stored last */
	uint64_t unused_answer[6];
	/* who is there, */
	uint64_t helper; /* enum call_helper */
	uint64_t unused_helper[7];
	/* and what was taken up. Apart, as it changes with every call and the image
	 * looks at it only when an answer is late. */
	uint64_t claimed;
	uint64_t unused_claimed[7];
};

/* Page-aligned, in the host's memory. */
struct call_window {
	struct call_slot slot;
	uint8_t unused[4096 - sizeof(struct call_slot)];
	uint8_t data[CALL_DATA_SIZE];
};

static_assert(offsetof(struct call_slot, result) == CALL_LINE_SIZE, "the image's line");
static_assert(offsetof(struct call_slot, helper) == 2 * CALL_LINE_SIZE, "the answer's line");
static_assert(offsetof(struct call_slot, claimed) == 3 * CALL_LINE_SIZE, "the helper's line");
static_assert(sizeof(struct call_slot) == 4 * CALL_LINE_SIZE, "whole lines");
static_assert(offsetof(struct call_window, data) == 4096, "data starts on its own page");

enum { CALL_RAM_RANGE_COUNT_MAX = 64 };

struct call_range {
	uint64_t start, size;
};

struct call_ram_map {
	uint64_t range_count;
	struct call_range range[CALL_RAM_RANGE_COUNT_MAX];
};

struct call_registers {
	uint64_t cr0, cr3, cr4, efer, idt_base, cpu_index, cpl;
};

static_assert(sizeof(struct call_ram_map) == 8 + 64 * 16, "no padding");
static_assert(sizeof(struct call_registers) == 56, "no padding");

#endif
