/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against a verifier that takes results in their order, and files as a host would have them. */
#include "base/test.h"

#include "enclave/attest/verifier.h"
#include "enclave/duty/leftover.h"
#include "enclave/duty/talk.h"
#include "enclave/duty/unsent.h"
#include "enclave/runtime/hostile-host.h"
#include "wire/agent.h"
#include "wire/call.h"

enum { FILE_COUNT = 3, STREAM_COUNT = 4 };

/* A record of number 0 can't be read. */
struct file {
	uint8_t stream;
	uint64_t numbers[8];
	size_t count;
	bool is_forgotten;
};

static struct {
	struct file files[FILE_COUNT];
	uint64_t kept[STREAM_COUNT]; /* by the verifier, of each stream */
	unsigned told_count;
	uint64_t told_number; /* the last result of the connection */
	bool is_stubborn; /* it lacks what it lacks, however often it is told what follows */
	bool repeats; /* the host begins anew where a file ends */
	bool breaks; /* the connection, at the next result */
	bool is_fresh; /* a connection that nobody has used */
	uint8_t stream; /* of the connection */
	uint8_t sent[1024], answers[1024];
	size_t sent_size, answers_size;
} world;

/* ---- the host's files */

status unsent_find(const struct link_primitives *primitives, uint64_t file, uint64_t number, struct unsent *ret_unsent)
{
	if (file >= FILE_COUNT || (number >= world.files[file].count && !world.repeats))
		return STATUS_END;
	/* One that repeats has no end: what asks on and on is noticed. */
	assert_true(number < 1000);
	const struct verifier_result head = {.number = world.files[file].numbers[number % 8]};
	if (head.number == 0)
		return STATUS_MALFORMED;
	memset(ret_unsent, 0, sizeof *ret_unsent);
	ret_unsent->stream[0] = world.files[file].stream;
	ret_unsent->size = sizeof head;
	memcpy(ret_unsent->body, &head, sizeof head);
	return STATUS_OK;
}

void unsent_forget(uint64_t file)
{
	assert_true(file < FILE_COUNT);
	world.files[file].is_forgotten = true;
}

/* ---- the verifier */

status verifier_connect(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint32_t patience_ms)
{
	assert_true(world.is_fresh);
	world.is_fresh = false;
	world.sent_size = world.answers_size = 0;
	world.told_number = 0;
	return STATUS_OK;
}

void verifier_disconnect(void)
{
}

status verifier_reconnect(void)
{
	world.is_fresh = true;
	return STATUS_OK;
}

static void say(enum verifier_frame_type type, const void *body, size_t size)
{
	const struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = (uint16_t)type, .size = (uint32_t)size};

	assert_true(world.answers_size + sizeof head + size <= sizeof world.answers);
	memcpy(world.answers + world.answers_size, &head, sizeof head);
	memcpy(world.answers + world.answers_size + sizeof head, body, size);
	world.answers_size += sizeof head + size;
}

static void take(uint16_t type, const uint8_t *body)
{
	struct verifier_hello hello;
	struct verifier_result result;

	if (type == VERIFIER_HELLO) {
		memcpy(&hello, body, sizeof hello);
		world.stream = hello.stream[0];
		const struct verifier_welcome welcome = {.interval_ms = 1000, .kept_number = world.kept[world.stream]};
		say(VERIFIER_WELCOME, &welcome, sizeof welcome);
		return;
	}
	assert_int_equal(type, VERIFIER_RESULT);
	memcpy(&result, body, sizeof result);
	/* As verifier/station: who was asked for what lies before it, and begins with the same again, has no more. */
	const bool is_first_left = result.number <= world.told_number && !world.is_stubborn;
	const bool is_taken = result.number == world.kept[world.stream] + 1 || is_first_left;
	if (is_taken)
		world.kept[world.stream] = result.number;
	world.told_number = result.number;
	world.told_count++;
	const struct verifier_kept kept = {world.kept[world.stream]};
	say(is_taken ? VERIFIER_KEPT : VERIFIER_RESEND, &kept, sizeof kept);
}

status verifier_send(struct span bytes, uint32_t patience_ms)
{
	struct agent_frame head;

	assert_true(world.sent_size + bytes.size <= sizeof world.sent);
	memcpy(world.sent + world.sent_size, bytes.data, bytes.size);
	world.sent_size += bytes.size;
	memcpy(&head, world.sent, sizeof head);
	if (world.sent_size < sizeof head + head.size)
		return STATUS_OK;
	if (world.breaks && head.type == VERIFIER_RESULT)
		return STATUS_IO;
	take(head.type, world.sent + sizeof head);
	world.sent_size = 0;
	return STATUS_OK;
}

status verifier_receive_within(void *buffer, size_t size, uint32_t wait_ms, size_t *ret_size)
{
	if (world.answers_size == 0)
		return STATUS_TORN;
	*ret_size = size < world.answers_size ? size : world.answers_size;
	memcpy(buffer, world.answers, *ret_size);
	memmove(world.answers, world.answers + *ret_size, world.answers_size - *ret_size);
	world.answers_size -= *ret_size;
	return STATUS_OK;
}

/* ---- */

static int set_up(void **state)
{
	hostile_init();
	memset(&world, 0, sizeof world);
	world.is_fresh = true;
	return 0;
}

static void tell(void)
{
	static const uint8_t binding[EVIDENCE_BINDING_SIZE];
	static const struct link_primitives primitives;

	assert_int_equal(leftover_tell(&primitives, binding), STATUS_OK);
	/* What comes next has a connection of its own. */
	assert_true(world.is_fresh);
}

static void what_runs_left_is_told_and_forgotten(void **state)
{
	world.files[0] = (struct file){1, {1, 2, 3}, 3};
	world.files[1] = (struct file){2, {5, 6}, 2};
	world.kept[2] = 4;
	tell();
	assert_int_equal(world.kept[1], 3);
	assert_int_equal(world.kept[2], 6);
	assert_true(world.files[0].is_forgotten && world.files[1].is_forgotten && !world.files[2].is_forgotten);
}

static void what_the_verifier_has_already_is_not_told_again(void **state)
{
	world.files[0] = (struct file){1, {1, 2, 3, 4, 5}, 5};
	world.kept[1] = 3;
	tell();
	assert_int_equal(world.told_count, 2);
	assert_int_equal(world.kept[1], 5);
	assert_true(world.files[0].is_forgotten);
	/* All of it, and more than was sealed. */
	world.files[0].is_forgotten = false;
	world.kept[1] = 9;
	tell();
	assert_int_equal(world.told_count, 2);
	assert_true(world.files[0].is_forgotten);
}

static void what_could_not_be_told_stays_and_is_told_next_time(void **state)
{
	world.files[0] = (struct file){1, {1, 2}, 2};
	world.breaks = true;
	tell();
	assert_false(world.files[0].is_forgotten);
	world.breaks = false;
	tell();
	assert_int_equal(world.kept[1], 2);
	assert_true(world.files[0].is_forgotten);
}

static void what_cannot_be_read_stays_and_keeps_back_nothing_of_others(void **state)
{
	world.files[0] = (struct file){1, {1, 0}, 2};
	world.files[1] = (struct file){2, {1}, 1};
	tell();
	assert_int_equal(world.kept[1], 1);
	assert_int_equal(world.kept[2], 1);
	assert_false(world.files[0].is_forgotten);
	assert_true(world.files[1].is_forgotten);
}

static void what_follows_a_lost_one_is_told_twice_and_taken(void **state)
{
	world.files[0] = (struct file){1, {2, 3, 6}, 3};
	world.files[1] = (struct file){2, {1}, 1};
	tell();
	/* 2 and 6 twice, 3 and the other file's once. */
	assert_int_equal(world.told_count, 6);
	assert_int_equal(world.kept[1], 6);
	assert_int_equal(world.kept[2], 1);
	assert_true(world.files[0].is_forgotten && world.files[1].is_forgotten);
}

static void what_a_verifier_never_takes_is_no_use_and_forgotten(void **state)
{
	world.files[0] = (struct file){1, {2, 3}, 2};
	world.files[1] = (struct file){2, {1}, 1};
	world.is_stubborn = true;
	tell();
	assert_int_equal(world.told_count, 5);
	assert_int_equal(world.kept[1], 0);
	assert_int_equal(world.kept[2], 1);
	assert_true(world.files[0].is_forgotten && world.files[1].is_forgotten);
}

static void a_host_that_shows_the_same_again_and_again_keeps_nobody(void **state)
{
	world.repeats = true;
	world.files[0] = (struct file){1, {1, 2, 3, 4, 5, 6, 7, 8}, 8};
	world.files[1] = (struct file){2, {1, 1}, 2};
	tell();
	assert_int_equal(world.kept[1], 8);
	assert_int_equal(world.kept[2], 1);
	assert_false(world.files[0].is_forgotten || world.files[1].is_forgotten);
}

static void where_nothing_is_left_nobody_is_asked(void **state)
{
	tell();
	assert_int_equal(world.told_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_runs_left_is_told_and_forgotten, set_up),
		cmocka_unit_test_setup(what_the_verifier_has_already_is_not_told_again, set_up),
		cmocka_unit_test_setup(what_could_not_be_told_stays_and_is_told_next_time, set_up),
		cmocka_unit_test_setup(what_cannot_be_read_stays_and_keeps_back_nothing_of_others, set_up),
		cmocka_unit_test_setup(what_follows_a_lost_one_is_told_twice_and_taken, set_up),
		cmocka_unit_test_setup(what_a_verifier_never_takes_is_no_use_and_forgotten, set_up),
		cmocka_unit_test_setup(a_host_that_shows_the_same_again_and_again_keeps_nobody, set_up),
		cmocka_unit_test_setup(where_nothing_is_left_nobody_is_asked, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
