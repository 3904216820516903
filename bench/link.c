/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures the link: what the agent's primitives cost, and one fetch of a page over a ring between two
 * threads, sealed and in clear. JSON lines; tools/test/bench makes ratios of them.
 *
 * Both fetches do the same with memory: the source copies the page from 64 MiB of "guest" in a
 * scattered order and writes the ring, the client copies out of the ring and has the page in
 * its own memory. The sealed one does all that link/ asks for besides.
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

struct bench {
	struct link_ring *ring;
	uint8_t *guest;
	const struct link_primitives *primitives;
	struct link_session enclave, source;
	atomic_bool is_sealed;
	uint32_t next;
	uint8_t client_buffer[LINK_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD];
	uint8_t source_buffer[LINK_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD];
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

static size_t answer_sealed(struct bench *bench, size_t size)
{
	struct link_request request;
	struct link_reply reply = {.epoch = 1};
	uint8_t *content = bench->source_buffer + LINK_HEAD_SIZE;
	uint8_t message[LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD];
	size_t content_size, message_size;

	memcpy(message, bench->ring->request, size);
	must(link_open(&bench->source, (struct span){.data = message, .size = size}, message + LINK_HEAD_SIZE,
		       LINK_REQUEST_SIZE, &content_size));
	must(link_request_decode((struct span){.data = message + LINK_HEAD_SIZE, .size = content_size}, &request));
	reply.result_count = request.operation_count;
	memcpy(content + link_request_slot(&request, 0), guest_page(bench, request.operation[0].address),
	       LINK_PAGE_SIZE);
	must(link_reply_encode(&request, &reply, content));
	must(link_seal(&bench->source, (struct span){.data = content, .size = link_request_reply_size(&request)},
		       bench->source_buffer, sizeof bench->source_buffer, &message_size));
	memcpy(bench->ring->reply, bench->source_buffer, message_size);
	return message_size;
}

static size_t answer_clear(struct bench *bench)
{
	uint64_t address;

	memcpy(&address, bench->ring->request, sizeof address);
	memcpy(bench->source_buffer, guest_page(bench, address), LINK_PAGE_SIZE);
	memcpy(bench->ring->reply, bench->source_buffer, LINK_PAGE_SIZE);
	return LINK_PAGE_SIZE;
}

static void *serve(void *context)
{
	struct bench *bench = context;

	for (uint64_t sequence = 1;; sequence++) {
		wait_until(&bench->ring->request_sequence, sequence);
		size_t size = load(&bench->ring->request_size);
		if (size == 0)
			return NULL;
		size = atomic_load(&bench->is_sealed) ? answer_sealed(bench, size) : answer_clear(bench);
		store(&bench->ring->reply_size, size);
		store(&bench->ring->reply_sequence, sequence);
	}
}

/* Hand the request over and copy the reply in. */
static size_t exchange(struct bench *bench, const void *message, size_t size)
{
	uint64_t sequence = bench->ring->request_sequence + 1;

	memcpy(bench->ring->request, message, size);
	store(&bench->ring->request_size, size);
	store(&bench->ring->request_sequence, sequence);
	wait_until(&bench->ring->reply_sequence, sequence);
	size_t reply_size = load(&bench->ring->reply_size);
	memcpy(bench->client_buffer, bench->ring->reply, reply_size);
	return reply_size;
}

static const uint8_t *fetch_sealed(struct bench *bench, uint64_t address)
{
	const struct link_request request = {
		.operation_count = 1,
		.operation = {
			{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = LINK_PAGE_SIZE, .address = address}}};
	uint8_t message[LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD], *content = bench->client_buffer + LINK_HEAD_SIZE;
	struct link_reply reply;
	size_t size;

	must(link_request_encode(&request, message + LINK_HEAD_SIZE, &size));
	must(link_seal(&bench->enclave, (struct span){.data = message + LINK_HEAD_SIZE, .size = size}, message,
		       sizeof message, &size));
	size = exchange(bench, message, size);
	must(link_open(&bench->enclave, (struct span){.data = bench->client_buffer, .size = size}, content,
		       LINK_REPLY_SIZE_MAX, &size));
	must(link_reply_decode(&request, (struct span){.data = content, .size = size}, &reply));
	return content + link_request_slot(&request, 0);
}

static const uint8_t *fetch_clear(struct bench *bench, uint64_t address)
{
	exchange(bench, &address, sizeof address);
	return bench->client_buffer;
}

/* Each fetch by itself: where the other thread has to wait for a core, only that one is slow. */
static void run_round(struct bench *bench, bool is_sealed, uint64_t *times)
{
	atomic_store(&bench->is_sealed, is_sealed);
	for (unsigned i = 0; i < FETCHES; i++) {
		/* Scattered, as a walk through kernel structures is. */
		uint64_t address = (uint64_t)(bench->next++ * 7919 % GUEST_PAGES) * LINK_PAGE_SIZE;
		uint64_t start = link_costs_now();
		const uint8_t *page = is_sealed ? fetch_sealed(bench, address) : fetch_clear(bench, address);

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
