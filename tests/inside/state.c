/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state MILLIONS: fill every register that a program has, count for a while, and
 * look whether they still hold what they held: for tests/test_sim.py, which
 * interrupts it meanwhile. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(64) uint8_t before[32][64], after[32][64];
static uint64_t masks_before[8], masks_after[8];

static uint64_t xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

#define EACH_8(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7)
#define EACH_16(m) EACH_8(m) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15)
#define EACH_32(m) \
	EACH_16(m) m(16) m(17) m(18) m(19) m(20) m(21) m(22) m(23) m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define LOAD_ZMM(n) "vmovdqa64 " #n "*64(%[b]), %%zmm" #n "\n\t"
#define STORE_ZMM(n) "vmovdqa64 %%zmm" #n ", " #n "*64(%[a])\n\t"
#define LOAD_YMM(n) "vmovdqa " #n "*64(%[b]), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovdqa %%ymm" #n ", " #n "*64(%[a])\n\t"
#define LOAD_XMM(n) "movdqa " #n "*64(%[b]), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqa %%xmm" #n ", " #n "*64(%[a])\n\t"
#define LOAD_K(n) "kmovq " #n "*8(%[mb]), %%k" #n "\n\t"
#define STORE_K(n) "kmovq %%k" #n ", " #n "*8(%[ma])\n\t"

#define COUNT "1: dec %[n]\n\tjnz 1b\n\t"
#define RUN(load, store)                                                                                           \
	__asm__ volatile(load COUNT store                                                                          \
			 : [n] "+r"(n)                                                                             \
			 : [b] "r"(before), [a] "r"(after), [mb] "r"(masks_before), [ma] "r"(masks_after)          \
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
			   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

static void count_wide(uint64_t n)
{
	RUN(EACH_32(LOAD_ZMM) EACH_8(LOAD_K), EACH_32(STORE_ZMM) EACH_8(STORE_K));
}

static void count_avx(uint64_t n)
{
	RUN(EACH_16(LOAD_YMM), EACH_16(STORE_YMM));
}

static void count_sse(uint64_t n)
{
	RUN(EACH_16(LOAD_XMM), EACH_16(STORE_XMM));
}

/* General registers, with the flags and the x87 stack. */
static int count_general(uint64_t n)
{
	uint64_t sum, flags;
	double top = 0;

	__asm__ volatile(
		"fld1\n\tfldpi\n\tstd\n\tpushq %%rbp\n\tmov $0x1111, %%r8\n\tmov $0x2222, %%r9\n\t"
		"mov $0x3333, %%r10\n\tmov $0x4444, %%r11\n\tmov $0x5555, %%r12\n\tmov $0x6666, %%r13\n\t"
		"mov $0x7777, %%r14\n\tmov $0x8888, %%r15\n\tmov $0x9999, %%rbp\n\t"
		"2: dec %[n]\n\tjnz 2b\n\t"
		"pushfq\n\tpop %[flags]\n\tcld\n\tlea (%%r8, %%r9), %%rax\n\tadd %%r10, %%rax\n\tadd %%r11, %%rax\n\t"
		"add %%r12, %%rax\n\tadd %%r13, %%rax\n\tadd %%r14, %%rax\n\tadd %%r15, %%rax\n\tadd %%rbp, %%rax\n\t"
		"popq %%rbp\n\tfaddp\n\tfstpl %[top]"
		: "=&a"(sum), [n] "+c"(n), [flags] "=&d"(flags), [top] "=m"(top)
		:
		: "memory", "cc", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
	return sum == 0x2fffd && (flags & 0x400) && top > 4.14159 && top < 4.1416;
}

int main(int argc, char **argv)
{
	uint64_t n = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) * 1000000, state = xcr0();
	const uint32_t mxcsr = 0x5f80; /* rounds down, then up */
	const uint16_t control = 0x0b7f;
	uint32_t mxcsr_after;
	uint16_t control_after;
	size_t width = (state & 0xe0) == 0xe0 ? 64 : state & 4 ? 32 : 16, count = width == 64 ? 32 : 16;
	int general;

	for (size_t i = 0; i < sizeof before; i++)
		((uint8_t *)before)[i] = (uint8_t)(i * 7 + i / 64);
	for (size_t i = 0; i < 8; i++)
		masks_before[i] = UINT64_C(0x0123456789abcdef) * (i + 1);
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
	if (width == 64)
		count_wide(n);
	else if (width == 32)
		count_avx(n);
	else
		count_sse(n);
	general = count_general(n);
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tfninit" : "=m"(mxcsr_after), "=m"(control_after));
	for (size_t i = 0; i < count; i++)
		if (memcmp(before[i], after[i], width) != 0)
			return 1;
	if (width == 64 && memcmp(masks_before, masks_after, sizeof masks_before) != 0)
		return 2;
	if (!general)
		return 3;
	if ((mxcsr_after & 0xffc0) != (mxcsr & 0xffc0) || control_after != control)
		return 4;
	printf("whole: %zu bytes a register\n", width);
	return 0;
}
