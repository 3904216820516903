/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/lost.h"

#include <inttypes.h>
#include <stdio.h>

#include "verifier/ledger/database.h"
#include "verifier/ledger/statement.h"

enum {
	/* Alerts of one check; the next check tells the rest. */
	LOST_TOLD_COUNT_MAX = 16,
};

status lost_note_start(struct ledger *ledger, const char *name, int64_t target, int64_t stream, int64_t at)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT is_ended FROM stream WHERE target = ?1 AND id < ?2 ORDER BY id DESC LIMIT 1"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_number(&statement, 2, stream));
	status result = statement_step(&statement);
	if (result == STATUS_END)
		return STATUS_OK;
	TRY(result);
	if (sqlite3_column_int64(statement.handle, 0) != 0)
		return STATUS_OK;
	return ledger_alert_raise(ledger, name, "restarted",
				  "another enclave has begun, and the one before it hasn't told its end: what happened "
				  "between the two wasn't watched",
				  at);
}

struct lost {
	int64_t stream;
	uint64_t made, kept;
};

/* STATUS_END: there is none. */
static status find_lost(struct ledger *ledger, int64_t target, int64_t except, uint32_t heartbeats,
			struct lost *ret_lost)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT id, told_number, last_number FROM stream WHERE target = ?1"
			   " AND told_number > last_number AND lost_told < told_number AND id <> ?2"
			   " AND heard_mark + ?3 <= (SELECT heard_count FROM target WHERE id = ?1) LIMIT 1"));
	TRY(statement_number(&statement, 1, target));
	TRY(statement_number(&statement, 2, except));
	TRY(statement_number(&statement, 3, heartbeats));
	TRY(statement_step(&statement));
	ret_lost->stream = sqlite3_column_int64(statement.handle, 0);
	ret_lost->made = (uint64_t)sqlite3_column_int64(statement.handle, 1);
	ret_lost->kept = (uint64_t)sqlite3_column_int64(statement.handle, 2);
	return STATUS_OK;
}

static status note_told(struct ledger *ledger, int64_t stream, uint64_t number)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "UPDATE stream SET lost_told = ?2 WHERE id = ?1"));
	TRY(statement_number(&statement, 1, stream));
	TRY(statement_number(&statement, 2, (int64_t)number));
	return statement_run(&statement);
}

status lost_check(struct ledger *ledger, const char *name, int64_t target, int64_t except, uint32_t heartbeats,
		  int64_t at)
{
	char text[LEDGER_TEXT_SIZE];
	struct lost lost;

	for (int i = 0; i < LOST_TOLD_COUNT_MAX; i++) {
		status result = find_lost(ledger, target, except, heartbeats, &lost);

		if (result == STATUS_END)
			return STATUS_OK;
		TRY(result);
		snprintf(text, sizeof text,
			 "an enclave told of %" PRIu64 " results, and %" PRIu64 " of them never came: look at what its "
			 "host did then",
			 lost.made, lost.made - lost.kept);
		TRY(ledger_alert_raise(ledger, name, "lost", text, at));
		TRY(note_told(ledger, lost.stream, lost.made));
	}
	return STATUS_OK;
}

status lost_close(struct ledger *ledger, const char *name, int64_t stream, int64_t at)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(note_told(ledger, stream, 0));
	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT 1 FROM stream WHERE target = (SELECT target FROM stream WHERE id = ?1)"
			   " AND told_number > last_number AND lost_told > 0 LIMIT 1"));
	TRY(statement_number(&statement, 1, stream));
	status result = statement_step(&statement);
	if (result != STATUS_END)
		return result;
	return ledger_alert_raise(ledger, name, "told", "the results that were lost have come after all", at);
}
