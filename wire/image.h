/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image file tells whoever lays it out, and what the one who lays it out
 * tells the image. Both are measured.
 *
 * The ELF's notes (owner "Bartizan", section .note.bartizan, aligned to 4) carry the
 * manifest and where EEXIT is; behind the ELF's segments the builder (host/image) puts, for each thread,
 * a stack, an exception stack, SSA frames, a thread data page and a TCS, then the
 * heap. Pages that aren't added (guards) lie below each stack, between threads and
 * around the heap.
 */
#ifndef WIRE_IMAGE_H
#define WIRE_IMAGE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_NOTE_OWNER "Bartizan"

enum {
	IMAGE_NOTE_MANIFEST = 1, /* struct image_note_manifest */
	/* struct image_note_exit: entry.S's own */
	IMAGE_NOTE_EXIT = 2,
	/* The manifest's permissions, exactly as the image itself applies them
	 * (enclave/runtime/manifest.h): strings with their NULs, an empty one at the
	 * end. A path has 'f' (file) or 't' (tree) before it. */
	IMAGE_NOTE_PATHS = 3,
	IMAGE_NOTE_ENVIRONMENT = 4,
	/* Linux numbers of 16 bits each, then IMAGE_NOTE_CALLS_END. */
	IMAGE_NOTE_CALLS = 5,
	IMAGE_NOTE_CALLS_END = 0xffff,
	/* Programs that it may run: "NAME=" and the image's MRENCLAVE in 64 hexadecimal
	 * digits, as the strings above. */
	IMAGE_NOTE_PROGRAMS = 6,

	/* As many as an enclave of ours ever starts, with room. */
	IMAGE_THREAD_COUNT_MAX = 16,
	/* The program, its exception handler, and an AEX in that one. */
	IMAGE_SSA_FRAME_COUNT = 3,
	/* AVX-512's XSAVE area (2,696 bytes), EXINFO and GPRSGX fit one page:
	 * SDM vol. 1, 13.4.3. */
	IMAGE_SSA_FRAME_PAGES = 1,
	IMAGE_EXCEPTION_STACK_SIZE = 64 * 1024,
	/* Address space that no page is added to: more than any frame of ours. */
	IMAGE_GUARD_SIZE = 64 * 1024,
};

/* All components that fit the frame above: x87, SSE, AVX, AVX-512. */
#define IMAGE_XFRM_MAX UINT64_C(0xe7)

struct image_note_manifest {
	uint64_t heap_size, stack_size; /* bytes, whole pages */
	uint32_t thread_count; /* 1 … IMAGE_THREAD_COUNT_MAX */
	uint32_t debug; /* 1: ATTRIBUTES.DEBUG; the host can read everything */
	uint16_t isv_prod_id, isv_svn;
	uint32_t reserved;
};
static_assert(sizeof(struct image_note_manifest) == 32, "no padding");

/* The only EEXIT of an image: `enclu; ud2`, five bytes, at the address of
 * `offset` + `offset` itself. A backend without the instruction may overwrite these
 * five bytes, after measuring, with a jump. */
struct image_note_exit {
	int64_t offset;
};

/* The thread data page: FS and GS point to it at EENTER. Made by the builder;
 * offsets count from the image's base, which is the ELF's first byte. */
struct image_thread_data {
	uint64_t self_offset;
	uint64_t thread_index;
	uint64_t stack_offset, stack_size; /* grows down from offset + size */
	uint64_t exception_stack_offset, exception_stack_size;
	uint64_t ssa_offset, ssa_frame_size; /* bytes; IMAGE_SSA_FRAME_COUNT of them */
	uint64_t heap_offset, heap_size;
	/* ELRANGE: everything in [base, base + enclave_size) is the enclave's, and
	 * nothing of it is the host's. A power of two. */
	uint64_t enclave_size;
	uint64_t reserved[5];
	/* The runtime's own, zero at first. */
	uint8_t runtime[4096 - 128];
};
static_assert(sizeof(struct image_thread_data) == 4096, "one page");

/* How an image is entered (all backends, EENTER's own convention besides): RDI. */
enum image_entry {
	IMAGE_ENTRY_START = 0, /* RSI: struct start_block; once per enclave */
	IMAGE_ENTRY_RETURN = 1, /* the call in the slot is served */
};

/* Why it exits: RDI at EEXIT. */
enum image_exit {
	IMAGE_EXIT_CALL = 0, /* serve the slot (or wait for whoever claimed it), then enter with RETURN */
	IMAGE_EXIT_RESUME = 1, /* entered after an AEX that was no exception of ours: ERESUME */
	IMAGE_EXIT_REFUSED = 2, /* this entry isn't possible now; RSI: enum image_refusal */
};

enum image_refusal {
	IMAGE_REFUSAL_BUSY = 1, /* started already, or nothing to return to */
	IMAGE_REFUSAL_START = 2, /* the start block isn't one */
	IMAGE_REFUSAL_THREAD = 3, /* programs have one thread: only thread 0 starts */
	IMAGE_REFUSAL_CPU = 4, /* RDRAND fails */
};

#endif
