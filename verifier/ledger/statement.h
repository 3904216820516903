/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SQLite statement, with our statuses. Internal to verifier/ledger. */
#ifndef VERIFIER_LEDGER_STATEMENT_H
#define VERIFIER_LEDGER_STATEMENT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

struct statement {
	sqlite3 *database;
	sqlite3_stmt *handle;
};

/* What SQLite says last, reported: STATUS_IO; STATUS_MALFORMED where the file is damaged. */
MUST_USE status statement_fault(sqlite3 *database);

/* Prepared once, and kept for the next time. Of one text only one may be bound and not stepped yet. */
MUST_USE status statement_init(struct statement *statement, sqlite3 *database, const char *text);
void statement_deinit(struct statement *statement);
/* Before the database is closed. */
void statement_forget_all(sqlite3 *database);
#define STATEMENT_CLEANUP __attribute__((cleanup(statement_deinit)))

/* Bind parameter `index`, from 1. What is bound must live as long as the statement. */
MUST_USE status statement_number(struct statement *statement, int index, int64_t number);
MUST_USE status statement_text(struct statement *statement, int index, const char *text);
MUST_USE status statement_bytes(struct statement *statement, int index, struct span bytes);

/* The next row. STATUS_END: there is none, or no more. */
MUST_USE status statement_step(struct statement *statement);
/* To the end, of a statement that gives no rows. */
MUST_USE status statement_run(struct statement *statement);

/* A row's columns, from 0. Text is cut to its place; bytes must have just that size
 * (STATUS_MALFORMED, reported). */
void statement_column_text(struct statement *statement, int column, char *ret_text, size_t size);
MUST_USE status statement_column_bytes(struct statement *statement, int column, uint8_t *ret_bytes, size_t size);

#endif
