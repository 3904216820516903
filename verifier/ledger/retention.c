/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/retention.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "verifier/ledger/database.h"
#include "verifier/ledger/statement.h"

enum { MIB = 1 << 20 };

status ledger_retention_set(struct ledger *ledger, const char *name, const struct ledger_retention *retention)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   name != NULL ? "UPDATE target SET keep_age = ?1, keep_size = ?2, quota = ?3 WHERE name = ?4"
					: "UPDATE target SET keep_age = ?1, keep_size = ?2, quota = ?3"
					  " WHERE is_expected = 0"));
	TRY(statement_number(&statement, 1, retention->age_s));
	TRY(statement_number(&statement, 2, (int64_t)retention->size));
	TRY(statement_number(&statement, 3, (int64_t)retention->quota));
	if (name != NULL)
		TRY(statement_text(&statement, 4, name));
	TRY(statement_run(&statement));
	return name == NULL || sqlite3_changes(ledger_database(ledger)) == 1 ? STATUS_OK : STATUS_MISSING;
}

/* ---- what comes */

static uint64_t cost_of(const struct ledger_finding *finding)
{
	return finding->content.size + LEDGER_FINDING_COST;
}

/* The target is full from now on, or isn't any more. */
static status mark_full(struct ledger *ledger, int64_t target, bool is_full)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "UPDATE target SET is_full = ?2 WHERE id = ?1"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_number(&statement, 2, is_full));
	return statement_run(&statement);
}

static status tell_full(struct ledger *ledger, const struct ledger_finding *finding, int64_t target, uint64_t quota)
{
	char text[LEDGER_TEXT_SIZE];

	TRY(mark_full(ledger, target, true));
	snprintf(text, sizeof text,
		 "its results have used up its quota of %.1f MiB: no more are taken until some can be trimmed "
		 "(does an output wait?), or the quota is raised",
		 (double)quota / MIB);
	return ledger_alert_raise(ledger, finding->name, "full", text, finding->at);
}

status retention_check(struct ledger *ledger, const struct ledger_finding *finding, int64_t target)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT quota, kept_size, is_full FROM target WHERE id = ?1"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_step(&statement));
	const uint64_t quota = (uint64_t)sqlite3_column_int64(statement.handle, 0);
	const uint64_t kept = (uint64_t)sqlite3_column_int64(statement.handle, 1);
	const bool is_full = sqlite3_column_int64(statement.handle, 2) != 0;
	/* Whoever sends small and large ones in turn doesn't make an alert of each. */
	const uint64_t limit = is_full ? quota - quota / LEDGER_QUOTA_FREE_PART : quota;

	if (quota != 0 && kept + cost_of(finding) > limit) {
		if (!is_full)
			TRY(tell_full(ledger, finding, target, quota));
		return STATUS_LIMIT;
	}
	if (!is_full)
		return STATUS_OK;
	TRY(mark_full(ledger, target, false));
	return ledger_alert_raise(ledger, finding->name, "room", "there is room in its quota: results are taken again",
				  finding->at);
}

/* The target's results take more, or less. */
static status add_size(struct ledger *ledger, int64_t target, int64_t size)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "UPDATE target SET kept_size = kept_size + ?2 WHERE id = ?1"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_number(&statement, 2, size));
	return statement_run(&statement);
}

status retention_note(struct ledger *ledger, const struct ledger_finding *finding, int64_t target, int64_t id)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "INSERT INTO kept (target, finding, size, at) VALUES (?1, ?2, ?3, ?4)"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_number(&statement, 2, id));
	TRY(statement_number(&statement, 3, (int64_t)cost_of(finding)));
	TRY(statement_number(&statement, 4, finding->at));
	TRY(statement_run(&statement));
	return add_size(ledger, target, (int64_t)cost_of(finding));
}

/* ---- what goes */

struct target {
	int64_t id, keep_age, keep_size, kept_size;
};

/* One call of ledger_trim(). */
struct call {
	struct ledger_trimming *trimming;
	uint32_t count;
	int64_t size;
	bool is_over; /* as much as the others wait for */
};

/* Below what retention_check() takes the next result by, however large that is: else a target whose `size` is as much
 * as its quota would be full until its results are too old. */
static int64_t size_to_keep(int64_t keep_size, int64_t quota)
{
	const int64_t part = quota / LEDGER_QUOTA_FREE_PART;
	const int64_t largest = LEDGER_FINDING_SIZE_MAX + LEDGER_FINDING_COST;
	const int64_t most = quota - part - (part < largest ? part : largest);

	return quota != 0 && keep_size > most ? most : keep_size;
}

/* The next target behind the last one. STATUS_END: that was the last. */
static status next_target(struct ledger *ledger, int64_t after, struct target *ret_target)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT id, keep_age, keep_size, kept_size, quota FROM target"
			   " WHERE id > ?1 ORDER BY id LIMIT 1"));
	TRY(statement_number(&statement, 1, after));
	TRY(statement_step(&statement));
	ret_target->id = sqlite3_column_int64(statement.handle, 0);
	ret_target->keep_age = sqlite3_column_int64(statement.handle, 1);
	ret_target->keep_size =
		size_to_keep(sqlite3_column_int64(statement.handle, 2), sqlite3_column_int64(statement.handle, 4));
	ret_target->kept_size = sqlite3_column_int64(statement.handle, 3);
	return STATUS_OK;
}

/* The target's oldest result, if it is to go. STATUS_END: it isn't. */
static status find_due(struct ledger *ledger, const struct ledger_trimming *trimming, const struct target *target,
		       int64_t *ret_finding, int64_t *ret_size)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT finding, size, at FROM kept WHERE target = ?1 ORDER BY finding LIMIT 1"));
	TRY(statement_number(&statement, 1, target->id));
	TRY(statement_step(&statement));
	const bool is_old =
		target->keep_age != 0 && sqlite3_column_int64(statement.handle, 2) < trimming->now - target->keep_age;
	const bool is_much = target->keep_size != 0 && target->kept_size > target->keep_size;
	const int64_t finding = sqlite3_column_int64(statement.handle, 0);

	if ((!is_old && !is_much) || finding > trimming->finding)
		return STATUS_END;
	*ret_finding = finding;
	*ret_size = sqlite3_column_int64(statement.handle, 1);
	return STATUS_OK;
}

static status run_with(struct ledger *ledger, const char *text, const int64_t *numbers, int count)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), text));
	for (int i = 0; i < count; i++)
		TRY(statement_number(&statement, i + 1, numbers[i]));
	return statement_run(&statement);
}

/* The stream remembers up to where, and whether that was all: a number that comes again then isn't new. */
static status drop_finding(struct ledger *ledger, int64_t target, int64_t finding, int64_t size)
{
	const int64_t numbers[] = {finding, target};

	TRY(run_with(ledger,
		     "UPDATE stream SET trimmed_count = trimmed_count + (gone.number > trimmed_number),"
		     " trimmed_number = max(trimmed_number, gone.number)"
		     " FROM (SELECT stream, number FROM finding WHERE id = ?1) AS gone WHERE stream.id = gone.stream",
		     numbers, 1));
	TRY(run_with(ledger, "DELETE FROM finding WHERE id = ?1", numbers, 1));
	TRY(run_with(ledger, "DELETE FROM kept WHERE finding = ?1 AND target = ?2", numbers, 2));
	return add_size(ledger, target, -size);
}

/* Streams that were silent for as long, of which nothing is left, and that another one has followed. Some of the
 * oldest: they are few that go on for longer than that. */
static status drop_streams(struct ledger *ledger, const struct ledger_trimming *trimming, const struct target *target)
{
	const int64_t numbers[] = {target->id, trimming->now - target->keep_age};

	if (target->keep_age == 0)
		return STATUS_OK;
	return run_with(
		ledger,
		"DELETE FROM stream WHERE id IN (SELECT id FROM"
		"  (SELECT id, heard_at FROM stream WHERE target = ?1 ORDER BY id LIMIT 64) WHERE heard_at < ?2)"
		" AND id < (SELECT max(id) FROM stream WHERE target = ?1)"
		" AND NOT EXISTS (SELECT 1 FROM finding WHERE finding.stream = stream.id)",
		numbers, 2);
}

static status trim_target(struct ledger *ledger, struct call *call, struct target *target)
{
	int64_t finding, size;
	status result;

	/* Where that isn't all of it, the rest waits for the next round. */
	call->trimming->target = target->id;
	while ((result = find_due(ledger, call->trimming, target, &finding, &size)) == STATUS_OK) {
		TRY(drop_finding(ledger, target->id, finding, size));
		target->kept_size -= size;
		call->size += size;
		call->count++;
		call->is_over = call->count == LEDGER_TRIM_COUNT_MAX || call->size >= (int64_t)LEDGER_TRIM_SIZE_MAX;
		if (call->is_over)
			return STATUS_OK;
	}
	if (result != STATUS_END)
		return result;
	return drop_streams(ledger, call->trimming, target);
}

static status drop_alerts(struct ledger *ledger, const struct ledger_trimming *trimming)
{
	const int64_t numbers[] = {trimming->alert, trimming->now - trimming->alert_age_s};

	if (trimming->alert_age_s == 0)
		return STATUS_OK;
	return run_with(ledger,
			"DELETE FROM alert WHERE id IN (SELECT id FROM"
			"  (SELECT id, at FROM alert WHERE id <= ?1 ORDER BY id LIMIT 64) WHERE at < ?2)",
			numbers, 2);
}

static status end_round(struct ledger *ledger, struct call *call)
{
	struct ledger_trimming *trimming = call->trimming;

	trimming->is_idle = trimming->round_count + call->count == 0;
	trimming->target = 0;
	return drop_alerts(ledger, trimming);
}

static status trim_change(struct ledger *ledger, void *context)
{
	struct call *call = context;
	struct target target;

	for (int i = 0; i < LEDGER_TRIM_TARGET_COUNT_MAX && !call->is_over; i++) {
		const status result = next_target(ledger, call->trimming->target, &target);

		if (result == STATUS_END)
			return end_round(ledger, call);
		TRY(result);
		TRY(trim_target(ledger, call, &target));
	}
	return STATUS_OK;
}

status ledger_trim(struct ledger *ledger, struct ledger_trimming *trimming, uint32_t *ret_count)
{
	struct ledger_trimming copy = *trimming;
	struct call call = {.trimming = &copy};

	copy.is_idle = false;
	if (copy.target == 0)
		copy.round_count = 0;
	TRY(ledger_transact(ledger, trim_change, &call));
	copy.round_count += call.count;
	*trimming = copy;
	*ret_count = call.count;
	return STATUS_OK;
}

status ledger_retention_sum(struct ledger *ledger, uint64_t *ret_size, uint64_t *ret_full_count)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT coalesce(sum(kept_size), 0), coalesce(sum(is_full), 0) FROM target"));
	TRY(statement_step(&statement));
	*ret_size = (uint64_t)sqlite3_column_int64(statement.handle, 0);
	*ret_full_count = (uint64_t)sqlite3_column_int64(statement.handle, 1);
	return STATUS_OK;
}
