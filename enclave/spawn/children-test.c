/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that another one runs, and that says nothing: by a verifier's time that the test turns. */
#include "base/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "enclave/duty/duty.h"
#include "enclave/link/output.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"
#include "enclave/spawn/children.h"
#include "enclave/spawn/conversation.h"
#include "enclave/spawn/peer.h"
#include "enclave/spawn/pipe.h"
#include "enclave/vfs/target.h"
#include "enclave/vfs/vfs.h"

#define MINUTE_MS INT64_C(60000)

enum { WAIT_MS = 1000, WAIT_COUNT_MAX = 100000 };

static struct {
	int64_t verified_ms, step_ms; /* each wait takes as long as from one challenge to the next */
	int64_t ends_at_ms; /* the child says so then; 0: never */
	unsigned wait_count;
	unsigned ends_at_wait; /* 0: never */
	bool is_partial;
	char said[256];
	struct conversation conversation;
} world;

int64_t duty_verified_ms(void)
{
	return world.verified_ms;
}

int64_t duty_verified_step_ms(void)
{
	return world.step_ms;
}

void duty_pump(void)
{
}

status peer_start(const char *name, unsigned *ret_peer)
{
	(void)name;
	*ret_peer = 0;
	return STATUS_OK;
}

static bool has_ended(void)
{
	return (world.ends_at_ms != 0 && world.verified_ms >= world.ends_at_ms) ||
	       (world.ends_at_wait != 0 && world.wait_count >= world.ends_at_wait);
}

status peer_wait(struct peer_set wanted, struct peer_set *ret_ready)
{
	assert_int_equal(wanted.reading, 1);
	assert_in_range(++world.wait_count, 1, WAIT_COUNT_MAX);
	world.verified_ms += world.step_ms;
	*ret_ready = (struct peer_set){.reading = has_ended()};
	return STATUS_OK;
}

status conversation_create(unsigned peer, const char *who, struct conversation **ret_conversation)
{
	world.conversation.peer = peer;
	strncpy(world.conversation.who, who, sizeof world.conversation.who - 1);
	*ret_conversation = &world.conversation;
	return STATUS_OK;
}

void conversation_destroy(struct conversation *conversation)
{
	assert_ptr_equal(conversation, &world.conversation);
}

status conversation_invite(struct conversation *conversation, const uint8_t mrenclave[static SGX_HASH_SIZE],
			   uint32_t *ret_flags)
{
	(void)conversation, (void)mrenclave;
	*ret_flags = 0;
	return STATUS_OK;
}

bool conversation_is_pending(const struct conversation *conversation)
{
	(void)conversation;
	return false;
}

status conversation_put(struct conversation *conversation, struct span content)
{
	(void)conversation, (void)content;
	return STATUS_OK;
}

status conversation_flush(struct conversation *conversation)
{
	(void)conversation;
	return STATUS_OK;
}

status conversation_say(struct conversation *conversation, struct span content)
{
	(void)conversation, (void)content;
	return STATUS_OK;
}

status conversation_receive(struct conversation *conversation, struct span *ret_content)
{
	static const uint8_t ended[9] = {PEER_EXIT};

	(void)conversation;
	assert_true(has_ended());
	*ret_content = (struct span){ended, sizeof ended};
	return STATUS_OK;
}

/* ---- the rest of the program */

void runtime_fault_note(void)
{
	world.is_partial = true;
}

bool runtime_fault_is_withheld(void)
{
	return false;
}

void link_output_withhold(void)
{
}

bool manifest_program(const char *name, uint8_t ret_mrenclave[static SGX_HASH_SIZE])
{
	(void)name;
	memset(ret_mrenclave, 0, SGX_HASH_SIZE);
	return true;
}

status target_epoch_share(void)
{
	return STATUS_OK;
}

void vfs_epoch_end(void)
{
}

long vfs_getcwd(char *buffer, size_t size)
{
	(void)buffer, (void)size;
	return -1;
}

long streams_kind(const struct streams *streams, int stream, enum peer_stream *ret_kind)
{
	(void)streams, (void)stream;
	*ret_kind = PEER_STREAM_CLOSED;
	return 0;
}

void streams_release(struct streams *streams)
{
	(void)streams;
}

static void keep_report(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	snprintf(world.said, sizeof world.said, "%s", message);
}

/* ---- */

static int run(void)
{
	static const char *const arguments[] = {"netstat", NULL}, *const nothing[] = {NULL};
	const struct child_order order = {.arguments = arguments, .environment = nothing};
	int wait_status = -1;

	report_sink_set(keep_report, NULL);
	const long pid = children_start(&order, 1);
	assert_true(pid > 0);
	assert_int_equal(children_wait(pid, false, &wait_status), pid);
	return wait_status;
}

static void who_says_nothing_for_a_quarter_of_an_hour_of_the_verifiers_time_is_ended(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.step_ms = WAIT_MS;
	world.verified_ms = 77 * MINUTE_MS;
	assert_int_equal(run(), SIGKILL);
	assert_int_equal(world.wait_count, 15 * MINUTE_MS / WAIT_MS + 2);
	assert_true(world.is_partial);
	assert_non_null(strstr(world.said, "netstat has said nothing for 15 min of the verifier's time"));
}

static void who_says_something_in_time_is_waited_for(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.step_ms = WAIT_MS;
	world.ends_at_ms = 15 * MINUTE_MS;
	assert_int_equal(run(), 0);
	assert_false(world.is_partial);
	/* What came while the program did something else is heard first, however late. */
	memset(&world, 0, sizeof world);
	world.step_ms = 60 * MINUTE_MS;
	world.ends_at_wait = 1;
	assert_int_equal(run(), 0);
	assert_false(world.is_partial);
}

/* A challenge, which may come at once, is an hour by that clock. */
static void where_challenges_are_far_apart_a_program_has_three_of_them(void **state)
{
	(void)state;
	for (unsigned wait = 2; wait <= 3; wait++) {
		memset(&world, 0, sizeof world);
		world.step_ms = 60 * MINUTE_MS;
		world.ends_at_wait = wait;
		assert_int_equal(run(), 0);
		assert_false(world.is_partial);
	}
	memset(&world, 0, sizeof world);
	world.step_ms = 60 * MINUTE_MS;
	assert_int_equal(run(), SIGKILL);
	assert_int_equal(world.wait_count, 4);
	assert_non_null(strstr(world.said, "netstat has said nothing for 180 min of the verifier's time"));
}

static void where_no_verifier_is_heard_nothing_bounds_a_program(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.ends_at_wait = WAIT_COUNT_MAX;
	assert_int_equal(run(), 0);
	assert_false(world.is_partial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_nothing_for_a_quarter_of_an_hour_of_the_verifiers_time_is_ended),
		cmocka_unit_test(who_says_something_in_time_is_waited_for),
		cmocka_unit_test(where_challenges_are_far_apart_a_program_has_three_of_them),
		cmocka_unit_test(where_no_verifier_is_heard_nothing_bounds_a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
