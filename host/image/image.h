/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image as it lies in its address range: which pages there are, with what
 * in them and which permissions, on every backend the same.
 *
 * From offset 0: the ELF's segments. Then for each thread a guard, the stack, a
 * guard, the exception stack, a guard, the SSA frames, the thread data page and
 * the TCS. Then a guard, the heap, and at least a guard up to the next power of
 * two. Guards, and what lies between segments, are addresses without a page.
 */
#ifndef HOST_IMAGE_IMAGE_H
#define HOST_IMAGE_IMAGE_H

#include "host/image/notes.h"
#include "wire/image.h"
#include "wire/sgx.h"

enum {
	/* Of each thread: stack, exception stack, SSA, thread data, TCS; and the heap. */
	IMAGE_RUN_COUNT_MAX = IMAGE_SEGMENT_COUNT_MAX + 5 * IMAGE_THREAD_COUNT_MAX + 1,
};

enum image_run_kind {
	IMAGE_RUN_SEGMENT,
	IMAGE_RUN_STACK,
	IMAGE_RUN_EXCEPTION_STACK,
	IMAGE_RUN_SSA,
	IMAGE_RUN_THREAD_DATA,
	IMAGE_RUN_TCS,
	IMAGE_RUN_HEAP,
};

/* Whole pages from `offset`, counted from the image's base. `data` goes to
 * data_offset, counted from the run's start; everything else is zero. */
struct image_run {
	enum image_run_kind kind;
	uint64_t offset, size;
	uint64_t data_offset;
	struct span data;
	uint64_t secinfo_flags; /* SGX_SECINFO_*: as EADD takes them */
};

struct image_thread {
	uint64_t tcs_offset, data_offset; /* from the image's base */
	struct sgx_tcs tcs;
	struct image_thread_data data;
};

struct image {
	struct image_notes notes;
	uint64_t size; /* ELRANGE: a power of two; the base must be a multiple of it */
	uint64_t elf_size; /* bytes that the ELF's segments span, from offset 0 */
	uint64_t entry; /* OENTRY */
	uint64_t page_count; /* of all runs */
	struct image_run runs[IMAGE_RUN_COUNT_MAX]; /* by ascending offset, never overlapping */
	uint32_t run_count;
	struct image_thread threads[IMAGE_THREAD_COUNT_MAX]; /* notes.manifest.thread_count */
};

/* Lay out the image in `file`, which must outlive it. `name` stands in messages.
 * STATUS_MALFORMED, STATUS_UNSUPPORTED: not an image, reported (elf.h, file.h, notes.h).
 * STATUS_NO_MEMORY. On success the caller owes image_destroy(). */
MUST_USE status image_create(const char *name, struct span file, struct image **ret_image);
void image_destroy(struct image *image);

/* What the run's pages are mapped with: PROT_*. A TCS belongs to the CPU; where
 * there is none, the loader reads it, so it is PROT_READ. */
int image_run_protection(const struct image_run *run);

/* The bytes of the page at `offset` (whole pages, inside the run): a copy. */
void image_run_page(const struct image_run *run, uint64_t offset, uint8_t ret_page[SGX_PAGE_SIZE]);

/* One page to be added. `bytes` is only valid during the call. */
struct image_page {
	uint64_t offset; /* from the image's base */
	uint64_t secinfo_flags;
	const uint8_t *bytes; /* SGX_PAGE_SIZE of them */
};

typedef status image_page_visitor(void *context, const struct image_page *page);

/* Show every page, by ascending offset, which is the order of measurement. Ends
 * with the first result of `visit` that isn't STATUS_OK, and forwards it. */
MUST_USE status image_visit_pages(const struct image *image, image_page_visitor *visit, void *context);

/* What ECREATE shall be given: the image's size and attributes, and of the state
 * components in `xfrm_possible` (XCR0 of the machine, or whatever part of it the
 * host allows in enclaves) those that an image may use. The base is left 0. */
void image_secs_init(const struct image *image, uint64_t xfrm_possible, struct sgx_secs *secs);

#endif
