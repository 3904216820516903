/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept for those who look back: evidence, changes of state, how far outputs have come, a copy. */
#include "verifier/ledger/ledger.h"

#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/ledger/database.h"
#include "verifier/ledger/statement.h"

status ledger_evidence_note(struct ledger *ledger, const char *name, const char *text)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "UPDATE target SET evidence = ?2 WHERE name = ?1 AND is_expected = 1"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_text(&statement, 2, text));
	TRY(statement_run(&statement));
	return sqlite3_changes(ledger_database(ledger)) == 1 ? STATUS_OK : STATUS_MISSING;
}

/* So that a target that comes and goes for years doesn't fill the disk. */
static status drop_old_changes(struct ledger *ledger, const char *name)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "DELETE FROM change WHERE target = (SELECT id FROM target WHERE name = ?1) AND id <="
			   " (SELECT id FROM change WHERE target = (SELECT id FROM target WHERE name = ?1)"
			   "  ORDER BY id DESC LIMIT 1 OFFSET ?2)"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_number(&statement, 2, LEDGER_CHANGE_COUNT_MAX));
	return statement_run(&statement);
}

status ledger_change_note(struct ledger *ledger, const char *name, const char *state, int64_t at)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "INSERT INTO change (target, state, at) SELECT id, ?2, ?3 FROM target"
			   " WHERE name = ?1 AND is_expected = 1"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_text(&statement, 2, state));
	TRY(statement_number(&statement, 3, at));
	TRY(statement_run(&statement));
	if (sqlite3_changes(ledger_database(ledger)) != 1)
		return STATUS_MISSING;
	return drop_old_changes(ledger, name);
}

status ledger_changes_visit(struct ledger *ledger, int64_t since, ledger_change_visit visit, void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	status result;

	TRY(statement_init(
		&statement, ledger_database(ledger),
		"SELECT target.name, change.state, change.at FROM change JOIN target ON target.id = change.target"
		" WHERE change.at >= ?1 AND target.is_expected = 1 ORDER BY change.id"));
	TRY(statement_number(&statement, 1, since));
	while ((result = statement_step(&statement)) == STATUS_OK) {
		struct ledger_change change = {.at = sqlite3_column_int64(statement.handle, 2)};

		statement_column_text(&statement, 0, change.name, sizeof change.name);
		statement_column_text(&statement, 1, change.state, sizeof change.state);
		TRY(visit(context, &change));
	}
	return result == STATUS_END ? STATUS_OK : result;
}

status ledger_last_ids(struct ledger *ledger, int64_t *ret_finding, int64_t *ret_alert)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'finding'), 0),"
			   " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert'), 0)"));
	TRY(statement_step(&statement));
	*ret_finding = sqlite3_column_int64(statement.handle, 0);
	*ret_alert = sqlite3_column_int64(statement.handle, 1);
	return STATUS_OK;
}

status ledger_output_place(struct ledger *ledger, const char *output, int64_t *ret_finding, int64_t *ret_alert)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	if (strlen(output) >= LEDGER_OUTPUT_SIZE)
		return report(STATUS_USAGE, "an output's name has %d bytes at most", LEDGER_OUTPUT_SIZE - 1);
	TRY(statement_init(&statement, ledger_database(ledger), "SELECT finding, alert FROM output WHERE name = ?1"));
	TRY(statement_text(&statement, 1, output));
	status result = statement_step(&statement);
	if (result == STATUS_END) {
		TRY(ledger_last_ids(ledger, ret_finding, ret_alert));
		return ledger_output_served(ledger, output, *ret_finding, *ret_alert);
	}
	TRY(result);
	*ret_finding = sqlite3_column_int64(statement.handle, 0);
	*ret_alert = sqlite3_column_int64(statement.handle, 1);
	return STATUS_OK;
}

status ledger_output_served(struct ledger *ledger, const char *output, int64_t finding, int64_t alert)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "INSERT INTO output (name, finding, alert) VALUES (?1, ?2, ?3)"
			   " ON CONFLICT (name) DO UPDATE SET finding = ?2, alert = ?3"));
	TRY(statement_text(&statement, 1, output));
	TRY(statement_number(&statement, 2, finding));
	TRY(statement_number(&statement, 3, alert));
	return statement_run(&statement);
}

status ledger_backup(struct ledger *ledger, const char *path)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	if (access(path, F_OK) == 0)
		return report(STATUS_USAGE, "%s is there already: a backup overwrites nothing", path);
	TRY(statement_init(&statement, ledger_database(ledger), "VACUUM INTO ?1"));
	TRY(statement_text(&statement, 1, path));
	return statement_run(&statement);
}
