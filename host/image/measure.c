/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/measure.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/report.h"

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

void measure_record_create(uint64_t enclave_size, uint32_t ssa_frame_pages, uint8_t ret_record[MEASURE_RECORD_SIZE])
{
	uint8_t *at = ret_record;

	memset(ret_record, 0, MEASURE_RECORD_SIZE);
	at = put(at, MEASURE_TAG_ECREATE, 8);
	at = put(at, &ssa_frame_pages, sizeof ssa_frame_pages);
	put(at, &enclave_size, sizeof enclave_size);
}

void measure_record_page(const struct image_page *page, uint8_t ret_records[MEASURE_PAGE_RECORD_SIZE])
{
	uint8_t *at = ret_records;

	memset(ret_records, 0, MEASURE_PAGE_RECORD_SIZE);
	at = put(at, MEASURE_TAG_EADD, 8);
	at = put(at, &page->offset, sizeof page->offset);
	/* 48 bytes of SECINFO; all but the flags are zero. */
	put(at, &page->secinfo_flags, sizeof page->secinfo_flags);
	at = ret_records + MEASURE_RECORD_SIZE;
	for (size_t i = 0; i < SGX_PAGE_SIZE; i += MEASURE_CHUNK_SIZE) {
		uint64_t offset = page->offset + i;

		put(put(at, MEASURE_TAG_EEXTEND, 8), &offset, sizeof offset);
		at = put(at + MEASURE_RECORD_SIZE, page->bytes + i, MEASURE_CHUNK_SIZE);
	}
}

status measure_records(struct measure *measure, struct span records)
{
	if (EVP_DigestUpdate(measure->hash, records.data, records.size) != 1)
		return report(STATUS_INTERNAL, "OpenSSL refused to go on with a measurement");
	return STATUS_OK;
}

status measure_init(struct measure *measure, uint64_t enclave_size, uint32_t ssa_frame_pages)
{
	uint8_t record[MEASURE_RECORD_SIZE];
	status result;

	measure->hash = EVP_MD_CTX_new();
	if (measure->hash == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a measurement");
	measure_record_create(enclave_size, ssa_frame_pages, record);
	result = EVP_DigestInit_ex(measure->hash, EVP_sha256(), NULL) == 1
			 ? measure_records(measure, (struct span){record, sizeof record})
			 : report(STATUS_INTERNAL, "OpenSSL has no SHA-256");
	if (result != STATUS_OK)
		measure_deinit(measure);
	return result;
}

void measure_deinit(struct measure *measure)
{
	EVP_MD_CTX_free(measure->hash);
	measure->hash = NULL;
}

status measure_page(struct measure *measure, const struct image_page *page)
{
	uint8_t records[MEASURE_PAGE_RECORD_SIZE];

	measure_record_page(page, records);
	return measure_records(measure, (struct span){records, sizeof records});
}

status measure_end(struct measure *measure, uint8_t ret_mrenclave[SGX_HASH_SIZE])
{
	if (EVP_DigestFinal_ex(measure->hash, ret_mrenclave, NULL) != 1)
		return report(STATUS_INTERNAL, "OpenSSL could not finish a measurement");
	return STATUS_OK;
}

static status visit(void *context, const struct image_page *page)
{
	return measure_page(context, page);
}

status measure_image(const struct image *image, uint8_t ret_mrenclave[SGX_HASH_SIZE])
{
	__attribute__((cleanup(measure_deinit))) struct measure measure = {0};

	TRY(measure_init(&measure, image->size, IMAGE_SSA_FRAME_PAGES));
	TRY(image_visit_pages(image, visit, &measure));
	return measure_end(&measure, ret_mrenclave);
}

void measure_to_text(const uint8_t hash[SGX_HASH_SIZE], char ret_text[MEASURE_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = ret_text;

	for (size_t i = 0; i < SGX_HASH_SIZE; i++) {
		*at++ = digits[hash[i] >> 4];
		*at++ = digits[hash[i] & 0xf];
	}
	*at = '\0';
}
