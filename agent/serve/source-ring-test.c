/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source's end of the ring against clients that don't keep to the rules. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/serve/source-ring.h"
#include "base/report.h"
#include "base/test.h"

struct setup {
	struct source_ring ring;
	struct link_ring *client; /* the same memory, mapped a second time as the client does */
	uint8_t request[LINK_RING_REQUEST_SIZE];
	int file;
};

static int set_up(void **state)
{
	struct setup *setup = calloc(1, sizeof *setup);

	assert_non_null(setup);
	assert_int_equal(source_ring_init(&setup->ring, &setup->file), STATUS_OK);
	setup->client = mmap(NULL, sizeof *setup->client, PROT_READ | PROT_WRITE, MAP_SHARED, setup->file, 0);
	assert_ptr_not_equal(setup->client, MAP_FAILED);
	*state = setup;
	return 0;
}

static int tear_down(void **state)
{
	struct setup *setup = *state;

	munmap(setup->client, sizeof *setup->client);
	close(setup->file);
	source_ring_deinit(&setup->ring);
	free(setup);
	return 0;
}

static void put(struct setup *setup, uint64_t sequence, uint64_t size)
{
	__atomic_store_n(&setup->client->request_size, size, __ATOMIC_SEQ_CST);
	__atomic_store_n(&setup->client->request_sequence, sequence, __ATOMIC_SEQ_CST);
}

static void requests_come_once_each_and_in_order(void **state)
{
	struct setup *setup = *state;
	size_t size = 0;

	assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_TORN);
	for (uint64_t i = 1; i < 100; i++) {
		memset(setup->client->request, (int)i, 100);
		put(setup, i, i);
		assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_OK);
		assert_int_equal(size, i);
		assert_memory_equal(setup->request, setup->client->request, i);
		assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_TORN);
		source_ring_reply(&setup->ring, (struct span){(const uint8_t *)"answer", 6});
		assert_int_equal(setup->client->reply_sequence, i);
		assert_int_equal(setup->client->reply_size, 6);
		assert_memory_equal(setup->client->reply, "answer", 6);
	}
}

static void numbers_that_jump_are_refused(void **state)
{
	static const uint64_t wrong[] = {2, 3, UINT64_MAX, 1ull << 32, 1ull << 63};
	struct setup *setup = *state;
	size_t size = 77;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		put(setup, wrong[i], 10);
		assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_MALFORMED);
	}
	put(setup, 1, 10);
	assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_OK);
	put(setup, 0, 10);
	assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_MALFORMED);
	assert_int_equal(size, 10);
}

static void sizes_beyond_the_ring_are_refused(void **state)
{
	static const uint64_t wrong[] = {LINK_RING_REQUEST_SIZE + 1, 1ull << 32, (1ull << 32) + 10, UINT64_MAX};
	struct setup *setup = *state;
	size_t size = 77;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		put(setup, 1, wrong[i]);
		assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_MALFORMED);
	}
	assert_int_equal(size, 77);
	put(setup, 1, LINK_RING_REQUEST_SIZE);
	assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_OK);
}

static void the_memory_can_be_neither_cut_nor_grown_nor_unsealed(void **state)
{
	struct setup *setup = *state;
	struct stat found;

	assert_int_equal(ftruncate(setup->file, 0), -1);
	assert_int_equal(ftruncate(setup->file, sizeof(struct link_ring) * 2), -1);
	assert_int_equal(fcntl(setup->file, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fstat(setup->file, &found), 0);
	assert_int_equal(found.st_size, sizeof(struct link_ring));
	/* A hole reads as zeros: nobody ends by SIGBUS. */
	assert_int_equal(
		fallocate(setup->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof(struct link_ring)), 0);
	size_t size;
	assert_int_equal(source_ring_take(&setup->ring, 0, setup->request, &size), STATUS_TORN);
}

struct rewriter {
	struct link_ring *client;
	bool stop; /* atomic */
};

/* Changes everything all the time. */
static void *rewrite(void *context)
{
	struct rewriter *rewriter = context;
	uint64_t seed = 1;

	while (!__atomic_load_n(&rewriter->stop, __ATOMIC_RELAXED)) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		__atomic_store_n(&rewriter->client->request_size, seed >> (seed & 63), __ATOMIC_RELAXED);
		__atomic_store_n(&rewriter->client->request_sequence, seed >> 60, __ATOMIC_RELAXED);
		__atomic_store_n(&rewriter->client->source_asleep, seed, __ATOMIC_RELAXED);
		__atomic_store_n(&rewriter->client->client_asleep, seed >> 1, __ATOMIC_RELAXED);
		__atomic_store_n(&rewriter->client->reply_sequence, seed, __ATOMIC_RELAXED);
		__atomic_store_n((uint64_t *)rewriter->client->request, seed, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void a_client_that_changes_everything_all_the_time_gets_nowhere(void **state)
{
	struct setup *setup = *state;
	struct rewriter rewriter = {.client = setup->client};
	uint64_t taken_count = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, rewrite, &rewriter), 0);
	report_sink_set(drop_message, NULL);
	/* Now and then it happens to be right: until that was so often enough. */
	while (taken_count < 200) {
		size_t size = SIZE_MAX;
		uint64_t before = setup->ring.taken_sequence;
		status result = source_ring_take(&setup->ring, 0, setup->request, &size);

		if (result == STATUS_OK) {
			assert_true(size <= LINK_RING_REQUEST_SIZE);
			assert_int_equal(setup->ring.taken_sequence, before + 1);
			source_ring_reply(&setup->ring, (struct span){setup->request, size});
			taken_count++;
		} else {
			assert_true(result == STATUS_TORN || result == STATUS_MALFORMED);
			assert_int_equal(setup->ring.taken_sequence, before);
			sched_yield();
		}
		setup->ring.taken_sequence %= 8;
	}
	__atomic_store_n(&rewriter.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	report_sink_set(NULL, NULL);
}

static void *take_one(void *context)
{
	struct setup *setup = context;
	size_t size;

	while (source_ring_take(&setup->ring, 10000, setup->request, &size) == STATUS_TORN)
		;
	source_ring_reply(&setup->ring, (struct span){setup->request, size});
	return NULL;
}

static void a_sleeper_wakes_for_a_request_and_its_word_says_that_it_sleeps(void **state)
{
	struct setup *setup = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, take_one, setup), 0);
	while (__atomic_load_n(&setup->client->source_asleep, __ATOMIC_SEQ_CST) == 0)
		usleep(100);
	put(setup, 1, 5);
	source_ring_wake(&setup->ring);
	pthread_join(thread, NULL);
	assert_int_equal(setup->client->reply_sequence, 1);
	assert_int_equal(setup->client->source_asleep, 0);
}

static void the_end_is_told_with_last_words(void **state)
{
	struct setup *setup = *state;

	source_ring_end(&setup->ring, (struct span){(const uint8_t *)"bye", 3});
	assert_int_equal(setup->client->source_gone, 1);
	assert_int_equal(setup->client->reply_size, 3);
	assert_int_equal(setup->client->reply_sequence, 0);
	assert_memory_equal(setup->client->reply, "bye", 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_come_once_each_and_in_order),
		TEST(numbers_that_jump_are_refused),
		TEST(sizes_beyond_the_ring_are_refused),
		TEST(the_memory_can_be_neither_cut_nor_grown_nor_unsealed),
		TEST(a_client_that_changes_everything_all_the_time_gets_nowhere),
		TEST(a_sleeper_wakes_for_a_request_and_its_word_says_that_it_sleeps),
		TEST(the_end_is_told_with_last_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
