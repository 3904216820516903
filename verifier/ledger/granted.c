/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/granted.h"

#include "verifier/ledger/database.h"
#include "verifier/ledger/statement.h"

static status bind_bytes(struct statement *statement, int index, const uint8_t *bytes, size_t size)
{
	return statement_bytes(statement, index, (struct span){bytes, size});
}

static status bind_grant(struct statement *statement, const struct ledger_grant *grant)
{
	TRY(bind_bytes(statement, 1, grant->id, sizeof grant->id));
	TRY(statement_text(statement, 2, grant->name));
	TRY(bind_bytes(statement, 3, grant->stream, sizeof grant->stream));
	TRY(bind_bytes(statement, 4, grant->mrenclave, sizeof grant->mrenclave));
	TRY(bind_bytes(statement, 5, grant->mrsigner, sizeof grant->mrsigner));
	TRY(statement_number(statement, 6, grant->isv_prod_id));
	TRY(statement_number(statement, 7, grant->isv_svn));
	TRY(bind_bytes(statement, 8, grant->source_key, sizeof grant->source_key));
	TRY(bind_bytes(statement, 9, grant->source_nonce, sizeof grant->source_nonce));
	TRY(statement_text(statement, 10, grant->place));
	TRY(statement_number(statement, 11, grant->valid_until));
	return bind_bytes(statement, 12, grant->terms, sizeof grant->terms);
}

status ledger_grant_note(struct ledger *ledger, const struct ledger_grant *grant, int64_t now)
{
	struct statement old STATEMENT_CLEANUP = {0}, insert STATEMENT_CLEANUP = {0};

	TRY(statement_init(&old, ledger_database(ledger), "DELETE FROM granted WHERE valid_until < ?1"));
	TRY(statement_number(&old, 1, now - LEDGER_GRANT_MARGIN_SECONDS));
	TRY(statement_run(&old));
	TRY(statement_init(&insert, ledger_database(ledger),
			   "INSERT INTO granted (id, name, stream, mrenclave, mrsigner, product, svn, source, nonce,"
			   " place, valid_until, terms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
			   " ?12)"));
	TRY(bind_grant(&insert, grant));
	return statement_run(&insert);
}

status ledger_grants_condemn(struct ledger *ledger, const char *name, const uint8_t stream[static LEDGER_STREAM_SIZE])
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger),
			   "UPDATE granted SET is_condemned = 1 WHERE name = ?1 AND stream = ?2"));
	TRY(statement_text(&statement, 1, name));
	TRY(bind_bytes(&statement, 2, stream, LEDGER_STREAM_SIZE));
	return statement_run(&statement);
}

status ledger_grant_stream(struct ledger *ledger, const uint8_t id[static LEDGER_GRANT_ID_SIZE],
			   uint8_t ret_stream[static LEDGER_STREAM_SIZE])
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "SELECT stream FROM granted WHERE id = ?1"));
	TRY(bind_bytes(&statement, 1, id, LEDGER_GRANT_ID_SIZE));
	TRY(statement_step(&statement));
	return statement_column_bytes(&statement, 0, ret_stream, LEDGER_STREAM_SIZE);
}

status ledger_grant_drop(struct ledger *ledger, const uint8_t id[static LEDGER_GRANT_ID_SIZE])
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger_database(ledger), "DELETE FROM granted WHERE id = ?1"));
	TRY(bind_bytes(&statement, 1, id, LEDGER_GRANT_ID_SIZE));
	return statement_run(&statement);
}

static status read_grant(struct statement *statement, struct ledger_grant *grant)
{
	*grant = (struct ledger_grant){
		.isv_prod_id = (uint16_t)sqlite3_column_int64(statement->handle, 5),
		.isv_svn = (uint16_t)sqlite3_column_int64(statement->handle, 6),
		.valid_until = sqlite3_column_int64(statement->handle, 9),
		.is_condemned = sqlite3_column_int64(statement->handle, 10) != 0,
	};
	TRY(statement_column_bytes(statement, 0, grant->id, sizeof grant->id));
	statement_column_text(statement, 1, grant->name, sizeof grant->name);
	TRY(statement_column_bytes(statement, 2, grant->stream, sizeof grant->stream));
	TRY(statement_column_bytes(statement, 3, grant->mrenclave, sizeof grant->mrenclave));
	TRY(statement_column_bytes(statement, 4, grant->mrsigner, sizeof grant->mrsigner));
	TRY(statement_column_bytes(statement, 7, grant->source_key, sizeof grant->source_key));
	statement_column_text(statement, 11, grant->place, sizeof grant->place);
	TRY(statement_column_bytes(statement, 12, grant->terms, sizeof grant->terms));
	return statement_column_bytes(statement, 8, grant->source_nonce, sizeof grant->source_nonce);
}

status ledger_grants_visit(struct ledger *ledger, int64_t now, ledger_grant_visit visit, void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	struct ledger_grant grant;
	status result;

	TRY(statement_init(&statement, ledger_database(ledger),
			   "SELECT id, name, stream, mrenclave, mrsigner, product, svn, source, nonce, valid_until,"
			   " is_condemned, place, terms FROM granted WHERE valid_until >= ?1 ORDER BY valid_until"));
	TRY(statement_number(&statement, 1, now - LEDGER_GRANT_MARGIN_SECONDS));
	while ((result = statement_step(&statement)) == STATUS_OK) {
		TRY(read_grant(&statement, &grant));
		TRY(visit(context, &grant));
	}
	return result == STATUS_END ? STATUS_OK : result;
}
