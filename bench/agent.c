/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the seal costs: fetches of a target's pages through the agent's own ring and
 * answering code, sealed as the agent does it, and (only here: the agent can't) in
 * clear. Both ends run here, the source as a thread.
 *
 * With --agent, many requests to a running agent instead: for its memory under load.
 */
#include <argp.h>
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/primitives.h"
#include "agent/serve/answer.h"
#include "agent/serve/clock.h"
#include "agent/serve/source-ring.h"
#include "base/report.h"
#include "host/serve/agent-client.h"
#include "link/grant.h"
#include "link/request.h"
#include "verifier/grants/keys.h"

enum {
	ROUND_COUNT = 31,
	SPIN_PAUSES = 2000,
	GRANT_LASTS_S = 3600,
	OPTION_AGENT = 1000,
	OPTION_OWNER_KEY,
	OPTION_REQUESTS,
	OPTION_PAGES,
};

struct options {
	const char *target, *agent, *owner_key;
	uint64_t request_count;
	uint32_t page_count;
};

struct source;

struct bench {
	const struct options *options;
	struct source *source; /* not with --agent */
	const struct link_primitives *primitives;
	struct owner_key *owner;
	struct link_key_pair enclave_key;
	struct link_session session; /* the enclave's end */
	struct link_ahead ahead;
	uint64_t sequence, page;
	uint64_t ram_start, ram_pages;
	struct agent_client *client; /* --agent */
	struct link_ring *ring;
	uint8_t request[LINK_REQUEST_SIZE], message[LINK_RING_REQUEST_SIZE];
	/* As the enclave does: opened in place, its content aligned. */
	_Alignas(64) uint8_t before_reply[64 - LINK_HEAD_SIZE];
	uint8_t reply[LINK_RING_REPLY_SIZE];
};

/* The source's end. */
struct source {
	struct source_ring ring;
	struct answerer answerer;
	struct link_session session;
	struct link_ahead ahead;
	struct link_key_pair key;
	struct link_binding binding;
	bool sealed, stop; /* atomic */
	uint8_t request[LINK_RING_REQUEST_SIZE], content[LINK_RING_REQUEST_SIZE];
	_Alignas(64) uint8_t before_reply[64 - LINK_HEAD_SIZE];
	uint8_t reply[LINK_RING_REPLY_SIZE];
};

static const struct argp_option argp_options[] = {
	{"agent", OPTION_AGENT, "ADDRESS", 0, "Load this agent instead of measuring (unix:PATH, tcp:HOST:PORT, …)", 0},
	{"owner-key", OPTION_OWNER_KEY, "FILE", 0, "With --agent: the owner's private key, to sign a grant with", 0},
	{"requests", OPTION_REQUESTS, "N", 0, "How many in all, or in each round (20000)", 0},
	{"pages", OPTION_PAGES, "N", 0, "In each request, 1 to 32 (1)", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_AGENT: options->agent = argument; return 0;
	case OPTION_OWNER_KEY: options->owner_key = argument; return 0;
	case OPTION_REQUESTS: options->request_count = strtoull(argument, NULL, 10); return 0;
	case OPTION_PAGES: options->page_count = (uint32_t)strtoul(argument, NULL, 10); return 0;
	case ARGP_KEY_ARG: options->target = argument; return 0;
	case ARGP_KEY_END:
		if (options->target == NULL || options->page_count == 0 ||
		    options->page_count > LINK_OPERATION_COUNT_MAX || options->request_count == 0)
			argp_usage(state);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "TARGET",
	.doc = "Time page fetches over the link's ring, sealed and in clear, as JSON.",
};

static void wake_source(struct source *source)
{
	source_ring_wake(&source->ring);
}

/* The client's end of a ring: put, wait, copy out. */
static void ring_put(struct bench *bench, struct span message)
{
	struct link_ring *ring = bench->ring;

	memcpy(ring->request, message.data, message.size);
	__atomic_store_n(&ring->request_size, message.size, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->request_sequence, ++bench->sequence, __ATOMIC_SEQ_CST);
	if (bench->source != NULL && __atomic_load_n(&ring->source_asleep, __ATOMIC_SEQ_CST) != 0)
		wake_source(bench->source);
}

static status ring_await(struct bench *bench, size_t *ret_size)
{
	struct link_ring *ring = bench->ring;

	for (uint32_t i = 0; __atomic_load_n(&ring->reply_sequence, __ATOMIC_SEQ_CST) != bench->sequence; i++) {
		__builtin_ia32_pause();
		if (i < SPIN_PAUSES)
			continue;
		if (bench->client == NULL) {
			sched_yield();
			continue;
		}
		status waited = agent_client_wait(bench->client, bench->sequence);
		if (waited == STATUS_GONE)
			return report(STATUS_GONE, "the agent hung up");
	}
	size_t size = __atomic_load_n(&ring->reply_size, __ATOMIC_SEQ_CST);
	if (size > sizeof bench->reply)
		return report(STATUS_MALFORMED, "a reply of %zu bytes", size);
	memcpy(bench->reply, ring->reply, size);
	*ret_size = size;
	return STATUS_OK;
}

static void next_request(struct bench *bench, struct link_request *ret_request)
{
	assert(bench->ram_pages > 0);
	*ret_request = (struct link_request){.operation_count = bench->options->page_count};
	for (uint32_t i = 0; i < ret_request->operation_count; i++) {
		/* A stride that no prefetcher follows; any odd number visits all. */
		bench->page = (bench->page + 7919) % bench->ram_pages;
		ret_request->operation[i] =
			(struct link_operation){.type = LINK_READ,
						.space = LINK_SPACE_PHYSICAL,
						.size = LINK_PAGE_SIZE,
						.address = bench->ram_start + bench->page * LINK_PAGE_SIZE};
	}
}

static status fetch(struct bench *bench, const struct link_request *request, bool sealed, struct link_reply *ret_reply,
		    struct span *ret_content)
{
	size_t size;

	TRY(link_request_encode(request, bench->request, &size));
	struct span content = {bench->request, size};
	if (sealed)
		TRY(link_seal(&bench->session, content, bench->message, sizeof bench->message, &size));
	ring_put(bench, sealed ? (struct span){bench->message, size} : content);
	if (sealed)
		link_prepare(&bench->session);
	TRY(ring_await(bench, &size));
	*ret_content = (struct span){bench->reply, size};
	if (sealed) {
		uint8_t *opened = bench->reply + LINK_HEAD_SIZE;
		TRY(link_open(&bench->session, *ret_content, opened, sizeof bench->reply - LINK_HEAD_SIZE, &size));
		*ret_content = (struct span){opened, size};
	}
	return link_reply_decode(request, *ret_content, ret_reply);
}

static status fetch_many(struct bench *bench, bool sealed, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct link_request request;
		struct link_reply reply;
		struct span content;

		next_request(bench, &request);
		TRY(fetch(bench, &request, sealed, &reply, &content));
		if (reply.result[0].outcome != STATUS_OK)
			return report(STATUS_IO, "a fetch failed: %s", status_name(reply.result[0].outcome));
	}
	return STATUS_OK;
}

/* The agent's own loop (agent/serve/client.c), without its limits. */
static status serve_one(struct source *source, size_t message_size)
{
	bool sealed = __atomic_load_n(&source->sealed, __ATOMIC_ACQUIRE);
	uint8_t *content = source->reply + LINK_HEAD_SIZE;
	struct span request = {source->request, message_size};
	size_t size;

	if (sealed) {
		TRY(link_open(&source->session, request, source->content, sizeof source->content, &size));
		request = (struct span){source->content, size};
	}
	TRY(answerer_answer(&source->answerer, request, clock_ns(), content, &size));
	if (sealed)
		TRY(link_seal(&source->session, (struct span){content, size}, source->reply, sizeof source->reply,
			      &size));
	source_ring_reply(&source->ring, (struct span){sealed ? source->reply : content, size});
	if (sealed)
		link_prepare(&source->session);
	return STATUS_OK;
}

static void *serve(void *context)
{
	struct source *source = context;
	status result = STATUS_OK;

	while (result == STATUS_OK && !__atomic_load_n(&source->stop, __ATOMIC_ACQUIRE)) {
		size_t size;

		result = source_ring_take(&source->ring, 100, source->request, &size);
		if (result == STATUS_TORN)
			result = STATUS_OK;
		else if (result == STATUS_OK)
			result = serve_one(source, size);
	}
	if (result != STATUS_OK)
		_exit(1); /* it was said; the client's end would wait for ever */
	return NULL;
}

static status make_grant(struct bench *bench, const struct link_binding *binding,
			 uint8_t encoded[static LINK_GRANT_SIZE])
{
	struct link_grant grant = {.identity = LINK_IDENTITY_MRENCLAVE,
				   .backend = LINK_BACKEND_SIM,
				   .rights = LINK_RIGHT_KERNEL,
				   .valid_until = (uint64_t)time(NULL) + GRANT_LASTS_S,
				   .quota_bytes = UINT64_MAX,
				   .quota_requests = UINT64_MAX,
				   .mrenclave = {1}};

	memcpy(grant.enclave_key, bench->enclave_key.public, sizeof grant.enclave_key);
	memcpy(grant.source_key, binding->source_key, sizeof grant.source_key);
	memcpy(grant.source_nonce, binding->source_nonce, sizeof grant.source_nonce);
	snprintf(grant.target, sizeof grant.target, "%s", bench->options->target);
	TRY(link_grant_sign(&grant, bench->primitives, owner_key_sign, bench->owner));
	return link_grant_encode(&grant, encoded);
}

static status make_first(struct bench *bench, const struct link_binding *binding, size_t *ret_size)
{
	uint8_t grant[LINK_GRANT_SIZE];
	char target[START_TARGET_SIZE] = "";

	snprintf(target, sizeof target, "%s", bench->options->target);
	TRY(make_grant(bench, binding, grant));
	TRY(link_session_init_initiator(&bench->session, bench->primitives, &bench->enclave_key, binding, target));
	return link_session_first(&bench->session, (struct span){grant, sizeof grant}, bench->message,
				  sizeof bench->message, ret_size);
}

/* Both ends' handshake, without a ring. */
static status connect_ends(struct bench *bench, struct source *source)
{
	struct link_caller caller;
	size_t size;

	TRY(make_first(bench, &source->binding, &size));
	TRY(link_session_accept(&source->session, bench->primitives, &source->key, &source->binding,
				(struct span){bench->message, size}, &caller));
	TRY(link_session_answer(&source->session, source->reply, sizeof source->reply, &size));
	link_session_lend(&bench->session, &bench->ahead);
	link_session_lend(&source->session, &source->ahead);
	return link_session_second(&bench->session, (struct span){source->reply, size});
}

static uint64_t now_ns(void)
{
	return (uint64_t)clock_ns();
}

static int compare_times(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double *times)
{
	qsort(times, ROUND_COUNT, sizeof *times, compare_times);
	return times[ROUND_COUNT / 2];
}

/* Rounds of both kinds in turn, so that what else the machine does hits both. */
static status measure(struct bench *bench, struct source *source)
{
	double times[2][ROUND_COUNT], ratios[ROUND_COUNT];
	uint64_t count = bench->options->request_count;

	for (int round = 0; round < ROUND_COUNT; round++) {
		for (int sealed = 0; sealed < 2; sealed++) {
			__atomic_store_n(&source->sealed, sealed != 0, __ATOMIC_RELEASE);
			uint64_t start_ns = now_ns();
			TRY(fetch_many(bench, sealed != 0, count));
			times[sealed][round] = (double)(now_ns() - start_ns) / (double)count;
		}
		ratios[round] = times[1][round] / times[0][round];
	}
	printf("{\"pages\":%u,\"clear_ns\":%.0f,\"sealed_ns\":%.0f,\"ratio\":%.3f,\"primitives\":\"%s\"}\n",
	       bench->options->page_count, median(times[0]), median(times[1]), median(ratios), bench->primitives->name);
	return STATUS_OK;
}

static status use_ram(struct bench *bench, uint64_t start, uint64_t size)
{
	bench->ram_start = start;
	bench->ram_pages = size / LINK_PAGE_SIZE;
	return bench->ram_pages > 0 ? STATUS_OK : report(STATUS_MISSING, "the target has no RAM");
}

static status run_here(struct bench *bench, struct source *source, struct hub *hub)
{
	static struct counters counters;
	static struct quota_table quotas;
	const struct link_grant grant = {.rights = LINK_RIGHT_KERNEL};
	struct hub_target *target;
	pthread_t thread;
	int file;

	TRY(link_key_pair_init(&source->key, bench->primitives));
	memcpy(source->binding.source_key, source->key.public, sizeof source->binding.source_key);
	memcpy(source->binding.owner_key, owner_key_public(bench->owner), sizeof source->binding.owner_key);
	TRY(connect_ends(bench, source));
	TRY(hub_acquire(hub, bench->options->target, &target));
	answerer_init(&source->answerer, target, &grant, &quotas, NULL, &counters);
	const struct ram_map *ram = &target->target->description.ram;
	TRY(use_ram(bench, ram->range[0].start.value, ram->range[0].size));
	TRY(source_ring_init(&source->ring, &file));
	close(file);
	bench->ring = source->ring.shared;
	bench->source = source;
	if (pthread_create(&thread, NULL, serve, source) != 0)
		return report(STATUS_NO_MEMORY, "can't start a thread");
	status result = fetch_many(bench, false, bench->options->request_count / 10 + 1);
	if (result == STATUS_OK)
		result = measure(bench, source);
	__atomic_store_n(&source->stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	hub_release(hub, target);
	return result;
}

static status ask_ram(struct bench *bench)
{
	const struct link_request request = {.operation_count = 1, .operation = {{.type = LINK_RAM_MAP}}};
	struct link_reply reply;
	struct call_ram_map map;
	struct span content;

	TRY(fetch(bench, &request, true, &reply, &content));
	if (reply.result[0].outcome != STATUS_OK)
		return report(STATUS_IO, "no RAM map: %s", status_name(reply.result[0].outcome));
	TRY(link_ram_map_read(content.data + link_request_slot(&request, 0), &map));
	return use_ram(bench, map.range[0].start, map.range[0].size);
}

static status run_agent(struct bench *bench)
{
	struct link_binding binding;
	size_t size;

	TRY(agent_client_create(bench->options->agent, &bench->client));
	const struct agent_hello *hello = agent_client_hello(bench->client);
	memcpy(binding.owner_key, owner_key_public(bench->owner), sizeof binding.owner_key);
	memcpy(binding.source_key, hello->source_key, sizeof binding.source_key);
	memcpy(binding.source_nonce, hello->source_nonce, sizeof binding.source_nonce);
	bench->ring = agent_client_ring(bench->client);
	TRY(make_first(bench, &binding, &size));
	ring_put(bench, (struct span){bench->message, size});
	TRY(ring_await(bench, &size));
	TRY(link_session_second(&bench->session, (struct span){bench->reply, size}));
	link_session_lend(&bench->session, &bench->ahead);
	TRY(ask_ram(bench));
	uint64_t start_ns = now_ns();
	TRY(fetch_many(bench, true, bench->options->request_count));
	printf("{\"requests\":%llu,\"pages\":%u,\"sealed_ns\":%.0f}\n",
	       (unsigned long long)bench->options->request_count, bench->options->page_count,
	       (double)(now_ns() - start_ns) / (double)bench->options->request_count);
	agent_client_destroy(bench->client);
	return STATUS_OK;
}

static status run(struct bench *bench, struct source *source)
{
	static struct hub hub;
	const struct options *options = bench->options;

	TRY(agent_primitives(&bench->primitives));
	TRY(link_key_pair_init(&bench->enclave_key, bench->primitives));
	TRY(options->owner_key != NULL ? owner_key_load(options->owner_key, &bench->owner)
				       : owner_key_generate(&bench->owner));
	if (options->agent != NULL)
		return run_agent(bench);
	TRY(hub_init(&hub, &options->target, 1, NULL));
	status result = run_here(bench, source, &hub);
	hub_deinit(&hub);
	return result;
}

int main(int argc, char **argv)
{
	static struct options options = {.request_count = 20000, .page_count = 1};
	static struct bench bench = {.options = &options};
	static struct source source;

	argp_parse(&parser, argc, argv, 0, NULL, &options);
	return run(&bench, &source) == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
