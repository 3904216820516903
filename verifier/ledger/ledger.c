/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/ledger/database.h"
#include "verifier/ledger/lost.h"
#include "verifier/ledger/retention.h"
#include "verifier/ledger/statement.h"

/* PRAGMA application_id: tells a ledger from other databases. */
#define LEDGER_ID 0x42617a4c
enum { LEDGER_VERSION = 7, BUSY_MS = 2000 };

/* In EXCLUSIVE mode the log's index is in this process's memory: nobody else gets in, and nothing
 * has to be shared. FULL: each commit is on the disk before it returns. */
static const char settings_text[] =
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA foreign_keys = ON;"
	/* Pages: 32 MiB. Copying them back costs two syncs more, in which everybody waits. */
	"PRAGMA wal_autocheckpoint = 8192;"
	"PRAGMA trusted_schema = OFF;";

static const char schema_text[] =
	"BEGIN EXCLUSIVE;"
	"CREATE TABLE target (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, interval_ms INTEGER NOT NULL,"
	"  is_expected INTEGER NOT NULL, heard_count INTEGER NOT NULL DEFAULT 0, heard_at INTEGER NOT NULL DEFAULT 0,"
	"  program TEXT NOT NULL DEFAULT '', scan_count INTEGER NOT NULL DEFAULT 0, scan_at INTEGER NOT NULL DEFAULT 0,"
	"  epoch INTEGER NOT NULL DEFAULT 0, exit_status INTEGER NOT NULL DEFAULT 0,"
	"  source BLOB NOT NULL DEFAULT (zeroblob(32)), profile BLOB NOT NULL DEFAULT (zeroblob(32)),"
	"  evidence TEXT NOT NULL DEFAULT '');"
	"CREATE TABLE change (id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target(id), state TEXT NOT "
	"NULL,"
	"  at INTEGER NOT NULL);"
	"CREATE INDEX change_of ON change (target, id);"
	"CREATE TABLE output (name TEXT PRIMARY KEY, finding INTEGER NOT NULL, alert INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE stream (id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target(id), key BLOB NOT NULL,"
	"  counter INTEGER NOT NULL DEFAULT 0, last_number INTEGER NOT NULL DEFAULT 0, last_hash BLOB NOT NULL,"
	"  gap_told INTEGER NOT NULL DEFAULT 0, UNIQUE (target, key));"
	"CREATE TABLE finding (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  stream INTEGER NOT NULL REFERENCES stream(id), number INTEGER NOT NULL,"
	"  previous BLOB NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL, content BLOB NOT NULL,"
	"  UNIQUE (stream, number));"
	"CREATE TABLE alert (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, kind TEXT NOT NULL,"
	"  text TEXT NOT NULL, at INTEGER NOT NULL);"
	"PRAGMA application_id = 1113684556;"
	"PRAGMA user_version = 1;"
	"COMMIT;";
static_assert(LEDGER_ID == 1113684556, "as in the schema");

/* From each version to the next; a new ledger goes the same way. */
static const char *const upgrade_texts[LEDGER_VERSION] = {
	[1] = "BEGIN EXCLUSIVE;"
	      "CREATE TABLE granted (id BLOB PRIMARY KEY, name TEXT NOT NULL, stream BLOB NOT NULL, mrenclave BLOB NOT "
	      "NULL,"
	      "  mrsigner BLOB NOT NULL, product INTEGER NOT NULL, svn INTEGER NOT NULL, source BLOB NOT NULL,"
	      "  nonce BLOB NOT NULL, place TEXT NOT NULL, valid_until INTEGER NOT NULL, is_condemned INTEGER NOT NULL "
	      "DEFAULT 0) WITHOUT ROWID;"
	      "CREATE INDEX granted_until ON granted (valid_until);"
	      "PRAGMA user_version = 2;"
	      "COMMIT;",
	/* Of streams that came before, nobody knows how they ended. */
	[2] = "BEGIN EXCLUSIVE;"
	      "ALTER TABLE stream ADD COLUMN told_number INTEGER NOT NULL DEFAULT 0;" /* results, by its heartbeats */
	      "ALTER TABLE stream ADD COLUMN lost_told INTEGER NOT NULL DEFAULT 0;" /* told_number when an alert said so
										     */
	      "ALTER TABLE stream ADD COLUMN heard_mark INTEGER NOT NULL DEFAULT 0;" /* heard_count when it was last
											heard */
	      "ALTER TABLE stream ADD COLUMN is_ended INTEGER NOT NULL DEFAULT 1;"
	      "CREATE INDEX stream_lacking ON stream (target) WHERE told_number > last_number;"
	      "PRAGMA user_version = 3;"
	      "COMMIT;",
	/* Of grants that came before, nobody knows by which terms: they are taken back. */
	[3] = "BEGIN EXCLUSIVE;"
	      "ALTER TABLE granted ADD COLUMN terms BLOB NOT NULL DEFAULT "
	      "x'0000000000000000000000000000000000000000000000000000000000000000';"
	      "PRAGMA user_version = 4;"
	      "COMMIT;",
	[4] = "BEGIN EXCLUSIVE;"
	      "CREATE TABLE barred (kind INTEGER NOT NULL, value BLOB NOT NULL, at INTEGER NOT NULL,"
	      "  PRIMARY KEY (kind, value)) WITHOUT ROWID;"
	      "PRAGMA user_version = 5;"
	      "COMMIT;",
	/* How much is kept of each target; when a stream was last heard, since nobody knows of older ones, is now. */
	[5] = "BEGIN EXCLUSIVE;"
	      "ALTER TABLE target ADD COLUMN keep_age INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE target ADD COLUMN keep_size INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE target ADD COLUMN quota INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE target ADD COLUMN kept_size INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE target ADD COLUMN is_full INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE stream ADD COLUMN trimmed_number INTEGER NOT NULL DEFAULT 0;" /* of the last one that went */
	      "ALTER TABLE stream ADD COLUMN trimmed_count INTEGER NOT NULL DEFAULT 0;" /* fewer: some never came */
	      "ALTER TABLE stream ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;"
	      "UPDATE stream SET heard_at = CAST(strftime('%s', 'now') AS INTEGER);"
	      "CREATE INDEX stream_of ON stream (target);"
	      "CREATE TABLE kept (target INTEGER NOT NULL, finding INTEGER NOT NULL, size INTEGER NOT NULL,"
	      "  at INTEGER NOT NULL, PRIMARY KEY (target, finding)) WITHOUT ROWID;"
	      "INSERT INTO kept (target, finding, size, at) SELECT stream.target, finding.id,"
	      "  length(finding.content) + 256, finding.at FROM finding JOIN stream ON stream.id = finding.stream;"
	      "UPDATE target SET kept_size ="
	      "  (SELECT coalesce(sum(kept.size), 0) FROM kept WHERE kept.target = target.id);"
	      "PRAGMA user_version = 6;"
	      "COMMIT;",
	[6] = "BEGIN EXCLUSIVE;"
	      "ALTER TABLE stream ADD COLUMN look_count INTEGER NOT NULL DEFAULT 0;" /* by its heartbeats */
	      "PRAGMA user_version = 7;"
	      "COMMIT;",
};
static_assert(LEDGER_FINDING_COST == 256, "as in the upgrade");

struct ledger {
	sqlite3 *database;
	bool in_batch;
	bool is_spoiled; /* a change of the batch was left half done */
};

sqlite3 *ledger_database(struct ledger *ledger)
{
	return ledger->database;
}

/* Several statements, once. */
static status run(struct ledger *ledger, const char *text)
{
	const int result = sqlite3_exec(ledger->database, text, NULL, NULL, NULL);

	return result == SQLITE_OK ? STATUS_OK : statement_fault(ledger->database);
}

/* One, again and again. */
static status run_one(struct ledger *ledger, const char *text)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database, text));
	return statement_run(&statement);
}

/* `PRAGMA name`'s number. */
static status pragma(struct ledger *ledger, const char *text, int64_t *ret_value)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database, text));
	TRY(statement_step(&statement));
	*ret_value = sqlite3_column_int64(statement.handle, 0);
	return STATUS_OK;
}

static status check_kind(struct ledger *ledger, const char *path)
{
	int64_t id, version, table_count;

	TRY(pragma(ledger, "PRAGMA application_id", &id));
	TRY(pragma(ledger, "PRAGMA user_version", &version));
	TRY(pragma(ledger, "SELECT count(*) FROM sqlite_master", &table_count));
	if (id == 0 && version == 0 && table_count == 0) {
		TRY(run(ledger, schema_text));
		id = LEDGER_ID;
		version = 1;
	}
	if (id != LEDGER_ID)
		return report(STATUS_MALFORMED, "%s is a database, but no verifier's ledger", path);
	for (; version >= 1 && version < LEDGER_VERSION; version++)
		TRY(run(ledger, upgrade_texts[version]));
	if (version != LEDGER_VERSION)
		return report(STATUS_UNSUPPORTED, "the ledger %s is of version %" PRId64 ", and this program knows %d",
			      path, version, LEDGER_VERSION);
	return STATUS_OK;
}

static status open_database(struct ledger *ledger, const char *path, const char *vfs)
{
	/* One thread: no mutex. */
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(path, &ledger->database, flags, vfs) != SQLITE_OK)
		return report(STATUS_IO, "the ledger %s can't be opened: %s", path, sqlite3_errmsg(ledger->database));
	sqlite3_extended_result_codes(ledger->database, 1);
	sqlite3_busy_timeout(ledger->database, BUSY_MS);
	if (sqlite3_exec(ledger->database, settings_text, NULL, NULL, NULL) != SQLITE_OK) {
		if (sqlite3_errcode(ledger->database) == SQLITE_BUSY)
			return report(STATUS_DENIED, "the ledger %s is in use by another process", path);
		if (sqlite3_errcode(ledger->database) == SQLITE_NOTADB)
			return report(STATUS_MALFORMED, "%s isn't a verifier's ledger", path);
		return statement_fault(ledger->database);
	}
	return check_kind(ledger, path);
}

status ledger_create_through(const char *path, const char *vfs, struct ledger **ret_ledger)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);

	if (ledger == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	status result = open_database(ledger, path, vfs);
	if (result != STATUS_OK) {
		ledger_destroy(ledger);
		return result;
	}
	*ret_ledger = ledger;
	return STATUS_OK;
}

status ledger_create(const char *path, struct ledger **ret_ledger)
{
	return ledger_create_through(path, NULL, ret_ledger);
}

void ledger_destroy(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	statement_forget_all(ledger->database);
	sqlite3_close(ledger->database);
	free(ledger);
}

status ledger_batch_begin(struct ledger *ledger)
{
	TRY(run_one(ledger, "BEGIN IMMEDIATE"));
	ledger->in_batch = true;
	ledger->is_spoiled = false;
	return STATUS_OK;
}

void ledger_batch_spoil(struct ledger *ledger)
{
	ledger->is_spoiled = true;
}

/* SQLite ends a transaction by itself where the disk is full or broken: what came before is lost then, and
 * what would come after isn't part of it. */
static status check_batch(const struct ledger *ledger)
{
	if (ledger->in_batch && (ledger->is_spoiled || sqlite3_get_autocommit(ledger->database) != 0))
		return report(STATUS_IO, "the ledger has dropped a batch that couldn't be kept");
	return STATUS_OK;
}

status ledger_batch_end(struct ledger *ledger)
{
	status result = check_batch(ledger);

	ledger->in_batch = false;
	if (result == STATUS_OK)
		result = run_one(ledger, "COMMIT");
	if (result != STATUS_OK && sqlite3_get_autocommit(ledger->database) == 0)
		sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

/* Where a change that was refused has kept an alert instead, that is no fault of the disk's. */
static bool is_to_keep(status result)
{
	return !status_is_fault(result) || result == STATUS_MISMATCH || result == STATUS_LIMIT;
}

/* As a part of the batch: a fault spoils all of it. A savepoint for each would let the rest live, but what fails here
 * is the disk, for whom SQLite gives up the whole transaction anyway; and its copy of each page that is touched is half
 * of what a heartbeat costs. */
static status join_batch(struct ledger *ledger, status (*change)(struct ledger *ledger, void *context), void *context)
{
	status result = change(ledger, context);

	if (!is_to_keep(result))
		ledger->is_spoiled = true;
	return result;
}

status ledger_transact(struct ledger *ledger, status (*change)(struct ledger *ledger, void *context), void *context)
{
	TRY(check_batch(ledger));
	if (ledger->in_batch)
		return join_batch(ledger, change, context);
	TRY(run_one(ledger, "BEGIN IMMEDIATE"));
	status result = change(ledger, context);
	/* A fault was reported where it arose; SQLite may have ended the transaction by itself then. */
	status end = is_to_keep(result) ? run_one(ledger, "COMMIT") : STATUS_OK;
	if (!is_to_keep(result) || end != STATUS_OK)
		sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
	return end != STATUS_OK ? end : result;
}

status ledger_target_enrol(struct ledger *ledger, const char *name, uint32_t interval_ms)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	if (name[0] == '\0' || strlen(name) >= LEDGER_NAME_SIZE)
		return report(STATUS_USAGE, "a target's name has 1 to %d bytes", LEDGER_NAME_SIZE - 1);
	if (interval_ms < LEDGER_INTERVAL_MS_MIN || interval_ms > LEDGER_INTERVAL_MS_MAX)
		return report(STATUS_USAGE, "a target is heard of every %d to %d ms, not every %" PRIu32,
			      LEDGER_INTERVAL_MS_MIN, LEDGER_INTERVAL_MS_MAX, interval_ms);
	TRY(statement_init(&statement, ledger->database,
			   "INSERT INTO target (name, interval_ms, is_expected) VALUES (?1, ?2, 1)"
			   " ON CONFLICT (name) DO UPDATE SET interval_ms = ?2, is_expected = 1"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_number(&statement, 2, interval_ms));
	return statement_run(&statement);
}

status ledger_target_dismiss(struct ledger *ledger, const char *name)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database,
			   "UPDATE target SET is_expected = 0 WHERE name = ?1 AND is_expected = 1"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_run(&statement));
	return sqlite3_changes(ledger->database) == 1 ? STATUS_OK : STATUS_MISSING;
}

static status scan_read(struct statement *statement, struct ledger_scan *ret_scan)
{
	statement_column_text(statement, 4, ret_scan->program, sizeof ret_scan->program);
	ret_scan->count = (uint64_t)sqlite3_column_int64(statement->handle, 5);
	ret_scan->at = sqlite3_column_int64(statement->handle, 6);
	ret_scan->epoch = (uint64_t)sqlite3_column_int64(statement->handle, 7);
	ret_scan->exit_status = (uint32_t)sqlite3_column_int64(statement->handle, 8);
	TRY(statement_column_bytes(statement, 9, ret_scan->source_key, sizeof ret_scan->source_key));
	return statement_column_bytes(statement, 10, ret_scan->profile_hash, sizeof ret_scan->profile_hash);
}

status ledger_targets_visit(struct ledger *ledger, ledger_target_visit visit, void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	status result;

	TRY(statement_init(&statement, ledger->database,
			   "SELECT name, interval_ms, heard_count, heard_at, program, scan_count, scan_at, epoch,"
			   " exit_status, source, profile, evidence FROM target"
			   " WHERE is_expected = 1 ORDER BY name"));
	while ((result = statement_step(&statement)) == STATUS_OK) {
		struct ledger_target target = {
			.interval_ms = (uint32_t)sqlite3_column_int64(statement.handle, 1),
			.heard_count = (uint64_t)sqlite3_column_int64(statement.handle, 2),
			.heard_at = sqlite3_column_int64(statement.handle, 3),
		};

		statement_column_text(&statement, 0, target.name, sizeof target.name);
		statement_column_text(&statement, 11, target.evidence, sizeof target.evidence);
		TRY(scan_read(&statement, &target.scan));
		TRY(visit(context, &target));
	}
	return result == STATUS_END ? STATUS_OK : result;
}

/* An expected target's number. STATUS_MISSING: there is none. */
static status target_find(struct ledger *ledger, const char *name, int64_t *ret_id)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database, "SELECT id FROM target WHERE name = ?1 AND is_expected = 1"));
	TRY(statement_text(&statement, 1, name));
	status result = statement_step(&statement);
	if (result == STATUS_END)
		return STATUS_MISSING;
	TRY(result);
	*ret_id = sqlite3_column_int64(statement.handle, 0);
	return STATUS_OK;
}

struct stream {
	int64_t id;
	uint64_t counter, last_number, gap_told, told_number, lost_told, trimmed_number, trimmed_count, look_count;
	uint8_t last_hash[LEDGER_HASH_SIZE];
};

static status stream_make(struct ledger *ledger, int64_t target, const uint8_t *key, int64_t at)
{
	static const uint8_t zeros[LEDGER_HASH_SIZE];
	struct statement insert STATEMENT_CLEANUP = {0};

	TRY(statement_init(
		&insert, ledger->database,
		"INSERT INTO stream (target, key, last_hash, is_ended, heard_at) VALUES (?1, ?2, ?3, 0, ?4)"));
	TRY(statement_number(&insert, 1, target));
	TRY(statement_bytes(&insert, 2, (struct span){key, LEDGER_STREAM_SIZE}));
	TRY(statement_bytes(&insert, 3, (struct span){zeros, sizeof zeros}));
	TRY(statement_number(&insert, 4, at));
	return statement_run(&insert);
}

/* STATUS_END: there is none. */
static status stream_read(struct ledger *ledger, int64_t target, const uint8_t *key, struct stream *ret_stream)
{
	struct statement select STATEMENT_CLEANUP = {0};

	TRY(statement_init(
		&select, ledger->database,
		"SELECT id, counter, last_number, gap_told, last_hash, told_number, lost_told, trimmed_number,"
		" trimmed_count, look_count FROM stream WHERE target = ?1 AND key = ?2"));
	TRY(statement_number(&select, 1, target));
	TRY(statement_bytes(&select, 2, (struct span){key, LEDGER_STREAM_SIZE}));
	TRY(statement_step(&select));
	ret_stream->id = sqlite3_column_int64(select.handle, 0);
	ret_stream->counter = (uint64_t)sqlite3_column_int64(select.handle, 1);
	ret_stream->last_number = (uint64_t)sqlite3_column_int64(select.handle, 2);
	ret_stream->gap_told = (uint64_t)sqlite3_column_int64(select.handle, 3);
	ret_stream->told_number = (uint64_t)sqlite3_column_int64(select.handle, 5);
	ret_stream->lost_told = (uint64_t)sqlite3_column_int64(select.handle, 6);
	ret_stream->trimmed_number = (uint64_t)sqlite3_column_int64(select.handle, 7);
	ret_stream->trimmed_count = (uint64_t)sqlite3_column_int64(select.handle, 8);
	ret_stream->look_count = (uint64_t)sqlite3_column_int64(select.handle, 9);
	return statement_column_bytes(&select, 4, ret_stream->last_hash, sizeof ret_stream->last_hash);
}

/* The stream of that key; made where it is new, which is worth a look at the one before. */
static status stream_find(struct ledger *ledger, const char *name, int64_t target, const uint8_t *key, int64_t at,
			  struct stream *ret_stream)
{
	status result = stream_read(ledger, target, key, ret_stream);

	if (result != STATUS_END)
		return result;
	TRY(stream_make(ledger, target, key, at));
	TRY(stream_read(ledger, target, key, ret_stream));
	return lost_note_start(ledger, name, target, ret_stream->id, at);
}

static status scan_keep(struct ledger *ledger, const struct ledger_heartbeat *heartbeat, int64_t target)
{
	const struct ledger_scan *scan = &heartbeat->scan;
	struct statement heard STATEMENT_CLEANUP = {0};

	TRY(statement_init(
		&heard, ledger->database,
		"UPDATE target SET heard_count = heard_count + 1, heard_at = ?2, program = ?3, scan_count = ?4,"
		" scan_at = ?5, epoch = ?6, exit_status = ?7, source = ?8, profile = ?9 WHERE id = ?1"));
	TRY(statement_number(&heard, 1, target));
	TRY(statement_number(&heard, 2, heartbeat->at));
	TRY(statement_text(&heard, 3, scan->program));
	/* SQLite's integers have a sign: the same bits come back. */
	TRY(statement_number(&heard, 4, (int64_t)scan->count));
	TRY(statement_number(&heard, 5, scan->at));
	TRY(statement_number(&heard, 6, (int64_t)scan->epoch));
	TRY(statement_number(&heard, 7, scan->exit_status));
	TRY(statement_bytes(&heard, 8, (struct span){scan->source_key, sizeof scan->source_key}));
	TRY(statement_bytes(&heard, 9, (struct span){scan->profile_hash, sizeof scan->profile_hash}));
	return statement_run(&heard);
}

static status heartbeat_keep(struct ledger *ledger, const struct ledger_heartbeat *heartbeat, int64_t target,
			     int64_t stream)
{
	struct statement counter STATEMENT_CLEANUP = {0};

	TRY(scan_keep(ledger, heartbeat, target));
	TRY(statement_init(&counter, ledger->database,
			   "UPDATE stream SET counter = ?2, told_number = max(told_number, ?3), heard_at = ?5,"
			   " look_count = max(look_count, ?6),"
			   " heard_mark = (SELECT heard_count FROM target WHERE id = ?4) WHERE id = ?1"));
	TRY(statement_number(&counter, 1, stream));
	TRY(statement_number(&counter, 2, (int64_t)heartbeat->counter));
	TRY(statement_number(&counter, 3, (int64_t)heartbeat->result_number));
	TRY(statement_number(&counter, 4, target));
	TRY(statement_number(&counter, 5, heartbeat->at));
	TRY(statement_number(&counter, 6, (int64_t)heartbeat->scan.count));
	TRY(statement_run(&counter));
	return lost_check(ledger, heartbeat->name, target, stream, LOST_AFTER_HEARTBEATS, heartbeat->at);
}

static status heartbeat_change(struct ledger *ledger, void *context)
{
	struct ledger_heartbeat *heartbeat = context;
	char text[LEDGER_TEXT_SIZE];
	struct stream stream;
	int64_t target;

	TRY(target_find(ledger, heartbeat->name, &target));
	TRY(stream_find(ledger, heartbeat->name, target, heartbeat->stream, heartbeat->at, &stream));
	heartbeat->has_looked = heartbeat->scan.count > stream.look_count;
	if (heartbeat->counter > stream.counter)
		return heartbeat_keep(ledger, heartbeat, target, stream.id);
	snprintf(text, sizeof text, "a heartbeat with counter %" PRIu64 " came after one with %" PRIu64,
		 heartbeat->counter, stream.counter);
	TRY(ledger_alert_raise(ledger, heartbeat->name, "rollback", text, heartbeat->at));
	return STATUS_MISMATCH;
}

status ledger_heartbeat_note(struct ledger *ledger, struct ledger_heartbeat *heartbeat)
{
	if (heartbeat->counter > INT64_MAX || heartbeat->result_number > INT64_MAX)
		return report(STATUS_USAGE, "a counter beyond 2^63 - 1");
	return ledger_transact(ledger, heartbeat_change, heartbeat);
}

status ledger_lost_tell(struct ledger *ledger, const char *name, int64_t at)
{
	int64_t target;

	TRY(target_find(ledger, name, &target));
	return lost_check(ledger, name, target, 0, 0, at);
}

static void put_number(uint8_t *place, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		place[i] = (uint8_t)(number >> 8 * i);
}

status ledger_chain_hash(const uint8_t previous[static LEDGER_HASH_SIZE], const char *name,
			 const uint8_t stream[static LEDGER_STREAM_SIZE], uint64_t number, struct span content,
			 uint8_t ret_hash[static LEDGER_HASH_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t name_size = (uint8_t)strlen(name), bytes[8];
	unsigned int size;

	put_number(bytes, number);
	bool is_made = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(context, previous, LEDGER_HASH_SIZE) == 1 &&
		       EVP_DigestUpdate(context, &name_size, 1) == 1 &&
		       EVP_DigestUpdate(context, name, name_size) == 1 &&
		       EVP_DigestUpdate(context, stream, LEDGER_STREAM_SIZE) == 1 &&
		       EVP_DigestUpdate(context, bytes, sizeof bytes) == 1 &&
		       EVP_DigestUpdate(context, content.data, content.size) == 1 &&
		       EVP_DigestFinal_ex(context, ret_hash, &size) == 1;
	EVP_MD_CTX_free(context);
	return is_made ? STATUS_OK : report(STATUS_INTERNAL, "OpenSSL failed to hash");
}

/* One call of ledger_finding_keep(). */
struct keeping {
	const struct ledger_finding *finding;
	int64_t target;
	uint64_t expected;
	uint8_t hash[LEDGER_HASH_SIZE];
};

static status finding_fork(struct ledger *ledger, const struct ledger_finding *finding, const char *what)
{
	char text[LEDGER_TEXT_SIZE];

	snprintf(text, sizeof text, "finding %" PRIu64 " of a stream %s", finding->number, what);
	TRY(ledger_alert_raise(ledger, finding->name, "fork", text, finding->at));
	return STATUS_MISMATCH;
}

static status finding_insert(struct ledger *ledger, const struct keeping *keeping, int64_t stream);

/* One that isn't here, before others that are, or were. One that was trimmed stays so; where it may be that it never
 * came, it is kept: what follows it shows by its `previous` whether it belongs there. */
static status finding_late(struct ledger *ledger, const struct keeping *keeping, const struct stream *stream)
{
	if (keeping->finding->number <= stream->trimmed_number && stream->trimmed_count == stream->trimmed_number)
		return STATUS_OK;
	TRY(retention_check(ledger, keeping->finding, keeping->target));
	return finding_insert(ledger, keeping, stream->id);
}

/* One that is kept already: the same again, or another one under its number? */
static status finding_again(struct ledger *ledger, const struct keeping *keeping, const struct stream *stream)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	uint8_t hash[LEDGER_HASH_SIZE];

	TRY(statement_init(&statement, ledger->database, "SELECT hash FROM finding WHERE stream = ?1 AND number = ?2"));
	TRY(statement_number(&statement, 1, stream->id));
	TRY(statement_number(&statement, 2, (int64_t)keeping->finding->number));
	status result = statement_step(&statement);
	if (result == STATUS_END)
		return finding_late(ledger, keeping, stream);
	TRY(result);
	TRY(statement_column_bytes(&statement, 0, hash, sizeof hash));
	if (memcmp(hash, keeping->hash, sizeof hash) == 0)
		return STATUS_OK;
	return finding_fork(ledger, keeping->finding, "came twice, with different contents");
}

static status finding_gap(struct ledger *ledger, const struct ledger_finding *finding, const struct stream *stream)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	char text[LEDGER_TEXT_SIZE];

	/* Once for each place: whoever waits for the missing one may try often. */
	if (stream->gap_told == stream->last_number + 1)
		return STATUS_TORN;
	TRY(statement_init(&statement, ledger->database, "UPDATE stream SET gap_told = ?2 WHERE id = ?1"));
	TRY(statement_number(&statement, 1, stream->id));
	TRY(statement_number(&statement, 2, (int64_t)(stream->last_number + 1)));
	TRY(statement_run(&statement));
	snprintf(text, sizeof text, "finding %" PRIu64 " of a stream came before %" PRIu64, finding->number,
		 stream->last_number + 1);
	TRY(ledger_alert_raise(ledger, finding->name, "gap", text, finding->at));
	return STATUS_TORN;
}

static status finding_insert(struct ledger *ledger, const struct keeping *keeping, int64_t stream)
{
	const struct ledger_finding *finding = keeping->finding;
	const struct span hash = {keeping->hash, sizeof keeping->hash};
	struct statement insert STATEMENT_CLEANUP = {0};

	TRY(statement_init(&insert, ledger->database,
			   "INSERT INTO finding (stream, number, previous, hash, at, content)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
	TRY(statement_number(&insert, 1, stream));
	TRY(statement_number(&insert, 2, (int64_t)finding->number));
	TRY(statement_bytes(&insert, 3, (struct span){finding->previous, sizeof finding->previous}));
	TRY(statement_bytes(&insert, 4, hash));
	TRY(statement_number(&insert, 5, finding->at));
	TRY(statement_bytes(&insert, 6, finding->content));
	TRY(statement_run(&insert));
	return retention_note(ledger, finding, keeping->target, sqlite3_last_insert_rowid(ledger->database));
}

/* The next of its stream. */
static status finding_append(struct ledger *ledger, const struct keeping *keeping, const struct stream *stream)
{
	const struct ledger_finding *finding = keeping->finding;
	struct statement update STATEMENT_CLEANUP = {0};

	TRY(finding_insert(ledger, keeping, stream->id));
	TRY(statement_init(
		&update, ledger->database,
		"UPDATE stream SET last_number = ?2, last_hash = ?3, is_ended = ?4, heard_at = ?5,"
		" heard_mark = (SELECT heard_count FROM target WHERE target.id = stream.target) WHERE id = ?1"));
	TRY(statement_number(&update, 1, stream->id));
	TRY(statement_number(&update, 2, (int64_t)finding->number));
	TRY(statement_bytes(&update, 3, (struct span){keeping->hash, sizeof keeping->hash}));
	TRY(statement_number(&update, 4, finding->is_end));
	TRY(statement_number(&update, 5, finding->at));
	TRY(statement_run(&update));
	if (stream->lost_told == 0 || finding->number < stream->told_number ||
	    finding->number != stream->last_number + 1)
		return STATUS_OK;
	return lost_close(ledger, finding->name, stream->id, finding->at);
}

/* The enclave has none before it: it was told that they are kept, by a store that isn't this one any more. Asked for
 * them again and again it would never tell what it finds now. */
static status finding_go_on(struct ledger *ledger, const struct keeping *keeping, const struct stream *stream)
{
	const struct ledger_finding *finding = keeping->finding;
	char text[LEDGER_TEXT_SIZE];

	snprintf(text, sizeof text,
		 "findings %" PRIu64 " to %" PRIu64
		 " of a stream aren't here, and its enclave has them no more: they were "
		 "acknowledged (was this store restored from a copy?)",
		 stream->last_number + 1, finding->number - 1);
	TRY(ledger_alert_raise(ledger, finding->name, "gap", text, finding->at));
	return finding_append(ledger, keeping, stream);
}

static status finding_change(struct ledger *ledger, void *context)
{
	struct keeping *keeping = context;
	const struct ledger_finding *finding = keeping->finding;
	struct stream stream;
	int64_t target;

	TRY(target_find(ledger, finding->name, &target));
	TRY(stream_find(ledger, finding->name, target, finding->stream, finding->at, &stream));
	keeping->target = target;
	keeping->expected = stream.last_number + 1;
	TRY(ledger_chain_hash(finding->previous, finding->name, finding->stream, finding->number, finding->content,
			      keeping->hash));
	if (finding->number <= stream.last_number)
		return finding_again(ledger, keeping, &stream);
	const bool is_next = finding->number == stream.last_number + 1;
	if (!is_next && !finding->is_first_left)
		return finding_gap(ledger, finding, &stream);
	if (is_next && memcmp(finding->previous, stream.last_hash, LEDGER_HASH_SIZE) != 0)
		return finding_fork(ledger, finding, "doesn't follow the one before it");
	TRY(retention_check(ledger, finding, target));
	return is_next ? finding_append(ledger, keeping, &stream) : finding_go_on(ledger, keeping, &stream);
}

status ledger_finding_keep(struct ledger *ledger, const struct ledger_finding *finding, uint64_t *ret_expected)
{
	struct keeping keeping = {.finding = finding};

	if (finding->number == 0 || finding->number >= INT64_MAX)
		return report(STATUS_USAGE, "findings are numbered from 1");
	if (finding->content.size > LEDGER_FINDING_SIZE_MAX)
		return report(STATUS_USAGE, "a finding of %zu bytes: at most %d", finding->content.size,
			      LEDGER_FINDING_SIZE_MAX);
	status result = ledger_transact(ledger, finding_change, &keeping);
	if (result == STATUS_TORN)
		*ret_expected = keeping.expected;
	return result;
}

status ledger_stream_last(struct ledger *ledger, const char *name, const uint8_t stream[static LEDGER_STREAM_SIZE],
			  uint64_t *ret_number)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database,
			   "SELECT stream.last_number FROM stream JOIN target ON target.id = stream.target"
			   " WHERE target.name = ?1 AND stream.key = ?2"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_bytes(&statement, 2, (struct span){stream, LEDGER_STREAM_SIZE}));
	status result = statement_step(&statement);
	if (status_is_fault(result))
		return result;
	*ret_number = result == STATUS_OK ? (uint64_t)sqlite3_column_int64(statement.handle, 0) : 0;
	return STATUS_OK;
}

/* Rows of: stream's key, number, previous, at, content, id, target's name. */
static status findings_step(struct statement *statement, ledger_finding_visit visit, void *context)
{
	char name[LEDGER_NAME_SIZE];
	status result;

	while ((result = statement_step(statement)) == STATUS_OK) {
		struct ledger_finding finding = {
			.name = name,
			.number = (uint64_t)sqlite3_column_int64(statement->handle, 1),
			.at = sqlite3_column_int64(statement->handle, 3),
			.id = sqlite3_column_int64(statement->handle, 5),
		};

		TRY(statement_column_bytes(statement, 0, finding.stream, sizeof finding.stream));
		TRY(statement_column_bytes(statement, 2, finding.previous, sizeof finding.previous));
		statement_column_text(statement, 6, name, sizeof name);
		finding.content.data = sqlite3_column_blob(statement->handle, 4);
		finding.content.size = (size_t)sqlite3_column_bytes(statement->handle, 4);
		TRY(visit(context, &finding));
	}
	return result == STATUS_END ? STATUS_OK : result;
}

#define FINDING_ROWS                                                                                                \
	"SELECT stream.key, finding.number, finding.previous, finding.at, finding.content, finding.id, target.name" \
	" FROM finding JOIN stream ON stream.id = finding.stream JOIN target ON target.id = stream.target"

status ledger_findings_visit(struct ledger *ledger, const char *name, ledger_finding_visit visit, void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database,
			   FINDING_ROWS " WHERE target.name = ?1 ORDER BY stream.id, finding.number"));
	TRY(statement_text(&statement, 1, name));
	return findings_step(&statement, visit, context);
}

status ledger_findings_visit_after(struct ledger *ledger, int64_t after, uint32_t count_max, ledger_finding_visit visit,
				   void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database,
			   FINDING_ROWS " WHERE finding.id > ?1 ORDER BY finding.id LIMIT ?2"));
	TRY(statement_number(&statement, 1, after));
	TRY(statement_number(&statement, 2, count_max));
	return findings_step(&statement, visit, context);
}

status ledger_alert_raise(struct ledger *ledger, const char *name, const char *kind, const char *text, int64_t at)
{
	struct statement statement STATEMENT_CLEANUP = {0};

	TRY(statement_init(&statement, ledger->database,
			   "INSERT INTO alert (name, kind, text, at) VALUES (?1, ?2, ?3, ?4)"));
	TRY(statement_text(&statement, 1, name));
	TRY(statement_text(&statement, 2, kind));
	TRY(statement_text(&statement, 3, text));
	TRY(statement_number(&statement, 4, at));
	return statement_run(&statement);
}

status ledger_alerts_visit(struct ledger *ledger, int64_t after, uint32_t count_max, ledger_alert_visit visit,
			   void *context)
{
	struct statement statement STATEMENT_CLEANUP = {0};
	status result;

	TRY(statement_init(&statement, ledger->database,
			   "SELECT id, name, kind, text, at FROM alert WHERE id > ?1 ORDER BY id LIMIT ?2"));
	TRY(statement_number(&statement, 1, after));
	TRY(statement_number(&statement, 2, count_max));
	while ((result = statement_step(&statement)) == STATUS_OK) {
		struct ledger_alert alert = {
			.id = sqlite3_column_int64(statement.handle, 0),
			.at = sqlite3_column_int64(statement.handle, 4),
		};

		statement_column_text(&statement, 1, alert.name, sizeof alert.name);
		statement_column_text(&statement, 2, alert.kind, sizeof alert.kind);
		statement_column_text(&statement, 3, alert.text, sizeof alert.text);
		TRY(visit(context, &alert));
	}
	return result == STATUS_END ? STATUS_OK : result;
}
