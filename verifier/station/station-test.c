/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The station over a disk whose power goes, with clocks that do what they like. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "verifier/ledger/cut-disk.h"
#include "verifier/station/station.h"

enum { TARGET_COUNT = 5, INTERVAL_MS = 1000, CUT_COUNT = 120 };

#define SECOND UINT64_C(1000000000)

/* One enclave as its machine has it, which goes on over the verifier's restarts. */
struct enclave {
	char target[16];
	uint8_t stream[VERIFIER_STREAM_SIZE];
	uint64_t counter, heard; /* sent; acknowledged */
	uint64_t made, kept; /* results; told of by heartbeats, acknowledged */
	uint64_t asked_again; /* how often */
	uint64_t welcomed; /* the number in its last welcome */
	uint8_t last_hash[LEDGER_HASH_SIZE];
	struct station_peer peer;
	uint8_t nonce[VERIFIER_NONCE_SIZE];
	bool is_challenged;
};

static struct enclave enclaves[TARGET_COUNT];
static struct ledger *ledger;
static struct station *station;
static uint64_t steady_ns;
static time_t wall = 1750420800;

/* In place of libc's: the wall clock, which anybody sets. */
time_t time(time_t *ret_time)
{
	if (ret_time != NULL)
		*ret_time = wall;
	return wall;
}

static uint64_t steady(void)
{
	return steady_ns;
}

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void hear_answer(void *context, struct station_peer *peer, uint16_t type, struct span body)
{
	struct enclave *enclave = peer->connection;
	struct verifier_kept number = {0};

	(void)context;
	if (body.size == sizeof number)
		memcpy(&number, body.data, sizeof number);
	if (type == VERIFIER_WELCOME) {
		struct verifier_welcome welcome;

		memcpy(&welcome, body.data, sizeof welcome);
		enclave->welcomed = welcome.kept_number;
	} else if (type == VERIFIER_CHALLENGE) {
		memcpy(enclave->nonce, body.data, sizeof enclave->nonce);
		enclave->is_challenged = true;
	} else if (type == VERIFIER_HEARD) {
		enclave->heard = number.number;
	} else if (type == VERIFIER_KEPT) {
		enclave->kept = number.number;
	} else if (type == VERIFIER_RESEND) {
		enclave->asked_again++;
	}
}

static status send_frame(struct enclave *enclave, uint16_t type, const void *body, size_t size)
{
	char sentence[STATION_SENTENCE_SIZE];

	return station_take(station, &enclave->peer, type, (struct span){body, size}, sentence);
}

static void connect_one(struct enclave *enclave)
{
	struct verifier_hello hello = {.version = 1};

	enclave->peer = (struct station_peer){.connection = enclave};
	enclave->is_challenged = false;
	memcpy(hello.stream, enclave->stream, sizeof hello.stream);
	snprintf(hello.target, sizeof hello.target, "%s", enclave->target);
	(void)!send_frame(enclave, VERIFIER_HELLO, &hello, sizeof hello);
}

static void beat(struct enclave *enclave)
{
	struct verifier_heartbeat heartbeat = {
		.counter = ++enclave->counter, .result_number = enclave->made, .program = "ps"};

	memcpy(heartbeat.nonce, enclave->nonce, sizeof heartbeat.nonce);
	if (enclave->is_challenged)
		assert_int_equal(send_frame(enclave, VERIFIER_HEARTBEAT, &heartbeat, sizeof heartbeat), STATUS_OK);
	enclave->is_challenged = false;
}

/* The next of its chain; what isn't acknowledged is made once more, the same. */
static void find(struct enclave *enclave)
{
	struct {
		struct verifier_result head;
		char content[40];
	} result = {.head = {.number = enclave->kept + 1, .kind = VERIFIER_RESULT_FINDING, .program = "scan"}};
	const size_t from = offsetof(struct verifier_result, kind);
	uint64_t before = enclave->kept;

	snprintf(result.content, sizeof result.content, "{\"title\": \"%llu\"}",
		 (unsigned long long)result.head.number);
	memcpy(result.head.previous, enclave->last_hash, sizeof result.head.previous);
	assert_int_equal(send_frame(enclave, VERIFIER_RESULT, &result, sizeof result), STATUS_OK);
	station_flush(station);
	if (enclave->kept == before)
		return;
	assert_int_equal(enclave->kept, before + 1);
	assert_int_equal(ledger_chain_hash(result.head.previous, enclave->target, enclave->stream, result.head.number,
					   (struct span){(const uint8_t *)&result + from, sizeof result - from},
					   enclave->last_hash),
			 STATUS_OK);
}

static bool open_station(void)
{
	if (ledger_create_through("/ledger", CUT_DISK_VFS, &ledger) != STATUS_OK)
		return false;
	for (int i = 0; i < TARGET_COUNT; i++)
		if (ledger_target_enrol(ledger, enclaves[i].target, INTERVAL_MS) != STATUS_OK)
			return false;
	return station_create(ledger, hear_answer, NULL, steady, NULL, &station) == STATUS_OK;
}

static void close_station(void)
{
	station_destroy(station);
	ledger_destroy(ledger);
	station = NULL;
	ledger = NULL;
}

static void begin(uint64_t seed)
{
	report_sink_set(drop, NULL);
	cut_disk_init(seed);
	memset(enclaves, 0, sizeof enclaves);
	for (int i = 0; i < TARGET_COUNT; i++) {
		snprintf(enclaves[i].target, sizeof enclaves[i].target, "t%d", i);
		enclaves[i].stream[0] = (uint8_t)(i + 1);
	}
	assert_true(open_station());
}

static enum vigil_state state_of(const char *name)
{
	struct vigil_target target;

	assert_int_equal(vigil_find(station_vigil(station), name, &target), STATUS_OK);
	return target.state;
}

static status count_alert(void *context, const struct ledger_alert *alert)
{
	int *count = context;

	(void)alert;
	(*count)++;
	return STATUS_OK;
}

static int alert_count(void)
{
	int count = 0;

	assert_int_equal(ledger_alerts_visit(ledger, 0, UINT32_MAX, count_alert, &count), STATUS_OK);
	return count;
}

static void a_round(void)
{
	for (int i = 0; i < TARGET_COUNT; i++)
		if (enclaves[i].peer.is_welcome) {
			assert_int_equal(station_challenge(station, &enclaves[i].peer), STATUS_OK);
			beat(&enclaves[i]);
		}
	station_flush(station);
}

/* It is our time() that the station asks: the last heartbeats are of that hour. */
static status check_heard_at(void *context, const struct ledger_target *target)
{
	(void)context;
	assert_int_equal(target->heard_at, wall);
	return STATUS_OK;
}

static void step(uint64_t ns)
{
	steady_ns += ns;
	assert_int_equal(station_look(station), STATUS_OK);
}

static void a_wall_clock_that_jumps_by_an_hour_changes_nothing(void **state)
{
	static const time_t jumps[] = {3600, -7200, 3600, 86400, -86400, 1 << 30, -(1 << 30)};

	(void)state;
	begin(1);
	for (int i = 0; i < TARGET_COUNT; i++)
		connect_one(&enclaves[i]);
	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		a_round();
		assert_int_equal(ledger_targets_visit(ledger, check_heard_at, NULL), STATUS_OK);
		wall += jumps[i];
		for (int tick = 0; tick < 8; tick++)
			step(SECOND / 5);
		for (int j = 0; j < TARGET_COUNT; j++)
			assert_int_equal(state_of(enclaves[j].target), VIGIL_HEALTHY);
	}
	assert_int_equal(alert_count(), 0);
	/* And none hides that somebody is silent: two intervals and a second later it is told. */
	a_round();
	wall -= 3600;
	for (int tick = 0; tick < 15; tick++)
		step(SECOND / 5);
	assert_int_equal(alert_count(), TARGET_COUNT);
	close_station();
	cut_disk_deinit();
}

static void who_is_missing_and_told_of_more_than_came_has_lost_results(void **state)
{
	(void)state;
	begin(3);
	connect_one(&enclaves[0]);
	enclaves[0].made = 2;
	a_round();
	find(&enclaves[0]);
	assert_int_equal(alert_count(), 0);
	for (int tick = 0; tick < 15; tick++)
		step(SECOND / 5);
	/* Each is missing, and one more has lost something; told once. */
	assert_int_equal(alert_count(), TARGET_COUNT + 1);
	for (int tick = 0; tick < 15; tick++)
		step(SECOND / 5);
	assert_int_equal(alert_count(), TARGET_COUNT + 1);
	close_station();
	cut_disk_deinit();
}

/* An empty store in place of one that has acknowledged five results: an old copy, seen from the enclave. */
static void an_enclave_goes_on_with_a_store_that_was_restored(void **state)
{
	uint64_t last = 0;

	(void)state;
	begin(4);
	connect_one(&enclaves[0]);
	enclaves[0].kept = 5;
	/* The first time it may be that the ones before are still under way. */
	find(&enclaves[0]);
	assert_int_equal(enclaves[0].kept, 5);
	assert_int_equal(enclaves[0].asked_again, 1);
	find(&enclaves[0]);
	assert_int_equal(enclaves[0].kept, 6);
	assert_int_equal(alert_count(), 2);
	find(&enclaves[0]);
	assert_int_equal(enclaves[0].kept, 7);
	assert_int_equal(enclaves[0].asked_again, 1);
	assert_int_equal(alert_count(), 2);
	assert_int_equal(ledger_stream_last(ledger, enclaves[0].target, enclaves[0].stream, &last), STATUS_OK);
	assert_int_equal(last, 7);
	close_station();
	cut_disk_deinit();
}

static void a_welcome_acknowledges_only_what_is_on_the_disk(void **state)
{
	const struct verifier_result result = {.number = 1, .kind = VERIFIER_RESULT_OUTPUT};
	struct enclave *enclave = &enclaves[0];
	uint64_t last = 0;

	(void)state;
	begin(5);
	connect_one(enclave);
	assert_int_equal(send_frame(enclave, VERIFIER_RESULT, &result, sizeof result), STATUS_OK);
	assert_int_equal(enclave->kept, 0);
	/* Its connection breaks, and it comes again before the batch's end; then the verifier is killed. */
	station_peer_forget(station, &enclave->peer);
	connect_one(enclave);
	assert_int_equal(enclave->welcomed, 1);
	close_station();
	assert_true(open_station());
	assert_int_equal(ledger_stream_last(ledger, enclave->target, enclave->stream, &last), STATUS_OK);
	assert_int_equal(last, 1);
	close_station();
	cut_disk_deinit();
}

/* A suspended machine: the steady clock jumps, and nobody was listening. */
static void an_hour_of_sleep_makes_nobody_missing(void **state)
{
	(void)state;
	begin(2);
	for (int i = 0; i < TARGET_COUNT; i++)
		connect_one(&enclaves[i]);
	a_round();
	step(3600 * SECOND);
	assert_int_equal(alert_count(), 0);
	a_round();
	step(SECOND / 5);
	for (int j = 0; j < TARGET_COUNT; j++)
		assert_int_equal(state_of(enclaves[j].target), VIGIL_HEALTHY);
	close_station();
	cut_disk_deinit();
}

/* What was acknowledged before the cut, and what is true after it. */
static void check_after_restart(void)
{
	for (int i = 0; i < TARGET_COUNT; i++) {
		struct enclave *enclave = &enclaves[i];
		uint64_t last = 0, before = enclave->heard;

		/* Nobody is healthy because he once was. */
		assert_int_equal(state_of(enclave->target), VIGIL_UNKNOWN);
		assert_int_equal(ledger_stream_last(ledger, enclave->target, enclave->stream, &last), STATUS_OK);
		assert_true(last >= enclave->kept);
		connect_one(enclave);
		/* A counter that was acknowledged isn't taken again. */
		if (before > 0) {
			struct verifier_heartbeat again = {.counter = before};

			memcpy(again.nonce, enclave->nonce, sizeof again.nonce);
			assert_int_equal(send_frame(enclave, VERIFIER_HEARTBEAT, &again, sizeof again), STATUS_DENIED);
			connect_one(enclave);
		}
		assert_int_equal(state_of(enclave->target), VIGIL_UNKNOWN);
	}
	a_round();
	for (int i = 0; i < TARGET_COUNT; i++) {
		assert_int_equal(state_of(enclaves[i].target), VIGIL_HEALTHY);
		find(&enclaves[i]);
	}
}

static void live_through_a_cut(uint64_t seed)
{
	begin(seed);
	for (int i = 0; i < TARGET_COUNT; i++)
		connect_one(&enclaves[i]);
	station_flush(station);
	cut_disk_cut_after(20 + cut_disk_random(400));
	for (int round = 0; round < 200 && !cut_disk_is_cut(); round++) {
		a_round();
		find(&enclaves[cut_disk_random(TARGET_COUNT)]);
		steady_ns += SECOND / 10;
		(void)!station_look(station);
	}
	assert_true(cut_disk_is_cut());
	close_station();
	cut_disk_restart();
	assert_true(open_station());
	check_after_restart();
	close_station();
	cut_disk_deinit();
}

static void after_a_power_cut_nobody_is_healthy_and_no_counter_goes_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= CUT_COUNT; seed++)
		live_through_a_cut(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wall_clock_that_jumps_by_an_hour_changes_nothing),
		cmocka_unit_test(an_hour_of_sleep_makes_nobody_missing),
		cmocka_unit_test(who_is_missing_and_told_of_more_than_came_has_lost_results),
		cmocka_unit_test(a_welcome_acknowledges_only_what_is_on_the_disk),
		cmocka_unit_test(an_enclave_goes_on_with_a_store_that_was_restored),
		cmocka_unit_test(after_a_power_cut_nobody_is_healthy_and_no_counter_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
