/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test.h"
#include "wire/frame.h"

enum { BODY_SIZE_MAX = 64, PATIENCE_MS = 60000 };

struct pair {
	int ends[2];
	struct frame_reader reader;
	uint8_t body[BODY_SIZE_MAX];
};

static void pair_init(struct pair *pair, bool is_serial)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->ends), 0);
	frame_reader_init(&pair->reader, pair->ends[1], is_serial, pair->body, sizeof pair->body);
}

static void pair_deinit(struct pair *pair)
{
	close(pair->ends[0]);
	close(pair->ends[1]);
}

static void put(const struct pair *pair, const void *bytes, size_t size)
{
	assert_int_equal(write(pair->ends[0], bytes, size), (ssize_t)size);
}

static const struct agent_frame five_bytes = {
	.magic = AGENT_FRAME_MAGIC, .type = AGENT_MESSAGE, .size = 5, .sequence = 77};

/* Everything was written before: the time is only there for a machine that stands still between two reads. */
static void expect_five_bytes(struct pair *pair)
{
	struct agent_frame head;

	assert_int_equal(frame_reader_next(&pair->reader, PATIENCE_MS, &head), STATUS_OK);
	assert_int_equal(head.type, AGENT_MESSAGE);
	assert_int_equal(head.sequence, 77);
	assert_memory_equal(pair->body, "hello", 5);
}

static void a_frame_arrives_whole_however_it_is_cut(void **state)
{
	struct pair pair;
	struct agent_frame head;

	(void)state;
	pair_init(&pair, false);
	for (size_t i = 0; i < sizeof five_bytes; i++) {
		put(&pair, (const uint8_t *)&five_bytes + i, 1);
		assert_int_equal(frame_reader_next(&pair.reader, 0, &head), STATUS_TORN);
	}
	put(&pair, "hel", 3);
	assert_int_equal(frame_reader_next(&pair.reader, 0, &head), STATUS_TORN);
	put(&pair, "lo", 2);
	expect_five_bytes(&pair);
	assert_int_equal(frame_write(pair.ends[0], AGENT_MESSAGE, 77, (struct span){(const uint8_t *)"hello", 5}, 100),
			 STATUS_OK);
	expect_five_bytes(&pair);
	pair_deinit(&pair);
}

static void a_stream_with_anything_else_is_refused(void **state)
{
	struct agent_frame wrong[] = {five_bytes, five_bytes, five_bytes};
	struct agent_frame head;

	(void)state;
	wrong[0].magic ^= 1;
	wrong[1].reserved = 1;
	wrong[2].size = BODY_SIZE_MAX + 1;
	for (size_t i = 0; i < 3; i++) {
		struct pair pair;

		pair_init(&pair, false);
		put(&pair, &wrong[i], sizeof wrong[i]);
		assert_int_equal(frame_reader_next(&pair.reader, 0, &head), STATUS_MALFORMED);
		pair_deinit(&pair);
	}
}

static void a_serial_port_finds_the_next_frame_behind_noise(void **state)
{
	struct agent_frame oversize = five_bytes;
	struct pair pair;

	(void)state;
	pair_init(&pair, true);
	oversize.size = UINT32_MAX;
	put(&pair, "login: B\x5a\x4c junk BZ", 17);
	put(&pair, &oversize, sizeof oversize);
	put(&pair, "BZL", 3); /* a head that never came to its end */
	put(&pair, &five_bytes, sizeof five_bytes);
	put(&pair, "hello", 5);
	expect_five_bytes(&pair);
	pair_deinit(&pair);
}

/* Here something always is there to be read. */
static void noise_without_end_holds_nobody(void **state)
{
	struct frame_reader reader;
	struct agent_frame head;
	uint8_t body[8];
	int zeroes = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(zeroes >= 0);
	frame_reader_init(&reader, zeroes, true, body, sizeof body);
	assert_int_equal(frame_reader_next(&reader, 0, &head), STATUS_TORN);
	assert_int_equal(frame_reader_next(&reader, 20, &head), STATUS_TORN);
	close(zeroes);
}

static void the_end_of_a_stream_is_told_even_within_a_frame(void **state)
{
	struct agent_frame head;
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	put(&pair, &five_bytes, sizeof five_bytes);
	close(pair.ends[0]);
	assert_int_equal(frame_reader_next(&pair.reader, 1000, &head), STATUS_GONE);
	assert_int_equal(frame_write(pair.ends[1], AGENT_MESSAGE, 0, (struct span){NULL, 0}, 100), STATUS_GONE);
	close(pair.ends[1]);
}

static void a_reader_that_never_reads_does_not_hold_the_writer(void **state)
{
	uint8_t *much = calloc(1, LINK_RING_REPLY_SIZE);
	struct pair pair;
	status result = STATUS_OK;

	(void)state;
	assert_non_null(much);
	pair_init(&pair, false);
	for (int i = 0; i < 100 && result == STATUS_OK; i++)
		result = frame_write(pair.ends[1], AGENT_MESSAGE, 0, (struct span){much, LINK_RING_REPLY_SIZE}, 50);
	assert_int_equal(result, STATUS_GONE);
	pair_deinit(&pair);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_arrives_whole_however_it_is_cut),
		cmocka_unit_test(a_stream_with_anything_else_is_refused),
		cmocka_unit_test(a_serial_port_finds_the_next_frame_behind_noise),
		cmocka_unit_test(noise_without_end_holds_nobody),
		cmocka_unit_test(the_end_of_a_stream_is_told_even_within_a_frame),
		cmocka_unit_test(a_reader_that_never_reads_does_not_hold_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
