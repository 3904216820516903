/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enclave's end of the link as it is (enclave/link/, its page source), and behind the ring the
 * agent's answers as they are (agent/serve/answer.c), over a target in a buffer. Between the two
 * stands the test: it can change a reply before it is sealed, as a broken agent would.
 */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "agent/serve/answer.h"
#include "agent/serve/guarded.h"
#include "base/report.h"
#include "enclave/crypto/primitives.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/plan-code.h"
#include "link/grant.h"
#include "link/plan.h"
#include "verifier/grants/keys.h"
#include "wire/grantor.h"
#include "wire/smi.h"

enum {
	RAM_SIZE = 4 << 20,
	ROOT = 0x1000,
	TABLES = 0x2000,
	/* Physical [DATA, RAM_SIZE) is mapped at DIRECT + physical. */
	DATA = 0x100000,
	NODE_SIZE = 0x140,
	NODE_COUNT = 3000,
	EPOCH = 41,
	CACHE_PAGES = 64,
	CACHE_LINES = 32768,
};
#define DIRECT UINT64_C(0xffff888000000000)

static char target_name[START_TARGET_SIZE] = "fake:1";
static struct call_window window __attribute__((aligned(4096)));
static struct link_ring ring __attribute__((aligned(4096)));
static struct owner_key *owner;
static struct link_binding binding;
static struct link_key_pair source_key;

/* The source's end. */
static struct {
	struct link_session session;
	struct answerer answerer;
	struct hub_target hub_target;
	struct target target;
	struct quota_table quotas;
	struct quota *quota;
	struct counters counters;
	uint64_t served; /* sequence number of the last request */
	unsigned answered_count;
	void (*tamper)(uint8_t *content, size_t *size);
	bool closes; /* instead of an answer */
	uint8_t message[LINK_RING_REPLY_SIZE];
	_Alignas(64) uint8_t reply[LINK_RING_REPLY_SIZE];
} agent;

static struct fake_guest guest;
static uint64_t grant_quota_bytes;
static uint32_t grant_rights;
static unsigned report_count;
static size_t largest_answer;
static status last_fault;

/* In the places of start.c, enclu.c, entry.S, enclave/crypto and an image's manifest. */
const char image_paths[] = "";
const char image_environment[] = "";
const char image_programs[] = "";
const uint16_t image_calls[] = {IMAGE_CALLS_END};

bool runtime_has_link(void)
{
	return true;
}

struct link_ring *runtime_link_ring(void)
{
	return &ring;
}

const uint8_t *runtime_owner_key(void)
{
	return binding.owner_key;
}

const uint8_t *runtime_source_key(void)
{
	return binding.source_key;
}

const uint8_t *runtime_source_nonce(void)
{
	return binding.source_nonce;
}

const char *runtime_target(void)
{
	return target_name;
}

bool runtime_has_vaes(void)
{
	return false;
}

static const struct link_primitives *real_primitives;
static unsigned stream_count;

static void counted_stream(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
			   uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream)
{
	stream_count++;
	real_primitives->gcm_stream(key, nonce, size, ret_mask, ret_stream);
}

const struct link_primitives *enclave_primitives(bool use_vaes)
{
	static struct link_primitives counting;

	(void)use_vaes;
	assert_int_equal(agent_primitives_sse(&real_primitives), STATUS_OK);
	counting = *real_primitives;
	counting.gcm_stream = counted_stream;
	return &counting;
}

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	(void)target;
	*ret_report = (struct sgx_report){.cpusvn = GRANTOR_SIM_CPUSVN, .mrenclave = {1}};
	memcpy(ret_report->report_data, report_data, sizeof ret_report->report_data);
	return STATUS_OK;
}

static void note_fault(void *context, status fault, const char *message)
{
	(void)context, (void)message;
	report_count++;
	last_fault = fault;
}

/* The grantor's answer: whoever asks gets what the test allows. */
static int64_t answer_grant(const struct call_slot *slot)
{
	struct link_grant grant = {.identity = LINK_IDENTITY_MRENCLAVE,
				   .backend = LINK_BACKEND_SIM,
				   .rights = grant_rights,
				   .id = {7},
				   .valid_until = 2000,
				   .quota_bytes = grant_quota_bytes,
				   .quota_requests = UINT64_MAX,
				   .mrenclave = {1}};
	struct grantor_request request;
	uint8_t encoded[LINK_GRANT_SIZE];

	memcpy(&request, window.data + slot->argument[0], sizeof request);
	memcpy(grant.enclave_key, request.enclave_key, sizeof grant.enclave_key);
	memcpy(grant.source_key, binding.source_key, sizeof grant.source_key);
	memcpy(grant.source_nonce, binding.source_nonce, sizeof grant.source_nonce);
	memcpy(grant.target, target_name, sizeof grant.target);
	assert_int_equal(link_grant_sign(&grant, enclave_primitives(false), owner_key_sign, owner), STATUS_OK);
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	memcpy(window.data + slot->argument[2], encoded, sizeof encoded);
	return LINK_GRANT_SIZE;
}

static size_t accept_session(size_t size)
{
	struct link_caller caller;
	struct link_grant grant;

	assert_int_equal(link_session_accept(&agent.session, enclave_primitives(false), &source_key, &binding,
					     (struct span){agent.message, size}, &caller),
			 STATUS_OK);
	assert_int_equal(link_grant_decode((struct span){caller.payload, caller.payload_size}, &grant), STATUS_OK);
	assert_int_equal(quota_acquire(&agent.quotas, &grant, 1000, &agent.quota), STATUS_OK);
	answerer_init(&agent.answerer, &agent.hub_target, &grant, &agent.quotas, agent.quota, &agent.counters);
	assert_int_equal(link_session_answer(&agent.session, agent.reply, sizeof agent.reply, &size), STATUS_OK);
	return size;
}

static size_t answer_record(size_t size)
{
	uint8_t *content = agent.reply + LINK_HEAD_SIZE;
	status opened = link_open(&agent.session, (struct span){agent.message, size}, agent.message + LINK_HEAD_SIZE,
				  sizeof agent.message - LINK_HEAD_SIZE, &size);

	assert_int_equal(opened, STATUS_OK);
	if (agent.closes) {
		assert_int_equal(link_close(&agent.session, agent.reply, sizeof agent.reply, &size), STATUS_OK);
		return size;
	}
	assert_int_equal(answerer_answer(&agent.answerer, (struct span){agent.message + LINK_HEAD_SIZE, size}, 0,
					 content, &size),
			 STATUS_OK);
	if (agent.tamper != NULL)
		agent.tamper(content, &size);
	if (size > largest_answer)
		largest_answer = size;
	assert_int_equal(
		link_seal(&agent.session, (struct span){content, size}, agent.reply, sizeof agent.reply, &size),
		STATUS_OK);
	return size;
}

/* CALL_LINK_WAIT: the request that lies in the ring gets its answer. */
static int64_t answer_wait(void)
{
	size_t size = ring.request_size;

	if (ring.request_sequence == agent.served)
		return STATUS_OK;
	agent.served = ring.request_sequence;
	agent.answered_count++;
	memcpy(agent.message, ring.request, size);
	size = agent.session.state == LINK_UNUSED ? accept_session(size) : answer_record(size);
	memcpy(ring.reply, agent.reply, size);
	ring.reply_size = size;
	ring.reply_sequence = agent.served;
	return STATUS_OK;
}

void runtime_enter_host(void)
{
	struct call_slot *slot = &window.slot;

	slot->result = slot->number == CALL_GRANT ? answer_grant(slot) : answer_wait();
	slot->done = slot->posted;
}

static uint64_t node_address(uint64_t i)
{
	/* Scattered: 7 and NODE_COUNT have no common factor. */
	return DIRECT + DATA + 0x1000 + i * 7 % NODE_COUNT * NODE_SIZE;
}

static void put(uint64_t address, uint64_t value)
{
	memcpy(fake_guest_at(&guest, address - DIRECT), &value, sizeof value);
}

/* A list of NODE_COUNT nodes behind its head; each points to the next at 0x20, and to its number at 0x100. */
static void make_list(void)
{
	uint64_t head = DIRECT + DATA;

	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		put(node_address(i) + 0x20, i + 1 < NODE_COUNT ? node_address(i + 1) + 0x20 : head);
		put(node_address(i) + 0x100, i);
	}
	put(head, node_address(0) + 0x20);
}

static const struct plan list_plan = {
	.space = {.root = {ROOT}, .level_count = 4, .physical_bits = GUEST_PHYSICAL_BITS_MAX},
	.page_offset = DIRECT,
	.step_count = 3,
	.step = {{.type = PLAN_START_AT, .value = DIRECT + DATA},
		 {.type = PLAN_LIST, .depth = 1, .count = 1 << 20, .node_offset = 0x20},
		 {.type = PLAN_TAKE, .depth = 2, .offset = 0x100, .size = 8}},
	.line_count_max = 1 << 20,
	.node_count_max = 1 << 20,
};

static struct page_source *link_source(void)
{
	return enclave_link_source();
}

static int setup_rights(uint32_t rights, uint64_t quota_bytes)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	uint64_t next_table = TABLES;

	fake_guest_init(&guest, &range, 1, FAKE_CACHE_PAGES);
	guest.plan_answer_size = LINK_PLAN_RUN_SIZE_MAX;
	for (uint64_t at = DATA; at < RAM_SIZE; at += GUEST_PAGE_SIZE)
		fake_guest_map(&guest, &list_plan.space, DIRECT + at, at, FAKE_PRESENT | FAKE_WRITABLE, &next_table);
	make_list();
	memset(&agent, 0, sizeof agent);
	memset(&ring, 0, sizeof ring);
	ring.source_asleep = 1;
	agent.served = ring.request_sequence;
	agent.target.source = &guest.source;
	agent.hub_target.target = &agent.target;
	agent.hub_target.epoch = EPOCH;
	pthread_mutex_init(&agent.hub_target.lock, NULL);
	runtime_window_init(&window);
	grant_rights = rights;
	grant_quota_bytes = quota_bytes;
	if (quota_table_init(&agent.quotas) != STATUS_OK || enclave_link_start() != STATUS_OK)
		return -1;
	agent.answered_count = report_count = 0;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_rights(LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT, UINT64_MAX);
}

static int setup_user(void **state)
{
	(void)state;
	return setup_rights(LINK_RIGHT_KERNEL | LINK_RIGHT_USER | LINK_RIGHT_OUTPUT, UINT64_MAX);
}

static int setup_small_quota(void **state)
{
	(void)state;
	return setup_rights(LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT, 100000);
}

/* The machine's own firmware, by its name. */
static int setup_firmware(void **state)
{
	memcpy(target_name, "smm:\0\0", sizeof "fake:1");
	return setup(state);
}

static int teardown(void **state)
{
	(void)state;
	memcpy(target_name, "fake:1", sizeof "fake:1");
	enclave_link_end();
	link_session_deinit(&agent.session);
	answerer_deinit(&agent.answerer);
	quota_table_deinit(&agent.quotas);
	fake_guest_deinit(&guest);
	return 0;
}

static void pages_come_as_the_target_has_them(void **state)
{
	enum { COUNT = 3 * LINK_OPERATION_COUNT_MAX + 2 };
	static uint8_t pages[COUNT][GUEST_PAGE_SIZE];
	struct guest_pa addresses[COUNT];
	status results[COUNT];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		addresses[i].value = DATA + (COUNT - i) * GUEST_PAGE_SIZE;
	addresses[5].value = RAM_SIZE; /* behind RAM */
	assert_int_equal(link_source()->ops->read_pages(link_source(), addresses, COUNT, pages, results), STATUS_OK);
	assert_int_equal(agent.answered_count, 4);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(results[i], i == 5 ? STATUS_UNMAPPED : STATUS_OK);
		if (i != 5)
			assert_memory_equal(pages[i], fake_guest_at(&guest, addresses[i].value), GUEST_PAGE_SIZE);
	}
	assert_int_equal(pages[5][0], 0);
	assert_int_equal(link_source()->ops->read(link_source(), (struct guest_pa){DATA}, &value, sizeof value),
			 STATUS_OK);
	assert_int_equal(value, node_address(0) + 0x20);
	assert_int_equal(enclave_link_epoch(), EPOCH);
}

static void what_a_target_says_of_itself_comes_too(void **state)
{
	struct ram_map map;
	struct ram_range range;
	const uint8_t *bytes;
	struct cpu_registers registers;

	(void)state;
	assert_int_equal(link_source()->ops->ram_map(link_source(), &map), STATUS_OK);
	assert_int_equal(map.range_count, 1);
	assert_int_equal(map.range[0].size, RAM_SIZE);
	assert_int_equal(link_source()->ops->next_populated(link_source(), (struct guest_pa){0x1000}, &range, &bytes),
			 STATUS_OK);
	assert_int_equal(range.start.value, 0x1000);
	assert_int_equal(range.size, RAM_SIZE - 0x1000);
	assert_int_equal(link_source()->ops->registers(link_source(), 0, &registers), STATUS_MISSING);
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_OK);
}

static void read_a_word_three_times(void)
{
	uint64_t value;

	for (int i = 0; i < 3; i++)
		assert_int_equal(link_source()->ops->read(link_source(), (struct guest_pa){DATA}, &value, 8),
				 STATUS_OK);
}

static void while_an_agent_works_the_next_records_are_prepared(void **state)
{
	(void)state;
	stream_count = 0;
	read_a_word_three_times();
	assert_true(stream_count >= 2);
}

static void where_nobody_works_meanwhile_nothing_is_prepared(void **state)
{
	(void)state;
	stream_count = 0;
	read_a_word_three_times();
	assert_int_equal(stream_count, 0);
}

static void firmware_is_asked_for_no_more_at_once_than_one_smi_does(void **state)
{
	static uint8_t pages[PAGE_PART_COUNT_MAX][GUEST_PAGE_SIZE];
	struct guest_pa addresses[PAGE_PART_COUNT_MAX];
	struct page_part parts[PAGE_PART_COUNT_MAX];
	status results[PAGE_PART_COUNT_MAX];

	(void)state;
	for (size_t i = 0; i < PAGE_PART_COUNT_MAX; i++) {
		addresses[i].value = DATA + i * GUEST_PAGE_SIZE;
		parts[i] = (struct page_part){addresses[i], pages[i], GUEST_PAGE_SIZE};
	}
	largest_answer = 0;
	assert_int_equal(link_source()->ops->read_pages(link_source(), addresses, PAGE_PART_COUNT_MAX, pages, results),
			 STATUS_OK);
	assert_int_equal(agent.answered_count, 2);
	assert_int_equal(link_source()->ops->read_parts(link_source(), parts, PAGE_PART_COUNT_MAX), STATUS_OK);
	assert_int_equal(agent.answered_count, 4);
	for (size_t i = 0; i < PAGE_PART_COUNT_MAX; i++)
		assert_memory_equal(pages[i], fake_guest_at(&guest, addresses[i].value), GUEST_PAGE_SIZE);
	assert_int_equal(largest_answer, LINK_REPLY_HEAD_SIZE + SMI_READ_PAGES_MAX * LINK_PAGE_SIZE);
	for (size_t i = 0; i < PAGE_PART_COUNT_MAX; i++)
		parts[i].size = 8;
	assert_int_equal(link_source()->ops->read_parts(link_source(), parts, PAGE_PART_COUNT_MAX), STATUS_OK);
	assert_int_equal(agent.answered_count, 5);
}

/* Every answer says so: to ask for nothing else would be a round trip more in each epoch. */
static void whether_the_target_is_there_is_asked_only_where_an_answer_denied_it(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_OK);
	assert_int_equal(agent.answered_count, 0);
	agent.hub_target.is_gone = 1;
	assert_int_equal(link_source()->ops->read(link_source(), (struct guest_pa){DATA}, &value, 8), STATUS_GONE);
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_GONE);
	assert_int_equal(agent.answered_count, 2);
	agent.hub_target.is_gone = 0;
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_OK);
	assert_int_equal(agent.answered_count, 3);
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_OK);
	assert_int_equal(agent.answered_count, 3);
}

struct collected {
	struct plan_sink sink; /* must be first */
	uint8_t *runs;
	size_t size;
};

static status collect(struct plan_sink *sink, struct span runs)
{
	struct collected *to = (struct collected *)sink;

	assert_true(runs.size <= LINK_PLAN_RUN_SIZE_MAX);
	memcpy(to->runs, runs.data, runs.size);
	to->size = runs.size;
	return STATUS_OK;
}

static struct collected collected;

static status run_plan(const struct plan *plan, struct plan_cursor *cursor)
{
	static uint8_t runs[LINK_PLAN_RUN_SIZE_MAX];

	collected = (struct collected){.sink = {.take = collect}, .runs = runs};
	return link_source()->ops->run_plan(link_source(), plan, cursor, &collected.sink);
}

/* What the executor makes of it without a link, in as many parts. */
static void a_plan_over_the_link_brings_what_it_brings_at_home(void **state)
{
	static uint8_t expected[LINK_PLAN_RUN_SIZE_MAX];
	struct plan plan = list_plan;
	struct plan_cursor cursor = {0}, at_home = {0};
	unsigned part_count = 0;
	size_t size;

	(void)state;
	plan.line_count_max = 1000;
	while (!cursor.is_done) {
		assert_int_equal(run_plan(&plan, &cursor), STATUS_OK);
		assert_int_equal(fake_guest_run_plan(&guest, &plan, &at_home, expected, sizeof expected, &size),
				 STATUS_OK);
		assert_int_equal(collected.size, size);
		assert_memory_equal(collected.runs, expected, size);
		assert_memory_equal(&cursor, &at_home, sizeof cursor);
		part_count++;
	}
	assert_true(part_count >= 2 * NODE_COUNT / 1000);
	assert_int_equal(agent.answered_count, part_count);
	assert_int_equal(agent.counters.value[COUNTER_PLANS], part_count);
}

/* The same walk by addresses, with plans and without: the same numbers, and a hundredth of the questions. */
static unsigned walk(bool with_plan)
{
	static uint8_t storage[4 << 20] __attribute__((aligned(64)));
	static uint8_t lines[8 << 20] __attribute__((aligned(64)));
	struct guest_memory memory;
	uint64_t node;

	assert_true(guest_memory_storage_size(CACHE_PAGES) <= sizeof storage);
	assert_true(guest_memory_lines_storage_size(CACHE_LINES) <= sizeof lines);
	assert_int_equal(guest_memory_init(&memory, link_source(), storage, guest_memory_storage_size(CACHE_PAGES)),
			 STATUS_OK);
	memory.source->ahead_pages = 0;
	assert_int_equal(guest_memory_lines_init(&memory, lines, guest_memory_lines_storage_size(CACHE_LINES)),
			 STATUS_OK);
	agent.answered_count = 0;
	if (with_plan)
		guest_memory_run_plan(&memory, &list_plan);
	assert_int_equal(guest_space_read(&memory, &list_plan.space, (struct guest_va){DIRECT + DATA}, &node, 8),
			 STATUS_OK);
	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		uint64_t number;

		assert_int_equal(node, node_address(i) + 0x20);
		assert_int_equal(
			guest_space_read(&memory, &list_plan.space, (struct guest_va){node + 0xe0}, &number, 8),
			STATUS_OK);
		assert_int_equal(number, i);
		assert_int_equal(guest_space_read(&memory, &list_plan.space, (struct guest_va){node}, &node, 8),
				 STATUS_OK);
	}
	return agent.answered_count;
}

static void a_walk_reads_the_same_with_a_plan_in_one_round_trip(void **state)
{
	(void)state;
	assert_true(walk(false) > 1000);
	assert_int_equal(walk(true), 1);
}

static void the_memory_of_processes_needs_its_own_right(void **state)
{
	struct plan plan = list_plan;
	struct plan_cursor cursor = {0};

	(void)state;
	plan.step[2] = (struct plan_step){.type = PLAN_SPACE, .depth = 2};
	plan.step[3] = (struct plan_step){.type = PLAN_SPAN, .depth = 3, .node_offset = 8, .size = 64};
	plan.step_count = 4;
	if ((grant_rights & LINK_RIGHT_USER) != 0) {
		assert_int_equal(run_plan(&plan, &cursor), STATUS_OK);
		return;
	}
	assert_int_equal(run_plan(&plan, &cursor), STATUS_DENIED);
	assert_int_equal(run_plan(&plan, &cursor), STATUS_DENIED);
	assert_int_equal(report_count, 1);
	assert_int_equal(guest.plan_count, 0);
	assert_int_equal(agent.counters.value[COUNTER_REFUSED_RIGHTS], 2);
	/* The session is as good as before. */
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_OK);
}

static void a_quota_bounds_what_plans_bring(void **state)
{
	struct plan_cursor cursor = {0};
	uint64_t bytes, requests, sum = 0;

	(void)state;
	while (run_plan(&list_plan, &cursor) == STATUS_OK && !cursor.is_done)
		sum += (uint64_t)guest.plan_line_count * PLAN_LINE_SIZE;
	assert_false(cursor.is_done);
	assert_true(sum <= 100000 && sum > 90000);
	quota_left(&agent.quotas, agent.quota, &bytes, &requests);
	assert_int_equal(agent.counters.value[COUNTER_BYTES], sum);
	assert_true(bytes < PLAN_LINE_SIZE);
	assert_int_equal(agent.counters.value[COUNTER_REFUSED_QUOTA], 1);
	assert_int_equal(last_fault, STATUS_LIMIT);
}

static void a_source_without_plans_says_so_and_goes_on(void **state)
{
	struct page_source_ops without = *guest.source.ops;
	struct plan_cursor cursor = {0};

	(void)state;
	without.run_plan = NULL;
	guest.source.ops = &without;
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_UNSUPPORTED);
	assert_int_equal(report_count, 0);
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_OK);
}

static void a_target_that_has_ended_ends_plans(void **state)
{
	struct plan_cursor cursor = {0};

	(void)state;
	guest.gone = true;
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_GONE);
	guest.gone = false;
	agent.hub_target.is_gone = 1;
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_GONE);
	assert_int_equal(guest.plan_count, 1);
}

static void tamper_magic(uint8_t *content, size_t *size)
{
	(void)size;
	content[0] ^= 1;
}

static void tamper_outcome(uint8_t *content, size_t *size)
{
	struct link_plan_reply reply = {.outcome = STATUS_TORN};

	*size = link_plan_reply_size(0);
	assert_int_equal(link_plan_reply_encode(&reply, content), STATUS_OK);
}

static void tamper_run_size(uint8_t *content, size_t *size)
{
	(void)size;
	content[32] ^= 8;
	content[34] ^= 1;
}

static void tamper_size(uint8_t *content, size_t *size)
{
	(void)content;
	*size -= 256;
}

static void tamper_place(uint8_t *content, size_t *size)
{
	(void)size;
	content[64 + 1] = PLAN_STEP_COUNT_MAX - 1;
}

static void tamper_cursor(uint8_t *content, size_t *size)
{
	(void)size;
	content[64 + 3] = 1;
}

/* The kind of each tampered reply is said once; afterwards nobody is asked any more. */
static void an_agent_that_breaks_the_format_ends_the_session(void **state)
{
	static void (*const tampers[])(uint8_t *content, size_t *size) = {tamper_magic, tamper_outcome, tamper_run_size,
									  tamper_size,	tamper_place,	tamper_cursor};

	for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
		struct plan_cursor cursor = {0};
		uint64_t value;

		agent.tamper = tampers[i];
		assert_int_equal(run_plan(&list_plan, &cursor), STATUS_MALFORMED);
		assert_int_equal(report_count, 1);
		assert_int_equal(cursor.step_index, 0);
		assert_int_equal(agent.answered_count, 1);
		assert_int_equal(run_plan(&list_plan, &cursor), STATUS_MALFORMED);
		assert_int_equal(link_source()->ops->check(link_source()), STATUS_MALFORMED);
		assert_int_equal(link_source()->ops->read(link_source(), (struct guest_pa){DATA}, &value, 8),
				 STATUS_MALFORMED);
		assert_int_equal(agent.answered_count, 1);
		assert_int_equal(report_count, 1);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

static void tamper_result(uint8_t *content, size_t *size)
{
	(void)size;
	content[64] = STATUS_END; /* no read can end */
}

static void tamper_map(uint8_t *content, size_t *size)
{
	(void)size;
	content[320] = 77;
}

static void answers_that_no_operation_has_end_the_session(void **state)
{
	struct ram_map map;
	uint64_t value;

	agent.tamper = tamper_result;
	assert_int_equal(link_source()->ops->read(link_source(), (struct guest_pa){DATA}, &value, 8), STATUS_MALFORMED);
	agent.tamper = NULL;
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_MALFORMED);
	teardown(state);
	assert_int_equal(setup(state), 0);
	agent.tamper = tamper_map;
	assert_int_equal(link_source()->ops->ram_map(link_source(), &map), STATUS_MALFORMED);
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_MALFORMED);
	assert_int_equal(agent.answered_count, 1);
}

static void an_agent_that_closes_is_an_error_in_words(void **state)
{
	struct plan_cursor cursor = {0};

	(void)state;
	agent.closes = true;
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_IO);
	assert_int_equal(report_count, 1);
	assert_int_equal(run_plan(&list_plan, &cursor), STATUS_IO);
	assert_int_equal(agent.answered_count, 1);
}

static void after_the_end_nothing_is_read(void **state)
{
	(void)state;
	enclave_link_end();
	assert_int_equal(link_source()->ops->check(link_source()), STATUS_GONE);
	assert_int_equal(enclave_link_epoch(), 0);
	assert_int_equal(agent.answered_count, 0);
}

static status make_keys(void)
{
	TRY(owner_key_generate(&owner));
	TRY(link_key_pair_init(&source_key, enclave_primitives(false)));
	memcpy(binding.owner_key, owner_key_public(owner), sizeof binding.owner_key);
	memcpy(binding.source_key, source_key.public, sizeof binding.source_key);
	memset(binding.source_nonce, 0x5a, sizeof binding.source_nonce);
	return guarded_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_come_as_the_target_has_them, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_target_says_of_itself_comes_too, setup, teardown),
		cmocka_unit_test_setup_teardown(while_an_agent_works_the_next_records_are_prepared, setup, teardown),
		cmocka_unit_test_setup_teardown(where_nobody_works_meanwhile_nothing_is_prepared, setup_firmware,
						teardown),
		cmocka_unit_test_setup_teardown(firmware_is_asked_for_no_more_at_once_than_one_smi_does, setup_firmware,
						teardown),
		cmocka_unit_test_setup_teardown(whether_the_target_is_there_is_asked_only_where_an_answer_denied_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_plan_over_the_link_brings_what_it_brings_at_home, setup, teardown),
		cmocka_unit_test_setup_teardown(a_walk_reads_the_same_with_a_plan_in_one_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(the_memory_of_processes_needs_its_own_right, setup, teardown),
		cmocka_unit_test_setup_teardown(the_memory_of_processes_needs_its_own_right, setup_user, teardown),
		cmocka_unit_test_setup_teardown(a_quota_bounds_what_plans_bring, setup_small_quota, teardown),
		cmocka_unit_test_setup_teardown(a_source_without_plans_says_so_and_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_target_that_has_ended_ends_plans, setup, teardown),
		cmocka_unit_test_setup_teardown(an_agent_that_breaks_the_format_ends_the_session, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_that_no_operation_has_end_the_session, setup, teardown),
		cmocka_unit_test_setup_teardown(an_agent_that_closes_is_an_error_in_words, setup, teardown),
		cmocka_unit_test_setup_teardown(after_the_end_nothing_is_read, setup, teardown),
	};

	report_sink_set(note_fault, NULL);
	if (make_keys() != STATUS_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	owner_key_destroy(owner);
	return failed;
}
