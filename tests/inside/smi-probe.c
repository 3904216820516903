/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root in a guest, without manners: makes SMIs with whatever buffer it is told to (tests/smm.py).
 *
 * Standard input, again and again: u32 kind of buffer, u64 argument, u32 size, that many bytes for the buffer's
 * begin. Standard output: u64 RBX afterwards, u32 size, what stands in the buffer (0 bytes unless accepted).
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "smi-kernel.h"
#include "wire/smi.h"

enum kind {
	ORDINARY, /* as the host's side has it */
	AT, /* at the address `argument`, whatever is there */
	SIZED, /* of `argument` bytes, as RCX says */
	UNMAPPED_END, /* its last page isn't mapped */
	UNTOUCHED, /* mapped, never written */
	READ_ONLY,
	TWICE, /* its second page is its first */
	PHYSICAL, /* pages that lie at the physical address `argument`, by /dev/mem */
	REWRITTEN, /* by another thread, all the time, `argument` calls; the answer: a bit for each refusal that came */
	STORM, /* `argument` calls with what stands in the buffer */
	COMPATIBLE, /* by 32-bit code */
	TOGETHER, /* `argument` calls by each of two CPUs at once; the answer: how many of each were answered, and
		     rightly */
	OTHERS, /* in another process, at an address that is mapped there only */
	/* With the module smi-kernel: */
	BY_KERNEL,
	ALTER, /* the entry for a page of ours, at the level `argument`, becomes what the first 8 bytes say; + LOOP:
		* with the address of its own table. The answer: struct altered */
	AT_ALTERED, /* that page as buffer */
	RESTORE,
	MODEL, /* the answer: the model-specific register `argument` */
	BESIDE, /* `argument` calls of the second CPU's, while a program without any right has a caller's registers on
		 * the first one; the answer: how many were answered, and rightly */
	STOPPED, /* as ORDINARY, from the first CPU, once the CPU `argument` stands still; says on the debug port that
		  * it waits for that, and that it has called */
	PHYSICAL_END, /* its second page lies at the physical address `argument`, by /dev/mem; its first is good */
	READ_ONLY_END, /* its second page is, unless `argument` says not */
};

enum {
	LOOP = 0x100,
	DEBUG_PORT = 0x402, /* QEMU's; what firmware says is written there, too */
};

struct altered {
	uint64_t address, root, table, entry;
};

static const size_t PAGE = 4096, SIZE = SMI_BUFFER_SIZE_MAX;

static uint8_t *buffer;
static volatile bool rewrites;

static uint64_t smi(uint64_t address, uint64_t size)
{
	uint64_t rax = SMI_COMMAND, rbx = SMI_CALLER;

	__asm__ volatile("outb %%al, %[port]\n\t"
			 "jmp 1f\n"
			 "1:"
			 : "+b"(rbx), "+a"(rax)
			 : "D"(address), "c"(size), [port] "N"(SMI_PORT)
			 : "memory", "cc");
	return rbx;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static void take(void *bytes, size_t size)
{
	if (size > 0 && fread(bytes, 1, size, stdin) != size)
		exit(0);
}

static uint8_t *map(size_t size, int flags, int file, uint64_t offset)
{
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, (off_t)offset);

	must(mapped != MAP_FAILED, "mmap");
	return mapped;
}

static uint8_t *twice(void)
{
	int file = memfd_create("twice", 0);
	uint8_t *both = map(2 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(file >= 0 && ftruncate(file, PAGE) == 0, "memfd");
	for (size_t i = 0; i < 2; i++)
		must(mmap(both + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
			  0) != MAP_FAILED,
		     "mmap");
	both[0] = 1;
	return both;
}

static void *rewrite(void *unused)
{
	/* volatile: or the compiler keeps them in registers until the loop's end. */
	volatile uint8_t *changed = buffer;

	/* The message's type, size and session: what a check might look at before what is done. */
	while (rewrites) {
		changed[SMI_HEAD_SIZE] ^= 2;
		changed[8] ^= 0x40;
		changed[4] ^= 1;
	}
	return unused;
}

static void reply(const void *bytes, size_t size)
{
	const struct smi_head head = {SMI_HEAD_MAGIC, 0, (uint32_t)size, 0};

	memcpy(buffer, &head, sizeof head);
	memcpy(buffer + sizeof head, bytes, size);
}

static uint64_t call_rewritten(uint64_t count)
{
	uint64_t seen = 0;
	pthread_t thread;

	rewrites = true;
	must(pthread_create(&thread, NULL, rewrite, NULL) == 0, "thread");
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t answer = smi((uintptr_t)buffer, SIZE);

		if (answer != SMI_CALLER)
			seen |= UINT64_C(1) << (answer & 63);
	}
	rewrites = false;
	pthread_join(thread, NULL);
	reply(&seen, sizeof seen);
	return FIRMWARE_ACCEPTED;
}

static uint64_t call_storm(uint64_t count)
{
	uint64_t answer = 0;

	for (uint64_t i = 0; i < count; i++)
		answer = smi((uintptr_t)buffer, SIZE);
	return answer | 0xff;
}

static int open_memory(void)
{
	/* Without O_SYNC: write-back, if need be less, but never what the kernel's own mapping forbids (EPC;
	 * is_new_memtype_allowed(), arch/x86/include/asm/pgtable.h, 6.12). */
	int file = open("/dev/mem", O_RDWR);

	must(file >= 0, "/dev/mem");
	return file;
}

static uint64_t call_physical(uint64_t address)
{
	int file = open_memory();
	uint8_t *mapped = map(PAGE, MAP_SHARED, file, address);
	uint64_t answer = smi((uintptr_t)mapped, PAGE);

	munmap(mapped, PAGE);
	close(file);
	return answer;
}

/* A message that asks who the firmware is, at the first page's end, with room on the second one for the answer. */
static uint64_t call_straddling(uint8_t *pages)
{
	const struct smi_head question = {SMI_HEAD_MAGIC, 0, 0, 0};
	uint8_t *start = pages + PAGE - sizeof question;
	uint64_t answer;

	memcpy(start, &question, sizeof question);
	answer = smi((uintptr_t)start, sizeof question + 200);
	munmap(pages, 2 * PAGE);
	return answer;
}

static uint64_t call_physical_end(uint8_t *pages, uint64_t address)
{
	int file = open_memory();

	memset(pages, 1, 2 * PAGE);
	must(mmap(pages + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
		  (off_t)address) != MAP_FAILED,
	     "/dev/mem");
	close(file);
	return call_straddling(pages);
}

static uint64_t call_read_only_end(uint8_t *pages, bool is_read_only)
{
	memset(pages, 1, 2 * PAGE);
	must(mprotect(pages + PAGE, PAGE, is_read_only ? PROT_READ : PROT_READ | PROT_WRITE) == 0, "mprotect");
	return call_straddling(pages);
}

/* ---- 32-bit code */

/* The registers' upper halves outlast it, as every CPU has it; RBX keeps the caller's mark. Nothing is pushed: QEMU 7.2
 * takes a far return's words as the kernel would, which SMAP forbids. */
static uint64_t smi_by_32_bit_code(uint64_t address, uint64_t size)
{
	enum { USER32_CS = 0x23, USER_CS = 0x33 }; /* arch/x86/include/asm/segment.h */
	uint8_t *low =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	/* out %al, $0xb2; jmp .; ljmp $USER_CS, $(the next); 64 bits again: jmp *%r13 */
	uint8_t code[] = {0xe6, 0xb2, 0xeb, 0, 0xea, 0, 0, 0, 0, USER_CS, 0, 0x41, 0xff, 0xe5};
	uint64_t rax = SMI_COMMAND, rbx = SMI_CALLER;

	must(low != MAP_FAILED, "mmap");
	const uint32_t next = (uint32_t)(uintptr_t)(low + sizeof code - 3);
	memcpy(code + 5, &next, sizeof next);
	memcpy(low, code, sizeof code);
	const struct {
		uint32_t offset;
		uint16_t segment;
	} __attribute__((packed)) place = {(uint32_t)(uintptr_t)low, USER32_CS};
	/* But for RSP's where an interrupt comes meanwhile: QEMU 7.2 returns from it with 32 bits of that. */
	__asm__ volatile("lea 1f(%%rip), %%r13\n\t"
			 "mov %%rsp, %%r12\n\t"
			 "ljmpl *%[place]\n"
			 "1: mov %%r12, %%rsp"
			 : "+b"(rbx), "+a"(rax)
			 : "D"(address), "c"(size), [place] "m"(place)
			 : "memory", "cc", "r12", "r13");
	munmap(low, PAGE);
	return rbx;
}

/* ---- two CPUs at once */

struct twin {
	int cpu;
	uint64_t call_count;
	uint64_t answered_count, right_count;
};

static pthread_barrier_t start;

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof set, &set) == 0, "a second CPU");
}

/* Asks who the firmware is, in a buffer of its own. */
static void *call_many(void *argument)
{
	struct twin *twin = argument;
	struct smi_head *head = (struct smi_head *)map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const struct smi_head question = {SMI_HEAD_MAGIC, 0, 0, 0};
	uint8_t first[16] = {0};

	stay_on(twin->cpu);
	must(mlock(head, PAGE) == 0, "mlock");
	must(ioperm(SMI_PORT, 1, 1) == 0, "ioperm");
	pthread_barrier_wait(&start);
	for (uint64_t i = 0; i < twin->call_count; i++) {
		uint8_t *key = (uint8_t *)(head + 1) + 8;

		*head = question;
		const uint64_t rbx = smi((uintptr_t)head, PAGE);
		if (rbx == SMI_CALLER)
			continue;
		if (twin->answered_count++ == 0)
			memcpy(first, key, sizeof first);
		twin->right_count +=
			(rbx & 0xff) == FIRMWARE_ACCEPTED && head->size > 0 && memcmp(first, key, sizeof first) == 0;
	}
	munmap(head, PAGE);
	return NULL;
}

static uint64_t call_together(uint64_t count)
{
	struct twin twins[2] = {{.cpu = 0, .call_count = count}, {.cpu = 1, .call_count = count}};
	pthread_t threads[2];

	pthread_barrier_init(&start, NULL, 2);
	for (size_t i = 0; i < 2; i++)
		must(pthread_create(&threads[i], NULL, call_many, &twins[i]) == 0, "thread");
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	const uint64_t counts[] = {twins[0].answered_count, twins[1].answered_count, twins[0].right_count,
				   twins[1].right_count};
	reply(counts, sizeof counts);
	return FIRMWARE_ACCEPTED;
}

static volatile uint64_t beats;
static volatile bool beating;

static void *beat(void *cpu)
{
	stay_on((int)(uintptr_t)cpu);
	while (beating)
		beats++;
	return NULL;
}

/* To whoever reads what firmware says: without the kernel, and without another CPU. */
static void say(const char *text)
{
	for (; *text != '\0'; text++)
		outb((unsigned char)*text, DEBUG_PORT);
}

static int64_t now_ms(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock");
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until that CPU has done nothing for a second; a minute at most. */
static void await_stop(void)
{
	const int64_t end = now_ms() + 60000;
	int64_t since = now_ms();
	uint64_t seen = beats;

	while (now_ms() < since + 1000 && now_ms() < end) {
		if (beats != seen) {
			seen = beats;
			since = now_ms();
		}
	}
}

/* No task of the kernel's gets this CPU either: one that waits for the other CPU, its TLB's flush for instance, would
 * keep it. */
static void run_before_all(bool whether)
{
	const struct sched_param priority = {.sched_priority = whether ? sched_get_priority_max(SCHED_FIFO) : 0};
	FILE *limit = fopen("/proc/sys/kernel/sched_rt_runtime_us", "w");

	must(limit != NULL && fputs(whether ? "-1" : "950000", limit) >= 0 && fclose(limit) == 0, "runtime");
	must(sched_setscheduler(0, whether ? SCHED_FIFO : SCHED_OTHER, &priority) == 0, "priority");
}

/* What is needed for the call is there before that CPU is stopped, and nothing is asked of the kernel until it is let
 * go. */
static uint64_t call_beside_stopped(uint64_t cpu)
{
	cpu_set_t before;
	pthread_t thread;

	must(ioperm(DEBUG_PORT, 1, 1) == 0, "ioperm");
	must(sched_getaffinity(0, sizeof before, &before) == 0, "affinity");
	beating = true;
	const uint64_t first = beats;
	must(pthread_create(&thread, NULL, beat, (void *)(uintptr_t)cpu) == 0, "thread");
	stay_on(0);
	while (beats == first)
		;
	run_before_all(true);
	say("smi-probe: waits\n");
	await_stop();
	const uint64_t rbx = smi((uintptr_t)buffer, SIZE);
	say("smi-probe: has called\n");
	run_before_all(false);
	beating = false;
	pthread_join(thread, NULL);
	must(sched_setaffinity(0, sizeof before, &before) == 0, "affinity");
	return rbx;
}

static volatile bool spins;

/* Waits for the SMIs of others with the registers of a caller. */
static void *spin(void *unused)
{
	stay_on(0);
	while (spins) {
		uint64_t rax = 0, rbx = 0, left = 100000;

		__asm__ volatile("1: mov %[caller], %%rbx\n\t"
				 "mov %[command], %%eax\n\t"
				 "dec %[left]\n\t"
				 "jnz 1b"
				 : "+a"(rax), "+b"(rbx), [left] "+r"(left)
				 : [caller] "r"(SMI_CALLER), [command] "i"(SMI_COMMAND), "D"(0), "c"(0)
				 : "cc");
	}
	return unused;
}

/* As the host's side does it: who isn't answered asks again, 64 times at most. */
static void *call_beside(void *argument)
{
	struct twin *twin = argument;

	stay_on(twin->cpu);
	must(ioperm(SMI_PORT, 1, 1) == 0, "ioperm");
	for (uint64_t i = 0; i < twin->call_count; i++) {
		uint64_t rbx = SMI_CALLER;

		for (int attempt = 0; attempt < 64 && rbx == SMI_CALLER; attempt++) {
			const struct smi_head question = {SMI_HEAD_MAGIC, 0, 0, 0};

			memcpy(buffer, &question, sizeof question);
			rbx = smi((uintptr_t)buffer, PAGE);
		}
		twin->answered_count += rbx != SMI_CALLER;
		twin->right_count += (rbx & 0xff) == FIRMWARE_ACCEPTED;
	}
	return NULL;
}

static uint64_t call_beside_spinner(uint64_t count)
{
	struct twin twin = {.cpu = 1, .call_count = count};
	pthread_t spinner, caller;

	spins = true;
	must(pthread_create(&spinner, NULL, spin, NULL) == 0, "thread");
	must(pthread_create(&caller, NULL, call_beside, &twin) == 0, "thread");
	pthread_join(caller, NULL);
	spins = false;
	pthread_join(spinner, NULL);
	const uint64_t counts[] = {twin.answered_count, twin.right_count};
	reply(counts, sizeof counts);
	return FIRMWARE_ACCEPTED;
}

static uint64_t call_others(void)
{
	void *const place = (void *)0x20000000000;
	int ready[2];
	char byte = 0;
	pid_t child;

	must(pipe(ready) == 0 && (child = fork()) >= 0, "fork");
	if (child == 0) {
		uint8_t *own = mmap(place, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);

		(void)!write(ready[1], own != MAP_FAILED ? "y" : "n", 1);
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1) == 1 && byte == 'y', "another process");
	const uint64_t answer = smi((uintptr_t)place, PAGE);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return answer;
}

/* ---- with the kernel's help */

static uint64_t ask_kernel(enum smi_kernel_operation operation, uint64_t first, uint64_t second)
{
	struct smi_kernel_request request = {operation, first, second, 0};
	int file = open("/dev/smi-kernel", O_RDWR | O_CLOEXEC);

	must(file >= 0 && ioctl(file, SMI_KERNEL_COMMAND, &request) == 0, "/dev/smi-kernel");
	close(file);
	return request.result;
}

static struct {
	uint64_t at, entry;
} before;
static uint8_t *altered_page;

/* A page of ours whose tables nothing else of ours uses. */
static void make_altered_page(bool has_five_levels)
{
	const uint64_t place = (has_five_levels ? UINT64_C(1) << 48 : 0) | UINT64_C(1) << 40 | UINT64_C(5) << 30 |
			       UINT64_C(7) << 21 | 9 << 12;

	if (altered_page != NULL)
		return;
	altered_page = mmap((void *)place, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	must(altered_page == (uint8_t *)place && mlock(altered_page, PAGE) == 0, "a page at an address of our choice");
	memset(altered_page, 0, PAGE);
}

static uint64_t call_alter(uint64_t argument)
{
	const uint64_t address_mask = 0x000ffffffffff000;
	const bool has_five_levels = (ask_kernel(SMI_KERNEL_CR4, 0, 0) >> 12 & 1) != 0;
	struct altered altered = {.root = ask_kernel(SMI_KERNEL_CR3, 0, 0) & address_mask};
	const unsigned int wanted = argument & 0xff;
	unsigned int level = has_five_levels ? 5 : 4;
	uint64_t value;

	memcpy(&value, buffer, sizeof value);
	make_altered_page(has_five_levels);
	altered.address = (uintptr_t)altered_page;
	altered.table = altered.root;
	for (;; level--) {
		before.at = altered.table + (altered.address >> (3 + 9 * level) & 511) * 8;
		altered.entry = before.entry = ask_kernel(SMI_KERNEL_READ, before.at, 0);
		if (level == wanted)
			break;
		must(level > wanted && (altered.entry & 1) != 0, "no such level");
		altered.table = altered.entry & address_mask;
	}
	ask_kernel(SMI_KERNEL_WRITE, before.at, value | ((argument & LOOP) != 0 ? altered.table : 0));
	reply(&altered, sizeof altered);
	return FIRMWARE_ACCEPTED;
}

static uint64_t call_restore(void)
{
	ask_kernel(SMI_KERNEL_WRITE, before.at, before.entry);
	return 0xff;
}

static uint64_t call_model(uint64_t number)
{
	const uint64_t value = ask_kernel(SMI_KERNEL_MSR, number, 0);

	reply(&value, sizeof value);
	return FIRMWARE_ACCEPTED;
}

static uint64_t call(uint32_t kind, uint64_t argument)
{
	uint8_t *other = kind == UNTOUCHED || kind == READ_ONLY || kind == UNMAPPED_END || kind == PHYSICAL_END ||
					 kind == READ_ONLY_END
				 ? map(2 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
				 : NULL;

	switch (kind) {
	case AT: return smi(argument, PAGE);
	case SIZED: return smi((uintptr_t)buffer, argument);
	case UNTOUCHED: return smi((uintptr_t)other, 2 * PAGE);
	case UNMAPPED_END:
		memset(other, 1, PAGE);
		munmap(other + PAGE, PAGE);
		return smi((uintptr_t)other + PAGE - 100, 200);
	case READ_ONLY:
		memset(other, 1, 2 * PAGE);
		mprotect(other, 2 * PAGE, PROT_READ);
		return smi((uintptr_t)other, 2 * PAGE);
	case PHYSICAL_END: return call_physical_end(other, argument);
	case READ_ONLY_END: return call_read_only_end(other, argument == 0);
	case TWICE: return smi((uintptr_t)twice(), 2 * PAGE);
	case PHYSICAL: return call_physical(argument);
	case REWRITTEN: return call_rewritten(argument);
	case STORM: return call_storm(argument);
	case COMPATIBLE: return smi_by_32_bit_code((uintptr_t)buffer, PAGE);
	case TOGETHER: return call_together(argument);
	case OTHERS: return call_others();
	case BY_KERNEL: return ask_kernel(SMI_KERNEL_CALL, (uintptr_t)buffer, PAGE);
	case ALTER: return call_alter(argument);
	case AT_ALTERED: return smi((uintptr_t)altered_page, PAGE);
	case RESTORE: return call_restore();
	case MODEL: return call_model(argument);
	case BESIDE: return call_beside_spinner(argument);
	case STOPPED: return call_beside_stopped(argument);
	default: return smi((uintptr_t)buffer, SIZE);
	}
}

static void answer(uint64_t rbx)
{
	const struct smi_head *head = (const struct smi_head *)buffer;
	uint32_t size = (rbx & 0xff) == FIRMWARE_ACCEPTED && head->size <= SIZE - SMI_HEAD_SIZE
				? head->size + SMI_HEAD_SIZE
				: 0;

	fwrite(&rbx, sizeof rbx, 1, stdout);
	fwrite(&size, sizeof size, 1, stdout);
	fwrite(buffer, size, 1, stdout);
	fflush(stdout);
}

int main(void)
{
	uint32_t kind, size;
	uint64_t argument;

	buffer = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(mlock(buffer, SIZE) == 0, "mlock");
	must(ioperm(SMI_PORT, 1, 1) == 0, "ioperm");
	for (;;) {
		take(&kind, sizeof kind);
		take(&argument, sizeof argument);
		take(&size, sizeof size);
		must(size <= SIZE, "too long");
		memset(buffer, 0, SIZE);
		take(buffer, size);
		answer(call(kind, argument));
	}
}
