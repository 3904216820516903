/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/ledger/cut-disk.h"
#include "verifier/ledger/ledger.h"

static struct ledger *ledger;
static char said[1024];

static void keep_report(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	snprintf(said, sizeof said, "%s", message);
}

static const uint8_t stream_a[LEDGER_STREAM_SIZE] = {0xa}, stream_b[LEDGER_STREAM_SIZE] = {0xb};

static void open_ledger(void)
{
	assert_int_equal(ledger_create_through("/ledger", CUT_DISK_VFS, &ledger), STATUS_OK);
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(keep_report, NULL);
	said[0] = '\0';
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

/* A chain as an enclave makes it: contents are "finding N". */
struct chain {
	const uint8_t *stream;
	uint64_t number;
	uint8_t hash[LEDGER_HASH_SIZE];
	char content[8192];
};

static void chain_next(struct chain *chain, const char *name, size_t size, struct ledger_finding *ret_finding)
{
	memset(chain->content, 'x', size);
	chain->number++;
	snprintf(chain->content, size, "finding %llu", (unsigned long long)chain->number);
	*ret_finding = (struct ledger_finding){.name = name, .number = chain->number, .at = 77};
	ret_finding->content = (struct span){(const uint8_t *)chain->content, size};
	memcpy(ret_finding->stream, chain->stream, LEDGER_STREAM_SIZE);
	memcpy(ret_finding->previous, chain->hash, LEDGER_HASH_SIZE);
	assert_int_equal(ledger_chain_hash(ret_finding->previous, name, chain->stream, chain->number,
					   ret_finding->content, chain->hash),
			 STATUS_OK);
}

static status beat(struct ledger *into, const char *name, const uint8_t *stream, uint64_t counter, int64_t at)
{
	struct ledger_heartbeat heartbeat = {.name = name, .counter = counter, .at = at};

	memcpy(heartbeat.stream, stream, sizeof heartbeat.stream);
	return ledger_heartbeat_note(into, &heartbeat);
}

static status count_alert(void *context, const struct ledger_alert *alert)
{
	struct ledger_alert *last = context;
	int64_t count = last->at + 1;

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

static status check_finding(void *context, const struct ledger_finding *finding)
{
	uint64_t *count = context;
	char wanted[64];

	(*count)++;
	snprintf(wanted, sizeof wanted, "finding %llu", (unsigned long long)*count);
	assert_int_equal(finding->number, *count);
	assert_string_equal((const char *)finding->content.data, wanted);
	return STATUS_OK;
}

static uint64_t findings(const char *name)
{
	uint64_t count = 0;

	assert_int_equal(ledger_findings_visit(ledger, name, check_finding, &count), STATUS_OK);
	return count;
}

static void findings_are_kept_in_their_order_and_once(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		chain_next(&chain, "web-1", 100, &finding);
		assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
		assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	}
	assert_int_equal(findings("web-1"), 10);
	assert_int_equal(alerts().at, 0);
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &expected), STATUS_OK);
	assert_int_equal(expected, 10);
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_b, &expected), STATUS_OK);
	assert_int_equal(expected, 0);
}

static void a_missing_finding_is_asked_for_and_told_once(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding first, second, third;
	uint64_t expected = 0;

	(void)state;
	chain_next(&chain, "web-1", 100, &first);
	struct chain kept = chain;
	chain_next(&kept, "web-1", 100, &second);
	chain = kept;
	chain_next(&chain, "web-1", 100, &third);
	first.content.data = (const uint8_t *)"finding 1";
	first.content.size = sizeof "finding 1";
	/* Made anew: its content is another one than the chain's, so nothing follows it. */
	assert_int_equal(ledger_finding_keep(ledger, &third, &expected), STATUS_TORN);
	assert_int_equal(expected, 1);
	assert_int_equal(ledger_finding_keep(ledger, &third, &expected), STATUS_TORN);
	assert_int_equal(alerts().at, 1);
	assert_string_equal(alerts().kind, "gap");
	assert_int_equal(ledger_finding_keep(ledger, &first, &expected), STATUS_OK);
	assert_int_equal(ledger_finding_keep(ledger, &second, &expected), STATUS_MISMATCH);
	assert_string_equal(alerts().kind, "fork");
	assert_int_equal(findings("web-1"), 1);
}

static void findings_that_nobody_has_any_more_are_a_gap_that_the_stream_goes_on_after(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding findings_made[5];
	char contents[5][100];
	uint64_t expected = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		chain_next(&chain, "web-1", sizeof contents[i], &findings_made[i]);
		memcpy(contents[i], chain.content, sizeof contents[i]);
		findings_made[i].content.data = (const uint8_t *)contents[i];
	}
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[0], &expected), STATUS_OK);
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[3], &expected), STATUS_TORN);
	findings_made[3].is_first_left = true;
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[3], &expected), STATUS_OK);
	assert_string_equal(alerts().kind, "gap");
	assert_non_null(strstr(alerts().text, "findings 2 to 3 of a stream aren't here"));
	assert_int_equal(alerts().at, 2);
	/* The chain holds from there on, and one that turns up is kept in its place. */
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[4], &expected), STATUS_OK);
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[1], &expected), STATUS_OK);
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[2], &expected), STATUS_OK);
	assert_int_equal(findings("web-1"), 5);
	assert_int_equal(alerts().at, 2);
	findings_made[2].content.size--;
	assert_int_equal(ledger_finding_keep(ledger, &findings_made[2], &expected), STATUS_MISMATCH);
}

static void another_finding_under_a_number_that_was_kept_is_a_fork(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	chain_next(&chain, "web-1", 100, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	finding.content.data = (const uint8_t *)"nothing was found";
	finding.content.size = 17;
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_MISMATCH);
	assert_string_equal(alerts().kind, "fork");
	assert_int_equal(findings("web-1"), 1);
}

static void streams_of_one_target_have_chains_of_their_own(void **state)
{
	struct chain a = {.stream = stream_a}, b = {.stream = stream_b};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	chain_next(&a, "web-1", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	chain_next(&b, "web-1", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	/* One stream's finding doesn't fit into another. */
	chain_next(&a, "web-1", 50, &finding);
	memcpy(finding.stream, stream_b, LEDGER_STREAM_SIZE);
	assert_int_equal(alerts().at, 1); /* a second one began beside the first */
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_MISMATCH);
	assert_int_equal(alerts().at, 2);
}

static void what_cannot_be_a_finding_is_refused(void **state)
{
	static uint8_t large[LEDGER_FINDING_SIZE_MAX + 1];
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	chain_next(&chain, "nobody", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_MISSING);
	finding.name = "web-1";
	finding.number = 0;
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_USAGE);
	finding.number = UINT64_MAX;
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_USAGE);
	finding.number = 1;
	finding.content = (struct span){large, sizeof large};
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_USAGE);
	finding.content.size = 0;
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
}

static void counters_of_heartbeats_only_rise(void **state)
{
	(void)state;
	assert_int_equal(beat(ledger, "web-1", stream_a, 1, 100), STATUS_OK);
	assert_int_equal(beat(ledger, "web-1", stream_a, 5, 105), STATUS_OK);
	assert_int_equal(beat(ledger, "web-1", stream_a, 5, 110), STATUS_MISMATCH);
	assert_int_equal(beat(ledger, "web-1", stream_a, 4, 110), STATUS_MISMATCH);
	assert_string_equal(alerts().kind, "rollback");
	assert_int_equal(alerts().at, 2);
	/* A new start of the enclave counts from the beginning. */
	assert_int_equal(beat(ledger, "web-1", stream_b, 1, 120), STATUS_OK);
	assert_int_equal(beat(ledger, "web-2", stream_b, 2, 120), STATUS_MISSING);
}

static status beat_telling(const uint8_t *stream, uint64_t counter, uint64_t result_number)
{
	struct ledger_heartbeat heartbeat = {
		.name = "web-1", .counter = counter, .result_number = result_number, .at = 100};

	memcpy(heartbeat.stream, stream, sizeof heartbeat.stream);
	return ledger_heartbeat_note(ledger, &heartbeat);
}

static void results_that_were_told_of_and_never_came_are_an_alert_once_another_stream_goes_on(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	chain_next(&chain, "web-1", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(beat_telling(stream_a, 1, 3), STATUS_OK);
	/* What a heartbeat has said isn't taken back by the next, nor by a restart. */
	assert_int_equal(beat_telling(stream_a, 2, 1), STATUS_OK);
	ledger_destroy(ledger);
	open_ledger();
	assert_int_equal(alerts().at, 0);
	assert_int_equal(beat_telling(stream_b, 1, 0), STATUS_OK);
	assert_string_equal(alerts().kind, "restarted");
	assert_int_equal(beat_telling(stream_b, 2, 0), STATUS_OK);
	assert_int_equal(alerts().at, 1);
	assert_int_equal(beat_telling(stream_b, 3, 0), STATUS_OK);
	assert_string_equal(alerts().kind, "lost");
	assert_non_null(strstr(alerts().text, "told of 3 results, and 2 of them never came"));
	/* Once. */
	assert_int_equal(beat_telling(stream_b, 4, 0), STATUS_OK);
	assert_int_equal(ledger_lost_tell(ledger, "web-1", 101), STATUS_OK);
	assert_int_equal(alerts().at, 2);
	/* They come late, from where they were sealed: the last of them closes it. */
	chain_next(&chain, "web-1", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(alerts().at, 2);
	chain_next(&chain, "web-1", 50, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_string_equal(alerts().kind, "told");
	assert_int_equal(alerts().at, 3);
}

static void results_that_come_late_or_of_streams_that_take_turns_are_no_alert(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	assert_int_equal(beat_telling(stream_a, 1, 1), STATUS_OK);
	chain_next(&chain, "web-1", 50, &finding);
	finding.is_end = true;
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	/* It has told its end: the next is none that was started over it. */
	for (uint64_t i = 1; i < 10; i++)
		assert_int_equal(beat_telling(stream_b, i, 0), STATUS_OK);
	assert_int_equal(ledger_lost_tell(ledger, "web-1", 101), STATUS_OK);
	assert_int_equal(alerts().at, 0);
	for (uint64_t i = 10; i < 20; i++) {
		assert_int_equal(beat_telling(stream_b, i, 5), STATUS_OK);
		assert_int_equal(beat_telling(stream_a, i, 1), STATUS_OK);
	}
	assert_int_equal(alerts().at, 0);
	/* Nobody goes on: who is missing can't tell them either. */
	assert_int_equal(ledger_lost_tell(ledger, "web-1", 101), STATUS_OK);
	assert_string_equal(alerts().kind, "lost");
	assert_int_equal(ledger_lost_tell(ledger, "nobody", 101), STATUS_MISSING);
}

static status see_target(void *context, const struct ledger_target *target)
{
	*(struct ledger_target *)context = *target;
	return STATUS_OK;
}

static void a_target_is_expected_until_it_is_dismissed(void **state)
{
	struct ledger_target target = {0};

	(void)state;
	assert_int_equal(beat(ledger, "web-1", stream_a, 1, 100), STATUS_OK);
	assert_int_equal(ledger_target_enrol(ledger, "web-1", 7000), STATUS_OK);
	assert_int_equal(ledger_targets_visit(ledger, see_target, &target), STATUS_OK);
	assert_string_equal(target.name, "web-1");
	assert_int_equal(target.interval_ms, 7000);
	assert_int_equal(target.heard_count, 1);
	assert_int_equal(target.heard_at, 100);
	assert_int_equal(ledger_target_dismiss(ledger, "web-1"), STATUS_OK);
	assert_int_equal(ledger_target_dismiss(ledger, "web-1"), STATUS_MISSING);
	target.name[0] = '\0';
	assert_int_equal(ledger_targets_visit(ledger, see_target, &target), STATUS_OK);
	assert_string_equal(target.name, "");
	assert_int_equal(ledger_target_enrol(ledger, "", 7000), STATUS_USAGE);
	assert_int_equal(ledger_target_enrol(ledger, "web-1", 99), STATUS_USAGE);
}

static void all_of_it_is_there_after_a_restart(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0;

	(void)state;
	chain_next(&chain, "web-1", 100, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(beat(ledger, "web-1", stream_a, 3, 100), STATUS_OK);
	ledger_destroy(ledger);
	open_ledger();
	assert_int_equal(findings("web-1"), 1);
	assert_int_equal(beat(ledger, "web-1", stream_a, 3, 101), STATUS_MISMATCH);
	chain_next(&chain, "web-1", 100, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
}

static void a_full_disk_is_told_by_name_and_costs_nothing_that_was_acknowledged(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0, kept = 0;
	status result;

	(void)state;
	cut_disk_limit(400000);
	do {
		chain_next(&chain, "web-1", 4000, &finding);
		result = ledger_finding_keep(ledger, &finding, &expected);
		kept += result == STATUS_OK;
	} while (result == STATUS_OK && kept < 1000);
	assert_int_equal(result, STATUS_IO);
	assert_non_null(strstr(said, "full"));
	assert_true(kept > 5);
	assert_int_equal(findings("web-1"), kept);
	/* Room again: it goes on where it stopped. */
	cut_disk_limit(0);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(findings("web-1"), kept + 1);
}

static void what_is_no_ledger_is_refused(void **state)
{
	char path[] = "/tmp/ledger-test-XXXXXX";
	struct ledger *other = NULL;
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(write(file,
			       "not a database, but long enough to be looked at as one: ........................."
			       "....................................................................",
			       140),
			 140);
	close(file);
	assert_int_equal(ledger_create(path, &other), STATUS_MALFORMED);
	assert_int_equal(ledger_create("/nowhere/ledger", &other), STATUS_IO);
	unlink(path);
}

static void a_backup_is_a_ledger(void **state)
{
	char directory[] = "/tmp/ledger-test-XXXXXX", path[64], backup[64];
	struct ledger *first = NULL, *second = NULL;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/ledger", directory);
	snprintf(backup, sizeof backup, "%s/backup", directory);
	assert_int_equal(ledger_create(path, &first), STATUS_OK);
	assert_int_equal(ledger_target_enrol(first, "db-1", 1000), STATUS_OK);
	assert_int_equal(ledger_backup(first, backup), STATUS_OK);
	assert_int_equal(ledger_backup(first, backup), STATUS_USAGE);
	/* Locked for one process, and one connection. */
	assert_int_equal(ledger_create(path, &second), STATUS_DENIED);
	assert_int_equal(ledger_create(backup, &second), STATUS_OK);
	assert_int_equal(beat(second, "db-1", stream_a, 1, 1), STATUS_OK);
	ledger_destroy(first);
	ledger_destroy(second);
	assert_int_equal(unlink(path) | unlink(backup) | rmdir(directory), 0);
}

static void a_batch_is_kept_as_a_whole_or_not_at_all(void **state)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t expected = 0, kept = 0;
	status result;

	(void)state;
	assert_int_equal(ledger_batch_begin(ledger), STATUS_OK);
	assert_int_equal(beat(ledger, "web-1", stream_a, 2, 100), STATUS_OK);
	/* What is refused within it leaves its alert, and the rest. */
	assert_int_equal(beat(ledger, "web-1", stream_a, 1, 100), STATUS_MISMATCH);
	chain_next(&chain, "web-1", 100, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(ledger_batch_end(ledger), STATUS_OK);
	assert_int_equal(alerts().at, 1);
	assert_int_equal(findings("web-1"), 1);
	/* The disk ends within one: none of it is there, whatever was said of its first parts. */
	cut_disk_limit(400000);
	assert_int_equal(ledger_batch_begin(ledger), STATUS_OK);
	do {
		chain_next(&chain, "web-1", 8000, &finding);
		result = ledger_finding_keep(ledger, &finding, &expected);
		kept += result == STATUS_OK;
	} while (result == STATUS_OK && kept < 1000);
	status end = ledger_batch_end(ledger);
	assert_true(result != STATUS_OK || end != STATUS_OK);
	cut_disk_limit(0);
	if (end != STATUS_OK)
		assert_int_equal(findings("web-1"), 1);
	else
		assert_int_equal(findings("web-1"), kept + 1);
	/* And it goes on. */
	assert_int_equal(ledger_batch_begin(ledger), STATUS_OK);
	assert_int_equal(beat(ledger, "web-1", stream_a, 3, 101), STATUS_OK);
	assert_int_equal(ledger_batch_end(ledger), STATUS_OK);
}

static status count_change(void *context, const struct ledger_change *change)
{
	assert_string_equal(change->name, "web-1");
	(*(int *)context)++;
	return STATUS_OK;
}

static void changes_and_outputs_are_remembered_within_bounds(void **state)
{
	int64_t finding = 7, alert = 7;
	int count = 0;

	(void)state;
	for (int i = 0; i < 3 * LEDGER_CHANGE_COUNT_MAX; i++)
		assert_int_equal(ledger_change_note(ledger, "web-1", i % 2 ? "healthy" : "missing", i), STATUS_OK);
	assert_int_equal(ledger_change_note(ledger, "nobody", "healthy", 1), STATUS_MISSING);
	assert_int_equal(ledger_changes_visit(ledger, 0, count_change, &count), STATUS_OK);
	assert_int_equal(count, LEDGER_CHANGE_COUNT_MAX);
	/* A new output begins with what comes; then it is where it was. */
	assert_int_equal(ledger_alert_raise(ledger, "web-1", "missing", "", 1), STATUS_OK);
	assert_int_equal(ledger_output_place(ledger, "file", &finding, &alert), STATUS_OK);
	assert_int_equal(finding, 0);
	assert_int_equal(alert, 1);
	assert_int_equal(ledger_output_served(ledger, "file", 0, 0), STATUS_OK);
	ledger_destroy(ledger);
	open_ledger();
	assert_int_equal(ledger_output_place(ledger, "file", &finding, &alert), STATUS_OK);
	assert_int_equal(alert, 0);
	assert_int_equal(ledger_evidence_note(ledger, "nobody", ""), STATUS_MISSING);
}

/* One life of a disk that keeps heartbeats and findings in batches. What a batch's end said is there. */
static void live_through_a_cut_by_batches(uint64_t seed)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t kept = 0, counter = 0, safe_counter = 0, expected = 0, last = 0;
	bool is_good = true;

	cut_disk_init(seed);
	open_ledger();
	assert_int_equal(ledger_target_enrol(ledger, "web-1", 5000), STATUS_OK);
	cut_disk_cut_after(cut_disk_random(400));
	while (is_good) {
		uint64_t size = 1 + cut_disk_random(20);

		is_good = ledger_batch_begin(ledger) == STATUS_OK;
		for (uint64_t i = 0; i < size && is_good; i++) {
			chain_next(&chain, "web-1", 16 + (size_t)cut_disk_random(2000), &finding);
			is_good = ledger_finding_keep(ledger, &finding, &expected) == STATUS_OK &&
				  beat(ledger, "web-1", stream_a, ++counter, 100) == STATUS_OK;
		}
		is_good = ledger_batch_end(ledger) == STATUS_OK && is_good;
		if (is_good) {
			kept = chain.number;
			safe_counter = counter;
		}
	}
	assert_true(cut_disk_is_cut());
	ledger_destroy(ledger);
	cut_disk_restart();
	open_ledger();
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &last), STATUS_OK);
	assert_true(last >= kept);
	assert_int_equal(findings("web-1"), last);
	if (safe_counter > 0)
		assert_int_equal(beat(ledger, "web-1", stream_a, safe_counter, 101), STATUS_MISMATCH);
	teardown(NULL);
}

static void nothing_that_a_batch_kept_is_lost_in_200_power_cuts(void **state)
{
	(void)state;
	report_sink_set(keep_report, NULL);
	for (uint64_t seed = 1; seed <= 200; seed++)
		live_through_a_cut_by_batches(seed);
}

/* One life of a disk: work until the power goes, look at what is left, work on. */
static void live_through_a_cut(uint64_t seed)
{
	struct chain chain = {.stream = stream_a};
	struct ledger_finding finding;
	uint64_t kept = 0, beats = 0, expected = 0, last;

	cut_disk_init(seed);
	open_ledger();
	assert_int_equal(ledger_target_enrol(ledger, "web-1", 5000), STATUS_OK);
	/* Far enough that some lives reach the log's end (1,000 pages) and its checkpoint. */
	cut_disk_cut_after(cut_disk_random(seed % 4 == 0 ? 3000 : 300));
	while (!cut_disk_is_cut()) {
		chain_next(&chain, "web-1", 16 + (size_t)cut_disk_random(8000), &finding);
		if (ledger_finding_keep(ledger, &finding, &expected) == STATUS_OK)
			kept++;
		else
			break;
		if (beat(ledger, "web-1", stream_a, beats + 1, 100) == STATUS_OK)
			beats++;
	}
	assert_true(cut_disk_is_cut());
	ledger_destroy(ledger);
	cut_disk_restart();
	open_ledger();
	assert_int_equal(ledger_stream_last(ledger, "web-1", stream_a, &last), STATUS_OK);
	/* What was acknowledged is there; the one that was under way may be. */
	assert_true(last == kept || last == kept + 1);
	assert_int_equal(findings("web-1"), last);
	if (beats > 0)
		assert_int_equal(beat(ledger, "web-1", stream_a, beats, 101), STATUS_MISMATCH);
	/* The one that wasn't acknowledged is sent again, and the chain goes on. */
	if (chain.number > 0)
		assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	chain_next(&chain, "web-1", 64, &finding);
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	teardown(NULL);
}

static void nothing_acknowledged_is_lost_in_500_power_cuts(void **state)
{
	(void)state;
	report_sink_set(keep_report, NULL);
	for (uint64_t seed = 1; seed <= 500; seed++)
		live_through_a_cut(seed);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(findings_are_kept_in_their_order_and_once),
		TEST(a_missing_finding_is_asked_for_and_told_once),
		TEST(findings_that_nobody_has_any_more_are_a_gap_that_the_stream_goes_on_after),
		TEST(another_finding_under_a_number_that_was_kept_is_a_fork),
		TEST(streams_of_one_target_have_chains_of_their_own),
		TEST(what_cannot_be_a_finding_is_refused),
		TEST(counters_of_heartbeats_only_rise),
		TEST(results_that_were_told_of_and_never_came_are_an_alert_once_another_stream_goes_on),
		TEST(results_that_come_late_or_of_streams_that_take_turns_are_no_alert),
		TEST(a_target_is_expected_until_it_is_dismissed),
		TEST(all_of_it_is_there_after_a_restart),
		TEST(a_full_disk_is_told_by_name_and_costs_nothing_that_was_acknowledged),
		TEST(what_is_no_ledger_is_refused),
		TEST(a_backup_is_a_ledger),
		TEST(a_batch_is_kept_as_a_whole_or_not_at_all),
		TEST(changes_and_outputs_are_remembered_within_bounds),
		cmocka_unit_test(nothing_that_a_batch_kept_is_lost_in_200_power_cuts),
		cmocka_unit_test(nothing_acknowledged_is_lost_in_500_power_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
