/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What program_run() refuses. What it runs is tested with images (tests/). */
#include "base/test.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/report.h"
#include "host/loader/plain.h"
#include "host/loader/program.h"

static char message[1024];

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	snprintf(message, sizeof message, "%s", text);
}

static status run(const char *path, const char *const *arguments)
{
	static const char *const environment[] = {NULL};
	int exit_code = -1;
	struct program program = {
		.backend = &plain_backend, .image_path = path, .arguments = arguments, .environment = environment};
	status result;

	report_sink_set(sink, NULL);
	result = program_run(&program, &exit_code);
	assert_int_equal(exit_code, -1);
	return result;
}

static const char *const no_arguments[] = {"x", NULL};

static void what_is_no_image_is_refused(void **state)
{
	assert_int_equal(run("/nonexistent", no_arguments), STATUS_IO);
	assert_non_null(strstr(message, "/nonexistent"));
	assert_int_equal(run("/", no_arguments), STATUS_UNSUPPORTED);
	assert_int_equal(run("/dev/null", no_arguments), STATUS_UNSUPPORTED);
	assert_int_equal(run("/bin/sh", no_arguments), STATUS_UNSUPPORTED);
	assert_non_null(strstr(message, "bartizan-cc"));
}

/* An image that is well-formed and does nothing: never reached by these tests. */
static void write_image(const char *path)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr program;
		uint8_t code[64];
	} image = {
		.header = {.e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phnum = 1,
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_entry = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr)},
		.program = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X},
	};
	FILE *file = fopen(path, "w");

	memcpy(image.header.e_ident, ELFMAG, SELFMAG);
	image.header.e_ident[EI_CLASS] = ELFCLASS64;
	image.header.e_ident[EI_DATA] = ELFDATA2LSB;
	image.program.p_filesz = image.program.p_memsz = sizeof image;
	assert_non_null(file);
	assert_int_equal(fwrite(&image, sizeof image, 1, file), 1);
	fclose(file);
}

static void too_many_arguments_are_refused(void **state)
{
	static const char *arguments[5000];
	char path[] = "/tmp/plain-test-XXXXXX", *large = malloc(200000);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	write_image(path);
	for (size_t i = 0; i < 4999; i++)
		arguments[i] = "x";
	assert_int_equal(run(path, arguments), STATUS_LIMIT);
	memset(large, 'x', 199999);
	large[199999] = '\0';
	arguments[1] = large;
	arguments[2] = NULL;
	assert_int_equal(run(path, arguments), STATUS_LIMIT);
	free(large);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_image_is_refused),
		cmocka_unit_test(too_many_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
