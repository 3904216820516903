// SPDX-License-Identifier: GPL-2.0-or-later
// Processors, traps and the debug port.
#include "machine.h"

#define LAPIC 0xfee00000ull
enum {
	LAPIC_ID = 0x20,
	LAPIC_EOI = 0xb0,
	LAPIC_SVR = 0xf0,
	LAPIC_ICR = 0x300,
	LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_COUNT = 0x380,
	LAPIC_DIVIDE = 0x3e0
};
enum { PROCESSORS = 2, DEBUG_PORT = 0xe9, EXIT_PORT = 0xf4 };

struct gate {
	uint16_t low, selector, type, middle;
	uint32_t high, zero;
};

struct frame {
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct task {
	uint32_t reserved;
	uint64_t rsp0;
	uint8_t rest[92];
} __attribute__((packed));

struct landing {
	uint64_t from, to;
};

uint64_t epc_base, epc_pages;
extern const struct landing landings[];
extern char vectors[];
extern uint64_t gdt[];
extern char bss_start[];
uint64_t encls_asm(uint64_t registers[5]);
void encls_32_asm(uint32_t page);
void enclu_in_ring0(void);
void wrmsr_asm(uint32_t msr, uint64_t value);
void user_enter(struct user *user, uint64_t *trap_stack_top);
void trap_in_ring0(struct frame *frame);
void machine_start(void);
void machine_start_other(void);
void checks_run(void);

static struct gate gates[256];
static struct task tasks[PROCESSORS];
static uint64_t trap_stacks[PROCESSORS][1024] __attribute__((aligned(16)));
static struct outcome faults[PROCESSORS];
static unsigned failures, passed;

/* ---- memory */

void *copy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = ((const volatile uint8_t *)from)[i];
	return to;
}

void *fill(void *to, uint8_t byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t size);
void *memcpy(void *to, const void *from, size_t size)
{
	return copy(to, from, size);
}

void *memset(void *to, int byte, size_t size);
void *memset(void *to, int byte, size_t size)
{
	return fill(to, (uint8_t)byte, size);
}

bool same(const void *a, const void *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (((const volatile uint8_t *)a)[i] != ((const volatile uint8_t *)b)[i])
			return false;
	}
	return true;
}

bool is_all(const void *bytes, uint8_t byte, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (((const volatile uint8_t *)bytes)[i] != byte)
			return false;
	}
	return true;
}

void map(uint64_t linear, uint64_t physical, uint64_t flags)
{
	enclave_table[(linear - ENCLAVES) / PAGE] = physical | flags;
	__asm__ volatile("invlpg (%0)" ::"r"(linear) : "memory");
}

/* ---- debug port */

static void out8(uint16_t port, uint8_t byte)
{
	__asm__ volatile("outb %0, %1" ::"a"(byte), "Nd"(port));
}

void print(const char *text)
{
	while (*text != '\0')
		out8(DEBUG_PORT, (uint8_t)*text++);
}

static void print_digits(uint64_t number, unsigned digits)
{
	while (digits-- > 0)
		out8(DEBUG_PORT, (uint8_t)"0123456789abcdef"[number >> 4 * digits & 15]);
}

void print_number(uint64_t number)
{
	unsigned digits = 1;

	while (digits < 16 && number >> 4 * digits != 0)
		digits++;
	print("0x");
	print_digits(number, digits);
}

void print_bytes(const char *name, const void *bytes, size_t size)
{
	print("data ");
	print(name);
	print(" ");
	for (size_t i = 0; i < size; i++)
		print_digits(((const uint8_t *)bytes)[i], 2);
	print("\n");
}

static bool verdict(const char *name, bool holds)
{
	print(holds ? "ok " : "not ok ");
	print(name);
	if (holds)
		print("\n");
	*(holds ? &passed : &failures) += 1;
	return holds;
}

void check_true(const char *name, bool holds)
{
	if (!verdict(name, holds))
		print("\n");
}

void check_equal(const char *name, uint64_t found, uint64_t expected)
{
	if (verdict(name, found == expected))
		return;
	print(": expected ");
	print_number(expected);
	print(", found ");
	print_number(found);
	print("\n");
}

static void print_outcome(const struct outcome *found)
{
	print(", found vector ");
	print_number((uint64_t)(int64_t)found->vector);
	print(" error ");
	print_number(found->error);
	print(" address ");
	print_number(found->address);
	print(" RAX ");
	print_number(found->rax);
	print(" flags ");
	print_number(found->rflags);
	print("\n");
}

void check_fault(const char *name, const struct outcome *found, int vector)
{
	if (verdict(name, found->vector == vector && found->error == 0))
		return;
	print(": expected vector ");
	print_number((uint64_t)vector);
	print_outcome(found);
}

void check_epcm_fault(const char *name, const struct outcome *found, uint64_t address)
{
	enum { PRESENT = 1, SGX = 0x8000 };

	if (verdict(name, found->vector == PF && (found->error & (PRESENT | SGX)) == (PRESENT | SGX) &&
				  found->address == address))
		return;
	print(": expected SGX's page fault at ");
	print_number(address);
	print_outcome(found);
}

/* SDM 3D: ZF and an error code, but for four codes CF; the other arithmetic flags are cleared. */
static uint64_t flags_of(uint64_t code)
{
	enum { BLKSTATE = 3, NOTBLOCKABLE = 5, VA_SLOT_OCCUPIED = 12, PG_IS_SECS = 18 };

	if (code == 0)
		return 0;
	return code == BLKSTATE || code == NOTBLOCKABLE || code == VA_SLOT_OCCUPIED || code == PG_IS_SECS ? 1 : 0x40;
}

void check_code(const char *name, const struct outcome *found, uint64_t code)
{
	if (verdict(name,
		    found->vector == VECTOR_NONE && found->rax == code && (found->rflags & 0x8d5) == flags_of(code)))
		return;
	print(": expected code ");
	print_number(code);
	print_outcome(found);
}

void check_done(const char *name, const struct outcome *found)
{
	if (!verdict(name, found->vector == VECTOR_NONE)) {
		print(": expected no fault");
		print_outcome(found);
	}
}

/* ---- instructions */

static unsigned processor(void)
{
	return *(volatile uint32_t *)(LAPIC + LAPIC_ID) >> 24;
}

static struct outcome *begin(void)
{
	struct outcome *outcome = &faults[processor()];

	*outcome = (struct outcome){.vector = VECTOR_NONE};
	return outcome;
}

struct outcome encls(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx)
{
	uint64_t registers[5] = {leaf, rbx, rcx, rdx, 0};
	struct outcome *outcome = begin();

	encls_asm(registers);
	outcome->rax = registers[0];
	outcome->rbx = registers[1];
	outcome->rcx = registers[2];
	outcome->rdx = registers[3];
	outcome->rflags = registers[4];
	return *outcome;
}

struct outcome encls_by_32_bits(uint32_t page)
{
	struct outcome *outcome = begin();

	encls_32_asm(page);
	return *outcome;
}

struct outcome wrmsr(uint32_t msr, uint64_t value)
{
	struct outcome *outcome = begin();

	wrmsr_asm(msr, value);
	return *outcome;
}

struct outcome enclu_by_kernel(uint64_t cr0)
{
	struct outcome *outcome = begin();

	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0));
	enclu_in_ring0();
	__asm__ volatile("mov %0, %%cr0" ::"r"(CR0_USUAL));
	return *outcome;
}

uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t result[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(result[0]), "=b"(result[1]), "=c"(result[2]), "=d"(result[3])
			 : "a"(leaf), "c"(subleaf));
}

/* ---- traps */

void trap_in_ring0(struct frame *frame)
{
	struct outcome *outcome = &faults[processor()];
	uint64_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	for (const struct landing *landing = landings; landing->from != 0; landing++) {
		if (frame->rip == landing->from) {
			*outcome = (struct outcome){.vector = (int)frame->vector, .error = frame->error};
			outcome->address = frame->vector == PF ? cr2 : 0;
			frame->rip = landing->to;
			return;
		}
	}
	print("not ok ring 0 trapped: vector ");
	print_number(frame->vector);
	print(" RIP ");
	print_number(frame->rip);
	print(" CR2 ");
	print_number(cr2);
	print("\n");
	out8(EXIT_PORT, 1);
}

static void lapic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(LAPIC + offset) = value;
}

void user_init(struct user *user)
{
	*user = (struct user){.rflags = 0x202, .rip = (uint64_t)user_enclu, .rcx = (uint64_t)user_aep};
	user->xsave[0] = 0x7f;
	user->xsave[1] = 0x03;
	user->xsave[24] = 0x80;
	user->xsave[25] = 0x1f;
}

void user_run(struct user *user)
{
	user_enter(user, &trap_stacks[processor()][1022]);
	if (user->vector == IPI || user->vector == TIMER)
		lapic_write(LAPIC_EOI, 0);
}

void timer_start(uint32_t ticks)
{
	lapic_write(LAPIC_DIVIDE, 0xb);
	lapic_write(LAPIC_LVT_TIMER, TIMER);
	lapic_write(LAPIC_COUNT, ticks);
}

void timer_stop(void)
{
	struct user user;

	lapic_write(LAPIC_COUNT, 0);
	do {
		user_init(&user);
		user.rip = (uint64_t)user_call;
		user_run(&user);
	} while (user.vector != CALL);
}

void pause_for(uint64_t turns)
{
	while (turns-- > 0)
		__asm__ volatile("pause" ::: "memory");
}

/* ---- the other processor */

static struct {
	struct user *volatile user;
	void (*volatile function)(void);
	volatile bool is_up;
} other;

void ipi_send(uint32_t command)
{
	lapic_write(LAPIC_ICR_HIGH, IPI_TO_OTHER);
	lapic_write(LAPIC_ICR, command);
}

void other_begin(struct user *user)
{
	other.user = user;
}

bool other_is_done(void)
{
	return other.user == NULL && other.function == NULL;
}

void other_wait(void)
{
	while (!other_is_done())
		pause_for(1);
}

void other_call(void (*function)(void))
{
	other.function = function;
}

void other_start(void)
{
	other.is_up = false;
	other.user = NULL;
	ipi_send(DELIVER_INIT);
	pause_for(100000);
	ipi_send(DELIVER_STARTUP);
	while (!other.is_up)
		pause_for(1);
}

/* ---- start */

static void processor_start(unsigned number)
{
	struct {
		uint16_t size;
		uint64_t base;
	} __attribute__((packed)) table = {sizeof(gates) - 1, (uint64_t)gates};
	uint64_t task = (uint64_t)&tasks[number];
	uint16_t selector = (uint16_t)(0x30 + 16 * number);

	/* The last word is user_enter()'s: the trap's frame lies below it. */
	tasks[number].rsp0 = (uint64_t)&trap_stacks[number][1022];
	gdt[selector / 8] = 0x0000890000000067 | (task & 0xffffff) << 16 | (task >> 24 & 0xff) << 56;
	gdt[selector / 8 + 1] = task >> 32;
	__asm__ volatile("lidt %0" ::"m"(table));
	__asm__ volatile("ltr %0" ::"r"(selector));
	lapic_write(LAPIC_SVR, 0x1ff);
}

void machine_start_other(void)
{
	enum { FEATURE_CONTROL = 0x3a, ON = 1 | 1 << 17 | 1 << 18 };

	processor_start(1);
	/* Each processor has its own; after INIT it may be locked yet. */
	wrmsr(FEATURE_CONTROL, ON);
	other.is_up = true;
	for (;;) {
		pause_for(1);
		if (other.user != NULL) {
			user_run(other.user);
			other.user = NULL;
		} else if (other.function != NULL) {
			other.function();
			other.function = NULL;
		}
	}
}

static void find_epc(void)
{
	uint32_t found[4];

	cpuid(0x12, 2, found);
	epc_base = (found[0] & 0xfffff000) | (uint64_t)found[1] << 32;
	epc_pages = ((found[2] & 0xfffff000) | (uint64_t)found[3] << 32) / PAGE;
}

/* Of a machine without EPC: nothing of SGX is there. */
static bool check_absence(void)
{
	enum { SGX = 1 << 2, LAUNCH_CONTROL = 1 << 30 };
	uint32_t features[4], leaf[4], any = 0;
	struct outcome outcome;
	struct user user;

	cpuid(7, 0, features);
	if (features[1] & SGX)
		return false;
	check_true("absent: no launch control either", !(features[2] & LAUNCH_CONTROL));
	for (uint32_t i = 0; i < 4; i++) {
		cpuid(0x12, i, leaf);
		any |= leaf[0] | leaf[1] | leaf[2] | leaf[3];
	}
	check_equal("absent: CPUID.12H is all zeros", any, 0);
	outcome = encls(0, 0, 0, 0);
	check_fault("absent: ENCLS", &outcome, UD);
	user_init(&user);
	user_run(&user);
	check_equal("absent: ENCLU", user.vector, UD);
	return true;
}

void machine_start(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t at = (uint64_t)vectors + 16ull * i;

		gates[i] = (struct gate){(uint16_t)at, 0x18, 0xee00, (uint16_t)(at >> 16), (uint32_t)(at >> 32), 0};
	}
	processor_start(0);
	if (!check_absence()) {
		find_epc();
		checks_run();
	}
	print("end ");
	print_number(passed);
	print(" passed, ");
	print_number(failures);
	print(" failed\n");
	out8(EXIT_PORT, 0);
	for (;;)
		__asm__ volatile("cli; hlt");
}
