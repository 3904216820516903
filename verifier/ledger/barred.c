/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/barred.h"

#include <string.h>

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

static struct ledger_subject run_subject(const uint8_t stream[static LEDGER_STREAM_SIZE])
{
	struct ledger_subject subject = {.kind = LEDGER_SUBJECT_STREAM, .size = LEDGER_STREAM_SIZE};

	memcpy(subject.value, stream, LEDGER_STREAM_SIZE);
	return subject;
}

/* Beside the run stands by which grant it was barred: id ‖ stream. Nobody but its program knows a stream. */
status ledger_run_bar(struct ledger *ledger, const uint8_t grant[static LEDGER_GRANT_ID_SIZE],
		      const uint8_t stream[static LEDGER_STREAM_SIZE], int64_t at)
{
	struct ledger_subject by = {.kind = LEDGER_SUBJECT_GRANT, .size = LEDGER_GRANT_ID_SIZE + LEDGER_STREAM_SIZE};
	const struct ledger_subject run = run_subject(stream);

	memcpy(by.value, grant, LEDGER_GRANT_ID_SIZE);
	memcpy(by.value + LEDGER_GRANT_ID_SIZE, stream, LEDGER_STREAM_SIZE);
	TRY(ledger_subject_bar(ledger, &by, at));
	return ledger_subject_bar(ledger, &run, at);
}

static status find_run(struct ledger *ledger, const uint8_t grant[static LEDGER_GRANT_ID_SIZE],
		       uint8_t ret_stream[static LEDGER_STREAM_SIZE])
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT substr(value, 17) FROM barred WHERE kind = ?1 AND substr(value, 1, 16) = ?2"));
	TRY(statement_number(&statement, 1, LEDGER_SUBJECT_GRANT));
	TRY(statement_bytes(&statement, 2, (struct span){grant, LEDGER_GRANT_ID_SIZE}));
	TRY(statement_step(&statement));
	return statement_column_bytes(&statement, 0, ret_stream, LEDGER_STREAM_SIZE);
}

/* Whatever grants it was barred by. */
static status forget_grants(struct ledger *ledger, const struct ledger_subject *run)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "DELETE FROM barred WHERE kind = ?1 AND substr(value, 17) = ?2"));
	TRY(statement_number(&statement, 1, LEDGER_SUBJECT_GRANT));
	TRY(statement_bytes(&statement, 2, (struct span){run->value, run->size}));
	return statement_run(&statement);
}

status ledger_run_lift(struct ledger *ledger, const uint8_t grant[static LEDGER_GRANT_ID_SIZE])
{
	uint8_t stream[LEDGER_STREAM_SIZE];
	const status result = find_run(ledger, grant, stream);

	TRY(result == STATUS_END ? STATUS_MISSING : result);
	const struct ledger_subject run = run_subject(stream);
	TRY(forget_grants(ledger, &run));
	return ledger_subject_lift(ledger, &run);
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
