/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "host/image/image-test.h"
#include "host/image/sgxs.h"

/* A stream, record by record; layouts of SGXS.md and of the SDM. */
static uint8_t stream[64 * 1024];
static size_t stream_size;
static char message[1024];
static struct sgxs_summary summary;

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	snprintf(message, sizeof message, "%s", text);
}

static void put_record(const char *tag, uint64_t first, uint64_t second)
{
	uint8_t *record = stream + stream_size;

	memset(record, 0, 64);
	memcpy(record, tag, 8);
	memcpy(record + 8, &first, 8);
	memcpy(record + 16, &second, 8);
	stream_size += 64;
}

static void put_create(uint32_t frame_pages, uint64_t size)
{
	put_record("ECREATE", frame_pages | size << 32, size >> 32);
}

static void put_add(uint64_t offset, uint64_t flags)
{
	put_record("EADD\0\0\0", offset, flags);
}

static void put_chunk(const char *tag, uint64_t offset)
{
	put_record(tag, offset, 0);
	memset(stream + stream_size, (int)(offset >> 8), 256);
	stream_size += 256;
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(sink, NULL);
	message[0] = '\0';
	stream_size = 0;
	put_create(1, 0x10000);
	return 0;
}

static status measure(size_t size)
{
	FILE *file = fmemopen(stream, size, "r");
	status result = sgxs_measure("s.sgxs", file, &summary);

	fclose(file);
	return result;
}

static void refused(status fault, const char *said)
{
	assert_int_equal(measure(stream_size), fault);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

/* "hashing an SGXS file with SHA-256 will produce MRENCLAVE" (SGXS.md). */
static void the_hash_of_a_stream_is_its_measurement(void **state)
{
	uint8_t wanted[SGX_HASH_SIZE];

	(void)state;
	put_add(0x1000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R | SGX_SECINFO_X);
	for (uint64_t i = 0; i < 16; i++)
		put_chunk("EEXTEND", 0x1000 + 0x100 * (i ^ 5)); /* out of order inside a page */
	put_add(0x4000, SGX_SECINFO_TYPE_TCS);
	put_chunk("EEXTEND", 0x4000);
	assert_int_equal(measure(stream_size), STATUS_OK);
	EVP_Digest(stream, stream_size, wanted, NULL, EVP_sha256(), NULL);
	assert_memory_equal(summary.mrenclave, wanted, sizeof wanted);
	assert_int_equal(summary.enclave_size, 0x10000);
	assert_int_equal(summary.page_count, 2);
	assert_int_equal(summary.thread_count, 1);
	assert_int_equal(summary.unmeasured_size, 4096 - 256);
}

static void what_is_not_measured_is_left_out_of_the_hash_and_counted(void **state)
{
	uint8_t with[SGX_HASH_SIZE];

	(void)state;
	put_add(0x1000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	const size_t before = stream_size;
	put_chunk("UNMEASRD", 0x1f00);
	assert_int_equal(measure(stream_size), STATUS_OK);
	assert_int_equal(summary.unmeasured_size, 4096);
	memcpy(with, summary.mrenclave, sizeof with);
	assert_int_equal(measure(before), STATUS_OK);
	assert_memory_equal(summary.mrenclave, with, sizeof with);
}

static void streams_that_are_not_canonical_are_refused(void **state)
{
	const uint64_t data = SGX_SECINFO_TYPE_REG | SGX_SECINFO_R | SGX_SECINFO_W;

	(void)state;
	put_create(1, 0x10000);
	refused(STATUS_MALFORMED, "record 2: one ECREATE");
	stream_size = 0;
	put_add(0, data);
	refused(STATUS_MALFORMED, "record 1: one ECREATE");
	setup(NULL);
	put_add(0x2000, data);
	put_add(0x1000, data);
	refused(STATUS_MALFORMED, "record 3: an EADD that comes out of order");
	setup(NULL);
	put_add(0x2000, data);
	put_add(0x2000, data);
	refused(STATUS_MALFORMED, "out of order, or again");
	setup(NULL);
	put_chunk("EEXTEND", 0);
	refused(STATUS_MALFORMED, "outside the page");
	setup(NULL);
	put_add(0x2000, data);
	put_chunk("EEXTEND", 0x3000);
	refused(STATUS_MALFORMED, "outside the page");
	setup(NULL);
	put_add(0x2000, data);
	put_chunk("EEXTEND", 0x1f00);
	refused(STATUS_MALFORMED, "outside the page");
	setup(NULL);
	put_add(0x2000, data);
	put_chunk("EEXTEND", 0x2080);
	refused(STATUS_MALFORMED, "outside the page");
	setup(NULL);
	put_add(0x2000, data);
	put_chunk("EEXTEND", 0x2f00);
	put_chunk("UNMEASRD", 0x2f00);
	refused(STATUS_MALFORMED, "the same bytes again");
}

static void what_no_cpu_would_add_is_refused(void **state)
{
	static const uint64_t bad_flags[] = {
		0, /* a page type that the CPU keeps to itself: SECS */
		SGX_SECINFO_TYPE_TCS | SGX_SECINFO_R,
		SGX_SECINFO_TYPE_REG | SGX_SECINFO_W,
		SGX_SECINFO_TYPE_REG | SGX_SECINFO_R | 8, /* PENDING */
		UINT64_C(3) << 8, /* VA */
		SGX_SECINFO_TYPE_REG | UINT64_C(1) << 63,
	};
	static const uint64_t bad_sizes[] = {0, 0x1000, 0x3000, UINT64_C(1) << 57, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof bad_flags / sizeof bad_flags[0]; i++) {
		setup(NULL);
		put_add(0x1000, bad_flags[i]);
		refused(STATUS_MALFORMED, "type or permissions");
	}
	for (size_t i = 0; i < sizeof bad_sizes / sizeof bad_sizes[0]; i++) {
		stream_size = 0;
		put_create(1, bad_sizes[i]);
		refused(STATUS_MALFORMED, "power of two");
	}
	stream_size = 0;
	put_create(0, 0x10000);
	refused(STATUS_MALFORMED, "SSA frame");
	setup(NULL);
	put_add(0x10000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	refused(STATUS_MALFORMED, "no page of the enclave");
	setup(NULL);
	put_add(0x1001, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	refused(STATUS_MALFORMED, "no page of the enclave");
}

static void unused_bytes_must_be_zero(void **state)
{
	(void)state;
	stream[63] = 1;
	refused(STATUS_MALFORMED, "ECREATE whose unused bytes");
	setup(NULL);
	put_add(0x1000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	stream[stream_size - 1] = 1;
	refused(STATUS_MALFORMED, "EADD whose unused bytes");
	setup(NULL);
	put_add(0x1000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	put_chunk("EEXTEND", 0x1000);
	stream[stream_size - 256 - 1] = 1;
	refused(STATUS_MALFORMED, "EEXTEND whose unused bytes");
}

static void other_records_and_empty_streams_are_refused(void **state)
{
	(void)state;
	refused(STATUS_MALFORMED, "adds no page");
	put_record("EINIT\0\0", 0, 0);
	refused(STATUS_MALFORMED, "neither EADD nor EEXTEND");
	stream_size = 0;
	put_record("UNSIZED", 1, 0);
	refused(STATUS_UNSUPPORTED, "UNSIZED");
}

static void a_stream_cut_anywhere_but_behind_a_page_is_refused_or_another(void **state)
{
	uint8_t whole[SGX_HASH_SIZE];

	(void)state;
	put_add(0x1000, SGX_SECINFO_TYPE_REG | SGX_SECINFO_R);
	put_chunk("EEXTEND", 0x1000);
	put_chunk("EEXTEND", 0x1100);
	assert_int_equal(measure(stream_size), STATUS_OK);
	memcpy(whole, summary.mrenclave, sizeof whole);
	for (size_t size = 1; size < stream_size; size++) {
		bool between = size == 128 || size == 128 + 320;

		assert_int_equal(measure(size) == STATUS_OK, between);
		if (between)
			assert_memory_not_equal(summary.mrenclave, whole, sizeof whole);
	}
}

static void an_image_written_as_a_stream_has_the_same_measurement(void **state)
{
	static struct tiny_file tiny;
	uint8_t mrenclave[SGX_HASH_SIZE];
	struct image *image = NULL;
	char *bytes = NULL;
	size_t size = 0;

	(void)state;
	tiny_file_init(&tiny);
	assert_int_equal(image_create("image", tiny_file_span(&tiny), &image), STATUS_OK);
	assert_int_equal(measure_image(image, mrenclave), STATUS_OK);
	FILE *out = open_memstream(&bytes, &size);
	assert_int_equal(sgxs_write("image", image, out), STATUS_OK);
	fclose(out);
	assert_int_equal(size, 64 + image->page_count * (64 + 16 * 320));
	FILE *in = fmemopen(bytes, size, "r");
	assert_int_equal(sgxs_measure("image", in, &summary), STATUS_OK);
	fclose(in);
	assert_memory_equal(summary.mrenclave, mrenclave, sizeof mrenclave);
	assert_int_equal(summary.page_count, image->page_count);
	assert_int_equal(summary.thread_count, 2);
	assert_int_equal(summary.unmeasured_size, 0);
	free(bytes);
	image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_hash_of_a_stream_is_its_measurement, setup),
		cmocka_unit_test_setup(what_is_not_measured_is_left_out_of_the_hash_and_counted, setup),
		cmocka_unit_test_setup(streams_that_are_not_canonical_are_refused, setup),
		cmocka_unit_test_setup(what_no_cpu_would_add_is_refused, setup),
		cmocka_unit_test_setup(unused_bytes_must_be_zero, setup),
		cmocka_unit_test_setup(other_records_and_empty_streams_are_refused, setup),
		cmocka_unit_test_setup(a_stream_cut_anywhere_but_behind_a_page_is_refused_or_another, setup),
		cmocka_unit_test_setup(an_image_written_as_a_stream_has_the_same_measurement, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
