/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/serve/guarded.h"
#include "base/test.h"

static status read_byte(void *context)
{
	return *(const volatile uint8_t *)context == 0 ? STATUS_OK : STATUS_MISMATCH;
}

static void memory_that_vanishes_is_an_error_as_often_as_it_does(void **state)
{
	int file = memfd_create("guest", MFD_CLOEXEC);
	void *memory;

	(void)state;
	assert_int_equal(ftruncate(file, 8192), 0);
	memory = mmap(NULL, 8192, PROT_READ, MAP_SHARED, file, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(guarded_init(), STATUS_OK);
	assert_int_equal(guarded_run(read_byte, memory), STATUS_OK);
	assert_int_equal(ftruncate(file, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guarded_run(read_byte, memory), STATUS_IO);
	assert_int_equal(ftruncate(file, 8192), 0);
	assert_int_equal(guarded_run(read_byte, memory), STATUS_OK);
	munmap(memory, 8192);
	close(file);
}

struct nested {
	void *good, *vanished;
	status inner;
};

/* As a request does that looks for the kernel first, and then reads. */
static status read_after_guarded_read(void *context)
{
	struct nested *nested = context;

	nested->inner = guarded_run(read_byte, nested->good);
	return read_byte(nested->vanished);
}

static void memory_that_vanishes_after_guarded_work_within_guarded_work_is_an_error_too(void **state)
{
	int file = memfd_create("guest", MFD_CLOEXEC);
	uint8_t good = 0;

	(void)state;
	assert_int_equal(ftruncate(file, 4096), 0);
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(guarded_init(), STATUS_OK);
	assert_int_equal(ftruncate(file, 0), 0);
	struct nested nested = {.good = &good, .vanished = memory, .inner = STATUS_INTERNAL};
	assert_int_equal(guarded_run(read_after_guarded_read, &nested), STATUS_IO);
	assert_int_equal(nested.inner, STATUS_OK);
	/* The inner one may be what is cut off. */
	nested = (struct nested){.good = memory, .vanished = &good, .inner = STATUS_INTERNAL};
	assert_int_equal(guarded_run(read_after_guarded_read, &nested), STATUS_OK);
	assert_int_equal(nested.inner, STATUS_IO);
	munmap(memory, 4096);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_vanishes_is_an_error_as_often_as_it_does),
		cmocka_unit_test(memory_that_vanishes_after_guarded_work_within_guarded_work_is_an_error_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
