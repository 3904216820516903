/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/barred.h"

#include "verifier/ledger/database.h"
#include "verifier/ledger/statement.h"

static status bind_subject(struct statement *statement, const struct ledger_subject *subject)
{
	TRY(statement_number(statement, 1, subject->kind));
	return statement_bytes(statement, 2, (struct span){subject->value, subject->size});
}

status ledger_subject_bar(struct ledger *ledger, const struct ledger_subject *subject, int64_t at)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "INSERT INTO barred (kind, value, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"));
	TRY(bind_subject(&statement, subject));
	TRY(statement_number(&statement, 3, at));
	return statement_run(&statement);
}

status ledger_subject_lift(struct ledger *ledger, const struct ledger_subject *subject)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "DELETE FROM barred WHERE kind = ?1 AND value = ?2"));
	TRY(bind_subject(&statement, subject));
	TRY(statement_run(&statement));
	return sqlite3_changes(ledger_database(ledger)) == 1 ? STATUS_OK : STATUS_MISSING;
}

status ledger_subject_find(struct ledger *ledger, const struct ledger_subject *subject)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "SELECT 1 FROM barred WHERE kind = ?1 AND value = ?2"));
	TRY(bind_subject(&statement, subject));
	return statement_step(&statement);
}

status ledger_subject_condemn(struct ledger *ledger, const struct ledger_subject *subject, uint32_t *ret_count)
{
	static const char *const texts[] = {
		[LEDGER_SUBJECT_TARGET] = "UPDATE granted SET is_condemned = 1 WHERE name = CAST(?1 AS TEXT)",
		[LEDGER_SUBJECT_ENCLAVE] = "UPDATE granted SET is_condemned = 1 WHERE mrenclave = ?1",
		[LEDGER_SUBJECT_SOURCE] = "UPDATE granted SET is_condemned = 1 WHERE source = ?1",
		/* It may have been renewed: the run goes on with a later one. */
		[LEDGER_SUBJECT_GRANT] = ("UPDATE granted SET is_condemned = 1 WHERE (name, stream) ="
					  " (SELECT name, stream FROM granted WHERE id = ?1)"),
		[LEDGER_SUBJECT_STREAM] = "UPDATE granted SET is_condemned = 1 WHERE stream = ?1",
	};
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), texts[subject->kind]));
	TRY(statement_bytes(&statement, 1, (struct span){subject->value, subject->size}));
	TRY(statement_run(&statement));
	*ret_count = (uint32_t)sqlite3_changes(ledger_database(ledger));
	return STATUS_OK;
}
