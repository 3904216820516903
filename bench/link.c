/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures the link: what the agent's primitives cost, and one fetch of a page over a ring between two
 * threads, sealed and in clear. JSON lines; tools/test/bench makes ratios of them.
 *
 * Both fetches do the same: requests and replies are those of link/, the source copies the page from
 * 64 MiB of "guest" in a scattered order and writes the ring, the client copies out of the ring and
 * has the page in its own memory. In clear, sealing and opening are left out, nothing else.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "bench/link-costs.h"
#include "link/request.h"

enum {
	GUEST_PAGES = 16384,
	ROUNDS = 201,
	FETCHES = 50, /* in one round */
	SPINS = 2000, /* then the other thread may need this core */
};

/* For messages; what follows their head is aligned, as in enclave/link and the agent. */
struct buffer {
	_Alignas(64) uint8_t before[64 - LINK_HEAD_SIZE];
	uint8_t message[LINK_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD];
};

struct bench {
	struct link_ring *ring;
	uint8_t *guest;
	const struct link_primitives *primitives;
	struct link_session enclave, source;
	struct link_ahead enclave_ahead, source_ahead;
	atomic_bool is_sealed;
	uint32_t next;
	struct buffer client, source_end;
};

static void must(status result)
{
	if (result != STATUS_OK)
		exit(1);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void wait_until(const uint64_t *word, uint64_t value)
{
	for (unsigned i = 0; load(word) != value; i++) {
		__builtin_ia32_pause();
		if (i % SPINS == SPINS - 1)
			sched_yield();
	}
}

static const uint8_t *guest_page(const struct bench *bench, uint64_t address)
{
	return bench->guest + address % ((uint64_t)GUEST_PAGES * LINK_PAGE_SIZE);
}

/* What came is a request, sealed or not; what goes back is its reply, likewise. */
static size_t answer(struct bench *bench, size_t size, bool is_sealed)
{
	struct link_request request;
	struct link_reply reply = {.epoch = 1};
	uint8_t *content = bench->source_end.message + LINK_HEAD_SIZE;
	uint8_t message[LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD];
	struct span asked = {.data = message, .size = size}, answer = {.data = content};

	memcpy(message, bench->ring->request, size);
	if (is_sealed) {
		must(link_open(&bench->source, asked, message + LINK_HEAD_SIZE, LINK_REQUEST_SIZE, &asked.size));
		asked.data = message + LINK_HEAD_SIZE;
	}
	must(link_request_decode(asked, &request));
	reply.result_count = request.operation_count;
	memcpy(content + link_request_slot(&request, 0), guest_page(bench, request.operation[0].address),
	       LINK_PAGE_SIZE);
	must(link_reply_encode(&request, &reply, content));
	answer.size = link_request_reply_size(&request);
	if (is_sealed) {
		must(link_seal(&bench->source, answer, bench->source_end.message, sizeof bench->source_end.message,
			       &answer.size));
		answer.data = bench->source_end.message;
	}
	memcpy(bench->ring->reply, answer.data, answer.size);
	return answer.size;
}

static void *serve(void *context)
{
	struct bench *bench = context;

	for (uint64_t sequence = 1;; sequence++) {
		wait_until(&bench->ring->request_sequence, sequence);
		size_t size = load(&bench->ring->request_size);
		if (size == 0)
			return NULL;
		bool is_sealed = atomic_load(&bench->is_sealed);
		size = answer(bench, size, is_sealed);
		store(&bench->ring->reply_size, size);
		store(&bench->ring->reply_sequence, sequence);
		if (is_sealed)
			link_prepare(&bench->source);
	}
}

/* Hand the request over and copy the reply in. */
static size_t exchange(struct bench *bench, const void *message, size_t size, bool is_sealed)
{
	uint64_t sequence = bench->ring->request_sequence + 1;

	memcpy(bench->ring->request, message, size);
	store(&bench->ring->request_size, size);
	store(&bench->ring->request_sequence, sequence);
	if (is_sealed)
		link_prepare(&bench->enclave);
	wait_until(&bench->ring->reply_sequence, sequence);
	size_t reply_size = load(&bench->ring->reply_size);
	memcpy(bench->client.message, bench->ring->reply, reply_size);
	return reply_size;
}

static const uint8_t *fetch(struct bench *bench, uint64_t address, bool is_sealed)
{
	const struct link_request request = {
		.operation_count = 1,
		.operation = {
			{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = LINK_PAGE_SIZE, .address = address}}};
	uint8_t message[LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD];
	struct span content = {.data = message + LINK_HEAD_SIZE};
	struct link_reply reply;
	size_t size;

	must(link_request_encode(&request, message + LINK_HEAD_SIZE, &content.size));
	size = content.size;
	if (is_sealed)
		must(link_seal(&bench->enclave, content, message, sizeof message, &size));
	content.size = exchange(bench, is_sealed ? message : content.data, size, is_sealed);
	content.data = bench->client.message;
	if (is_sealed) {
		must(link_open(&bench->enclave, content, bench->client.message + LINK_HEAD_SIZE, LINK_REPLY_SIZE_MAX,
			       &content.size));
		content.data = bench->client.message + LINK_HEAD_SIZE;
	}
	must(link_reply_decode(&request, content, &reply));
	return content.data + link_request_slot(&request, 0);
}

/* Each fetch by itself: where the other thread has to wait for a core, only that one is slow. */
static void run_round(struct bench *bench, bool is_sealed, uint64_t *times)
{
	atomic_store(&bench->is_sealed, is_sealed);
	for (unsigned i = 0; i < FETCHES; i++) {
		/* Scattered, as a walk through kernel structures is. */
		uint64_t address = (uint64_t)(bench->next++ * 7919 % GUEST_PAGES) * LINK_PAGE_SIZE;
		uint64_t start = link_costs_now();
		const uint8_t *page = fetch(bench, address, is_sealed);

		times[i] = link_costs_now() - start;
		if (memcmp(page, &address, sizeof address) != 0)
			exit(1);
	}
}

static void connect_both(struct bench *bench)
{
	static const char target[START_TARGET_SIZE] = "bench";
	uint8_t message[LINK_FIRST_OVERHEAD];
	struct link_key_pair enclave, source;
	struct link_binding binding = {0};
	struct link_caller caller;
	size_t size;

	must(link_key_pair_init(&enclave, bench->primitives));
	must(link_key_pair_init(&source, bench->primitives));
	memcpy(binding.source_key, source.public, sizeof binding.source_key);
	must(link_session_init_initiator(&bench->enclave, bench->primitives, &enclave, &binding, target));
	must(link_session_first(&bench->enclave, (struct span){0}, message, sizeof message, &size));
	must(link_session_accept(&bench->source, bench->primitives, &source, &binding,
				 (struct span){.data = message, .size = size}, &caller));
	must(link_session_answer(&bench->source, message, sizeof message, &size));
	must(link_session_second(&bench->enclave, (struct span){.data = message, .size = size}));
	link_session_lend(&bench->enclave, &bench->enclave_ahead);
	link_session_lend(&bench->source, &bench->source_ahead);
}

static void measure_fetches(struct bench *bench)
{
	static uint64_t sealed[ROUNDS * FETCHES], clear[ROUNDS * FETCHES];
	pthread_t thread;

	connect_both(bench);
	memset(bench->ring, 0, sizeof *bench->ring);
	if (pthread_create(&thread, NULL, serve, bench) != 0)
		exit(1);
	/* In turns, so that what else the machine does meets both. */
	for (unsigned i = 0; i < ROUNDS; i++) {
		run_round(bench, false, clear + (size_t)i * FETCHES);
		run_round(bench, true, sealed + (size_t)i * FETCHES);
	}
	store(&bench->ring->request_size, 0);
	store(&bench->ring->request_sequence, bench->ring->request_sequence + 1);
	pthread_join(thread, NULL);
	uint64_t clear_ns = link_costs_median(clear, ROUNDS * FETCHES),
		 sealed_ns = link_costs_median(sealed, ROUNDS * FETCHES);

	printf("{\"fetch\": \"%s\", \"clear_ns\": %llu, \"sealed_ns\": %llu, \"ratio\": %.2f}\n",
	       bench->primitives->name, (unsigned long long)clear_ns, (unsigned long long)sealed_ns,
	       (double)sealed_ns / (double)clear_ns);
}

int main(void)
{
	static struct link_ring ring;
	static struct bench bench = {.ring = &ring};
	const struct link_primitives *tables[2];

	must(agent_primitives(&tables[0]));
	must(agent_primitives_sse(&tables[1]));
	bench.guest = malloc((size_t)GUEST_PAGES * LINK_PAGE_SIZE);
	if (bench.guest == NULL)
		return 1;
	for (uint64_t i = 0; i < GUEST_PAGES; i++) {
		uint64_t address = i * LINK_PAGE_SIZE;

		memset(bench.guest + address, (int)i, LINK_PAGE_SIZE);
		memcpy(bench.guest + address, &address, sizeof address);
	}
	for (size_t i = 0; i < 2; i++) {
		bench.primitives = tables[i];
		if (link_costs_print(tables[i]) != 0)
			return 1;
		measure_fetches(&bench);
	}
	free(bench.guest);
	return 0;
}
