/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vDSO of this very machine, whole and damaged. */
#include "base/test.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/loader/vdso.h"

static struct span locate(void)
{
	struct span vdso;

	if (vdso_locate(&vdso) != STATUS_OK) {
		print_message("skipped: this system has no vDSO\n");
		skip();
	}
	return vdso;
}

static void a_function_that_is_found_is_the_one_that_was_named(void **state)
{
	struct span vdso = locate();
	struct timespec before, found, after;
	uint64_t offset;
	int (*clock)(clockid_t, struct timespec *);

	(void)state;
	assert_int_equal(vdso_find(vdso, "__vdso_clock_gettime", &offset), STATUS_OK);
	clock = (int (*)(clockid_t, struct timespec *))(vdso.data + offset);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(clock(CLOCK_MONOTONIC, &found), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(found.tv_sec >= before.tv_sec && found.tv_sec <= after.tv_sec);
}

static void a_function_that_is_not_there_is_missing(void **state)
{
	struct span vdso = locate();
	uint64_t offset = 42;

	(void)state;
	assert_int_equal(vdso_find(vdso, "__vdso_make_coffee", &offset), STATUS_MISSING);
	assert_int_equal(vdso_find(vdso, "", &offset), STATUS_MISSING);
	assert_int_equal(offset, 42);
}

static Elf64_Dyn *find_dynamic(uint8_t *copy, int64_t tag)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)copy;
	Elf64_Phdr *segment = (Elf64_Phdr *)(copy + header->e_phoff);

	while (segment->p_type != PT_DYNAMIC)
		segment++;
	for (Elf64_Dyn *entry = (Elf64_Dyn *)(copy + segment->p_vaddr); entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return entry;
	return NULL;
}

/* Kernels have one, the other or both. */
static void either_hash_table_is_enough_and_none_is_not(void **state)
{
	static const int64_t tags[] = {DT_HASH, DT_GNU_HASH};
	struct span vdso = locate();
	uint8_t *copy = malloc(vdso.size);
	uint64_t whole, offset;

	(void)state;
	assert_int_equal(vdso_find(vdso, "__vdso_clock_gettime", &whole), STATUS_OK);
	for (size_t i = 0; i < 2; i++) {
		Elf64_Dyn *removed;

		memcpy(copy, vdso.data, vdso.size);
		removed = find_dynamic(copy, tags[i]);
		if (removed != NULL)
			removed->d_tag = DT_DEBUG;
		offset = 0;
		if (find_dynamic(copy, tags[1 - i]) != NULL) {
			assert_int_equal(vdso_find((struct span){copy, vdso.size}, "__vdso_clock_gettime", &offset),
					 STATUS_OK);
			assert_int_equal(offset, whole);
			find_dynamic(copy, tags[1 - i])->d_tag = DT_DEBUG;
		}
		assert_int_equal(vdso_find((struct span){copy, vdso.size}, "__vdso_clock_gettime", &offset),
				 STATUS_MALFORMED);
	}
	free(copy);
}

/* Under sanitizers: copies are exactly as large as they say. */
static void a_vdso_that_is_cut_off_is_refused(void **state)
{
	struct span vdso = locate();
	uint64_t offset;

	(void)state;
	for (size_t size = 0; size < 512; size += 7) {
		uint8_t *copy = malloc(size + 1);

		memcpy(copy, vdso.data, size);
		assert_int_equal(vdso_find((struct span){copy, size}, "__vdso_clock_gettime", &offset),
				 STATUS_MALFORMED);
		free(copy);
	}
}

static void damage_never_leads_outside(void **state)
{
	struct span vdso = locate();
	uint8_t *copy = malloc(vdso.size);
	uint32_t found = 0, seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t offset = 0;
		size_t at;

		memcpy(copy, vdso.data, vdso.size);
		for (uint32_t j = 0; j <= i % 3; j++) {
			seed = seed * 1664525 + 1013904223;
			at = (seed >> 8) % (i % 2 ? 2048 : 256);
			copy[at] = (uint8_t)(seed >> 3 & 1 ? 0xff : seed >> 16);
		}
		if (vdso_find((struct span){copy, vdso.size}, "__vdso_clock_gettime", &offset) == STATUS_OK) {
			assert_true(offset != 0 && offset < vdso.size);
			found++;
		}
	}
	assert_true(found > 0 && found < 20000);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_that_is_found_is_the_one_that_was_named),
		cmocka_unit_test(a_function_that_is_not_there_is_missing),
		cmocka_unit_test(either_hash_table_is_enough_and_none_is_not),
		cmocka_unit_test(a_vdso_that_is_cut_off_is_refused),
		cmocka_unit_test(damage_never_leads_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
