/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the host's memory is touched, seen from outside: the window is made
 * inaccessible, so that each access faults; the instruction at the fault is
 * looked at and run alone (trap flag), and the window closed again.
 */
#include "base/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/runtime/outside.h"

enum { TRAP_FLAG = 1 << 8, LOG_SIZE = 4096, REX_W = 0x48, MOV_STORE = 0x89, MOV_LOAD = 0x8b, MOV_IMMEDIATE = 0xc7 };

static uint8_t *host; /* what is watched */
static size_t host_size;
static struct {
	uint64_t address;
	bool whole; /* one aligned 8-byte MOV */
} accesses[LOG_SIZE];
static volatile size_t access_count;

static void protect(int protection)
{
	(void)mprotect(host, host_size, protection);
}

/* REX.W MOV r64,m64 or m64,r64 or m64,imm32: nothing else moves 8 bytes once. */
static bool is_whole_move(const uint8_t *code)
{
	return (code[0] & 0xf8) == REX_W && (code[1] == MOV_STORE || code[1] == MOV_LOAD || code[1] == MOV_IMMEDIATE);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *cpu = context;
	const uint8_t *code = (const uint8_t *)cpu->uc_mcontext.gregs[REG_RIP];

	(void)signal;
	if ((uint8_t *)info->si_addr < host || (uint8_t *)info->si_addr >= host + host_size || access_count == LOG_SIZE)
		_Exit(99);
	accesses[access_count].address = (uint64_t)info->si_addr;
	accesses[access_count].whole = (uint64_t)info->si_addr % 8 == 0 && is_whole_move(code);
	access_count++;
	protect(PROT_READ | PROT_WRITE);
	cpu->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int signal, siginfo_t *info, void *context)
{
	ucontext_t *cpu = context;

	(void)signal;
	(void)info;
	cpu->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	protect(PROT_NONE);
}

/* In each test, as cmocka sets handlers of its own before it. */
static void watch(void)
{
	struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO},
			 step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	hostile_init();
	host = (uint8_t *)&hostile.window;
	host_size = sizeof hostile.window;
	access_count = 0;
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGTRAP, &step, NULL);
}

static int teardown(void **state)
{
	(void)state;
	protect(PROT_READ | PROT_WRITE);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	return 0;
}

static void assert_all_whole(size_t count)
{
	protect(PROT_READ | PROT_WRITE);
	assert_int_equal(access_count, count);
	for (size_t i = 0; i < access_count; i++)
		assert_true(accesses[i].whole);
}

static void copies_touch_each_word_once_and_whole(void **state)
{
	static uint8_t bytes[100];

	(void)state;
	watch();
	for (size_t size = 1; size <= sizeof bytes; size += 11) {
		access_count = 0;
		protect(PROT_NONE);
		runtime_window_put(8, bytes, size);
		assert_all_whole((size + 7) / 8);
		access_count = 0;
		protect(PROT_NONE);
		runtime_window_get(8, bytes + 1 * (size < 99), size);
		assert_all_whole((size + 7) / 8);
		for (size_t i = 0; i < access_count; i++)
			assert_int_equal(accesses[i].address, (uint64_t)hostile.window.data + 8 + 8 * i);
	}
}

/* A helper that has answered: the whole call without an exit. */
static void a_call_reads_the_result_once(void **state)
{
	struct call_slot *slot = &hostile.window.slot;
	size_t result_count = 0;

	(void)state;
	watch();
	slot->helper = CALL_HELPER_AWAKE;
	slot->result = 77;
	slot->done = 1;
	protect(PROT_NONE);
	int64_t result = runtime_call_host(SYS_lseek, 1, 2, 3, 4, 5);
	protect(PROT_READ | PROT_WRITE);
	assert_int_equal(result, 77);
	/* Number, six arguments, the post; helper, done, result. */
	assert_all_whole(11);
	for (size_t i = 0; i < access_count; i++)
		result_count += accesses[i].address == (uint64_t)&slot->result;
	assert_int_equal(result_count, 1);
}

/* The watcher itself: what it must not let pass. */
static void a_narrow_access_would_be_seen(void **state)
{
	(void)state;
	watch();
	protect(PROT_NONE);
	*(volatile uint8_t *)hostile.window.data = 1;
	protect(PROT_READ | PROT_WRITE);
	assert_int_equal(access_count, 1);
	assert_false(accesses[0].whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_touch_each_word_once_and_whole, NULL, teardown),
		cmocka_unit_test_setup_teardown(a_call_reads_the_result_once, NULL, teardown),
		cmocka_unit_test_setup_teardown(a_narrow_access_would_be_seen, NULL, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
