/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MRENCLAVE: SHA-256 over one 64-byte record per ECREATE, EADD and EEXTEND
 * (SDM vol. 3D, the three instructions' "Operation"), the last followed by the 256
 * bytes that it measures.
 */
#ifndef HOST_IMAGE_MEASURE_H
#define HOST_IMAGE_MEASURE_H

#include "host/image/image.h"

enum {
	MEASURE_RECORD_SIZE = 64,
	MEASURE_CHUNK_SIZE = 256,
	/* A hash in hexadecimal, with its NUL. */
	MEASURE_TEXT_SIZE = 2 * SGX_HASH_SIZE + 1,
	/* An EADD, then 16 EEXTENDs with what they measure. */
	MEASURE_PAGE_RECORD_SIZE =
		MEASURE_RECORD_SIZE + SGX_PAGE_SIZE / MEASURE_CHUNK_SIZE * (MEASURE_RECORD_SIZE + MEASURE_CHUNK_SIZE),
};

/* The records' tags, as the first eight bytes of a record. */
#define MEASURE_TAG_ECREATE "ECREATE"
#define MEASURE_TAG_EADD "EADD\0\0\0"
#define MEASURE_TAG_EEXTEND "EEXTEND"

/* A measurement that goes on; one owner. */
struct measure {
	struct evp_md_ctx_st *hash;
};

/* ECREATE: begin with SECS.SIZE and SECS.SSAFRAMESIZE (pages). STATUS_NO_MEMORY,
 * STATUS_INTERNAL (no SHA-256 in OpenSSL). On success the caller owes
 * measure_deinit(). */
MUST_USE status measure_init(struct measure *measure, uint64_t enclave_size, uint32_t ssa_frame_pages);
void measure_deinit(struct measure *measure);

/* EADD, and EEXTEND of all of the page. STATUS_INTERNAL. */
MUST_USE status measure_page(struct measure *measure, const struct image_page *page);

/* What EINIT would find in SECS.MRENCLAVE. Afterwards only measure_deinit(). */
MUST_USE status measure_end(struct measure *measure, uint8_t ret_mrenclave[SGX_HASH_SIZE]);

/* All of an image. STATUS_NO_MEMORY, STATUS_INTERNAL. */
MUST_USE status measure_image(const struct image *image, uint8_t ret_mrenclave[SGX_HASH_SIZE]);

/* A measurement (or MRSIGNER) for people: lower-case hexadecimal. */
void measure_to_text(const uint8_t hash[SGX_HASH_SIZE], char ret_text[MEASURE_TEXT_SIZE]);

/* The records themselves, for who wants to write them down (sgxs.h). */
void measure_record_create(uint64_t enclave_size, uint32_t ssa_frame_pages, uint8_t ret_record[MEASURE_RECORD_SIZE]);
void measure_record_page(const struct image_page *page, uint8_t ret_records[MEASURE_PAGE_RECORD_SIZE]);

/* Add bytes that were records already. STATUS_INTERNAL. */
MUST_USE status measure_records(struct measure *measure, struct span records);

#endif
