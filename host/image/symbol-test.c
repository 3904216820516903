/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "host/image/symbol.h"

/* What a linker would make of two functions and a variable. */
struct file {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3];
	Elf64_Sym symbols[4];
	char names[32];
};

static const struct file good = {
	.header = {.e_shoff = offsetof(struct file, sections), .e_shnum = 3, .e_shentsize = sizeof(Elf64_Shdr)},
	.sections = {{0},
		     {.sh_type = SHT_SYMTAB,
		      .sh_link = 2,
		      .sh_offset = offsetof(struct file, symbols),
		      .sh_size = 4 * sizeof(Elf64_Sym)},
		     {.sh_type = SHT_STRTAB, .sh_offset = offsetof(struct file, names), .sh_size = 32}},
	.symbols = {{0},
		    {.st_name = 1, .st_info = STT_OBJECT, .st_shndx = 1, .st_value = 0x1000, .st_size = 0x1000},
		    {.st_name = 5, .st_info = STT_FUNC, .st_shndx = 1, .st_value = 0x1000, .st_size = 0x20},
		    {.st_name = 10, .st_info = STT_FUNC, .st_shndx = 1, .st_value = 0x1020}},
	.names = "\0var\0main\0start",
};

static bool find(const struct file *file, uint64_t offset, const char **ret_name, uint64_t *ret_distance)
{
	return image_symbol_find((struct span){(const uint8_t *)file, sizeof *file}, offset, ret_name, ret_distance);
}

static void a_function_is_found_by_any_of_its_addresses(void **state)
{
	uint64_t distance = 0;
	const char *name = "";

	(void)state;
	assert_true(find(&good, 0x101f, &name, &distance));
	assert_string_equal(name, "main");
	assert_int_equal(distance, 0x1f);
	assert_true(find(&good, 0x1020, &name, &distance));
	assert_string_equal(name, "start");
	assert_false(find(&good, 0x1021, &name, &distance));
	assert_false(find(&good, 0xfff, &name, &distance));
	assert_false(find(&good, UINT64_MAX, &name, &distance));
}

static void names_that_are_none_are_not_shown(void **state)
{
	struct file bad = good;
	uint64_t distance;
	const char *name;

	(void)state;
	bad.names[6] = '\033';
	assert_false(find(&bad, 0x1000, &name, &distance));
	bad = good;
	bad.symbols[2].st_name = UINT32_MAX;
	assert_false(find(&bad, 0x1000, &name, &distance));
	bad = good;
	memset(bad.names, 'x', sizeof bad.names);
	assert_false(find(&bad, 0x1000, &name, &distance));
	assert_false(image_symbol_find((struct span){NULL, 0}, 0x1000, &name, &distance));
}

/* Whatever the bytes are: a name, or none; the sanitizers watch. */
static void broken_files_are_survived(void **state)
{
	const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	const size_t whole = sizeof good;
	uint64_t distance;
	const char *name;

	(void)state;
	for (size_t at = 0; at < sizeof good; at++)
		for (size_t i = 0; i < sizeof values; i++) {
			uint8_t *bad = malloc(whole);

			assert_non_null(bad);
			memcpy(bad, &good, sizeof good);
			bad[at] = values[i];
			if (image_symbol_find((struct span){bad, sizeof good}, 0x1000, &name, &distance))
				assert_true(strlen(name) > 0);
			free(bad);
		}
	for (size_t size = 0; size < sizeof good; size++) {
		uint8_t *bad = malloc(size + 1);

		assert_non_null(bad);
		memcpy(bad, &good, size);
		if (image_symbol_find((struct span){bad, size}, 0x1000, &name, &distance))
			assert_true(strlen(name) > 0);
		free(bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_found_by_any_of_its_addresses),
		cmocka_unit_test(names_that_are_none_are_not_shown),
		cmocka_unit_test(broken_files_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
