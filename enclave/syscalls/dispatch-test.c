/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/fake-proc.h"

static long call(long number, long a, long b, long c, long d)
{
	return image_syscall(number, a, b, c, d, 0, 0);
}

/* What was written to the host's standard error, as one string. */
static char written[8192];

static void serve(struct call_slot *slot)
{
	if (slot->number == SYS_write) {
		strncat(written, (char *)hostile.window.data + slot->argument[1], slot->argument[2]);
		slot->result = (int64_t)slot->argument[2];
	}
}

static int setup(void **state)
{
	(void)state;
	hostile_init();
	(void)call(SYS_getpid, 0, 0, 0, 0); /* sets the image's own report sink */
	hostile.serve = serve;
	hostile.call_count = 0;
	written[0] = '\0';
	return 0;
}

static void refused_calls_are_named_once(void **state)
{
	assert_int_equal(call(SYS_fork, 0, 0, 0, 0), -ENOSYS);
	assert_non_null(strstr(written, "fork (57)"));
	written[0] = '\0';
	assert_int_equal(call(SYS_fork, 0, 0, 0, 0), -ENOSYS);
	assert_string_equal(written, "");
	assert_int_equal(call(SYS_ptrace, 0, 0, 0, 0), -EPERM);
	assert_non_null(strstr(written, "ptrace"));
}

static void numbers_without_a_call_are_refused(void **state)
{
	static const long numbers[] = {-1, 335, 400, 470, 512, 100000, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_int_equal(call(numbers[i], 0, 0, 0, 0), -ENOSYS);
	assert_non_null(strstr(hostile.last_message, "no name for"));
}

static void what_a_program_prints_does_not_go_to_its_input(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_write, 0, (long)"x", 1, 0), -EBADF);
	assert_int_equal(hostile.call_count, 0);
	assert_int_equal(call(SYS_write, 1, (long)"x", 1, 0), 1);
}

#define ANY(number, name_) [number] = #name_,
#define INSIDE(number, name) ANY(number, name)
#define ANSWER(number, name, result) ANY(number, name)
#define REFUSED(number, name, error) ANY(number, name)
static const char *const table_names[] = {
#include "enclave/syscalls/table.h"
};
#undef INSIDE
#undef ANSWER
#undef REFUSED

/* Every name and number against Linux's own list, as its headers have it. */
static void the_table_has_linux_names_and_numbers(void **state)
{
	FILE *header = popen("echo '#include <asm/unistd_64.h>' | cc -E -dM -", "r");
	char line[256], name[200];
	unsigned number, found = 0;

	(void)state;
	assert_non_null(header);
	while (fgets(line, sizeof line, header) != NULL) {
		if (sscanf(line, "#define __NR_%199s %u", name, &number) != 2)
			continue;
		found++;
		if (number >= sizeof table_names / sizeof table_names[0])
			continue; /* newer than the table */
		assert_non_null(table_names[number]);
		assert_string_equal(table_names[number], name);
	}
	assert_int_equal(pclose(header), 0);
	assert_in_range(found, 340, 1000);
}

static void the_table_is_complete_and_sorted(void **state)
{
	static const int numbers[] = {
#define INSIDE(number, name) number,
#define ANSWER(number, name, result) number,
#define REFUSED(number, name, error) number,
#include "enclave/syscalls/table.h"
	};
	size_t count = sizeof numbers / sizeof numbers[0];

	for (size_t i = 1; i < count; i++)
		assert_true(numbers[i - 1] < numbers[i]);
	/* 0 to 334 without a gap, then what came with 5.0 and later. */
	assert_int_equal(numbers[334], 334);
	assert_int_equal(numbers[335], 424);
	assert_int_equal(numbers[count - 1], 469);
	assert_int_equal(count, 335 + 469 - 424 + 1);
}

static void nothing_executable_is_ever_mapped(void **state)
{
	assert_int_equal(image_syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 -EPERM);
	assert_int_equal(call(SYS_mprotect, (long)image_heap, 4096, PROT_READ | PROT_EXEC, 0), -EACCES);
}

static void signals_are_remembered_and_never_leave(void **state)
{
	uint64_t action[4] = {0x1234, 0, 0, 0}, before[4];

	assert_int_equal(call(SYS_rt_sigaction, 10, (long)action, 0, 8), 0);
	assert_int_equal(call(SYS_rt_sigaction, 10, 0, (long)before, 8), 0);
	assert_int_equal(before[0], 0x1234);
	assert_int_equal(call(SYS_rt_sigaction, 9, (long)action, 0, 8), -EINVAL);
	assert_int_equal(call(SYS_rt_sigaction, 65, (long)action, 0, 8), -EINVAL);
	assert_int_equal(call(SYS_kill, 1, 9, 0, 0), -ESRCH);
	assert_int_equal(hostile.call_count, 0);
}

static void random_bytes_do_not_come_from_the_host(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	assert_int_equal(call(SYS_getrandom, (long)a, 32, 0, 0), 32);
	assert_int_equal(call(SYS_getrandom, (long)b, 32, 0, 0), 32);
	assert_true(memcmp(a, b, 32) != 0);
	assert_int_equal(call(SYS_getrandom, (long)a, 32, 0x100, 0), -EINVAL);
	assert_int_equal(hostile.call_count, 0);
}

static void pointers_are_looked_at_before_they_are_used(void **state)
{
	char buffer[16];

	assert_int_equal(call(SYS_getrandom, 8, 16, 0, 0), -EFAULT);
	assert_int_equal(call(SYS_getrandom, (long)buffer, -1, 0, 0), -EFAULT);
	assert_int_equal(call(SYS_write, 1, 8, 4, 0), -EFAULT);
	assert_int_equal(call(SYS_write, 999, 8, 4, 0), -EBADF);
	assert_int_equal(call(SYS_openat, AT_FDCWD, 8, 0, 0), -EFAULT);
	assert_int_equal(call(SYS_rt_sigaction, 10, 0, 0, 8), 0);
	assert_int_equal(hostile.call_count, 0);
}

static void the_own_pid_is_none_that_a_target_can_have(void **state)
{
	assert_true(call(SYS_getpid, 0, 0, 0, 0) >= 4 * 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(refused_calls_are_named_once, setup),
		cmocka_unit_test_setup(numbers_without_a_call_are_refused, setup),
		cmocka_unit_test_setup(the_table_has_linux_names_and_numbers, setup),
		cmocka_unit_test_setup(the_table_is_complete_and_sorted, setup),
		cmocka_unit_test_setup(what_a_program_prints_does_not_go_to_its_input, setup),
		cmocka_unit_test_setup(nothing_executable_is_ever_mapped, setup),
		cmocka_unit_test_setup(signals_are_remembered_and_never_leave, setup),
		cmocka_unit_test_setup(random_bytes_do_not_come_from_the_host, setup),
		cmocka_unit_test_setup(pointers_are_looked_at_before_they_are_used, setup),
		cmocka_unit_test_setup(the_own_pid_is_none_that_a_target_can_have, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
