/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with nothing but the instructions of SGX: no firmware, no operating system. Ring 0 and ring 3 are ours, so
 * that each leaf function can be given whatever the architecture lets anybody give it.
 */
#ifndef SGX_MACHINE_H
#define SGX_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE = 4096 };
enum {
	VECTOR_NONE = -1,
	DE = 0,
	DB = 1,
	NMI = 2,
	BP = 3,
	UD = 6,
	NM = 7,
	GP = 13,
	PF = 14,
	IPI = 0x40,
	TIMER = 0x41,
	CALL = 0x80
};

/* Registers of ring 3, before and after; the offsets are boot.S's. */
struct user {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags, vector, error, cr2, kernel_rsp, fsbase, gsbase;
	uint8_t xsave[1024];
	uint64_t cr0; /* in ring 3 only; 0: as it is */
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct user, xsave) == 192 && offsetof(struct user, cr0) == 1216, "boot.S");
enum { CR0_PE = 1, CR0_MP = 2, CR0_TS = 8, CR0_NE = 0x20, CR0_WP = 0x10000, CR4_OSFXSR = 0x200 };
#define CR0_USUAL (1ull << 31 | CR0_WP | CR0_NE | CR0_MP | CR0_PE)

/* What came of an instruction in ring 0. */
struct outcome {
	int vector; /* VECTOR_NONE: no fault */
	uint64_t error, address;
	uint64_t rax, rbx, rcx, rdx, rflags;
};

/* debug port */
void print(const char *text);
void print_number(uint64_t number);
void print_bytes(const char *name, const void *bytes, size_t size);
/* One line, "ok NAME" or "not ok NAME: expected …, found …". */
void check_true(const char *name, bool holds);
void check_equal(const char *name, uint64_t found, uint64_t expected);
void check_fault(const char *name, const struct outcome *found, int vector);
/* A page fault by SGX's own checks, at this address. */
void check_epcm_fault(const char *name, const struct outcome *found, uint64_t address);
/* No fault, and this in RAX; the flags as SDM has them for this code. */
void check_code(const char *name, const struct outcome *found, uint64_t code);
void check_done(const char *name, const struct outcome *found);

/* instructions */
struct outcome encls(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx);
/* EREMOVE in 32-bit code */
struct outcome encls_by_32_bits(uint32_t page);
struct outcome wrmsr(uint32_t msr, uint64_t value);
/* with this CR0 */
struct outcome enclu_by_kernel(uint64_t cr0);
uint64_t rdmsr(uint32_t msr);
void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t result[4]);

/* ring 3 on this processor, until something traps */
void user_init(struct user *user);
void user_run(struct user *user);
extern char user_enclu[], user_enclu_after[], user_aep[], user_load[], user_load_then_enclu[], user_call[],
	user_prefixed[], user_compat[], smi_handler[], smi_handler_end[];

/* the other processor: user_run() there, begun and awaited */
void other_begin(struct user *user);
bool other_is_done(void);
void other_wait(void);
void other_call(void (*function)(void)); /* ring 0 there */
void ipi_send(uint32_t command);
enum {
	IPI_TO_OTHER = 1u << 24,
	DELIVER_FIXED = 0x4000 | IPI,
	DELIVER_SMI = 0x4200,
	DELIVER_NMI = 0x4400,
	DELIVER_INIT = 0x4500,
	DELIVER_STARTUP = 0x46ff
};
void other_start(void);
void timer_start(uint32_t ticks);
void timer_stop(void); /* none comes any more */
void pause_for(uint64_t turns);

/* linear addresses of enclaves, 2 MiB from ENCLAVES on */
#define ENCLAVES 0x40000000ull
enum { PTE_P = 1, PTE_W = 2, PTE_U = 4 };
void map(uint64_t linear, uint64_t physical, uint64_t flags);
extern uint64_t enclave_table[512];

/* the EPC, all of which is mapped for ring 0 where it is */
extern uint64_t epc_base, epc_pages;
static inline uint64_t epc(uint64_t number)
{
	return epc_base + number * PAGE;
}

/* memory */
void *copy(void *to, const void *from, size_t size);
void *fill(void *to, uint8_t byte, size_t size);
bool same(const void *a, const void *b, size_t size);
bool is_all(const void *bytes, uint8_t byte, size_t size);

#endif
