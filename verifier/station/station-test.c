/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The station over a disk whose power goes, with clocks that do what they like. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "verifier/ledger/cut-disk.h"
#include "verifier/ledger/retention.h"
#include "verifier/station/station.h"

enum { TARGET_COUNT = 5, INTERVAL_MS = 1000, CUT_COUNT = 120 };

#define SECOND UINT64_C(1000000000)

/* One enclave as its machine has it, which goes on over the verifier's restarts. */
struct enclave {
	char target[16];
	uint8_t stream[VERIFIER_STREAM_SIZE];
	uint64_t counter, heard; /* sent; acknowledged */
	uint64_t look_count;
	uint64_t made, kept; /* results; told of by heartbeats, acknowledged */
	uint64_t asked_again; /* how often */
	uint64_t welcomed; /* the number in its last welcome */
	uint8_t last_hash[LEDGER_HASH_SIZE];
	struct station_peer peer;
	uint8_t nonce[VERIFIER_NONCE_SIZE];
	bool is_challenged;
	char words[STATION_SENTENCE_SIZE]; /* of the last refusal */
};

static struct enclave enclaves[TARGET_COUNT];
static struct ledger *ledger;
static struct station *station;
static uint64_t steady_ns;
static time_t wall = 1750420800;
static uint64_t work_ns; /* each look at the wall clock takes so long */
static const char *refusal; /* of whoever says hello, but for NULL */

/* In place of libc's: the wall clock, which anybody sets. */
time_t time(time_t *ret_time)
{
	steady_ns += work_ns;
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
	} else if (type == VERIFIER_REFUSED) {
		snprintf(enclave->words, sizeof enclave->words, "%.*s", (int)body.size, (const char *)body.data);
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
	struct verifier_heartbeat heartbeat = {.counter = ++enclave->counter,
					       .scan_count = enclave->look_count,
					       .result_number = enclave->made,
					       .program = "ps"};

	memcpy(heartbeat.nonce, enclave->nonce, sizeof heartbeat.nonce);
	if (enclave->is_challenged)
		assert_int_equal(send_frame(enclave, VERIFIER_HEARTBEAT, &heartbeat, sizeof heartbeat), STATUS_OK);
	enclave->is_challenged = false;
}

/* One of its chain behind `previous`; that becomes this one's hash. */
static void send_result(struct enclave *enclave, uint64_t number, uint8_t previous[static LEDGER_HASH_SIZE])
{
	struct {
		struct verifier_result head;
		char content[40];
	} result = {.head = {.number = number, .kind = VERIFIER_RESULT_FINDING, .program = "scan"}};
	const size_t from = offsetof(struct verifier_result, kind);

	snprintf(result.content, sizeof result.content, "{\"title\": \"%llu\"}", (unsigned long long)number);
	memcpy(result.head.previous, previous, sizeof result.head.previous);
	assert_int_equal(send_frame(enclave, VERIFIER_RESULT, &result, sizeof result), STATUS_OK);
	assert_int_equal(ledger_chain_hash(result.head.previous, enclave->target, enclave->stream, number,
					   (struct span){(const uint8_t *)&result + from, sizeof result - from},
					   previous),
			 STATUS_OK);
}

/* The next of its chain; what isn't acknowledged is made once more, the same. */
static void find(struct enclave *enclave)
{
	uint8_t hash[LEDGER_HASH_SIZE];
	uint64_t before = enclave->kept;

	memcpy(hash, enclave->last_hash, sizeof hash);
	send_result(enclave, before + 1, hash);
	station_flush(station);
	if (enclave->kept == before)
		return;
	assert_int_equal(enclave->kept, before + 1);
	memcpy(enclave->last_hash, hash, sizeof hash);
}

static status admit(void *context, const struct station_peer *peer, const char *target,
		    char sentence[static STATION_SENTENCE_SIZE])
{
	(void)context, (void)peer, (void)target;
	if (refusal == NULL)
		return STATUS_OK;
	snprintf(sentence, STATION_SENTENCE_SIZE, "%s", refusal);
	return STATUS_DENIED;
}

static bool open_station(void)
{
	if (ledger_create_through("/ledger", CUT_DISK_VFS, &ledger) != STATUS_OK)
		return false;
	for (int i = 0; i < TARGET_COUNT; i++)
		if (ledger_target_enrol(ledger, enclaves[i].target, INTERVAL_MS) != STATUS_OK)
			return false;
	return station_create(ledger, hear_answer, admit, steady, NULL, &station) == STATUS_OK;
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

static void what_the_disk_did_not_take_is_no_gap_when_it_comes_again(void **state)
{
	struct enclave *enclave = &enclaves[0];
	uint8_t hash[LEDGER_HASH_SIZE];

	(void)state;
	begin(6);
	connect_one(enclave);
	find(enclave);
	cut_disk_limit(1);
	memcpy(hash, enclave->last_hash, sizeof hash);
	send_result(enclave, 2, hash);
	station_flush(station);
	assert_int_equal(enclave->kept, 1);
	assert_true(station_figures(station)->is_store_failing);
	/* There is room again, and the next one was on its way already. */
	cut_disk_limit(0);
	send_result(enclave, 3, hash);
	station_flush(station);
	assert_int_equal(enclave->kept, 1);
	memcpy(hash, enclave->last_hash, sizeof hash);
	send_result(enclave, 2, hash);
	send_result(enclave, 3, hash);
	station_flush(station);
	assert_int_equal(enclave->kept, 3);
	assert_int_equal(enclave->asked_again, 0);
	assert_int_equal(alert_count(), 0);
	/* Nor is an enclave held up for ever that doesn't have it any more: that is a gap. */
	cut_disk_limit(1);
	send_result(enclave, 4, hash);
	station_flush(station);
	cut_disk_limit(0);
	uint8_t same[LEDGER_HASH_SIZE];
	memcpy(same, hash, sizeof same);
	send_result(enclave, 5, hash);
	send_result(enclave, 5, same);
	station_flush(station);
	assert_int_equal(enclave->kept, 5);
	assert_int_equal(alert_count(), 1);
	close_station();
	cut_disk_deinit();
}

static void a_store_that_takes_an_alert_again_is_not_failing_any_more(void **state)
{
	(void)state;
	begin(7);
	for (int tick = 0; tick < 10; tick++)
		step(SECOND / 5);
	cut_disk_limit(1);
	for (int tick = 0; tick < 5; tick++) {
		steady_ns += SECOND / 5;
		(void)!station_look(station);
	}
	assert_true(station_figures(station)->is_store_failing);
	cut_disk_limit(0);
	step(SECOND / 5);
	assert_int_equal(alert_count(), TARGET_COUNT);
	assert_false(station_figures(station)->is_store_failing);
	close_station();
	cut_disk_deinit();
}

static void handling_takes_from_a_messages_arrival(void **state)
{
	(void)state;
	begin(8);
	connect_one(&enclaves[0]);
	station_flush(station);
	work_ns = SECOND / 5;
	beat(&enclaves[0]);
	work_ns = 0;
	station_flush(station);
	/* 100 to 250 ms. */
	assert_int_equal(station_figures(station)->handling_counts[7], 1);
	assert_int_equal(station_figures(station)->handling_ns_total, SECOND / 5);
	close_station();
	cut_disk_deinit();
}

static struct ledger_alert last_alert;

static status keep_alert(void *context, const struct ledger_alert *alert)
{
	(void)context;
	last_alert = *alert;
	return STATUS_OK;
}

/* How many there are; the last one is in last_alert. */
static int refused_count(void)
{
	station_flush(station);
	assert_int_equal(ledger_alerts_visit(ledger, 0, UINT32_MAX, keep_alert, NULL), STATUS_OK);
	return alert_count();
}

/* Enough time for a minute to be over; nobody goes missing meanwhile that wasn't. */
static void wait_a_minute(void)
{
	for (int i = 0; i <= 60; i++)
		step(SECOND);
}

static void refusals_are_told_once_a_minute_and_the_rest_as_a_number(void **state)
{
	char text[64];

	(void)state;
	begin(9);
	wait_a_minute(); /* all are missing */
	const int before = alert_count();
	refusal = "MRENCLAVE 1";
	for (int i = 0; i < 1000; i++)
		connect_one(&enclaves[0]);
	assert_int_equal(refused_count(), before + 1);
	assert_string_equal(last_alert.text, "MRENCLAVE 1");
	/* The same enclave at another door is another thing, and so is another one here. */
	connect_one(&enclaves[1]);
	assert_int_equal(refused_count(), before + 2);
	assert_string_equal(last_alert.name, enclaves[1].target);
	refusal = text;
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "MRENCLAVE a%d", i);
		connect_one(&enclaves[0]);
	}
	assert_int_equal(refused_count(), before + 32);
	wait_a_minute();
	/* One for the 999, one for the 470. */
	assert_int_equal(refused_count(), before + 34);
	assert_string_equal(last_alert.name, LEDGER_EVERY_TARGET);
	assert_non_null(strstr(last_alert.text, "470 others"));
	assert_int_equal(station_figures(station)->untold_refusal_count, 999 + 470);
	/* Another minute, another alert, and no sum where nothing was left out. */
	connect_one(&enclaves[0]);
	assert_int_equal(refused_count(), before + 35);
	wait_a_minute();
	assert_int_equal(refused_count(), before + 35);
	refusal = NULL;
	close_station();
	cut_disk_deinit();
}

static void refusals_that_were_not_told_are_when_the_verifier_ends_or_its_disk_has_room(void **state)
{
	(void)state;
	begin(10);
	wait_a_minute();
	const int before = alert_count();
	refusal = "MRENCLAVE 1";
	cut_disk_limit(1);
	connect_one(&enclaves[0]);
	station_flush(station);
	assert_true(station_figures(station)->is_store_failing);
	cut_disk_limit(0);
	assert_int_equal(refused_count(), before);
	close_station();
	assert_true(open_station());
	assert_int_equal(refused_count(), before + 1);
	assert_string_equal(last_alert.text, "1 more within a minute: MRENCLAVE 1");
	assert_string_equal(last_alert.kind, "refused");
	refusal = NULL;
	close_station();
	cut_disk_deinit();
}

static void who_answers_for_heartbeats_alone_is_idle(void **state)
{
	struct enclave *enclave = &enclaves[0];

	(void)state;
	begin(12);
	for (int i = 0; i < TARGET_COUNT; i++)
		connect_one(&enclaves[i]);
	assert_int_equal(station_looks_expect(station, enclave->target, 10000), STATUS_OK);
	for (int i = 0; i < 60; i++) {
		a_round();
		step(SECOND / 2);
	}
	/* Once, as `idle` or as nothing else, and it is heard of all the time. */
	assert_int_equal(refused_count(), 1);
	assert_string_equal(last_alert.kind, "idle");
	assert_string_equal(last_alert.name, enclave->target);
	assert_int_equal(state_of(enclave->target), VIGIL_IDLE);
	assert_int_equal(state_of(enclaves[1].target), VIGIL_HEALTHY);
	enclave->look_count = 1;
	a_round();
	assert_int_equal(refused_count(), 2);
	assert_string_equal(last_alert.kind, "looking");
	assert_int_equal(state_of(enclave->target), VIGIL_HEALTHY);
	/* Idle again, until nobody wants it to look any more: that ends what was told, too. */
	for (int i = 0; i < 30; i++) {
		a_round();
		step(SECOND / 2);
	}
	assert_int_equal(refused_count(), 3);
	assert_int_equal(station_looks_expect(station, enclave->target, 0), STATUS_OK);
	assert_int_equal(state_of(enclave->target), VIGIL_HEALTHY);
	a_round();
	a_round();
	assert_int_equal(refused_count(), 4);
	assert_string_equal(last_alert.kind, "looking");
	assert_string_equal(last_alert.text, "it needn't look at its target any more");
	close_station();
	cut_disk_deinit();
}

static void connect_and_beat(struct enclave *first, struct enclave *second, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		connect_one(first);
		connect_one(second);
		a_round();
		step(SECOND);
	}
}

/* Each enclave's count is its own, over its connections and the verifier's restarts. */
static void two_enclaves_of_a_target_that_look_no_more_are_idle(void **state)
{
	struct enclave *first = &enclaves[0], *second = &enclaves[1];

	(void)state;
	begin(13);
	snprintf(second->target, sizeof second->target, "%s", first->target);
	first->look_count = 7;
	second->look_count = 3;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(station_looks_expect(station, first->target, 10000), STATUS_OK);
		connect_and_beat(first, second, 8);
		assert_int_equal(state_of(first->target), VIGIL_HEALTHY);
		connect_and_beat(first, second, 4);
		assert_int_equal(state_of(first->target), VIGIL_IDLE);
		if (i == 0) {
			close_station();
			assert_true(open_station());
		}
	}
	/* Fewer than the other one's, and more than its own before. */
	second->look_count = 4;
	connect_and_beat(first, second, 1);
	assert_int_equal(state_of(first->target), VIGIL_HEALTHY);
	close_station();
	cut_disk_deinit();
}

static void what_a_quota_did_not_take_is_no_gap_when_it_comes_again(void **state)
{
	struct ledger_retention retention = {.quota = 800};
	struct enclave *enclave = &enclaves[0];
	uint8_t hash[LEDGER_HASH_SIZE];

	(void)state;
	begin(11);
	assert_int_equal(ledger_retention_set(ledger, enclave->target, &retention), STATUS_OK);
	connect_one(enclave);
	find(enclave);
	find(enclave);
	memcpy(hash, enclave->last_hash, sizeof hash);
	/* The third isn't taken, nor is the one behind it; others are, and nothing fails. */
	send_result(enclave, 3, hash);
	enclave->words[0] = '\0';
	send_result(enclave, 4, hash);
	station_flush(station);
	assert_non_null(strstr(enclave->words, "used up its quota"));
	assert_int_equal(enclave->kept, 2);
	assert_int_equal(enclave->asked_again, 0);
	assert_int_equal(refused_count(), 1);
	assert_string_equal(last_alert.kind, "full");
	assert_int_equal(station_figures(station)->over_quota_count, 2);
	assert_false(station_figures(station)->is_store_failing);
	connect_one(&enclaves[1]);
	find(&enclaves[1]);
	/* It comes again in vain, which is no other alert; then there is room. */
	memcpy(hash, enclave->last_hash, sizeof hash);
	send_result(enclave, 3, hash);
	station_flush(station);
	assert_int_equal(refused_count(), 1);
	retention.quota = 100000;
	assert_int_equal(ledger_retention_set(ledger, enclave->target, &retention), STATUS_OK);
	memcpy(hash, enclave->last_hash, sizeof hash);
	send_result(enclave, 3, hash);
	send_result(enclave, 4, hash);
	station_flush(station);
	assert_int_equal(enclave->kept, 4);
	assert_int_equal(refused_count(), 2);
	assert_string_equal(last_alert.kind, "room");
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
		cmocka_unit_test(what_the_disk_did_not_take_is_no_gap_when_it_comes_again),
		cmocka_unit_test(who_answers_for_heartbeats_alone_is_idle),
		cmocka_unit_test(two_enclaves_of_a_target_that_look_no_more_are_idle),
		cmocka_unit_test(what_a_quota_did_not_take_is_no_gap_when_it_comes_again),
		cmocka_unit_test(a_store_that_takes_an_alert_again_is_not_failing_any_more),
		cmocka_unit_test(handling_takes_from_a_messages_arrival),
		cmocka_unit_test(refusals_are_told_once_a_minute_and_the_rest_as_a_number),
		cmocka_unit_test(refusals_that_were_not_told_are_when_the_verifier_ends_or_its_disk_has_room),
		cmocka_unit_test(after_a_power_cut_nobody_is_healthy_and_no_counter_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
