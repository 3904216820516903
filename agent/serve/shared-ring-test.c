/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source's end of shared memory, against clients that come, go and cut the file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/serve/guarded.h"
#include "agent/serve/shared-ring.h"
#include "base/report.h"
#include "base/test.h"

struct setup {
	char path[64];
	struct link_shared *mapped, *client; /* the same file twice */
	struct shared_ring ring;
	struct agent_hello hello;
	uint8_t request[LINK_RING_REQUEST_SIZE];
	size_t size;
	int file;
};

static void swallow(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static int set_up(void **state)
{
	struct setup *setup = calloc(1, sizeof *setup);

	assert_non_null(setup);
	report_sink_set(swallow, NULL);
	snprintf(setup->path, sizeof setup->path, "/tmp/shared-ring-test.%d", (int)getpid());
	assert_int_equal(shared_ring_map(setup->path, &setup->mapped), STATUS_OK);
	setup->file = open(setup->path, O_RDWR | O_CLOEXEC);
	setup->client = mmap(NULL, LINK_SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, setup->file, 0);
	assert_ptr_not_equal(setup->client, MAP_FAILED);
	setup->hello.version = 1;
	setup->hello.source_key[0] = 0x77;
	shared_ring_init(&setup->ring, setup->mapped);
	*state = setup;
	return 0;
}

static int tear_down(void **state)
{
	struct setup *setup = *state;

	munmap(setup->client, LINK_SHARED_SIZE);
	shared_ring_unmap(setup->mapped);
	close(setup->file);
	unlink(setup->path);
	free(setup);
	return 0;
}

static void post(struct setup *setup, uint64_t sequence, uint64_t size)
{
	setup->client->ring.request_size = size;
	__atomic_store_n(&setup->client->ring.request_sequence, sequence, __ATOMIC_SEQ_CST);
}

static status greet(struct setup *setup)
{
	return shared_ring_greet(&setup->ring, &setup->hello, 1);
}

static status take(struct setup *setup)
{
	return shared_ring_take(&setup->ring, 1, setup->request, &setup->size);
}

static void begin(struct setup *setup, uint64_t connect)
{
	setup->client->connect = connect;
	while (greet(setup) == STATUS_TORN)
		;
	assert_int_equal(setup->client->answered, connect);
}

static void the_file_is_made_with_its_size_for_its_owner_alone(void **state)
{
	struct setup *setup = *state;
	struct stat found;

	assert_int_equal(fstat(setup->file, &found), 0);
	assert_int_equal(found.st_size, LINK_SHARED_SIZE);
	assert_int_equal(found.st_mode & 0777, 0600);
}

static void what_is_no_file_is_refused(void **state)
{
	struct link_shared *shared;
	char link[80];

	(void)state;
	assert_int_equal(shared_ring_map("/dev/null", &shared), STATUS_USAGE);
	assert_int_equal(shared_ring_map("/nowhere/at/all", &shared), STATUS_IO);
	snprintf(link, sizeof link, "/tmp/shared-ring-link.%d", (int)getpid());
	assert_int_equal(symlink("/tmp/elsewhere", link), 0);
	assert_int_equal(shared_ring_map(link, &shared), STATUS_IO);
	assert_int_equal(access("/tmp/elsewhere", F_OK), -1);
	unlink(link);
}

static void a_client_is_greeted_once_and_finds_a_clean_ring(void **state)
{
	struct setup *setup = *state;

	assert_int_equal(greet(setup), STATUS_TORN);
	memset(&setup->client->ring, 0xff, 4096);
	begin(setup, 5);
	assert_int_equal(setup->client->hello.source_key[0], 0x77);
	assert_int_equal(setup->client->ring.request_sequence, 0);
	assert_int_equal(setup->client->ring.source_gone, 0);
	assert_int_equal(greet(setup), STATUS_TORN);
}

static void requests_are_taken_and_answered(void **state)
{
	struct setup *setup = *state;
	static const uint8_t answer[] = "answer";

	begin(setup, 5);
	assert_int_equal(take(setup), STATUS_TORN);
	for (uint64_t i = 1; i < 100; i++) {
		memset(setup->client->ring.request, (int)i, 100);
		post(setup, i, 100);
		assert_int_equal(take(setup), STATUS_OK);
		assert_int_equal(setup->size, 100);
		assert_int_equal(setup->request[99], i);
		assert_int_equal(shared_ring_reply(&setup->ring, (struct span){answer, sizeof answer}), STATUS_OK);
		assert_int_equal(setup->client->ring.reply_sequence, i);
		assert_memory_equal(setup->client->ring.reply, answer, sizeof answer);
	}
}

static void jumps_and_sizes_beyond_the_ring_are_refused(void **state)
{
	struct setup *setup = *state;

	begin(setup, 5);
	post(setup, 2, 10);
	assert_int_equal(take(setup), STATUS_MALFORMED);
	begin(setup, 6);
	post(setup, 1, LINK_RING_REQUEST_SIZE + 1);
	assert_int_equal(take(setup), STATUS_MALFORMED);
	begin(setup, 7);
	post(setup, 1, UINT64_MAX);
	assert_int_equal(take(setup), STATUS_MALFORMED);
}

static void last_words_are_taken_before_the_client_is_gone(void **state)
{
	struct setup *setup = *state;

	begin(setup, 5);
	post(setup, 1, 3);
	setup->client->connect = 0;
	assert_int_equal(take(setup), STATUS_OK);
	assert_int_equal(take(setup), STATUS_GONE);
	assert_int_equal(greet(setup), STATUS_TORN);
}

static void who_begins_anew_ends_the_one_before_and_gets_none_of_its_answers(void **state)
{
	struct setup *setup = *state;
	static const uint8_t words[] = "not for you";

	begin(setup, 5);
	setup->client->connect = 6;
	assert_int_equal(take(setup), STATUS_GONE);
	assert_int_equal(shared_ring_end(&setup->ring, (struct span){words, sizeof words}), STATUS_OK);
	assert_int_equal(setup->client->ring.source_gone, 0);
	begin(setup, 6);
	assert_int_equal(shared_ring_end(&setup->ring, (struct span){words, sizeof words}), STATUS_OK);
	assert_int_equal(setup->client->ring.source_gone, 1);
	assert_memory_equal(setup->client->ring.reply, words, sizeof words);
}

static void the_agent_shows_that_it_is_there(void **state)
{
	struct setup *setup = *state;
	uint64_t before = setup->client->alive;

	shared_ring_beat(setup->mapped);
	assert_int_equal(setup->client->alive, before + 1);
	assert_int_equal(setup->client->magic, LINK_SHARED_MAGIC);
}

static void a_file_that_is_cut_is_an_error_wherever_it_is_touched(void **state)
{
	struct setup *setup = *state;

	begin(setup, 5);
	/* Here, as cmocka puts its own handlers in place for each test. */
	assert_int_equal(guarded_init(), STATUS_OK);
	assert_int_equal(ftruncate(setup->file, 0), 0);
	assert_int_equal(take(setup), STATUS_IO);
	assert_int_equal(shared_ring_reply(&setup->ring, (struct span){setup->request, 8}), STATUS_IO);
	assert_int_equal(shared_ring_end(&setup->ring, (struct span){NULL, 0}), STATUS_IO);
	status result = greet(setup);
	for (int i = 0; i < 100 && result == STATUS_TORN; i++)
		result = greet(setup);
	assert_int_equal(result, STATUS_IO);
	shared_ring_beat(setup->mapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_file_is_made_with_its_size_for_its_owner_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_is_greeted_once_and_finds_a_clean_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(requests_are_taken_and_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(jumps_and_sizes_beyond_the_ring_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(last_words_are_taken_before_the_client_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_begins_anew_ends_the_one_before_and_gets_none_of_its_answers,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_agent_shows_that_it_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_cut_is_an_error_wherever_it_is_touched, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
