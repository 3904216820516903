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
	 * results: i64 each, 1: as memory is now, past an epoch that several programs share) */
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
	/* Run a read plan (guest/memory/plan-code.h): (at struct call_plan, at struct
	 * call_plan_answer, at the packed lines, bytes that they may take, 1: as memory is now). A status; with
	 * STATUS_OK the cursor to go on with, and the runs, stand in the answer. */
	CALL_SOURCE_PLAN,
	/* Ask the grantor for a grant (wire/grantor.h): (at request, its size, at
	 * reply, its size at most) → the reply's size, or a status < 0. */
	CALL_GRANT,
	/* Let the target stand still, and go on (guest/memory/source.h): () → a status; (at struct
	 * call_pause) → a status. */
	CALL_SOURCE_PAUSE,
	CALL_SOURCE_RESUME,
	/* Programs that this one runs, and the one that runs it: peers (wire/peer.h). Start an
	 * image: (at its name, a port's, NUL and all; size) → the peer's number, or a status < 0. */
	CALL_CHILD_START,
	/* The peer of that number isn't needed any more: it is ended, if it hasn't ended. (number) → 0 */
	CALL_CHILD_END,
	/* Wait up to a second until one of these peers has a message or has ended, or one of those takes
	 * another message: (a bit for each peer, the same) → the bits of those that do, the second ones from
	 * bit 16 on; 0: none yet. */
	CALL_PEER_WAIT,
	/* (number, at message, its size) → STATUS_OK; STATUS_TORN: not now; STATUS_GONE: it has ended. */
	CALL_PEER_SEND,
	/* (number, at message, its size at most) → the size, at least 1, or -STATUS_TORN: none yet,
	 * -STATUS_GONE: it has ended. */
	CALL_PEER_RECEIVE,
	/* Evidence for a remote verifier (wire/evidence.h). For whom reports are made that are to become
	 * quotes: (at struct sgx_targetinfo) → a status. Make one a quote: (at report, at quote, its size at
	 * most) → its size, or a status < 0. */
	CALL_QUOTE_TARGET,
	CALL_QUOTE,
	/* Bytes of the connection to the verifier: (at bytes, size; to receive: milliseconds to wait at most, up to
	 * CALL_VERIFIER_WAIT_MS_MAX) → how many went, or came; 0: none within a second, or that time; STATUS_IO: it is
	 * at its end; STATUS_UNSUPPORTED: there is none. */
	CALL_VERIFIER_SEND,
	CALL_VERIFIER_RECEIVE,
	/* Another connection to the same verifier, in place of the one there was: () → a status. */
	CALL_VERIFIER_CONNECT,
	/* What this image has sealed for itself because the verifier hasn't taken it yet (enclave/duty/unsent.h).
	 * One more record of this run: (at record, its size) → a status. One of those that runs left which are over,
	 * each in a file of its own: (number from 0, at record, its size at most, file from 0) → its size, 0: there are
	 * no more, or a status < 0. Forget all in one of these files, or in this run's, CALL_UNSENT_OWN: (file) → a
	 * status. STATUS_UNSUPPORTED: the host keeps none. */
	CALL_UNSENT_PUT,
	CALL_UNSENT_GET,
	CALL_UNSENT_CLEAR,
};

enum {
	CALL_ARGUMENT_COUNT = 6,
	CALL_DATA_SIZE = 256 * 1024,
	/* Pages per CALL_SOURCE_READ_PAGES. */
	CALL_PAGE_COUNT_MAX = 32,
	/* A path with its NUL. */
	CALL_PATH_SIZE_MAX = 4096,
	CALL_VERIFIER_WAIT_MS_MAX = 1000,
	CALL_UNSENT_SIZE_MAX = 128 * 1024, /* one record */
	CALL_UNSENT_FILE_COUNT_MAX = 256, /* runs that left something; few have a verifier that goes away meanwhile */
};

#define CALL_UNSENT_OWN UINT64_MAX

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

struct call_pause {
	uint64_t stopped_ns;
	uint64_t was_late; /* 0 or 1 */
};

struct call_ram_map {
	uint64_t range_count;
	struct call_range range[CALL_RAM_RANGE_COUNT_MAX];
};

struct call_registers {
	uint64_t cr0, cr3, cr4, efer, idt_base, cpu_index, cpl;
	uint64_t lstar; /* 0: not known; or another word for why not (guest/memory/source.h, CPU_LSTAR_…) */
};

enum {
	CALL_PLAN_CODE_SIZE = 4736,
	CALL_PLAN_CURSOR_SIZE = 208,
};

struct call_plan {
	uint8_t plan[CALL_PLAN_CODE_SIZE];
	uint8_t cursor[CALL_PLAN_CURSOR_SIZE];
};

struct call_plan_answer {
	uint64_t run_size; /* bytes */
	uint8_t cursor[CALL_PLAN_CURSOR_SIZE];
};

static_assert(sizeof(struct call_plan) == CALL_PLAN_CODE_SIZE + CALL_PLAN_CURSOR_SIZE, "no padding");
static_assert(sizeof(struct call_plan_answer) == 8 + CALL_PLAN_CURSOR_SIZE, "no padding");
static_assert(sizeof(struct call_ram_map) == 8 + 64 * 16, "no padding");
static_assert(sizeof(struct call_registers) == 64, "no padding");

#endif
