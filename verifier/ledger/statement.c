/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/statement.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"

status statement_fault(sqlite3 *database)
{
	switch (sqlite3_errcode(database) & 0xff) {
	case SQLITE_FULL:
		return report(STATUS_IO,
			      "the ledger's disk is full: nothing more is kept or acknowledged until it isn't");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return report(STATUS_MALFORMED, "the ledger is damaged (%s): restore it from a backup",
			      sqlite3_errmsg(database));
	case SQLITE_NOMEM: return report(STATUS_NO_MEMORY, "out of memory");
	default: return report(STATUS_IO, "the ledger: %s", sqlite3_errmsg(database));
	}
}

/* One that was prepared before and is at rest. There are some thirty texts, and each parse costs more than its run. */
static sqlite3_stmt *find_idle(sqlite3 *database, const char *text)
{
	sqlite3_stmt *handle = NULL;

	while ((handle = sqlite3_next_stmt(database, handle)) != NULL)
		if (sqlite3_stmt_busy(handle) == 0 && strcmp(sqlite3_sql(handle), text) == 0)
			return handle;
	return NULL;
}

status statement_init(struct statement *statement, sqlite3 *database, const char *text)
{
	statement->database = database;
	statement->handle = find_idle(database, text);
	if (statement->handle != NULL)
		return STATUS_OK;
	return sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL) == SQLITE_OK
		       ? STATUS_OK
		       : statement_fault(database);
}

void statement_deinit(struct statement *statement)
{
	if (statement->handle == NULL)
		return;
	sqlite3_reset(statement->handle);
	sqlite3_clear_bindings(statement->handle);
	statement->handle = NULL;
}

void statement_forget_all(sqlite3 *database)
{
	sqlite3_stmt *handle;

	while ((handle = sqlite3_next_stmt(database, NULL)) != NULL)
		sqlite3_finalize(handle);
}

static status bound(struct statement *statement, int code)
{
	return code == SQLITE_OK ? STATUS_OK : statement_fault(statement->database);
}

status statement_number(struct statement *statement, int index, int64_t number)
{
	return bound(statement, sqlite3_bind_int64(statement->handle, index, number));
}

status statement_text(struct statement *statement, int index, const char *text)
{
	return bound(statement, sqlite3_bind_text(statement->handle, index, text, -1, SQLITE_STATIC));
}

status statement_bytes(struct statement *statement, int index, struct span bytes)
{
	/* No data at all would be NULL to SQLite, not an empty value. */
	const void *data = bytes.size > 0 ? bytes.data : (const uint8_t *)"";

	return bound(statement, sqlite3_bind_blob64(statement->handle, index, data, bytes.size, SQLITE_STATIC));
}

status statement_step(struct statement *statement)
{
	switch (sqlite3_step(statement->handle)) {
	case SQLITE_ROW: return STATUS_OK;
	case SQLITE_DONE: return STATUS_END;
	default: return statement_fault(statement->database);
	}
}

status statement_run(struct statement *statement)
{
	status result = statement_step(statement);

	return result == STATUS_END ? STATUS_OK : result;
}

void statement_column_text(struct statement *statement, int column, char *ret_text, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement->handle, column);

	snprintf(ret_text, size, "%s", text != NULL ? (const char *)text : "");
}

status statement_column_bytes(struct statement *statement, int column, uint8_t *ret_bytes, size_t size)
{
	const void *bytes = sqlite3_column_blob(statement->handle, column);

	if (bytes == NULL || (size_t)sqlite3_column_bytes(statement->handle, column) != size)
		return report(STATUS_MALFORMED, "the ledger is damaged: a value hasn't its size");
	memcpy(ret_bytes, bytes, size);
	return STATUS_OK;
}
