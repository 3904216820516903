/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faults HOW: a program that crashes, for tests/test_sim.py. */
#include <stdio.h>
#include <string.h>

static void divide(void)
{
	volatile int zero = 0;

	printf("%d\n", 7 / zero);
}

/* Until the guard page below the stack. */
__attribute__((noinline)) static int recurse(int depth)
{
	volatile char room[8192];

	room[0] = (char)depth;
	return depth == 1000000 ? 0 : recurse(depth + 1) + room[0];
}

/* Over the canary and the return address. */
__attribute__((noinline)) static void smash(volatile int size)
{
	char room[16];
	volatile char *byte = room;

	for (int i = 0; i < size; i++)
		byte[i] = 'A';
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	static const char constant[4096] = "x";

	puts("before");
	fflush(stdout);
	if (strcmp(how, "divide") == 0)
		divide();
	else if (strcmp(how, "ud2") == 0)
		__asm__ volatile("ud2");
	else if (strcmp(how, "null") == 0)
		*(volatile char *)0x10 = 1;
	else if (strcmp(how, "int3") == 0)
		__asm__ volatile("int3");
	else if (strcmp(how, "hlt") == 0)
		__asm__ volatile("hlt");
	else if (strcmp(how, "recurse") == 0)
		return recurse(0);
	else if (strcmp(how, "constant") == 0)
		*(volatile char *)constant = 1;
	else if (strcmp(how, "jump") == 0)
		((void (*)(void))0x1000)();
	else if (strcmp(how, "stack") == 0)
		__asm__ volatile("mov $0, %rsp; push %rax");
	else if (strcmp(how, "smash") == 0)
		smash(64);
	else if (strcmp(how, "enclu") == 0)
		__asm__ volatile(".byte 0x0f, 0x01, 0xd7" : : "a"(2));
	puts("after");
	return 0;
}
