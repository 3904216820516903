/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

/* All that would act on the target, or on the machine outside, and isn't answered in some part. */
static void every_refused_call_is_named_once(void **state)
{
	static const struct {
		long number;
		const char *name;
		int error;
	} calls[] = {
#define INSIDE(number, name)
#define ANSWER(number, name, result)
#define REFUSED(number, name, error) {number, #name, error},
#include "enclave/syscalls/table.h"
#undef INSIDE
#undef ANSWER
#undef REFUSED
	};
	char expected[64];

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		snprintf(expected, sizeof expected, "system call %s (%ld)", calls[i].name, calls[i].number);
		written[0] = '\0';
		assert_int_equal(call(calls[i].number, 1, 1, 1, 1), -calls[i].error);
		assert_non_null(strstr(written, expected));
		written[0] = '\0';
		assert_int_equal(call(calls[i].number, 1, 1, 1, 1), -calls[i].error);
		assert_string_equal(written, "");
	}
}

/* Calls that ask about the target, and could act on it with other arguments. */
static void what_would_act_on_the_target_is_refused_and_named(void **state)
{
	const struct rlimit limit = {1, 1};
	const struct iovec part = {"x", 1};
	const struct msghdr message = {.msg_iov = (struct iovec *)&part, .msg_iovlen = 1};
	const long file = call(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0);
	const struct {
		long number, a, b, c, d;
		long result;
		const char *said;
	} acts[] = {
		{SYS_setpriority, PRIO_PROCESS, 1, 5, 0, -EPERM, "setpriority (141)"},
		{SYS_prlimit64, 1, RLIMIT_NOFILE, (long)&limit, 0, -EPERM, "prlimit64 (302)"},
		{SYS_bind, file, (long)&limit, sizeof limit, 0, -EOPNOTSUPP, "bind (49)"},
		{SYS_sendto, file, (long)"x", 1, 0, -EOPNOTSUPP, "sendto (44)"},
		{SYS_sendmsg, file, (long)&message, 0, 0, -EOPNOTSUPP, "sendmsg (46)"},
	};
	/* The same by other names: the first has said it. */
	static const long signals[][4] = {
		{SYS_kill, -1, 9}, {SYS_kill, 1, 15}, {SYS_tkill, 1, 9}, {SYS_tgkill, 1, 1, 9}};

	(void)state;
	assert_true(file >= 0);
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		written[0] = '\0';
		assert_int_equal(call(acts[i].number, acts[i].a, acts[i].b, acts[i].c, acts[i].d), acts[i].result);
		assert_true(strstr(written, acts[i].said) != NULL ||
			    strstr(hostile.last_message, acts[i].said) != NULL);
	}
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		assert_int_equal(call(signals[i][0], signals[i][1], signals[i][2], signals[i][3], 0), -EPERM);
	assert_int_equal(call(SYS_setpriority, PRIO_USER, 0, 5, 0), -EPERM);
	assert_int_equal(call(SYS_setrlimit, RLIMIT_NOFILE, (long)&limit, 0, 0), -EPERM);
	assert_int_equal(call(SYS_close, file, 0, 0, 0), 0);
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
	/* 0 to 336 without a gap, then what came with 5.0 and later. */
	assert_int_equal(numbers[336], 336);
	assert_int_equal(numbers[337], 424);
	assert_int_equal(numbers[count - 1], 469);
	assert_int_equal(count, 337 + 469 - 424 + 1);
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
	assert_int_equal(hostile.call_count, 0);
}

static void a_process_of_the_target_is_probed_and_never_signalled(void **state)
{
	assert_int_equal(call(SYS_kill, 1, 0, 0, 0), 0);
	assert_int_equal(call(SYS_kill, 18, 0, 0, 0), -ESRCH);
	assert_int_equal(call(SYS_kill, 5000000, 0, 0, 0), -ESRCH);
	assert_int_equal(call(SYS_kill, 1, 65, 0, 0), -EINVAL);
	assert_int_equal(hostile.last_fault, STATUS_OK);
	assert_int_equal(call(SYS_kill, 1, 9, 0, 0), -EPERM);
	assert_int_equal(hostile.last_fault, STATUS_DENIED);
	assert_non_null(strstr(hostile.last_message, "sent signal 9 to process 1 of the target"));
	assert_int_equal(call(SYS_kill, 18, 9, 0, 0), -ESRCH);
	assert_int_equal(call(SYS_tkill, 2, 15, 0, 0), -EPERM);
}

static void facts_about_a_process_are_the_targets(void **state)
{
	uint64_t affinity[16] = {0};
	struct timespec interval;
	int priority;

	assert_int_equal(call(SYS_getpgid, 7, 0, 0, 0), 7);
	assert_int_equal(call(SYS_getsid, 18, 0, 0, 0), -ESRCH);
	assert_int_equal(call(SYS_getpriority, 0, 7, 0, 0), 15); /* 20 − nice */
	assert_int_equal(call(SYS_getpriority, 1, 1, 0, 0), 23);
	assert_int_equal(call(SYS_getpriority, 1, 2, 0, 0), -ESRCH);
	assert_int_equal(call(SYS_getpriority, 9, 1, 0, 0), -EINVAL);
	assert_int_equal(call(SYS_sched_getscheduler, 7, 0, 0, 0), 1);
	assert_int_equal(call(SYS_sched_getparam, 7, (long)&priority, 0, 0), 0);
	assert_int_equal(priority, 33);
	assert_int_equal(call(SYS_sched_getaffinity, 7, sizeof affinity, (long)affinity, 0), 8);
	assert_int_equal(affinity[0], 3);
	assert_int_equal(call(SYS_sched_getaffinity, 18, sizeof affinity, (long)affinity, 0), -ESRCH);
	assert_int_equal(call(SYS_sched_rr_get_interval, 7, (long)&interval, 0, 0), 0);
	assert_int_equal(interval.tv_nsec, 4000000);
	/* Ourselves: nobody in the target. */
	assert_int_equal(call(SYS_getpriority, 0, 0, 0, 0), 20);
	assert_int_equal(call(SYS_sched_getaffinity, 0, sizeof affinity, (long)affinity, 0), 8);
	assert_int_equal(affinity[0], 1);
}

static void own_capabilities_are_roots(void **state)
{
	assert_int_equal(call(SYS_prctl, PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0), 1);
	assert_int_equal(call(SYS_prctl, PR_CAPBSET_READ, CAP_LAST_CAP + 1, 0, 0), -EINVAL);
	assert_int_equal(call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0), 0);
	assert_int_equal(call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0), -EINVAL);
	assert_int_equal(call(SYS_prctl, PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0), -EINVAL);
	assert_int_equal(call(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0), 0);
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
		cmocka_unit_test_setup(every_refused_call_is_named_once, setup),
		cmocka_unit_test_setup(numbers_without_a_call_are_refused, setup),
		cmocka_unit_test_setup(the_table_has_linux_names_and_numbers, setup),
		cmocka_unit_test_setup(the_table_is_complete_and_sorted, setup),
		cmocka_unit_test_setup(what_a_program_prints_does_not_go_to_its_input, setup),
		cmocka_unit_test_setup(nothing_executable_is_ever_mapped, setup),
		cmocka_unit_test_setup(signals_are_remembered_and_never_leave, setup),
		cmocka_unit_test_setup(a_process_of_the_target_is_probed_and_never_signalled, setup),
		cmocka_unit_test_setup(what_would_act_on_the_target_is_refused_and_named, setup),
		cmocka_unit_test_setup(facts_about_a_process_are_the_targets, setup),
		cmocka_unit_test_setup(own_capabilities_are_roots, setup),
		cmocka_unit_test_setup(random_bytes_do_not_come_from_the_host, setup),
		cmocka_unit_test_setup(pointers_are_looked_at_before_they_are_used, setup),
		cmocka_unit_test_setup(the_own_pid_is_none_that_a_target_can_have, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
