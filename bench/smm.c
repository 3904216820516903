/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a look at this machine through its firmware takes a program that is no enclave: bench-smm [--insecure-unsealed]
 * OWNER COUNT WHAT…, as root in a guest. OWNER is the owner's public key (128 hexadecimal digits). For each WHAT one
 * JSON line, with COUNT times. The enclave's code (enclave/link, guest/) is the same; what is left out is the enclave,
 * its host calls, its C library and its files. For measurements (tools/test/bench-smm): its grant names a made-up
 * measurement.
 *
 *   nobody    an SMI whose caller nobody asks for: what the platform takes
 *   refused   one for a session that there isn't, with the longest message and the largest buffer: the most without
 *             cryptography
 *   hello     one that asks who the firmware is
 *   record    one for a session that there is, in its turn, and as long as a record may be, which nobody sealed
 *   forged    a FIRST whose grant the owner didn't sign
 *   replayed  a FIRST that was good once: the most that one does for nobody
 *   page      a page read by its physical address, sealed
 *   pages     as many pages in one answer as one SMI's single reads may be
 *   lines     a read plan that takes lines of memory, nothing else, as many as one SMI brings
 *   version   the version string, in an epoch of its own
 *   file      the text of /proc/version, in an epoch of its own
 *   processes the process list, in an epoch of its own
 *
 * The grant: a line "enclave-key source-key source-nonce" is written, a grant in hexadecimal digits is read. Counted is
 * the time stamp counter, which under `lab up --accel icount` counts instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "agent/primitives.h"
#include "base/checked.h"
#include "base/report.h"
#include "bench/link-costs.h"
#include "bench/stand-ins.h"
#include "bench/unsealed.h"
#include "enclave/crypto/primitives.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/runtime.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/plan.h"
#include "guest/memory/caches.h"
#include "guest/proc/node.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"
#include "host/serve/smi.h"
#include "link/grant.h"
#include "link/plan.h"
#include "verifier/grants/keys.h"
#include "wire/grantor.h"

enum {
	COUNT_MAX = 1000,
	/* A buffer of the largest size that begins within a page. */
	BUFFER_OFFSET = 16,
	BUFFER_PAGES = SMI_BUFFER_SIZE_MAX / GUEST_PAGE_SIZE + 1,
	/* As buffer.c tells pages apart: roughly by their numbers, and those that are alike there by searching all. */
	ALIKE_PAGES = 512,
	PAGES_TO_CHOOSE_FROM = 64 * ALIKE_PAGES,
	KEY_DIGITS = 2 * START_KEY_SIZE + 1,
};

/* One look. */
struct took {
	uint64_t ns, ticks;
	uint64_t smi_ticks, smi_count; /* of them: from the port's instruction to the next one */
	uint64_t smi_most; /* the longest one */
	size_t bytes;
};

static struct {
	struct smi *smi;
	uint8_t *buffer; /* for SMIs by hand: of pages that it takes the handler longest to tell apart */
	bool is_unsealed;
	uint64_t served; /* sequence number of the last request */
	uint64_t smi_ticks, smi_count; /* since the start */
	uint64_t smi_most; /* since the look's beginning */
	struct guest_memory memory;
	struct guest_kernel *kernel;
	/* The session's own first message, and the grant in it. */
	uint8_t first[LINK_FIRST_OVERHEAD + LINK_GRANT_SIZE], grant[LINK_GRANT_SIZE];
	size_t first_size;
} bench;

const struct link_primitives *enclave_primitives(bool use_vaes)
{
	const struct link_primitives *primitives;

	(void)use_vaes;
	if (agent_primitives_sse(&primitives) != STATUS_OK)
		exit(1);
	return bench.is_unsealed ? unsealed_primitives(primitives) : primitives;
}

static uint64_t ticks(void)
{
	_mm_lfence();
	uint64_t now = __rdtsc();
	_mm_lfence();
	return now;
}

/* ---- the host's part */

static int64_t answer_grant(const struct call_slot *slot)
{
	char text[2 * LINK_GRANT_SIZE + 2], key[KEY_DIGITS], source[KEY_DIGITS], nonce[KEY_DIGITS];
	struct grantor_request request;

	memcpy(&request, stand_in.window.data + slot->argument[0], sizeof request);
	key_to_hex(request.enclave_key, sizeof request.enclave_key, key);
	key_to_hex(request.source_key, sizeof request.source_key, source);
	key_to_hex(request.source_nonce, sizeof request.source_nonce, nonce);
	printf("%s %s %s\n", key, source, nonce);
	fflush(stdout);
	if (fgets(text, sizeof text, stdin) == NULL)
		return STATUS_DENIED;
	text[strcspn(text, "\n")] = '\0';
	if (key_from_hex(text, bench.grant, LINK_GRANT_SIZE) != STATUS_OK)
		return STATUS_DENIED;
	memcpy(stand_in.window.data + slot->argument[2], bench.grant, LINK_GRANT_SIZE);
	return LINK_GRANT_SIZE;
}

/* CALL_LINK_WAIT: the request that lies in the ring gets its answer. */
static int64_t answer_wait(void)
{
	struct link_ring *ring = &stand_in.ring;
	size_t size;

	if (ring->request_sequence == bench.served)
		return STATUS_OK;
	bench.served = ring->request_sequence;
	if (bench.first_size == 0 && ring->request_size <= sizeof bench.first) {
		bench.first_size = ring->request_size;
		memcpy(bench.first, ring->request, bench.first_size);
	}
	uint64_t start = ticks();
	status result = smi_exchange(bench.smi, (struct span){ring->request, ring->request_size}, ring->reply,
				     sizeof ring->reply, &size);
	const uint64_t took = ticks() - start;

	bench.smi_ticks += took;
	bench.smi_count++;
	if (took > bench.smi_most)
		bench.smi_most = took;
	if (result != STATUS_OK) {
		ring->source_gone = 1;
		return STATUS_GONE;
	}
	ring->reply_size = size;
	ring->reply_sequence = bench.served;
	return STATUS_OK;
}

void runtime_enter_host(void)
{
	struct call_slot *slot = &stand_in.window.slot;

	slot->result = slot->number == CALL_GRANT ? answer_grant(slot) : answer_wait();
	slot->done = slot->posted;
}

/* ---- what is measured */

static struct took begin(void)
{
	bench.smi_most = 0;
	return (struct took){
		.ns = link_costs_now(), .smi_ticks = bench.smi_ticks, .smi_count = bench.smi_count, .ticks = ticks()};
}

static struct took since(struct took begin, size_t bytes)
{
	return (struct took){.ticks = ticks() - begin.ticks,
			     .ns = link_costs_now() - begin.ns,
			     .smi_ticks = bench.smi_ticks - begin.smi_ticks,
			     .smi_count = bench.smi_count - begin.smi_count,
			     .smi_most = bench.smi_most,
			     .bytes = bytes};
}

/* An SMI by hand: not host/serve's, which looks at each page of its buffer before. */
static status call_by_hand(uint64_t caller, struct smi_head head, uint64_t size, enum firmware_refusal expected,
			   struct took *ret_took)
{
	memcpy(bench.buffer, &head, sizeof head);
	struct took start = begin();
	uint64_t rbx = caller, rax = SMI_COMMAND;

	__asm__ volatile("outb %%al, %[port]\n\tjmp 1f\n1:"
			 : "+b"(rbx), "+a"(rax)
			 : "D"(bench.buffer), "c"(size), [port] "N"(SMI_PORT)
			 : "memory", "cc");
	*ret_took = since(start, 0);
	ret_took->smi_ticks = ret_took->smi_most = ret_took->ticks;
	ret_took->smi_count = 1;
	if (caller == SMI_CALLER && (rbx & ((1 << SMI_REFUSAL_BITS) - 1)) != expected)
		return report(STATUS_IO, "an SMI that should have ended with %d ended with %#llx", (int)expected,
			      (unsigned long long)rbx);
	return STATUS_OK;
}

static status look_nobody(struct took *ret_took)
{
	return call_by_hand(0, (struct smi_head){0}, SMI_BUFFER_SIZE_MAX, FIRMWARE_ACCEPTED, ret_took);
}

/* A record of zeros, the first one of that session. */
static status look_unsealed(uint32_t session, struct took *ret_took)
{
	const uint32_t size = LINK_PLAN_REQUEST_SIZE + LINK_SEAL_OVERHEAD;
	const struct link_head head = {.type = LINK_MESSAGE_RECORD, .size = size - LINK_HEAD_SIZE};

	memset(bench.buffer + sizeof(struct smi_head), 0, size);
	link_head_write(&head, bench.buffer + sizeof(struct smi_head));
	return call_by_hand(SMI_CALLER, (struct smi_head){SMI_HEAD_MAGIC, session, size, 0}, SMI_BUFFER_SIZE_MAX,
			    FIRMWARE_SESSION, ret_took);
}

static status look_refused(struct took *ret_took)
{
	return look_unsealed(UINT32_MAX, ret_took);
}

static status look_hello(struct took *ret_took)
{
	return call_by_hand(SMI_CALLER, (struct smi_head){SMI_HEAD_MAGIC, 0, 0, 0}, GUEST_PAGE_SIZE, FIRMWARE_ACCEPTED,
			    ret_took);
}

static status look_first(struct span message, enum firmware_refusal expected, struct took *ret_took)
{
	const struct smi_head head = {SMI_HEAD_MAGIC, 0, (uint32_t)message.size, 0};

	memcpy(bench.buffer + sizeof head, message.data, message.size);
	return call_by_hand(SMI_CALLER, head, SMI_BUFFER_SIZE_MAX, expected, ret_took);
}

/* By a key of its own, and with a signature of which one bit is wrong: so it is found at the end of all that is looked
 * at. */
static status look_forged(struct took *ret_took)
{
	static uint8_t message[sizeof bench.first], grant[LINK_GRANT_SIZE];
	const struct link_primitives *primitives = enclave_primitives(true);
	struct link_session session;
	struct link_key_pair own;
	size_t size;

	TRY(link_key_pair_init(&own, primitives));
	TRY(link_session_init_initiator(&session, primitives, &own, &stand_in.binding, stand_in.target));
	memcpy(grant, bench.grant, sizeof grant);
	grant[sizeof grant - 1] ^= 1;
	TRY(link_session_first(&session, (struct span){grant, sizeof grant}, message, sizeof message, &size));
	link_session_deinit(&session);
	return look_first((struct span){message, size}, FIRMWARE_GRANT, ret_took);
}

static status look_replayed(struct took *ret_took)
{
	return look_first((struct span){bench.first, bench.first_size}, FIRMWARE_ACCEPTED, ret_took);
}

/* A FIRST that was good once gave it a session; what it refuses changes nothing there. */
static status look_record(struct took *ret_took)
{
	static uint32_t session;

	if (session == 0) {
		TRY(look_replayed(ret_took));
		session = ((const struct smi_head *)bench.buffer)->session;
	}
	return look_unsealed(session, ret_took);
}

static status look_page(struct took *ret_took)
{
	static uint8_t page[GUEST_PAGE_SIZE];
	const struct guest_pa address = {0x1000000}; /* where Linux's kernel begins to be loaded, or behind that: RAM */
	struct page_source *source = enclave_link_source();
	struct took start = begin();

	TRY(source->ops->read(source, address, page, sizeof page));
	*ret_took = since(start, sizeof page);
	return STATUS_OK;
}

static status look_pages(struct took *ret_took)
{
	static uint8_t pages[SMI_READ_PAGES_MAX][GUEST_PAGE_SIZE];
	struct guest_pa addresses[SMI_READ_PAGES_MAX];
	struct page_source *source = enclave_link_source();
	status results[SMI_READ_PAGES_MAX];

	for (size_t i = 0; i < SMI_READ_PAGES_MAX; i++)
		addresses[i] = (struct guest_pa){0x1000000 + i * GUEST_PAGE_SIZE};
	struct took start = begin();
	TRY(source->ops->read_pages(source, addresses, SMI_READ_PAGES_MAX, pages, results));
	*ret_took = since(start, sizeof pages);
	return ret_took->smi_count == 1 ? STATUS_OK : report(STATUS_INTERNAL, "that was more than one SMI");
}

static status take_no_line(struct plan_sink *sink, struct span part)
{
	(void)sink, (void)part;
	return STATUS_OK;
}

/* The kernel's constants, which begin with its banner, have little in common with each other. */
static status look_lines(struct took *ret_took)
{
	struct page_source *source = enclave_link_source();
	struct plan_sink sink = {.take = take_no_line};
	struct plan_cursor cursor = {0};
	struct plan plan = {.space = bench.kernel->space, .line_count_max = 1 << 16, .node_count_max = 1 << 16};

	plan.step_count = 2;
	plan.step[0] = (struct plan_step){.type = PLAN_ARRAY,
					  .offset = (int64_t)bench.kernel->landmarks.banner,
					  .stride = PLAN_LINE_SIZE,
					  .count = 1 << 12};
	plan.step[1] = (struct plan_step){.type = PLAN_TAKE, .depth = 1, .size = 1};
	TRY(plan_validate(&plan));
	struct took start = begin();
	TRY(source->ops->run_plan(source, &plan, &cursor, &sink));
	*ret_took = since(start, 0);
	return STATUS_OK;
}

static status finish(struct took start, struct proc_text *text, struct took *ret_took)
{
	const bool is_whole = text->fault == NULL;

	*ret_took = since(start, text->size);
	proc_text_deinit(text);
	return is_whole ? STATUS_OK : report(STATUS_IO, "a text isn't whole");
}

static status look_version(struct took *ret_took)
{
	struct took start = begin();
	TRY(guest_memory_refresh(&bench.memory));
	TRY(guest_kernel_check(bench.kernel));
	*ret_took = since(start, strlen(bench.kernel->banner));
	return STATUS_OK;
}

static status look_file(struct took *ret_took)
{
	struct proc_entry entry;
	struct proc_text text;

	struct took start = begin();
	TRY(guest_memory_refresh(&bench.memory));
	TRY(guest_kernel_check(bench.kernel));
	TRY(proc_entry_find("/proc/version", &entry));
	TRY(proc_text_init(bench.kernel, &entry, &text));
	return finish(start, &text, ret_took);
}

static status look_processes(struct took *ret_took)
{
	const struct proc_subject nobody = {0};
	struct proc_text text;

	struct took start = begin();
	TRY(guest_memory_refresh(&bench.memory));
	TRY(guest_kernel_check(bench.kernel));
	TRY(proc_enter(bench.kernel, &nobody));
	TRY(proc_text_make(process_list_show, &text));
	return finish(start, &text, ret_took);
}

static const struct look {
	const char *name;
	status (*run)(struct took *ret_took);
	bool needs_kernel;
} looks[] = {
	{"nobody", look_nobody, false},	 {"refused", look_refused, false}, {"hello", look_hello, false},
	{"record", look_record, true},	 {"forged", look_forged, true},	   {"replayed", look_replayed, true},
	{"page", look_page, true},	 {"pages", look_pages, true},	   {"lines", look_lines, true},
	{"version", look_version, true}, {"file", look_file, true},	   {"processes", look_processes, true},
};

static const struct look *find_look(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(looks); i++) {
		if (strcmp(looks[i].name, name) == 0)
			return &looks[i];
	}
	return NULL;
}

static void print_numbers(const char *name, const struct took *took, size_t count, size_t offset)
{
	printf("\"%s\": [", name);
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)&took[i] + offset, sizeof value);
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)value);
	}
	printf("], ");
}

static status measure(const struct look *look, size_t count)
{
	static struct took took[COUNT_MAX];

	/* Twice before, for what is found once, and for pages that come ahead. */
	TRY(look->run(&took[0]));
	TRY(look->run(&took[0]));
	for (size_t i = 0; i < count; i++)
		TRY(look->run(&took[i]));
	printf("{\"what\": \"%s\", ", look->name);
	print_numbers("times_ns", took, count, offsetof(struct took, ns));
	print_numbers("ticks", took, count, offsetof(struct took, ticks));
	print_numbers("smi_ticks", took, count, offsetof(struct took, smi_ticks));
	print_numbers("smis", took, count, offsetof(struct took, smi_count));
	print_numbers("smi_most", took, count, offsetof(struct took, smi_most));
	printf("\"bytes\": %zu}\n", took[count - 1].bytes);
	fflush(stdout);
	return STATUS_OK;
}

/* ---- start */

static status attach(void)
{
	const size_t size = guest_memory_storage_size(PROGRAM_PAGE_COUNT),
		     lines_size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);
	void *storage = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	void *lines = aligned_alloc(4096, (lines_size + 4095) & ~(size_t)4095);

	if (storage == NULL || lines == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	TRY(enclave_link_start());
	TRY(guest_memory_init(&bench.memory, enclave_link_source(), storage, size));
	TRY(guest_memory_lines_init(&bench.memory, lines, lines_size));
	uint64_t before = bench.smi_count;
	TRY(guest_kernel_create(&bench.memory, NULL, &bench.kernel));
	printf("{\"what\": \"attach\", \"smis\": %llu}\n", (unsigned long long)(bench.smi_count - before));
	return STATUS_OK;
}

/* Enough pages alike, by their physical addresses, and mapped one behind the other. */
static status make_buffer(void)
{
	enum { PAGEMAP_NUMBER_BITS = 55 }; /* Documentation/admin-guide/mm/pagemap.rst */
	static uint64_t found[ALIKE_PAGES][BUFFER_PAGES];
	static uint32_t counts[ALIKE_PAGES];
	const size_t size = (size_t)PAGES_TO_CHOOSE_FROM * GUEST_PAGE_SIZE;
	uint8_t *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint8_t *buffer =
		mmap(NULL, (size_t)BUFFER_PAGES * GUEST_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const uint64_t *full = NULL;

	if (pages == MAP_FAILED || buffer == MAP_FAILED || map < 0)
		return report(STATUS_NO_MEMORY, "no memory to choose pages from, or no /proc/self/pagemap");
	for (size_t i = 0; i < PAGES_TO_CHOOSE_FROM && full == NULL; i++) {
		const uint64_t at = (uintptr_t)pages + i * GUEST_PAGE_SIZE;
		uint64_t entry;

		if (pread(map, &entry, sizeof entry, (off_t)(at / GUEST_PAGE_SIZE * sizeof entry)) != sizeof entry)
			break;
		const size_t place = (entry & ((UINT64_C(1) << PAGEMAP_NUMBER_BITS) - 1)) % ALIKE_PAGES;
		found[place][counts[place]++] = at;
		full = counts[place] == BUFFER_PAGES ? found[place] : NULL;
	}
	close(map);
	for (size_t i = 0; full != NULL && i < BUFFER_PAGES; i++)
		if (mremap((void *)full[i], GUEST_PAGE_SIZE, GUEST_PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   buffer + i * GUEST_PAGE_SIZE) == MAP_FAILED)
			return report(STATUS_NO_MEMORY, "a page can't be moved");
	munmap(pages, size);
	bench.buffer = buffer + BUFFER_OFFSET;
	return full != NULL && mlock(buffer, (size_t)BUFFER_PAGES * GUEST_PAGE_SIZE) == 0
		       ? STATUS_OK
		       : report(STATUS_NO_MEMORY, "too few pages alike, or none locked");
}

static status prepare(const char *owner)
{
	TRY(smi_create(&bench.smi));
	const struct agent_hello *hello = smi_hello(bench.smi);
	TRY(make_buffer());
	if (key_from_hex(owner, stand_in.binding.owner_key, sizeof stand_in.binding.owner_key) != STATUS_OK)
		return report(STATUS_USAGE, "the owner's key has %d hexadecimal digits", 2 * START_OWNER_KEY_SIZE);
	memcpy(stand_in.binding.source_key, hello->source_key, sizeof hello->source_key);
	memcpy(stand_in.binding.source_nonce, hello->source_nonce, sizeof hello->source_nonce);
	memcpy(stand_in.target, SMI_TARGET, sizeof SMI_TARGET);
	stand_in.ring.source_asleep = 1;
	runtime_window_init(&stand_in.window);
	return STATUS_OK;
}

static status run(char **names, size_t count)
{
	for (; *names != NULL; names++) {
		const struct look *look = find_look(*names);

		if (look == NULL)
			return report(STATUS_USAGE, "there is no %s to measure", *names);
		if (look->needs_kernel && bench.kernel == NULL)
			TRY(attach());
		TRY(measure(look, count));
	}
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	char **arguments = argv + 1;

	if (argc > 1 && strcmp(*arguments, "--insecure-unsealed") == 0) {
		bench.is_unsealed = true;
		arguments++;
		argc--;
	}
	size_t count = argc > 3 ? strtoul(arguments[1], NULL, 10) : 0;
	if (count == 0 || count > COUNT_MAX) {
		fprintf(stderr, "usage: bench-smm [--insecure-unsealed] OWNER COUNT WHAT…\n");
		return 2;
	}
	status result = prepare(*arguments);
	if (result == STATUS_OK)
		result = run(arguments + 2, count);
	if (bench.kernel != NULL)
		guest_kernel_destroy(bench.kernel);
	enclave_link_end();
	smi_destroy(bench.smi);
	return result == STATUS_OK ? 0 : 1;
}
