/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that leave an image (enclave) for the untrusted host. Every answer is
 * hostile.
 *
 * A call goes through the window, memory of the host that both sides see: the
 * image fills the slot and the data area, enters the host, and reads the result
 * once. Arguments that would be pointers are offsets into the data area, so
 * neither side ever follows an address that the other one made.
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
	/* Only for backends where the image can't load FS itself (plain, on
	 * machines without FSGSBASE): (address). */
	CALL_THREAD_POINTER,
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

struct call_slot {
	uint64_t number;
	uint64_t argument[CALL_ARGUMENT_COUNT];
	int64_t result;
};

/* Page-aligned, in the host's memory. */
struct call_window {
	struct call_slot slot;
	uint8_t unused[4096 - sizeof(struct call_slot)];
	uint8_t data[CALL_DATA_SIZE];
};

static_assert(sizeof(struct call_slot) == 64, "one cache line");
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
