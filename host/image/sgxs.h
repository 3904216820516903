/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream of records that MRENCLAVE is the hash of, as a file: what other
 * tools for enclaves call SGXS (fortanix/rust-sgx, doc/SGXS.md).
 *
 * Canonical: one ECREATE, first; EADDs by ascending offset; after each its EEXTENDs,
 * no chunk twice. An UNMEASRD record (ESGXS) takes the place of an EEXTEND for a chunk
 * that is loaded and not hashed. Besides this, what ECREATE and EADD themselves
 * would refuse is refused: sizes, page types, permissions, bytes that must be zero.
 */
#ifndef HOST_IMAGE_SGXS_H
#define HOST_IMAGE_SGXS_H

#include <stdio.h>

#include "host/image/measure.h"

struct sgxs_summary {
	uint64_t enclave_size;
	uint32_t ssa_frame_pages;
	uint64_t page_count, thread_count; /* of the pages, how many are TCSs */
	/* Bytes of added pages that aren't measured: their content could be anything. */
	uint64_t unmeasured_size;
	uint8_t mrenclave[SGX_HASH_SIZE];
};

/* Read a stream to its end and measure it, holding one record at a time.
 * STATUS_MALFORMED: broken, cut off or not canonical; STATUS_UNSUPPORTED: a stream
 * whose size isn't decided (UNSIZED). STATUS_IO, STATUS_NO_MEMORY. All reported. */
MUST_USE status sgxs_measure(const char *name, FILE *file, struct sgxs_summary *ret_summary);

/* Write an image as a canonical stream, all of it measured. STATUS_IO. */
MUST_USE status sgxs_write(const char *name, const struct image *image, FILE *file);

#endif
