/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/image-test.h"

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/report.h"
#include "host/image/file.h"
#include "host/image/measure.h"

static struct tiny_file file;
static char message[1024];

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	snprintf(message, sizeof message, "%s", text);
}

static int setup(void **state)
{
	(void)state;
	tiny_file_init(&file);
	message[0] = '\0';
	report_sink_set(sink, NULL);
	return 0;
}

static void refused(status fault, const char *said)
{
	struct image *image = NULL;

	assert_int_equal(image_create("image", tiny_file_span(&file), &image), fault);
	assert_null(image);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

static struct image *lay_out(void)
{
	struct image *image = NULL;

	if (image_create("image", tiny_file_span(&file), &image) != STATUS_OK)
		fail_msg("refused: %s", message);
	return image;
}

/* wire/image.h in numbers: two threads, each with two pages of stack. */
static void the_layout_is_what_the_header_says(void **state)
{
	static const struct {
		enum image_run_kind kind;
		uint64_t offset, size, flags;
	} wanted[] = {
		{IMAGE_RUN_SEGMENT, 0, 0x1000, 0x201},
		{IMAGE_RUN_SEGMENT, 0x1000, 0x1000, 0x205},
		{IMAGE_RUN_SEGMENT, 0x3000, 0x2000, 0x203},
		{IMAGE_RUN_STACK, 0x15000, 0x2000, 0x203},
		{IMAGE_RUN_EXCEPTION_STACK, 0x27000, 0x10000, 0x203},
		{IMAGE_RUN_SSA, 0x47000, 0x3000, 0x203},
		{IMAGE_RUN_THREAD_DATA, 0x4a000, 0x1000, 0x203},
		{IMAGE_RUN_TCS, 0x4b000, 0x1000, 0x100},
		{IMAGE_RUN_STACK, 0x5c000, 0x2000, 0x203},
		{IMAGE_RUN_EXCEPTION_STACK, 0x6e000, 0x10000, 0x203},
		{IMAGE_RUN_SSA, 0x8e000, 0x3000, 0x203},
		{IMAGE_RUN_THREAD_DATA, 0x91000, 0x1000, 0x203},
		{IMAGE_RUN_TCS, 0x92000, 0x1000, 0x100},
		{IMAGE_RUN_HEAP, 0xa3000, 0x3000, 0x203},
	};
	struct image *image = lay_out();

	(void)state;
	assert_int_equal(image->run_count, sizeof wanted / sizeof wanted[0]);
	for (uint32_t i = 0; i < image->run_count; i++) {
		assert_int_equal(image->runs[i].kind, wanted[i].kind);
		assert_int_equal(image->runs[i].offset, wanted[i].offset);
		assert_int_equal(image->runs[i].size, wanted[i].size);
		assert_int_equal(image->runs[i].secinfo_flags, wanted[i].flags);
	}
	assert_int_equal(image->size, 0x100000);
	assert_int_equal(image->elf_size, 0x5000);
	assert_int_equal(image->page_count, 0x35);
	assert_int_equal(image->entry, TINY_CODE + 0x10);
	assert_int_equal(image->notes.exit_offset, TINY_CODE + 0x20);
	assert_int_equal(image->threads[1].tcs_offset, 0x92000);
	image_destroy(image);
}

static void each_thread_finds_its_memory_in_its_data_page(void **state)
{
	struct image *image = lay_out();
	const struct image_thread *thread = &image->threads[1];

	(void)state;
	assert_int_equal(thread->data.self_offset, thread->data_offset);
	assert_int_equal(thread->data.thread_index, 1);
	assert_int_equal(thread->data.stack_offset, 0x5c000);
	assert_int_equal(thread->data.stack_size, 0x2000);
	assert_int_equal(thread->data.exception_stack_offset, 0x6e000);
	assert_int_equal(thread->data.ssa_offset, 0x8e000);
	assert_int_equal(thread->data.heap_offset, 0xa3000);
	assert_int_equal(thread->data.heap_size, 0x3000);
	assert_int_equal(thread->data.enclave_size, 0x100000);
	assert_int_equal(thread->tcs.ossa, 0x8e000);
	assert_int_equal(thread->tcs.nssa, 3);
	assert_int_equal(thread->tcs.cssa, 0);
	assert_int_equal(thread->tcs.oentry, TINY_CODE + 0x10);
	assert_int_equal(thread->tcs.ofsbase, 0x91000);
	assert_int_equal(thread->tcs.ogsbase, 0x91000);
	assert_int_equal(thread->tcs.fslimit, 0xfff);
	image_destroy(image);
}

/* tests/enclave_reference.py over the same bytes: hashlib, and a layout of its own. */
static void the_measurement_is_the_one_that_python_computes(void **state)
{
	static const uint8_t wanted[SGX_HASH_SIZE] = {
		0x80, 0x11, 0xbb, 0x18, 0x5b, 0x47, 0x9e, 0xcd, 0x48, 0x96, 0x9a, 0x23, 0x48, 0x3a, 0xba, 0xad,
		0xec, 0x8b, 0x30, 0x98, 0x10, 0x40, 0xbb, 0x54, 0x28, 0x9a, 0x1c, 0x79, 0x88, 0x8f, 0xf9, 0x10,
	};
	uint8_t mrenclave[SGX_HASH_SIZE];
	struct image *image = lay_out();

	(void)state;
	assert_int_equal(measure_image(image, mrenclave), STATUS_OK);
	assert_memory_equal(mrenclave, wanted, sizeof wanted);
	image_destroy(image);
}

static void every_byte_of_the_file_is_measured_or_refused(void **state)
{
	uint8_t before[SGX_HASH_SIZE], after[SGX_HASH_SIZE];
	struct image *image = lay_out();

	(void)state;
	assert_int_equal(measure_image(image, before), STATUS_OK);
	image_destroy(image);
	for (size_t i = 0; i < TINY_SIZE; i++) {
		((uint8_t *)&file)[i] ^= 0x10;
		if (image_create("image", tiny_file_span(&file), &image) == STATUS_OK) {
			assert_int_equal(measure_image(image, after), STATUS_OK);
			if (memcmp(before, after, sizeof before) == 0)
				fail_msg("byte %zu isn't measured", i);
			image_destroy(image);
		}
		((uint8_t *)&file)[i] ^= 0x10;
	}
}

static void what_is_not_loaded_is_left_out_and_refused(void **state)
{
	uint8_t *bytes = NULL;
	size_t size = 0;

	(void)state;
	file.header.e_shoff = 0x4000;
	file.header.e_shnum = 3;
	file.header.e_shentsize = sizeof(Elf64_Shdr);
	((uint8_t *)&file)[0xf00] = 'x';
	refused(STATUS_MALFORMED, "bartizan image build");
	struct span linked = {(const uint8_t *)&file, sizeof file};
	assert_int_equal(image_file_make("linked", linked, &bytes, &size), STATUS_OK);
	tiny_file_init(&file);
	assert_int_equal(size, TINY_SIZE);
	assert_memory_equal(bytes, &file, TINY_SIZE);
	free(bytes);
	/* One byte too many. */
	struct image *image = NULL;
	struct span longer = {(const uint8_t *)&file, TINY_SIZE + 1};
	assert_int_equal(image_create("image", longer, &image), STATUS_MALFORMED);
}

static void headers_that_are_not_loaded_are_refused(void **state)
{
	(void)state;
	file.program[0].p_filesz = 0x40;
	file.program[3].p_type = PT_NULL;
	refused(STATUS_MALFORMED, "headers aren't part of its first segment");
}

static void notes_are_checked(void **state)
{
	(void)state;
	file.notes.manifest_note.header.n_type = IMAGE_NOTE_ENVIRONMENT;
	refused(STATUS_MALFORMED, "list of names");
	setup(state);
	file.notes.manifest_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "no manifest");
	setup(state);
	file.notes.exit_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "where it exits");
	setup(state);
	file.notes.paths_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "which files");
	setup(state);
	file.notes.environment_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "the environment");
	setup(state);
	file.notes.programs_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "which programs");
	setup(state);
	file.notes.calls_note.owner[0] = 'X';
	refused(STATUS_UNSUPPORTED, "which system calls");
	setup(state);
	file.notes.manifest_note.header.n_type = 99;
	refused(STATUS_MALFORMED, "type 99");
	setup(state);
	file.notes.exit_note.header.n_type = IMAGE_NOTE_MANIFEST;
	refused(STATUS_MALFORMED, "comes twice");
	setup(state);
	file.notes.manifest_note.header.n_descsz = UINT32_MAX;
	refused(STATUS_MALFORMED, "cut off");
	setup(state);
	file.notes.exit.offset++;
	refused(STATUS_MALFORMED, "no EEXIT");
	setup(state);
	file.notes.exit.offset = INT64_MIN;
	refused(STATUS_MALFORMED, "no EEXIT");
	setup(state);
	((uint8_t *)&file)[TINY_CODE + 0x22] = 0xd0;
	refused(STATUS_MALFORMED, "no EEXIT");
	setup(state);
	file.notes.paths[15] = 'x';
	refused(STATUS_MALFORMED, "list of names");
	setup(state);
	file.notes.paths[0] = '\0';
	refused(STATUS_MALFORMED, "list of names");
	setup(state);
	file.notes.calls[1] = IMAGE_NOTE_CALLS_END;
	refused(STATUS_MALFORMED, "behind the list of calls");
	setup(state);
	file.notes.calls[3] = 7;
	refused(STATUS_MALFORMED, "no end");
	setup(state);
	file.program[3].p_vaddr += 4;
	refused(STATUS_MALFORMED, "aren't part of a segment");
	setup(state);
	file.program[3].p_filesz = UINT64_MAX;
	refused(STATUS_MALFORMED, "outside the file");
}

static void a_manifest_that_asks_for_the_impossible_is_refused(void **state)
{
	static const struct image_note_manifest bad[] = {
		{.heap_size = 0, .stack_size = 4096, .thread_count = 1},
		{.heap_size = 4097, .stack_size = 4096, .thread_count = 1},
		{.heap_size = UINT64_MAX & ~4095ull, .stack_size = 4096, .thread_count = 1},
		{.heap_size = 4096, .stack_size = 0, .thread_count = 1},
		{.heap_size = 4096, .stack_size = 1ull << 40, .thread_count = 1},
		{.heap_size = 4096, .stack_size = 4096, .thread_count = 0},
		{.heap_size = 4096, .stack_size = 4096, .thread_count = IMAGE_THREAD_COUNT_MAX + 1},
		{.heap_size = 4096, .stack_size = 4096, .thread_count = 1, .debug = 2},
		{.heap_size = 4096, .stack_size = 4096, .thread_count = 1, .reserved = 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		file.notes.manifest = bad[i];
		refused(STATUS_MALFORMED, "impossible");
	}
}

static void the_largest_image_fits(void **state)
{
	(void)state;
	file.notes.manifest.heap_size = UINT64_C(4) << 30;
	file.notes.manifest.stack_size = UINT64_C(1) << 30;
	file.notes.manifest.thread_count = IMAGE_THREAD_COUNT_MAX;
	struct image *image = lay_out();
	assert_int_equal(image->size, UINT64_C(1) << 35);
	assert_int_equal(image->run_count, 3 + 5 * IMAGE_THREAD_COUNT_MAX + 1);
	image_destroy(image);
}

static void pages_are_mapped_with_the_images_permissions(void **state)
{
	struct image *image = lay_out();

	(void)state;
	assert_int_equal(image_run_protection(&image->runs[0]), PROT_READ);
	assert_int_equal(image_run_protection(&image->runs[1]), PROT_READ | PROT_EXEC);
	assert_int_equal(image_run_protection(&image->runs[2]), PROT_READ | PROT_WRITE);
	assert_int_equal(image_run_protection(&image->runs[7]), PROT_READ);
	image_destroy(image);
}

static void a_page_is_its_part_of_the_data_and_zeros(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5, 6};
	const struct image_run run = {.size = 0x3000, .data_offset = 0xffd, .data = {data, sizeof data}};
	uint8_t page[SGX_PAGE_SIZE], zeros[SGX_PAGE_SIZE] = {0};

	(void)state;
	image_run_page(&run, 0, page);
	assert_memory_equal(page, zeros, 0xffd);
	assert_memory_equal(page + 0xffd, data, 3);
	image_run_page(&run, 0x1000, page);
	assert_memory_equal(page, data + 3, 3);
	assert_memory_equal(page + 3, zeros, 0xffd);
	image_run_page(&run, 0x2000, page);
	assert_memory_equal(page, zeros, sizeof page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_layout_is_what_the_header_says, setup),
		cmocka_unit_test_setup(each_thread_finds_its_memory_in_its_data_page, setup),
		cmocka_unit_test_setup(the_measurement_is_the_one_that_python_computes, setup),
		cmocka_unit_test_setup(every_byte_of_the_file_is_measured_or_refused, setup),
		cmocka_unit_test_setup(what_is_not_loaded_is_left_out_and_refused, setup),
		cmocka_unit_test_setup(headers_that_are_not_loaded_are_refused, setup),
		cmocka_unit_test_setup(notes_are_checked, setup),
		cmocka_unit_test_setup(a_manifest_that_asks_for_the_impossible_is_refused, setup),
		cmocka_unit_test_setup(the_largest_image_fits, setup),
		cmocka_unit_test_setup(pages_are_mapped_with_the_images_permissions, setup),
		cmocka_unit_test_setup(a_page_is_its_part_of_the_data_and_zeros, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
