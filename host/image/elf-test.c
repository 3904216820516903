/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "host/image/elf.h"

enum { FILE_SIZE = 0x4000, SEGMENT_COUNT = 3 };

/* A small good image: headers and text, then data with room after it. */
static struct {
	Elf64_Ehdr header;
	Elf64_Phdr program[SEGMENT_COUNT + 20];
	uint8_t rest[FILE_SIZE];
} file;

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
	memset(&file, 0, sizeof file);
	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_machine = EM_X86_64;
	file.header.e_type = ET_DYN;
	file.header.e_phoff = sizeof file.header;
	file.header.e_phentsize = sizeof(Elf64_Phdr);
	file.header.e_phnum = SEGMENT_COUNT;
	file.header.e_entry = 0x1010;
	file.program[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x800, .p_memsz = 0x800};
	file.program[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				       .p_flags = PF_R | PF_X,
				       .p_offset = 0x1000,
				       .p_vaddr = 0x1000,
				       .p_filesz = 0x100,
				       .p_memsz = 0x100};
	file.program[2] = (Elf64_Phdr){.p_type = PT_LOAD,
				       .p_flags = PF_R | PF_W,
				       .p_offset = 0x2008,
				       .p_vaddr = 0x3008,
				       .p_filesz = 0x10,
				       .p_memsz = 0x5000};
	report_sink_set(sink, NULL);
	message[0] = '\0';
	return 0;
}

static status lay_out(struct image_layout *ret_layout)
{
	return image_layout_read("image", (struct span){(const uint8_t *)&file, FILE_SIZE}, ret_layout);
}

static void fails(status expected, const char *said)
{
	struct image_layout layout;

	assert_int_equal(lay_out(&layout), expected);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

static void a_good_image_is_laid_out_in_whole_pages(void **state)
{
	struct image_layout layout;

	assert_int_equal(lay_out(&layout), STATUS_OK);
	assert_int_equal(layout.segment_count, 3);
	assert_int_equal(layout.size, 0x9000);
	assert_int_equal(layout.entry, 0x1010);
	assert_int_equal(layout.segments[2].offset, 0x3000);
	assert_int_equal(layout.segments[2].size, 0x6000);
	assert_int_equal(layout.segments[2].data_offset, 8);
	assert_int_equal(layout.segments[2].data.size, 0x10);
	assert_int_equal(layout.segments[2].access, IMAGE_READ | IMAGE_WRITE);
}

static void other_files_are_unsupported(void **state)
{
	file.header.e_ident[0] = '#';
	fails(STATUS_UNSUPPORTED, "isn't an ELF file");
	setup(state);
	file.header.e_type = ET_EXEC;
	fails(STATUS_UNSUPPORTED, "static-PIE");
	setup(state);
	file.header.e_machine = EM_AARCH64;
	fails(STATUS_UNSUPPORTED, "static-PIE");
	setup(state);
	file.program[0].p_type = PT_INTERP;
	fails(STATUS_UNSUPPORTED, "dynamic linker");
}

static void headers_outside_the_file_are_malformed(void **state)
{
	file.header.e_phoff = UINT64_MAX;
	fails(STATUS_MALFORMED, "outside the file");
	file.header.e_phoff = FILE_SIZE - 10;
	fails(STATUS_MALFORMED, "outside the file");
	file.header.e_phoff = sizeof file.header;
	file.header.e_phnum = UINT16_MAX;
	fails(STATUS_MALFORMED, "");
	file.header.e_phnum = SEGMENT_COUNT;
	file.header.e_phentsize = 1;
	fails(STATUS_MALFORMED, "program headers");
}

static void segments_outside_file_or_address_space_are_malformed(void **state)
{
	file.program[2].p_filesz = UINT64_MAX;
	file.program[2].p_memsz = UINT64_MAX;
	fails(STATUS_MALFORMED, "doesn't fit");
	setup(state);
	file.program[2].p_offset = UINT64_MAX - 4;
	fails(STATUS_MALFORMED, "doesn't fit");
	setup(state);
	file.program[2].p_vaddr = UINT64_MAX - 0xfff;
	fails(STATUS_MALFORMED, "doesn't fit");
	setup(state);
	file.program[2].p_memsz = IMAGE_SIZE_MAX;
	fails(STATUS_MALFORMED, "doesn't fit");
	setup(state);
	file.program[2].p_memsz = 1; /* less than in the file */
	fails(STATUS_MALFORMED, "doesn't fit");
}

static void overlapping_segments_are_malformed(void **state)
{
	file.program[2].p_vaddr = 0x1800; /* same page as the code */
	fails(STATUS_MALFORMED, "overlaps");
	setup(state);
	file.program[0].p_vaddr = 0x1000;
	file.program[1].p_vaddr = 0;
	fails(STATUS_MALFORMED, "overlaps");
}

static void writable_code_is_malformed(void **state)
{
	file.program[1].p_flags |= PF_W;
	fails(STATUS_MALFORMED, "writable and executable");
}

static void an_entry_outside_the_code_is_malformed(void **state)
{
	static const uint64_t entries[] = {0, 0xfff, 0x1100, 0x3008, UINT64_MAX, 0x100000};

	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		file.header.e_entry = entries[i];
		fails(STATUS_MALFORMED, "entry point");
	}
}

static void too_many_segments_are_malformed(void **state)
{
	file.header.e_phnum = SEGMENT_COUNT + 20;
	for (int i = SEGMENT_COUNT; i < SEGMENT_COUNT + 20; i++)
		file.program[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_flags = PF_R, .p_memsz = 1, .p_vaddr = 0x10000 + 0x1000 * (uint64_t)i};
	fails(STATUS_MALFORMED, "more than 16");
}

static void a_file_cut_anywhere_never_crashes(void **state)
{
	for (size_t size = 0; size < FILE_SIZE; size += 7) {
		struct image_layout layout;
		status result = image_layout_read("image", (struct span){(const uint8_t *)&file, size}, &layout);

		assert_true(result == STATUS_OK ? size >= 0x2018 : status_is_fault(result));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_image_is_laid_out_in_whole_pages, setup),
		cmocka_unit_test_setup(other_files_are_unsupported, setup),
		cmocka_unit_test_setup(headers_outside_the_file_are_malformed, setup),
		cmocka_unit_test_setup(segments_outside_file_or_address_space_are_malformed, setup),
		cmocka_unit_test_setup(overlapping_segments_are_malformed, setup),
		cmocka_unit_test_setup(writable_code_is_malformed, setup),
		cmocka_unit_test_setup(an_entry_outside_the_code_is_malformed, setup),
		cmocka_unit_test_setup(too_many_segments_are_malformed, setup),
		cmocka_unit_test_setup(a_file_cut_anywhere_never_crashes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
