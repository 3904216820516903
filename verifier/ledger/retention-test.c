/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is trimmed, what never is, and what is refused: over a disk whose power goes, too. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "verifier/ledger/cut-disk.h"
#include "verifier/ledger/ledger.h"
#include "verifier/ledger/retention.h"

#define DAY INT64_C(86400)

enum { NOW = 1800000000, CONTENT_SIZE = 1024, CUT_COUNT = 200 };

static struct ledger *ledger;
static const uint8_t stream_a[LEDGER_STREAM_SIZE] = {0xa}, stream_b[LEDGER_STREAM_SIZE] = {0xb};
static const uint64_t each = CONTENT_SIZE + LEDGER_FINDING_COST;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void open_ledger(void)
{
	assert_int_equal(ledger_create_through("/ledger", CUT_DISK_VFS, &ledger), STATUS_OK);
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	cut_disk_init(1);
	open_ledger();
	return ledger_target_enrol(ledger, "web-1", 5000) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ledger_destroy(ledger);
	ledger = NULL;
	cut_disk_deinit();
	return 0;
}

struct chain {
	const uint8_t *stream;
	uint64_t number;
	uint8_t hash[LEDGER_HASH_SIZE];
	uint8_t content[CONTENT_SIZE];
};

static struct ledger_finding chain_next(struct chain *chain, int64_t at)
{
	struct ledger_finding finding = {.name = "web-1", .number = ++chain->number, .at = at};

	snprintf((char *)chain->content, sizeof chain->content, "finding %llu", (unsigned long long)chain->number);
	finding.content = (struct span){chain->content, sizeof chain->content};
	memcpy(finding.stream, chain->stream, LEDGER_STREAM_SIZE);
	memcpy(finding.previous, chain->hash, LEDGER_HASH_SIZE);
	assert_int_equal(ledger_chain_hash(finding.previous, "web-1", chain->stream, chain->number, finding.content,
					   chain->hash),
			 STATUS_OK);
	return finding;
}

static status keep(const struct ledger_finding *finding)
{
	uint64_t expected = 0;

	return ledger_finding_keep(ledger, finding, &expected);
}

static void keep_some(struct chain *chain, int count, int64_t at)
{
	for (int i = 0; i < count; i++) {
		const struct ledger_finding finding = chain_next(chain, at);

		assert_int_equal(keep(&finding), STATUS_OK);
	}
}

static void retain(int64_t age_s, uint64_t size, uint64_t quota)
{
	const struct ledger_retention retention = {age_s, size, quota};

	assert_int_equal(ledger_retention_set(ledger, "web-1", &retention), STATUS_OK);
}

static uint32_t trim_to_the_end(int64_t finding, int64_t alert, int64_t now)
{
	struct ledger_trimming trimming = {.finding = finding, .alert = alert, .alert_age_s = 10 * DAY, .now = now};
	uint32_t sum = 0, count = 0;

	do {
		assert_int_equal(ledger_trim(ledger, &trimming, &count), STATUS_OK);
		assert_in_range(count, 0, LEDGER_TRIM_COUNT_MAX);
		sum += count;
	} while (!trimming.is_idle);
	return sum;
}

struct seen {
	uint64_t count, first, last;
	uint8_t hash[LEDGER_HASH_SIZE]; /* the last one's */
	bool is_chain;
};

static status see(void *context, const struct ledger_finding *finding)
{
	struct seen *seen = context;

	if (seen->count++ == 0)
		seen->first = finding->number;
	else if (memcmp(finding->previous, seen->hash, sizeof seen->hash) != 0)
		seen->is_chain = false;
	seen->last = finding->number;
	return ledger_chain_hash(finding->previous, finding->name, finding->stream, finding->number, finding->content,
				 seen->hash);
}

static struct seen kept(void)
{
	struct seen seen = {.is_chain = true};

	assert_int_equal(ledger_findings_visit(ledger, "web-1", see, &seen), STATUS_OK);
	return seen;
}

static uint64_t kept_size(void)
{
	uint64_t size, full_count;

	assert_int_equal(ledger_retention_sum(ledger, &size, &full_count), STATUS_OK);
	return size;
}

static status count_alert(void *context, const struct ledger_alert *alert)
{
	struct ledger_alert *last = context;
	const int64_t count = last->at + 1;

	*last = *alert;
	last->at = count; /* how many */
	return STATUS_OK;
}

static struct ledger_alert alerts(void)
{
	struct ledger_alert last = {0};

	assert_int_equal(ledger_alerts_visit(ledger, 0, UINT32_MAX, count_alert, &last), STATUS_OK);
	return last;
}

static void old_results_go_and_the_chain_goes_on_behind_them(void **state)
{
	struct chain chain = {.stream = stream_a};
	uint64_t last = 0;

	(void)state;
	retain(10 * DAY, 0, 0);
	keep_some(&chain, 100, NOW);
	keep_some(&chain, 20, NOW + 5 * DAY);
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW + 10 * DAY), 0);
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW + 10 * DAY + 1), 100);
	assert_int_equal(kept().first, 101);
	assert_int_equal(kept().count, 20);
	assert_int_equal(kept_size(), 20 * each);
	/* All of it: the next one still has to follow the last. */
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW + 30 * DAY), 20);
	assert_int_equal(kept_size(), 0);
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &last), STATUS_OK);
	assert_int_equal(last, 120);
	struct chain other = chain;
	other.hash[0] ^= 1;
	const struct ledger_finding fork = chain_next(&other, NOW);
	assert_int_equal(keep(&fork), STATUS_MISMATCH);
	assert_string_equal(alerts().kind, "fork");
	struct chain skipping = chain;
	(void)chain_next(&skipping, NOW);
	const struct ledger_finding late = chain_next(&skipping, NOW);
	assert_int_equal(keep(&late), STATUS_TORN);
	assert_string_equal(alerts().kind, "gap");
	keep_some(&chain, 1, NOW + 30 * DAY);
}

static void the_oldest_go_where_there_is_more_than_is_to_be_kept(void **state)
{
	struct chain a = {.stream = stream_a}, b = {.stream = stream_b};

	(void)state;
	keep_some(&a, 10, NOW);
	keep_some(&b, 10, NOW);
	keep_some(&a, 10, NOW);
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW + 1000 * DAY), 0);
	retain(0, 15 * each, 0);
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW), 15);
	assert_int_equal(kept_size(), 15 * each);
	/* Of a: 11 to 20; of b: 6 to 10. Those that stay are a chain. */
	assert_int_equal(kept().first, 11);
	assert_int_equal(kept().last, 10);
	retain(0, each - 1, 0);
	assert_int_equal(trim_to_the_end(INT64_MAX, INT64_MAX, NOW), 15);
	assert_int_equal(kept_size(), 0);
}

static void what_an_output_has_not_had_is_never_trimmed(void **state)
{
	struct chain chain = {.stream = stream_a};
	int64_t finding, alert;

	(void)state;
	retain(1 * DAY, each, 0);
	keep_some(&chain, 10, NOW);
	assert_int_equal(ledger_alert_raise(ledger, "web-1", "missing", "", NOW), STATUS_OK);
	assert_int_equal(ledger_alert_raise(ledger, "web-1", "back", "", NOW), STATUS_OK);
	assert_int_equal(trim_to_the_end(0, 0, NOW + 1000 * DAY), 0);
	assert_int_equal(alerts().at, 2);
	assert_int_equal(trim_to_the_end(4, 1, NOW + 1000 * DAY), 4);
	assert_int_equal(kept().first, 5);
	assert_int_equal(alerts().at, 1);
	assert_int_equal(trim_to_the_end(10, 2, NOW + 1000 * DAY), 6);
	assert_int_equal(alerts().at, 0);
	/* Who has had them isn't behind, and ids go on. */
	assert_int_equal(ledger_last_ids(ledger, &finding, &alert), STATUS_OK);
	assert_int_equal(finding, 10);
	assert_int_equal(alert, 2);
}

static void a_trimmed_result_that_comes_again_is_acknowledged_and_not_new(void **state)
{
	struct chain chain = {.stream = stream_a};

	(void)state;
	const struct ledger_finding first = chain_next(&chain, NOW);
	assert_int_equal(keep(&first), STATUS_OK);
	keep_some(&chain, 5, NOW);
	retain(1 * DAY, 0, 0);
	assert_int_equal(trim_to_the_end(3, 0, NOW + 2 * DAY), 3);
	struct chain again = {.stream = stream_a};
	for (int i = 0; i < 6; i++) {
		const struct ledger_finding finding = chain_next(&again, NOW);

		assert_int_equal(keep(&finding), STATUS_OK);
	}
	assert_int_equal(kept().first, 4);
	assert_int_equal(kept().count, 3);
	assert_int_equal(kept_size(), 3 * each);
	/* One that is still here, with another content, is a fork as ever. */
	struct chain other = {.stream = stream_a, .number = 4};
	const struct ledger_finding fork = chain_next(&other, NOW);
	assert_int_equal(keep(&fork), STATUS_MISMATCH);
}

static void a_result_that_was_missing_among_trimmed_ones_is_kept_when_it_comes(void **state)
{
	struct chain chain = {.stream = stream_a};

	(void)state;
	keep_some(&chain, 2, NOW);
	const struct ledger_finding third = chain_next(&chain, NOW);
	uint8_t content[CONTENT_SIZE];
	memcpy(content, chain.content, sizeof content);
	struct ledger_finding fourth = chain_next(&chain, NOW);
	fourth.is_first_left = true;
	assert_int_equal(keep(&fourth), STATUS_OK);
	retain(1 * DAY, 0, 0);
	assert_int_equal(trim_to_the_end(INT64_MAX, 0, NOW + 2 * DAY), 3);
	struct ledger_finding late = third;
	late.content.data = content;
	late.at = NOW + 2 * DAY;
	assert_int_equal(keep(&late), STATUS_OK);
	assert_int_equal(kept().first, 3);
	assert_int_equal(kept().count, 1);
	/* It goes as the others did, and the place stays one where something may be missing. */
	assert_int_equal(trim_to_the_end(INT64_MAX, 0, NOW + 4 * DAY), 1);
	assert_int_equal(keep(&late), STATUS_OK);
	assert_int_equal(kept().count, 1);
}

static void a_target_that_is_full_gets_no_more_and_one_alert_until_there_is_room(void **state)
{
	struct chain chain = {.stream = stream_a}, other = {.stream = stream_b};
	uint64_t last = 0, size, full_count;

	(void)state;
	retain(0, 0, 16 * each);
	keep_some(&chain, 16, NOW);
	assert_int_equal(alerts().at, 0);
	const struct ledger_finding next = chain_next(&chain, NOW);
	for (int i = 0; i < 3; i++)
		assert_int_equal(keep(&next), STATUS_LIMIT);
	assert_int_equal(alerts().at, 1);
	assert_string_equal(alerts().kind, "full");
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &last), STATUS_OK);
	assert_int_equal(last, 16);
	/* Nor by another stream, nor after a restart; but what is here already is acknowledged again. */
	ledger_destroy(ledger);
	open_ledger();
	const struct ledger_finding first = chain_next(&other, NOW);
	assert_int_equal(keep(&first), STATUS_LIMIT);
	struct chain again = {.stream = stream_a};
	const struct ledger_finding known = chain_next(&again, NOW);
	assert_int_equal(keep(&known), STATUS_OK);
	assert_int_equal(ledger_retention_sum(ledger, &size, &full_count), STATUS_OK);
	assert_int_equal(full_count, 1);
	/* A little room isn't enough: an eighth is. */
	retain(0, 13 * each, 16 * each);
	assert_int_equal(trim_to_the_end(1, 0, NOW), 1);
	assert_int_equal(keep(&first), STATUS_LIMIT);
	assert_int_equal(trim_to_the_end(3, 0, NOW), 2);
	assert_int_equal(keep(&first), STATUS_OK);
	assert_string_equal(alerts().kind, "room");
	/* `restarted` of the second stream, full, room. */
	assert_int_equal(alerts().at, 3);
}

static void where_as_much_is_kept_as_the_quota_the_oldest_make_room_for_what_is_new(void **state)
{
	struct chain chain = {.stream = stream_a};

	(void)state;
	for (uint64_t size = 14; size <= 16; size++) {
		retain(0, size * each, 16 * each);
		keep_some(&chain, (int)(16 - kept().count), NOW);
		const struct chain before = chain;
		const struct ledger_finding refused = chain_next(&chain, NOW);
		assert_int_equal(keep(&refused), STATUS_LIMIT);
		assert_string_equal(alerts().kind, "full");
		/* An eighth, and one result, are free. */
		assert_int_equal(trim_to_the_end(INT64_MAX, 0, NOW), 4);
		chain = before;
		keep_some(&chain, 1, NOW);
		assert_string_equal(alerts().kind, "room");
	}
}

static void streams_that_are_long_over_go_and_the_last_one_stays(void **state)
{
	struct ledger_heartbeat beat = {.name = "web-1", .counter = 7, .at = NOW};
	struct chain a = {.stream = stream_a};

	(void)state;
	keep_some(&a, 3, NOW);
	memcpy(beat.stream, stream_a, sizeof beat.stream);
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_OK);
	retain(10 * DAY, 0, 0);
	/* The only one: its counter goes back for nobody, however old it is. */
	assert_int_equal(trim_to_the_end(INT64_MAX, 0, NOW + 100 * DAY), 3);
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_MISMATCH);
	/* Another one follows; the first was heard of lately, and stays. */
	memcpy(beat.stream, stream_b, sizeof beat.stream);
	beat.at = NOW + 5 * DAY;
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_OK);
	memcpy(beat.stream, stream_a, sizeof beat.stream);
	beat.counter = 8;
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_OK);
	(void)trim_to_the_end(INT64_MAX, 0, NOW + 15 * DAY);
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_MISMATCH);
	(void)trim_to_the_end(INT64_MAX, 0, NOW + 15 * DAY + 1);
	assert_int_equal(ledger_heartbeat_note(ledger, &beat), STATUS_OK);
}

/* One life: results come and go until the power does. Afterwards nothing is missing but what was old. */
static void live_through_a_cut(uint64_t seed)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_trimming trimming = {.finding = INT64_MAX, .alert = INT64_MAX, .now = NOW};
	uint64_t kept_number = 0, last = 0;
	uint32_t count;

	cut_disk_init(seed);
	open_ledger();
	assert_int_equal(ledger_target_enrol(ledger, "web-1", 5000), STATUS_OK);
	retain(0, 20 * each, 40 * each);
	cut_disk_cut_after(cut_disk_random(600));
	while (!cut_disk_is_cut()) {
		const struct ledger_finding finding = chain_next(&chain, NOW);

		if (keep(&finding) != STATUS_OK)
			break;
		kept_number = chain.number;
		if (cut_disk_random(4) == 0)
			(void)!ledger_trim(ledger, &trimming, &count);
	}
	assert_true(cut_disk_is_cut());
	ledger_destroy(ledger);
	cut_disk_restart();
	open_ledger();
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &last), STATUS_OK);
	assert_true(last == kept_number || last == kept_number + 1);
	struct seen seen = kept();
	assert_true(seen.is_chain);
	assert_int_equal(kept_size(), seen.count * each);
	if (last > 0) {
		assert_int_equal(seen.last, last);
		assert_int_equal(seen.count, last - seen.first + 1);
		assert_true(seen.first == 1 || seen.count >= 20);
	}
	teardown(NULL);
}

static void in_200_power_cuts_nothing_goes_but_what_was_to_be_trimmed(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	for (uint64_t seed = 1; seed <= CUT_COUNT; seed++)
		live_through_a_cut(seed);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(old_results_go_and_the_chain_goes_on_behind_them),
		TEST(the_oldest_go_where_there_is_more_than_is_to_be_kept),
		TEST(what_an_output_has_not_had_is_never_trimmed),
		TEST(a_trimmed_result_that_comes_again_is_acknowledged_and_not_new),
		TEST(a_result_that_was_missing_among_trimmed_ones_is_kept_when_it_comes),
		TEST(a_target_that_is_full_gets_no_more_and_one_alert_until_there_is_room),
		TEST(where_as_much_is_kept_as_the_quota_the_oldest_make_room_for_what_is_new),
		TEST(streams_that_are_long_over_go_and_the_last_one_stays),
		cmocka_unit_test(in_200_power_cuts_nothing_goes_but_what_was_to_be_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
