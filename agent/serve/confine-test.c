/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each act is done by a child that was confined as the daemon is: what counts is what the kernel does to it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/serve/confine.h"
#include "base/test.h"
#include "kmod/bartizan.h"

enum { CAN_NOT_BEGIN = 99, PAGE_SIZE = 4096 };

/* Stands for the module's: the filter knows it by its descriptor. */
static int device;

/* Known before: a child may not even ask for it. */
static pid_t parent;

/* The wait status of a child that is confined and then acts; the act's result is its exit code. */
static int confined(int (*act)(void))
{
	int wait_status;
	pid_t child;

	parent = getpid();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(confine_process(NULL, &device, 1) == STATUS_OK ? act() : CAN_NOT_BEGIN);
	assert_int_equal(waitpid(child, &wait_status, 0), child);
	return wait_status;
}

static void assert_ended(int (*act)(void))
{
	int wait_status = confined(act);

	assert_true(WIFSIGNALED(wait_status));
	assert_int_equal(WTERMSIG(wait_status), SIGSYS);
}

static void assert_done(int (*act)(void))
{
	int wait_status = confined(act);

	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), 0);
}

/* By the calls' numbers: the C library takes one where the name says another. */

static int start_a_program(void)
{
	char *const arguments[] = {(char[]){"true"}, NULL};

	return (int)syscall(SYS_execve, "/bin/true", arguments, arguments + 1);
}

static int start_a_program_by_its_file(void)
{
	char *const arguments[] = {(char[]){"true"}, NULL};

	return (int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, arguments + 1, 0);
}

static void it_starts_no_program(void **state)
{
	(void)state;
	assert_ended(start_a_program);
	assert_ended(start_a_program_by_its_file);
}

static int start_a_process(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);
}

static int start_a_process_by_fork(void)
{
	return (int)syscall(SYS_fork);
}

/* Its flags can't be looked at: it isn't there, and the C library takes clone. */
static int ask_for_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0L) == -1 && errno == ENOSYS ? 0 : 1;
}

static void it_starts_no_process(void **state)
{
	(void)state;
	assert_ended(start_a_process);
	assert_ended(start_a_process_by_fork);
	assert_done(ask_for_clone3);
}

static int open_as(int flags)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", flags, 0600) >= 0 ? 0 : 1;
}

static int open_for_reading(void)
{
	return open_as(O_RDONLY | O_CLOEXEC);
}

static int open_for_writing(void)
{
	return open_as(O_WRONLY);
}

static int open_for_both(void)
{
	return open_as(O_RDWR);
}

static int open_and_make(void)
{
	return open_as(O_RDONLY | O_CREAT);
}

static int open_and_cut(void)
{
	return open_as(O_RDONLY | O_TRUNC);
}

static int open_the_old_way(void)
{
	return syscall(SYS_open, "/dev/null", O_WRONLY) >= 0 ? 0 : 1;
}

static int open_the_new_way(void)
{
	return (int)syscall(SYS_openat2, AT_FDCWD, "/dev/null", NULL, 0L);
}

static void it_opens_files_for_reading_alone(void **state)
{
	(void)state;
	assert_done(open_for_reading);
	assert_ended(open_for_writing);
	assert_ended(open_for_both);
	assert_ended(open_and_make);
	assert_ended(open_and_cut);
	assert_ended(open_the_old_way);
	assert_ended(open_the_new_way);
}

static int make_socket(int family)
{
	return syscall(SYS_socket, family, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int make_unix_socket(void)
{
	return make_socket(AF_UNIX);
}

static int make_inet_socket(void)
{
	return make_socket(AF_INET);
}

static int make_inet6_socket(void)
{
	return make_socket(AF_INET6);
}

static int make_vsock_socket(void)
{
	return make_socket(AF_VSOCK);
}

static void it_reaches_no_other_machine(void **state)
{
	(void)state;
	assert_done(make_unix_socket);
	assert_ended(make_inet_socket);
	assert_ended(make_inet6_socket);
	assert_ended(make_vsock_socket);
}

static int map_as(int protection)
{
	return syscall(SYS_mmap, NULL, PAGE_SIZE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != -1 ? 0 : 1;
}

static int map_data(void)
{
	return map_as(PROT_READ | PROT_WRITE);
}

static int map_code(void)
{
	return map_as(PROT_READ | PROT_EXEC);
}

static int make_data_code(void)
{
	long page = syscall(SYS_mmap, NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != -1 && syscall(SYS_mprotect, page, PAGE_SIZE, PROT_READ | PROT_EXEC) == 0 ? 0 : 1;
}

static void it_maps_no_code(void **state)
{
	(void)state;
	assert_done(map_data);
	assert_ended(map_code);
	assert_ended(make_data_code);
}

static int read_memory_of_others(void)
{
	static const char source[] = "what is there";
	char destination[sizeof source];
	const struct iovec from = {(void *)(uintptr_t)source, sizeof source}, to = {destination, sizeof destination};

	return syscall(SYS_process_vm_readv, getpid(), &to, 1L, &from, 1L, 0L) == (long)sizeof source ? 0 : 1;
}

static int write_memory_of_others(void)
{
	static char destination[] = "what is there";
	char source[sizeof destination] = "other things!";
	const struct iovec from = {source, sizeof source}, to = {destination, sizeof destination};

	return (int)syscall(SYS_process_vm_writev, getpid(), &from, 1L, &to, 1L, 0L);
}

static int trace_others(void)
{
	return (int)syscall(SYS_ptrace, PTRACE_ATTACH, parent, NULL, NULL);
}

static int signal_others(void)
{
	return (int)syscall(SYS_kill, parent, 0);
}

static int signal_threads_of_others(void)
{
	return (int)syscall(SYS_tgkill, parent, parent, 0);
}

static void it_reads_the_memory_of_others_and_changes_nothing_of_theirs(void **state)
{
	(void)state;
	assert_done(read_memory_of_others);
	assert_ended(write_memory_of_others);
	assert_ended(trace_others);
	assert_ended(signal_others);
	assert_ended(signal_threads_of_others);
}

static int become_root(void)
{
	return (int)syscall(SYS_setuid, 0);
}

static int enter_namespace(void)
{
	return (int)syscall(SYS_unshare, 0);
}

static int load_a_module(void)
{
	return (int)syscall(SYS_init_module, NULL, 0L, "");
}

static void it_becomes_nobody_else_and_changes_no_kernel(void **state)
{
	(void)state;
	assert_ended(become_root);
	assert_ended(enter_namespace);
	assert_ended(load_a_module);
}

static int ask_device(int file, unsigned long question)
{
	struct bartizan_registers answer;

	/* It came as far as the device, which is another and doesn't know the question. */
	return syscall(SYS_ioctl, file, question, &answer) == -1 && errno == ENOTTY ? 0 : 1;
}

static int ask_for_registers(void)
{
	return ask_device(device, BARTIZAN_REGISTERS);
}

static int ask_for_ram(void)
{
	return ask_device(device, BARTIZAN_NEXT_RAM);
}

static int ask_another_file(void)
{
	return ask_device(device + 1, BARTIZAN_REGISTERS);
}

static int ask_another_question(void)
{
	return ask_device(device, FIONREAD);
}

static int ask_whether_it_is_a_terminal(void)
{
	char settings[64];

	return syscall(SYS_ioctl, STDERR_FILENO, TCGETS, settings) == 0 || errno == ENOTTY ? 0 : 1;
}

static int ask_whether_the_device_is_a_terminal(void)
{
	return ask_device(device, TCGETS);
}

static void it_asks_the_devices_that_it_was_given_for_what_they_know_and_nobody_else(void **state)
{
	(void)state;
	assert_done(ask_for_registers);
	assert_done(ask_for_ram);
	assert_done(ask_whether_it_is_a_terminal);
	assert_ended(ask_another_file);
	assert_ended(ask_another_question);
	assert_ended(ask_whether_the_device_is_a_terminal);
}

/* Those that this process may use, but for the two that the daemon needs: CapPrm of /proc/self/status, proc(5). */
static uint64_t other_capabilities(void)
{
	static const uint64_t kept = 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH;
	FILE *file = fopen("/proc/self/status", "r");
	uint64_t found = UINT64_MAX;
	char line[256];

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "CapPrm:", 7) == 0)
			found = strtoull(line + 7, NULL, 16);
	if (file != NULL)
		fclose(file);
	return found & ~kept;
}

static int look_at_capabilities(void)
{
	return other_capabilities() == 0 ? 0 : 1;
}

static void it_keeps_no_right_to_open_devices(void **state)
{
	(void)state;
	if (other_capabilities() == 0) {
		print_message("skipped: who isn't root has no such right to lose\n");
		skip();
	}
	assert_done(look_at_capabilities);
}

int main(void)
{
	device = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(device > STDERR_FILENO && dup(device) == device + 1);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_no_program),
		cmocka_unit_test(it_starts_no_process),
		cmocka_unit_test(it_opens_files_for_reading_alone),
		cmocka_unit_test(it_reaches_no_other_machine),
		cmocka_unit_test(it_maps_no_code),
		cmocka_unit_test(it_reads_the_memory_of_others_and_changes_nothing_of_theirs),
		cmocka_unit_test(it_asks_the_devices_that_it_was_given_for_what_they_know_and_nobody_else),
		cmocka_unit_test(it_keeps_no_right_to_open_devices),
		cmocka_unit_test(it_becomes_nobody_else_and_changes_no_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
