/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry-probe [--sgx] IMAGE SPINNING-IMAGE LOOKING-IMAGE: the entry of images against a host that does
 * what none should, in the backend sim, or sgx. The images are tests/inside/faults.c, which
 * calls the host soon, tests/inside/state.c, which first counts for a while, and
 * tests/inside/entered.c, which looks at what it finds. What a test looks at that the CPU
 * keeps to itself (CSSA, pages) is looked at in sim alone.
 */
#include "base/test.h"

#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/checked.h"
#include "host/loader/sgx-enclave.h"
#include "host/loader/sgx.h"
#include "host/loader/sim-enclave.h"
#include "host/loader/sim.h"
#include "host/serve/serve.h"
#include "wire/call.h"
#include "wire/link-ring.h"
#include "wire/start.h"
#include "entry-probe.h"

const char *probe_image_path;
static const char *spinning_path, *looking_path;

/* probe_take_stack: the way to the entry, with a stack pointer of the host's choice. */
extern uint64_t probe_stack, probe_entry;
uint64_t probe_stack, probe_entry;
void probe_take_stack(void);
void probe_enter_dirty(struct switch_frame *frame, void *xsave_area);
/* Like switch_enter(), by EENTER. An asynchronous exit is resumed until probe_alarms says that it was the timer's. */
void probe_sgx_enter(struct switch_frame *frame);
/* Which of the two. */
extern void (*probe_switch)(struct switch_frame *frame);
void (*probe_switch)(struct switch_frame *frame) = switch_enter;
extern volatile sig_atomic_t probe_alarms;
volatile sig_atomic_t probe_alarms;
static bool is_sgx;
static const struct backend *backend = &sim_backend;

struct probe probe;

static struct span map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *data;

	if (fd < 0)
		abort();
	assert_int_equal(fstat(fd, &stat), 0);
	data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_true(data != MAP_FAILED);
	return (struct span){data, (size_t)stat.st_size};
}

static void *map_zeros(size_t size)
{
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(data != MAP_FAILED);
	return data;
}

static void know_sim(struct sim *sim)
{
	probe.sim = sim;
	probe.base = sim->range.base;
	probe.size = sim->range.size;
	probe.xfrm = sim->secs.attributes.xfrm;
	probe.frame = &sim->frame;
}

static void know_sgx(struct sgx_enclave *sgx)
{
	uint32_t low, high;

	probe.sgx = sgx;
	probe.base = (uint64_t)sgx->base;
	probe.size = sgx->size;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	probe.xfrm = low & IMAGE_XFRM_MAX;
	probe.frame = &probe.sgx_frame;
}

void probe_load(const char *path)
{
	struct image_source source = {.path = path};
	char sig[4096];

	memset(&probe, 0, sizeof probe);
	snprintf(sig, sizeof sig, "%s.sig", path);
	probe.file = map_file(path);
	probe.sigstruct = map_file(sig);
	assert_int_equal(image_create(path, probe.file, &probe.image), STATUS_OK);
	source.file = probe.file;
	source.image = probe.image;
	source.sigstruct = probe.sigstruct;
	assert_int_equal(backend->load(&source, &probe.enclave), STATUS_OK);
	if (is_sgx)
		know_sgx(probe.enclave);
	else
		know_sim(probe.enclave);
	probe.window = map_zeros(sizeof *probe.window);
	probe.start = map_zeros(sizeof *probe.start);
	probe.ring = map_zeros(sizeof *probe.ring);
	probe.start->magic = START_MAGIC;
	probe.start->window = (uint64_t)probe.window;
	probe.start->argument_count = 2;
	memcpy(probe.start->strings,
	       "probe\0"
	       "300",
	       10);
	probe.start->strings_size = 10;
}

static int setup(void **state)
{
	(void)state;
	probe_load(probe_image_path);
	return 0;
}

int probe_teardown(void **state)
{
	(void)state;
	backend->destroy(probe.enclave);
	image_destroy(probe.image);
	munmap(probe.window, sizeof *probe.window);
	munmap(probe.start, sizeof *probe.start);
	munmap(probe.ring, sizeof *probe.ring);
	munmap((void *)probe.file.data, probe.file.size);
	munmap((void *)probe.sigstruct.data, probe.sigstruct.size);
	return 0;
}

void probe_enter(uint32_t thread, uint64_t entry, uint64_t argument)
{
	assert_int_equal(backend->enter(probe.enclave, thread, entry, argument, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
}

void probe_expect_refusal(uint64_t why)
{
	assert_int_equal(probe.event.reason, IMAGE_EXIT_REFUSED);
	assert_int_equal(probe.event.argument, why);
}

static void an_image_starts_once(void **state)
{
	(void)state;
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	probe_enter(0, 77, 0);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	/* And the call that was outstanding still is: with no answer it goes out anew. */
	probe_enter(0, IMAGE_ENTRY_RETURN, 0);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

static void nothing_returns_where_no_call_is_outstanding(void **state)
{
	(void)state;
	probe_enter(0, IMAGE_ENTRY_RETURN, 0);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

static void a_second_thread_is_refused(void **state)
{
	(void)state;
	probe_enter(1, IMAGE_ENTRY_START, (uint64_t)probe.start);
	probe_expect_refusal(IMAGE_REFUSAL_THREAD);
	assert_int_equal(backend->enter(probe.enclave, 2, IMAGE_ENTRY_START, 0, &probe.event),
			 is_sgx ? STATUS_INTERNAL : STATUS_DENIED);
}

/* The CPU's own structures, which nobody reaches on sgx. */
static void only_in_sim(void)
{
	if (is_sgx)
		skip();
}

static void expect_cssa(uint32_t expected)
{
	if (!is_sgx)
		assert_int_equal(probe.sim->threads[0].tcs.cssa, expected);
}

/* No thread is out by an exception: ERESUME is refused, on sgx by #GP, which the vDSO can't tell from one inside. */
static void expect_nothing_to_resume(void)
{
	assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), is_sgx ? STATUS_OK : STATUS_DENIED);
	if (is_sgx) {
		assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
		assert_int_equal(probe.event.vector, 13);
	}
}

static void a_thread_in_use_cannot_be_entered(void **state)
{
	(void)state;
	only_in_sim();
	probe.sim->threads[0].busy = true;
	assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_DENIED);
	probe.sim->threads[0].busy = false;
	assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), STATUS_DENIED);
	probe.sim->threads[0].tcs.cssa = IMAGE_SSA_FRAME_COUNT;
	assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_DENIED);
}

/* Inside, into the enclave from below, across the end of all addresses, crooked: none is read, or the
 * read itself would fault. */
static void a_start_block_inside_the_enclave_is_refused(void **state)
{
	uint64_t base, lies[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
		probe_teardown(NULL);
		probe_load(probe_image_path);
		base = probe.base;
		lies[0] = base + probe.image->threads[0].data.heap_offset;
		lies[1] = base - 8;
		lies[2] = base + probe.size - 8;
		lies[3] = UINT64_MAX - 7;
		lies[4] = (uint64_t)probe.start + 4;
		lies[5] = base - sizeof(struct start_block) + 8;
		probe_enter(0, IMAGE_ENTRY_START, lies[i]);
		probe_expect_refusal(IMAGE_REFUSAL_START);
	}
}

/* As sim_enter() prepares it, to begin at `address`; on sgx the CPU knows where, but for probe_take_stack. */
static void prepare(uint64_t address, uint64_t entry, uint64_t argument)
{
	struct sim *sim = probe.sim;
	struct sim_thread *thread = sim != NULL ? &sim->threads[0] : NULL;

	*probe.frame = (struct switch_frame){.entry = address, .rdi = entry, .rsi = argument};
	if (is_sgx) {
		probe.frame->cssa = ENCLU_EENTER; /* the CPU has its own CSSA */
		probe.frame->tcs = probe.base + probe.sgx->tcs_offset[0];
		return;
	}
	probe.frame->cssa = thread->tcs.cssa;
	probe.frame->tcs = thread->address;
	probe.frame->fs = probe.base + thread->tcs.ofsbase;
	probe.frame->gs = probe.base + thread->tcs.ogsbase;
	sim->current = thread;
	sim->outcome = SIM_EXITED;
}

/* How the last raw entry came out. */
static enum sim_outcome outcome(void)
{
	if (!is_sgx) {
		probe.sim->current = NULL;
		return probe.sim->outcome;
	}
	return probe.frame->out[SWITCH_RAX] == ENCLU_ERESUME ? SIM_INTERRUPTED : SIM_EXITED;
}

/* Where the CPU begins: OENTRY of the measured TCS. */
static uint64_t entry_address(void)
{
	return is_sgx ? 0 : probe.base + probe.sim->threads[0].tcs.oentry;
}

/* ... and with garbage in everything that isn't an argument. */
static void enter_dirty(uint64_t entry, uint64_t argument, uint8_t *xsave_area)
{
	prepare(entry_address(), entry, argument);
	probe_enter_dirty(probe.frame, xsave_area);
	assert_int_equal(outcome(), SIM_EXITED);
}

static void enter_at(uint64_t address, uint64_t entry, uint64_t argument)
{
	prepare(address, entry, argument);
	probe_switch(probe.frame);
	assert_int_equal(outcome(), SIM_EXITED);
}

/* Where a component of the state lies is the CPU's to say: AMD's leave out the room of MPX (SDM vol. 1, 13.4.3). */
static void expect_component_clean(const uint8_t *xsave_area, uint32_t component)
{
	static const uint8_t nothing[1024];
	uint32_t size, offset, ecx, edx;

	__cpuid_count(0xd, component, size, offset, ecx, edx);
	assert_in_range(size, 1, sizeof nothing);
	assert_in_range(offset, 576, 4096 - size);
	assert_memory_equal(xsave_area + offset, nothing, size);
}

static void expect_clean_exit(const uint8_t *xsave_area)
{
	static const uint8_t nothing[416];
	const uint64_t *out = probe.frame->out;

	for (int i = 0; i < SWITCH_RFLAGS; i++) {
		if (i == SWITCH_RAX || i == SWITCH_RBX || i == SWITCH_RSP || i == SWITCH_RBP || i == 1 /* RCX: AEP */)
			continue;
		assert_int_equal(out[i], 0); /* RDI and RSI too: a call */
	}
	assert_int_equal(out[SWITCH_RAX], ENCLU_EEXIT);
	assert_int_equal(out[SWITCH_RSP], probe.frame->rsp_at_entry);
	assert_int_equal(out[SWITCH_RBP], probe.frame->rbp_at_entry);
	assert_int_equal(out[SWITCH_RFLAGS], 0x202);
	/* x87 registers and everything from XMM0 on; tag word: all empty. */
	for (int i = 0; i < 8; i++) /* six bytes behind each belong to nobody */
		assert_memory_equal(xsave_area + 32 + (ptrdiff_t)16 * i, nothing, 10);
	assert_memory_equal(xsave_area + 160, nothing, 416 - 160);
	if (probe.xfrm & SGX_XFRM_AVX)
		expect_component_clean(xsave_area, 2);
	for (uint32_t component = 5; component <= 7; component++) {
		if (probe.xfrm & SGX_XFRM_AVX512)
			expect_component_clean(xsave_area, component);
	}
	assert_int_equal(xsave_area[4], 0);
}

static void garbage_at_the_entry_changes_nothing_and_nothing_leaks_out(void **state)
{
	static _Alignas(64) uint8_t area[4096];

	(void)state;
	memset(area, 0xff, sizeof area);
	enter_dirty(IMAGE_ENTRY_START, (uint64_t)probe.start, area);
	expect_clean_exit(area);
	for (int i = 0; i < 5; i++) {
		memset(area, 0xff, sizeof area);
		enter_dirty(IMAGE_ENTRY_RETURN, 0, area);
		expect_clean_exit(area);
	}
}

/* Serve honestly, with garbage in everything at each entry, and collect what the program writes. */
static void a_program_finds_nothing_that_the_host_left(void **state)
{
	static _Alignas(64) uint8_t area[4096];
	struct serve serve;
	char written[128] = "";

	(void)state;
	probe_teardown(NULL);
	probe_load(looking_path);
	serve_init(&serve, probe.window, NULL, (struct span){0});
	enter_dirty(IMAGE_ENTRY_START, (uint64_t)probe.start, area);
	for (int i = 0; i < 100 && probe.window->slot.number != CALL_EXIT; i++) {
		if (probe.window->slot.number == SYS_write) {
			assert_true(probe.window->slot.argument[2] == 6 && strlen(written) < 100);
			memcpy(written + strlen(written), probe.window->data, 6);
			probe.window->slot.result = 6;
			probe.window->slot.done = probe.window->slot.posted;
		} else {
			serve_call(&serve);
		}
		memset(area, 0xff, sizeof area);
		enter_dirty(IMAGE_ENTRY_RETURN, 0, area);
	}
	serve_deinit(&serve);
	assert_int_equal(probe.window->slot.number, CALL_EXIT);
	assert_string_equal(written, "right\nright\nright\nright\nright\n");
}

/* In the enclave's heap, at its edges, and nowhere: an entry that pushed would write there, or fault. */
static void a_stack_of_the_hosts_choice_is_not_touched(void **state)
{
	static uint8_t before[8192];
	uint64_t heap, stacks[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(stacks); i++) {
		probe_teardown(NULL);
		probe_load(probe_image_path);
		heap = probe.base + probe.image->threads[0].data.heap_offset;
		stacks[0] = heap + probe.image->threads[0].data.heap_size / 2; /* far from what is in use */
		stacks[1] = probe.base + probe.image->threads[0].data.stack_offset + 4096;
		stacks[2] = 8;
		probe_stack = stacks[i];
		probe_entry = entry_address();
		if (i < 2 && !is_sgx)
			memcpy(before, (const void *)(stacks[i] - 4096), sizeof before);
		enter_at((uint64_t)probe_take_stack, 77, 0);
		assert_int_equal(probe.frame->out[SWITCH_RDI], IMAGE_EXIT_REFUSED);
		assert_int_equal(probe.frame->out[SWITCH_RSP], stacks[i]);
		enter_at((uint64_t)probe_take_stack, IMAGE_ENTRY_START, (uint64_t)probe.start);
		assert_int_equal(probe.frame->out[SWITCH_RDI], IMAGE_EXIT_CALL);
		assert_int_equal(probe.frame->out[SWITCH_RSP], stacks[i]);
		if (i < 2 && !is_sgx)
			assert_memory_equal(before, (const void *)(stacks[i] - 4096), sizeof before);
	}
}

static void count_alarm(int number)
{
	(void)number;
	probe_alarms++;
}

/* Load, start and let the timer interrupt: leaves the thread with CSSA 1. */
static void interrupt_spinning(void)
{
	/* By then the program counts. */
	const struct itimerval soon = {{0, 0}, {0, is_sgx ? 500000 : 100000}};
	static _Alignas(64) uint8_t area[4096];

	probe_teardown(NULL);
	signal(SIGALRM, count_alarm);
	probe_load(spinning_path);
	probe_alarms = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	/* Not backend->enter(), which would resume by itself. */
	if (!is_sgx)
		probe.sim->threads[0].busy = true;
	prepare(entry_address(), IMAGE_ENTRY_START, (uint64_t)probe.start);
	probe_enter_dirty(probe.frame, area);
	assert_int_equal(outcome(), SIM_INTERRUPTED);
	assert_int_equal(probe_alarms, 1);
	expect_cssa(1);
	assert_int_equal(probe.frame->out[SWITCH_RAX], ENCLU_ERESUME);
	assert_int_equal(probe.frame->out[SWITCH_RBX], probe.frame->tcs);
}

static void an_interrupt_is_no_exception_whatever_the_host_says(void **state)
{
	static const uint64_t claims[] = {IMAGE_ENTRY_START, IMAGE_ENTRY_RETURN, 2, 14, UINT64_MAX};

	(void)state;
	interrupt_spinning();
	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
		probe_enter(0, claims[i], (uint64_t)probe.start);
		assert_int_equal(probe.event.reason, IMAGE_EXIT_RESUME);
		assert_int_equal(probe.event.argument, 0);
		expect_cssa(1);
	}
	/* And the program goes on as if nothing had been. */
	if (is_sgx) {
		/* It leaves to where it was entered from. */
		probe_alarms = 0;
		probe.frame->cssa = ENCLU_ERESUME;
		probe_switch(probe.frame);
		assert_int_equal(outcome(), SIM_EXITED);
		assert_int_equal(probe.frame->out[SWITCH_RDI], IMAGE_EXIT_CALL);
	} else {
		assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), STATUS_OK);
		assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
		assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	}
	assert_int_not_equal(probe.window->slot.number, CALL_CRASHED);
}

/* Serve the image honestly until `how` makes it crash: CSSA 1, and the SSA says why. */
static void run_into_crash(const char *how)
{
	struct serve serve;

	/* Anew: cmocka has put its own signal handlers in place since the setup. */
	probe_teardown(NULL);
	probe_load(probe_image_path);
	probe.start->strings_size = (uint64_t)snprintf((char *)probe.start->strings, 64, "probe%c%s", '\0', how) + 1;
	serve_init(&serve, probe.window, NULL, (struct span){0});
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	for (int i = 0; i < 100 && probe.event.kind == ENCLAVE_EXITED; i++) {
		assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
		serve_call(&serve);
		assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_RETURN, 0, &probe.event), STATUS_OK);
	}
	serve_deinit(&serve);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.event.vector, 14);
	expect_cssa(1);
}

static void nothing_runs_after_the_report_of_a_crash(void **state)
{
	(void)state;
	run_into_crash("null");
	assert_int_equal(probe.event.address, 0); /* the page's */
	probe_enter(0, IMAGE_ENTRY_RETURN, 0);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	assert_int_equal(probe.window->slot.number, CALL_CRASHED);
	assert_int_equal(probe.window->slot.argument[0], 14);
	assert_int_equal(probe.window->slot.argument[3], 0x10);
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	/* A host that says "served", and one that only ever comes back. */
	probe.window->slot.done = probe.window->slot.posted;
	probe_enter(0, IMAGE_ENTRY_RETURN, 0);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	for (uint64_t entry = 0; entry < 4; entry++) {
		probe_enter(0, entry, 0);
		probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	}
}

static void *stack_of_program(size_t *ret_size)
{
	const struct image_thread_data *data = &probe.image->threads[0].data;

	*ret_size = data->stack_size;
	return (void *)(probe.base + data->stack_offset);
}

/* Of pages the host can mend what it did itself: the EPC's map has the measured rights, too. So the program's stack
 * goes while the program is out. */
static void run_into_missing_stack(void)
{
	size_t size;
	void *stack;

	probe_teardown(NULL);
	probe_load(probe_image_path);
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	stack = stack_of_program(&size);
	assert_int_equal(mprotect(stack, size, PROT_NONE), 0);
	assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_RETURN, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.event.vector, 14);
	assert_in_range(probe.event.address, (uint64_t)stack, (uint64_t)stack + size - 1);
}

static void run_into_what_can_be_mended(void)
{
	if (is_sgx)
		run_into_missing_stack();
	else
		run_into_crash("constant");
}

/* The host's page tables made it crash, so to say: it mends them, and resumes. Did the
 * program run on (and, where it can be seen, write what it couldn't)? */
static bool runs_on_when_mended(void)
{
	uint8_t before[4096];
	size_t size;
	const void *page = (const void *)probe.event.address;
	void *stack;

	if (is_sgx) {
		stack = stack_of_program(&size);
		assert_int_equal(mprotect(stack, size, PROT_READ | PROT_WRITE), 0);
		assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), STATUS_OK);
		assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
		return probe.event.reason == IMAGE_EXIT_CALL;
	}
	memcpy(before, page, sizeof before);
	assert_int_equal(mprotect((void *)probe.event.address, 4096, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
	return memcmp(before, page, sizeof before) != 0;
}

static void expect_dead(void)
{
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	expect_cssa(0);
	for (uint64_t entry = 0; entry < 4; entry++) {
		probe_enter(0, entry, (uint64_t)probe.start);
		probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	}
	expect_nothing_to_resume();
}

static void a_crash_that_nobody_entered_for_can_be_resumed(void **state)
{
	(void)state;
	run_into_what_can_be_mended();
	assert_true(runs_on_when_mended());
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL); /* writing "after" */
	assert_int_not_equal(probe.window->slot.number, CALL_CRASHED);
}

static void a_program_whose_crash_was_told_is_never_resumed(void **state)
{
	struct enclave_event crash;

	(void)state;
	for (int served = 0; served < 2; served++) {
		run_into_what_can_be_mended();
		crash = probe.event;
		probe_enter(0, IMAGE_ENTRY_RETURN, 0);
		assert_int_equal(probe.window->slot.number, CALL_CRASHED);
		if (served) {
			probe.window->slot.done = probe.window->slot.posted;
			probe_enter(0, IMAGE_ENTRY_RETURN, 0);
			probe_expect_refusal(IMAGE_REFUSAL_BUSY);
		}
		probe.event = crash;
		assert_false(runs_on_when_mended());
		expect_dead();
	}
}

static void a_crash_of_the_handler_is_the_end(void **state)
{
	const struct image_thread_data *data;

	(void)state;
	run_into_crash("null");
	data = &probe.image->threads[0].data;
	assert_int_equal(
		mprotect((void *)(probe.base + data->exception_stack_offset), data->exception_stack_size, PROT_NONE),
		0);
	assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	expect_cssa(2);
	for (uint64_t entry = 0; entry < 4; entry++) {
		probe_enter(0, entry, 0);
		probe_expect_refusal(IMAGE_REFUSAL_BUSY);
	}
}

static void load_strictly(void)
{
	probe_teardown(NULL);
	setenv("BARTIZAN_SIM_STRICT", "1", 1);
	probe_load(probe_image_path);
	unsetenv("BARTIZAN_SIM_STRICT");
}

static void strict_mode_hides_the_enclave_from_system_calls(void **state)
{
	const void *heap, *code;
	int ends[2];

	(void)state;
	only_in_sim();
	assert_int_equal(pipe(ends), 0);
	for (int strict = 0; strict < 2; strict++) {
		if (strict)
			load_strictly();
		heap = (const void *)(probe.base + probe.image->threads[0].data.heap_offset);
		code = (const void *)probe.base;
		assert_int_equal(write(ends[1], heap, 8), strict ? -1 : 8);
		assert_int_equal(write(ends[1], code, 8), strict ? -1 : 8);
		probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
		assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
		assert_int_equal(write(ends[1], heap, 8), strict ? -1 : 8);
	}
	close(ends[0]);
	close(ends[1]);
}

static void strict_mode_makes_cpuid_invalid_inside(void **state)
{
	static const uint8_t cpuid[] = {0x0f, 0xa2};
	uint8_t *entry;

	(void)state;
	only_in_sim();
	load_strictly();
	if (!probe.sim->cpuid_faults) {
		print_message("this CPU can't let CPUID fault (arch_prctl ARCH_SET_CPUID)\n");
		skip();
	}
	entry = (uint8_t *)probe.base + probe.image->entry;
	assert_int_equal(mprotect((void *)((uint64_t)entry & ~UINT64_C(4095)), (size_t)2 * SGX_PAGE_SIZE,
				  PROT_READ | PROT_WRITE),
			 0);
	memcpy(entry, cpuid, sizeof cpuid);
	assert_int_equal(backend->enter(probe.enclave, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.event.vector, 6);
}

static void a_saved_state_that_is_none_is_not_resumed(void **state)
{
	struct sgx_gprsgx *registers;
	uint64_t end;

	(void)state;
	only_in_sim();
	interrupt_spinning();
	end = probe.base + probe.image->threads[0].data.ssa_offset + probe.image->threads[0].data.ssa_frame_size;
	registers = (struct sgx_gprsgx *)end - 1;
	registers->rip = (uint64_t)probe.window;
	assert_int_equal(backend->resume(probe.enclave, 0, &probe.event), STATUS_DENIED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_image_starts_once, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(nothing_returns_where_no_call_is_outstanding, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_second_thread_is_refused, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_thread_in_use_cannot_be_entered, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(an_honest_link_is_taken, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_start_block_that_lies_is_refused, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_start_block_inside_the_enclave_is_refused, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(garbage_at_the_entry_changes_nothing_and_nothing_leaks_out, setup,
						probe_teardown),
		cmocka_unit_test_setup_teardown(a_program_finds_nothing_that_the_host_left, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_stack_of_the_hosts_choice_is_not_touched, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(an_interrupt_is_no_exception_whatever_the_host_says, setup,
						probe_teardown),
		cmocka_unit_test_setup_teardown(nothing_runs_after_the_report_of_a_crash, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_crash_that_nobody_entered_for_can_be_resumed, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_program_whose_crash_was_told_is_never_resumed, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_crash_of_the_handler_is_the_end, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(strict_mode_hides_the_enclave_from_system_calls, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(strict_mode_makes_cpuid_invalid_inside, setup, probe_teardown),
		cmocka_unit_test_setup_teardown(a_saved_state_that_is_none_is_not_resumed, setup, probe_teardown),
	};

	is_sgx = argc > 1 && strcmp(argv[1], "--sgx") == 0;
	argc -= is_sgx;
	argv += is_sgx;
	if (argc != 4) {
		fprintf(stderr, "usage: entry-probe [--sgx] IMAGE SPINNING-IMAGE LOOKING-IMAGE\n");
		return 2;
	}
	if (is_sgx) {
		backend = &sgx_backend;
		probe_switch = probe_sgx_enter;
	}
	probe_image_path = argv[1];
	spinning_path = argv[2];
	looking_path = argv[3];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
