/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/crash.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/checked.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction before[ARRAY_COUNT(signals)];
static stack_t stack_before;
/* The image's own stack may be what overflowed. */
static uint8_t handler_stack[64 * 1024];
static uint64_t image_start;
static size_t image_size;

/* FS is the image's when the signal arrives: no errno, no canary, no library
 * function that may use either. */
#define NO_THREAD_STATE __attribute__((no_stack_protector, no_sanitize("address", "undefined")))

NO_THREAD_STATE static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

NO_THREAD_STATE static void say(const char *text)
{
	size_t size = 0;

	while (((const volatile char *)text)[size] != '\0')
		size++;
	(void)call(SYS_write, 2, (long)text, (long)size);
}

NO_THREAD_STATE static void say_number(uint64_t number)
{
	char digits[19];
	int at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)(number % 16 < 10 ? '0' + number % 16 : 'a' + number % 16 - 10);
		number /= 16;
	} while (number != 0);
	digits[--at] = 'x';
	digits[--at] = '0';
	say(digits + at);
}

NO_THREAD_STATE static void handle(int number, siginfo_t *info, void *context)
{
	uint64_t at = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	bool inside = at - image_start < image_size;

	say(inside ? "bartizan: the program inside crashed: " : "bartizan: crashed: ");
	say(number == SIGSEGV ? "SIGSEGV" : number == SIGBUS ? "SIGBUS" : number == SIGFPE ? "SIGFPE" : "SIGILL");
	say(" at address ");
	say_number((uint64_t)info->si_addr);
	say(inside ? ", by the instruction at image offset " : ", by the instruction at ");
	say_number(inside ? at - image_start : at);
	say("\n");
	/* SA_RESETHAND: the default from here on. Blocked until we return. */
	(void)call(SYS_tgkill, call(SYS_getpid, 0, 0, 0), call(SYS_gettid, 0, 0, 0), number);
}

void crash_handlers_install(uint64_t image, size_t size)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
	stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};

	image_start = image;
	image_size = size;
	sigaltstack(&stack, &stack_before);
	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		sigaction(signals[i], &action, &before[i]);
}

void crash_handlers_remove(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	sigaltstack(&stack_before, NULL);
}
