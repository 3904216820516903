/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry-probe IMAGE SPINNING-IMAGE LOOKING-IMAGE: the entry of images against a host that does
 * what none should, in the backend sim. The images are tests/inside/faults.c, which
 * calls the host soon, tests/inside/state.c, which first counts for a while, and
 * tests/inside/entered.c, which looks at what it finds.
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
#include "host/loader/sim-enclave.h"
#include "host/loader/sim.h"
#include "host/serve/serve.h"
#include "wire/call.h"
#include "wire/link-ring.h"
#include "wire/start.h"

static const char *image_path, *spinning_path, *looking_path;

/* probe_take_stack: the way to the entry, with a stack pointer of the host's choice. */
extern uint64_t probe_stack, probe_entry;
uint64_t probe_stack, probe_entry;
void probe_take_stack(void);
void probe_enter_dirty(struct switch_frame *frame, void *xsave_area);

/* What a test holds. */
static struct {
	struct span file, sigstruct;
	struct image *image;
	struct sim *sim;
	struct call_window *window;
	struct start_block *start;
	struct link_ring *ring;
	struct enclave_event event;
} probe;

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

static void load(const char *path)
{
	struct image_source source = {.path = path};
	char sig[4096];
	void *enclave = NULL;

	memset(&probe, 0, sizeof probe);
	snprintf(sig, sizeof sig, "%s.sig", path);
	probe.file = map_file(path);
	probe.sigstruct = map_file(sig);
	assert_int_equal(image_create(path, probe.file, &probe.image), STATUS_OK);
	source.file = probe.file;
	source.image = probe.image;
	source.sigstruct = probe.sigstruct;
	assert_int_equal(sim_backend.load(&source, &enclave), STATUS_OK);
	probe.sim = enclave;
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
	load(image_path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_backend.destroy(probe.sim);
	image_destroy(probe.image);
	munmap(probe.window, sizeof *probe.window);
	munmap(probe.start, sizeof *probe.start);
	munmap(probe.ring, sizeof *probe.ring);
	munmap((void *)probe.file.data, probe.file.size);
	munmap((void *)probe.sigstruct.data, probe.sigstruct.size);
	return 0;
}

static void enter(uint32_t thread, uint64_t entry, uint64_t argument)
{
	assert_int_equal(sim_backend.enter(probe.sim, thread, entry, argument, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
}

static void expect_refusal(uint64_t why)
{
	assert_int_equal(probe.event.reason, IMAGE_EXIT_REFUSED);
	assert_int_equal(probe.event.argument, why);
}

static void an_image_starts_once(void **state)
{
	(void)state;
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	expect_refusal(IMAGE_REFUSAL_BUSY);
	enter(0, 77, 0);
	expect_refusal(IMAGE_REFUSAL_BUSY);
	/* And the call that was outstanding still is: with no answer it goes out anew. */
	enter(0, IMAGE_ENTRY_RETURN, 0);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

static void nothing_returns_where_no_call_is_outstanding(void **state)
{
	(void)state;
	enter(0, IMAGE_ENTRY_RETURN, 0);
	expect_refusal(IMAGE_REFUSAL_BUSY);
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

static void a_second_thread_is_refused(void **state)
{
	(void)state;
	enter(1, IMAGE_ENTRY_START, (uint64_t)probe.start);
	expect_refusal(IMAGE_REFUSAL_THREAD);
	assert_int_equal(sim_backend.enter(probe.sim, 2, IMAGE_ENTRY_START, 0, &probe.event), STATUS_DENIED);
}

static void a_thread_in_use_cannot_be_entered(void **state)
{
	(void)state;
	probe.sim->threads[0].busy = true;
	assert_int_equal(sim_backend.enter(probe.sim, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_DENIED);
	probe.sim->threads[0].busy = false;
	assert_int_equal(sim_backend.resume(probe.sim, 0, &probe.event), STATUS_DENIED);
	probe.sim->threads[0].tcs.cssa = IMAGE_SSA_FRAME_COUNT;
	assert_int_equal(sim_backend.enter(probe.sim, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_DENIED);
}

/* Each lie costs the enclave its one start. */
static void refuses_start(void (*lie)(void))
{
	uint64_t block;

	teardown(NULL);
	load(image_path);
	lie();
	block = (uint64_t)probe.start;
	enter(0, IMAGE_ENTRY_START, block);
	expect_refusal(IMAGE_REFUSAL_START);
	enter(0, IMAGE_ENTRY_START, block);
	expect_refusal(IMAGE_REFUSAL_BUSY);
}

static void lie_magic(void)
{
	probe.start->magic++;
}
static void lie_flag(void)
{
	probe.start->flags = 1u << 30;
}
static void lie_source(void)
{
	probe.start->flags = START_HAS_SOURCE;
}
static void lie_window_inside(void)
{
	probe.start->window = probe.sim->range.base + 0x10000;
}
static void lie_window_reaches_in(void)
{
	probe.start->window = probe.sim->range.base - 4096;
}
static void lie_window_wraps(void)
{
	probe.start->window = UINT64_MAX - 4095;
}
static void lie_window_crooked(void)
{
	probe.start->window += 8;
}
static void lie_ring(void)
{
	probe.start->ring = 4096;
}
static void lie_no_ring(void)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->target[0] = 'x';
}
static void lie_ring_at(uint64_t ring)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->target[0] = 'x';
	probe.start->ring = ring;
}
static void lie_ring_inside(void)
{
	lie_ring_at(probe.sim->range.base + 0x10000);
}
static void lie_ring_reaches_in(void)
{
	lie_ring_at(probe.sim->range.base - 64);
}
static void lie_ring_crooked(void)
{
	lie_ring_at((uint64_t)probe.ring + 8);
}
static void lie_ring_is_window(void)
{
	lie_ring_at((uint64_t)probe.window);
}
static void lie_ring_ends_in_window(void)
{
	lie_ring_at((uint64_t)probe.window - sizeof(struct link_ring) + 64);
}
static void lie_ring_begins_in_window(void)
{
	lie_ring_at((uint64_t)(probe.window + 1) - 64);
}
static void lie_no_arguments(void)
{
	probe.start->argument_count = 0;
}
static void lie_arguments(void)
{
	probe.start->argument_count = 3;
}
static void lie_environment(void)
{
	probe.start->environment_count = UINT32_MAX;
}
static void lie_size(void)
{
	probe.start->strings_size = UINT64_MAX;
}
static void lie_no_end(void)
{
	probe.start->strings_size = 9;
}

static void lie_target(void)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->ring = (uint64_t)probe.ring;
	memset(probe.start->target, 'x', sizeof probe.start->target);
}

/* What the lies are measured by: the same with the truth is taken. */
static void an_honest_link_is_taken(void **state)
{
	(void)state;
	/* Anew: cmocka has put its own signal handlers in place since the setup. */
	teardown(NULL);
	load(image_path);
	lie_ring_at((uint64_t)probe.ring);
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

static void a_start_block_that_lies_is_refused(void **state)
{
	static void (*const lies[])(void) = {
		lie_magic,
		lie_flag,
		lie_source,
		lie_window_inside,
		lie_window_reaches_in,
		lie_window_wraps,
		lie_window_crooked,
		lie_ring,
		lie_no_ring,
		lie_no_arguments,
		lie_arguments,
		lie_environment,
		lie_size,
		lie_no_end,
		lie_target,
		lie_ring_inside,
		lie_ring_reaches_in,
		lie_ring_crooked,
		lie_ring_is_window,
		lie_ring_ends_in_window,
		lie_ring_begins_in_window,
	};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		refuses_start(lies[i]);
}

/* Inside, into the enclave from below, across the end of all addresses, crooked: none is read, or the
 * read itself would fault. */
static void a_start_block_inside_the_enclave_is_refused(void **state)
{
	uint64_t base, lies[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
		teardown(NULL);
		load(image_path);
		base = probe.sim->range.base;
		lies[0] = base + probe.image->threads[0].data.heap_offset;
		lies[1] = base - 8;
		lies[2] = base + probe.sim->range.size - 8;
		lies[3] = UINT64_MAX - 7;
		lies[4] = (uint64_t)probe.start + 4;
		lies[5] = base - sizeof(struct start_block) + 8;
		enter(0, IMAGE_ENTRY_START, lies[i]);
		expect_refusal(IMAGE_REFUSAL_START);
	}
}

/* As sim_enter() prepares it, to begin at `address`. */
static struct sim *prepare(uint64_t address, uint64_t entry, uint64_t argument)
{
	struct sim *sim = probe.sim;
	struct sim_thread *thread = &sim->threads[0];

	sim->frame = (struct switch_frame){
		.entry = address,
		.cssa = thread->tcs.cssa,
		.tcs = thread->address,
		.fs = sim->range.base + thread->tcs.ofsbase,
		.gs = sim->range.base + thread->tcs.ogsbase,
		.rdi = entry,
		.rsi = argument,
	};
	sim->current = thread;
	sim->outcome = SIM_EXITED;
	return sim;
}

/* ... and with garbage in everything that isn't an argument. */
static void enter_dirty(uint64_t entry, uint64_t argument, uint8_t *xsave_area)
{
	struct sim *sim = prepare(probe.sim->range.base + probe.sim->threads[0].tcs.oentry, entry, argument);

	probe_enter_dirty(&sim->frame, xsave_area);
	sim->current = NULL;
	assert_int_equal(sim->outcome, SIM_EXITED);
}

static void enter_at(uint64_t address, uint64_t entry, uint64_t argument)
{
	struct sim *sim = prepare(address, entry, argument);

	switch_enter(&sim->frame);
	sim->current = NULL;
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
	const uint64_t *out = probe.sim->frame.out;

	for (int i = 0; i < SWITCH_RFLAGS; i++) {
		if (i == SWITCH_RAX || i == SWITCH_RBX || i == SWITCH_RSP || i == SWITCH_RBP || i == 1 /* RCX: AEP */)
			continue;
		assert_int_equal(out[i], 0); /* RDI and RSI too: a call */
	}
	assert_int_equal(out[SWITCH_RAX], ENCLU_EEXIT);
	assert_int_equal(out[SWITCH_RSP], probe.sim->frame.rsp_at_entry);
	assert_int_equal(out[SWITCH_RBP], probe.sim->frame.rbp_at_entry);
	assert_int_equal(out[SWITCH_RFLAGS], 0x202);
	/* x87 registers and everything from XMM0 on; tag word: all empty. */
	assert_memory_equal(xsave_area + 32, nothing, 416 - 32);
	if (probe.sim->secs.attributes.xfrm & SGX_XFRM_AVX)
		expect_component_clean(xsave_area, 2);
	for (uint32_t component = 5; component <= 7; component++) {
		if (probe.sim->secs.attributes.xfrm & SGX_XFRM_AVX512)
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
	teardown(NULL);
	load(looking_path);
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
		teardown(NULL);
		load(image_path);
		heap = probe.sim->range.base + probe.image->threads[0].data.heap_offset;
		stacks[0] = heap + probe.image->threads[0].data.heap_size / 2; /* far from what is in use */
		stacks[1] = probe.sim->range.base + probe.image->threads[0].data.stack_offset + 4096;
		stacks[2] = 8;
		probe_stack = stacks[i];
		probe_entry = probe.sim->range.base + probe.sim->threads[0].tcs.oentry;
		if (i < 2)
			memcpy(before, (const void *)(stacks[i] - 4096), sizeof before);
		enter_at((uint64_t)probe_take_stack, 77, 0);
		assert_int_equal(probe.sim->outcome, SIM_EXITED);
		assert_int_equal(probe.sim->frame.out[SWITCH_RDI], IMAGE_EXIT_REFUSED);
		assert_int_equal(probe.sim->frame.out[SWITCH_RSP], stacks[i]);
		enter_at((uint64_t)probe_take_stack, IMAGE_ENTRY_START, (uint64_t)probe.start);
		assert_int_equal(probe.sim->outcome, SIM_EXITED);
		assert_int_equal(probe.sim->frame.out[SWITCH_RDI], IMAGE_EXIT_CALL);
		assert_int_equal(probe.sim->frame.out[SWITCH_RSP], stacks[i]);
		if (i < 2)
			assert_memory_equal(before, (const void *)(stacks[i] - 4096), sizeof before);
	}
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

/* Load, start and let the timer interrupt: leaves the thread with CSSA 1. */
static void interrupt_spinning(void)
{
	const struct itimerval soon = {{0, 0}, {0, 100000}};

	teardown(NULL);
	signal(SIGALRM, count_alarm);
	load(spinning_path);
	alarms = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	probe.sim->threads[0].busy = true;
	/* Not sim_backend.enter(), which would resume by itself. */
	static _Alignas(64) uint8_t area[4096];
	struct sim *sim = probe.sim;
	struct sim_thread *thread = &sim->threads[0];

	sim->frame = (struct switch_frame){
		.entry = sim->range.base + thread->tcs.oentry,
		.tcs = thread->address,
		.fs = sim->range.base + thread->tcs.ofsbase,
		.gs = sim->range.base + thread->tcs.ogsbase,
		.rdi = IMAGE_ENTRY_START,
		.rsi = (uint64_t)probe.start,
	};
	sim->current = thread;
	probe_enter_dirty(&sim->frame, area);
	sim->current = NULL;
	assert_int_equal(sim->outcome, SIM_INTERRUPTED);
	assert_int_equal(alarms, 1);
	assert_int_equal(thread->tcs.cssa, 1);
	assert_int_equal(sim->frame.out[SWITCH_RAX], ENCLU_ERESUME);
	assert_int_equal(sim->frame.out[SWITCH_RBX], thread->address);
}

static void an_interrupt_is_no_exception_whatever_the_host_says(void **state)
{
	static const uint64_t claims[] = {IMAGE_ENTRY_START, IMAGE_ENTRY_RETURN, 2, 14, UINT64_MAX};

	(void)state;
	interrupt_spinning();
	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
		enter(0, claims[i], (uint64_t)probe.start);
		assert_int_equal(probe.event.reason, IMAGE_EXIT_RESUME);
		assert_int_equal(probe.event.argument, 0);
		assert_int_equal(probe.sim->threads[0].tcs.cssa, 1);
	}
	/* And the program goes on as if nothing had been. */
	assert_int_equal(sim_backend.resume(probe.sim, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	assert_int_not_equal(probe.window->slot.number, CALL_CRASHED);
}

/* Serve the image honestly until `how` makes it crash: CSSA 1, and the SSA says why. */
static void run_into_crash(const char *how)
{
	struct serve serve;

	/* Anew: cmocka has put its own signal handlers in place since the setup. */
	teardown(NULL);
	load(image_path);
	probe.start->strings_size = (uint64_t)snprintf((char *)probe.start->strings, 64, "probe%c%s", '\0', how) + 1;
	serve_init(&serve, probe.window, NULL, (struct span){0});
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	for (int i = 0; i < 100 && probe.event.kind == ENCLAVE_EXITED; i++) {
		assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
		serve_call(&serve);
		assert_int_equal(sim_backend.enter(probe.sim, 0, IMAGE_ENTRY_RETURN, 0, &probe.event), STATUS_OK);
	}
	serve_deinit(&serve);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.event.vector, 14);
	assert_int_equal(probe.sim->threads[0].tcs.cssa, 1);
}

static void nothing_runs_after_the_report_of_a_crash(void **state)
{
	(void)state;
	run_into_crash("null");
	assert_int_equal(probe.event.address, 0); /* the page's */
	enter(0, IMAGE_ENTRY_RETURN, 0);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
	assert_int_equal(probe.window->slot.number, CALL_CRASHED);
	assert_int_equal(probe.window->slot.argument[0], 14);
	assert_int_equal(probe.window->slot.argument[3], 0x10);
	enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	expect_refusal(IMAGE_REFUSAL_BUSY);
	/* A host that says "served", and one that only ever comes back. */
	probe.window->slot.done = probe.window->slot.posted;
	enter(0, IMAGE_ENTRY_RETURN, 0);
	expect_refusal(IMAGE_REFUSAL_BUSY);
	for (uint64_t entry = 0; entry < 4; entry++) {
		enter(0, entry, 0);
		expect_refusal(IMAGE_REFUSAL_BUSY);
	}
}

/* The host's page tables made it crash, so to say: it mends them, and resumes. Did the
 * program run on, and write what it couldn't? */
static bool runs_on_when_mended(void)
{
	uint8_t before[4096];
	const void *page = (const void *)probe.event.address;

	memcpy(before, page, sizeof before);
	assert_int_equal(mprotect((void *)probe.event.address, 4096, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(sim_backend.resume(probe.sim, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXITED);
	return memcmp(before, page, sizeof before) != 0;
}

static void expect_dead(void)
{
	expect_refusal(IMAGE_REFUSAL_BUSY);
	assert_int_equal(probe.sim->threads[0].tcs.cssa, 0);
	for (uint64_t entry = 0; entry < 4; entry++) {
		enter(0, entry, (uint64_t)probe.start);
		expect_refusal(IMAGE_REFUSAL_BUSY);
	}
	assert_int_equal(sim_backend.resume(probe.sim, 0, &probe.event), STATUS_DENIED);
}

static void a_crash_that_nobody_entered_for_can_be_resumed(void **state)
{
	(void)state;
	run_into_crash("constant");
	assert_true(runs_on_when_mended());
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL); /* writing "after" */
	assert_int_not_equal(probe.window->slot.number, CALL_CRASHED);
}

static void a_program_whose_crash_was_told_is_never_resumed(void **state)
{
	struct enclave_event crash;

	(void)state;
	for (int served = 0; served < 2; served++) {
		run_into_crash("constant");
		crash = probe.event;
		enter(0, IMAGE_ENTRY_RETURN, 0);
		assert_int_equal(probe.window->slot.number, CALL_CRASHED);
		if (served) {
			probe.window->slot.done = probe.window->slot.posted;
			enter(0, IMAGE_ENTRY_RETURN, 0);
			expect_refusal(IMAGE_REFUSAL_BUSY);
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
	assert_int_equal(mprotect((void *)(probe.sim->range.base + data->exception_stack_offset),
				  data->exception_stack_size, PROT_NONE),
			 0);
	assert_int_equal(sim_backend.enter(probe.sim, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.sim->threads[0].tcs.cssa, 2);
	for (uint64_t entry = 0; entry < 4; entry++) {
		enter(0, entry, 0);
		expect_refusal(IMAGE_REFUSAL_BUSY);
	}
}

static void load_strictly(void)
{
	teardown(NULL);
	setenv("BARTIZAN_SIM_STRICT", "1", 1);
	load(image_path);
	unsetenv("BARTIZAN_SIM_STRICT");
}

static void strict_mode_hides_the_enclave_from_system_calls(void **state)
{
	const void *heap, *code;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int strict = 0; strict < 2; strict++) {
		if (strict)
			load_strictly();
		heap = (const void *)(probe.sim->range.base + probe.image->threads[0].data.heap_offset);
		code = (const void *)probe.sim->range.base;
		assert_int_equal(write(ends[1], heap, 8), strict ? -1 : 8);
		assert_int_equal(write(ends[1], code, 8), strict ? -1 : 8);
		enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
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
	load_strictly();
	if (!probe.sim->cpuid_faults) {
		print_message("this CPU can't let CPUID fault (arch_prctl ARCH_SET_CPUID)\n");
		skip();
	}
	entry = (uint8_t *)probe.sim->range.base + probe.image->entry;
	assert_int_equal(mprotect((void *)((uint64_t)entry & ~UINT64_C(4095)), (size_t)2 * SGX_PAGE_SIZE,
				  PROT_READ | PROT_WRITE),
			 0);
	memcpy(entry, cpuid, sizeof cpuid);
	assert_int_equal(sim_backend.enter(probe.sim, 0, IMAGE_ENTRY_START, 0, &probe.event), STATUS_OK);
	assert_int_equal(probe.event.kind, ENCLAVE_EXCEPTION);
	assert_int_equal(probe.event.vector, 6);
}

static void a_saved_state_that_is_none_is_not_resumed(void **state)
{
	struct sgx_gprsgx *registers;
	uint64_t end;

	(void)state;
	interrupt_spinning();
	end = probe.sim->range.base + probe.image->threads[0].data.ssa_offset +
	      probe.image->threads[0].data.ssa_frame_size;
	registers = (struct sgx_gprsgx *)end - 1;
	registers->rip = (uint64_t)probe.window;
	assert_int_equal(sim_backend.resume(probe.sim, 0, &probe.event), STATUS_DENIED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_image_starts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_returns_where_no_call_is_outstanding, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_thread_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_thread_in_use_cannot_be_entered, setup, teardown),
		cmocka_unit_test_setup_teardown(an_honest_link_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_start_block_that_lies_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_start_block_inside_the_enclave_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_at_the_entry_changes_nothing_and_nothing_leaks_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_program_finds_nothing_that_the_host_left, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stack_of_the_hosts_choice_is_not_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interrupt_is_no_exception_whatever_the_host_says, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_runs_after_the_report_of_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crash_that_nobody_entered_for_can_be_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_program_whose_crash_was_told_is_never_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crash_of_the_handler_is_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(strict_mode_hides_the_enclave_from_system_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(strict_mode_makes_cpuid_invalid_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_state_that_is_none_is_not_resumed, setup, teardown),
	};

	if (argc != 4) {
		fprintf(stderr, "usage: entry-probe IMAGE SPINNING-IMAGE LOOKING-IMAGE\n");
		return 2;
	}
	image_path = argv[1];
	spinning_path = argv[2];
	looking_path = argv[3];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
