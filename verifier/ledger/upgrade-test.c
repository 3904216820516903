/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores that earlier versions have made, as SQL: opened by this one. What they held is there, and goes on. */
#include "base/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/ledger/barred.h"
#include "verifier/ledger/granted.h"
#include "verifier/ledger/ledger.h"
#include "verifier/ledger/retention.h"

enum { NOW = 1800000000 };

#define FIRST_HASH "6041130a87a09c31fba3ac8e0a8e48f4f326ad269081629784ea27ecf489ef25"

/* The first version's, as it was; with what it has kept. Never changed again. */
static const char version_1[] =
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
	"INSERT INTO target (id, name, interval_ms, is_expected, heard_count, heard_at, program, evidence)"
	"  VALUES (1, 'web-1', 5000, 1, 41, 1700000000, 'netstat', 'accepted'), (2, 'old', 5000, 0, 0, 0, '', '');"
	"INSERT INTO change (target, state, at) VALUES (1, 'healthy', 1700000000);"
	"INSERT INTO output VALUES ('jsonl /x', 1, 0);"
	/* SHA-256 of 32 zeros, 5, 'web-1', the stream's 32 times aa, 1 as 8 bytes, 'first': by another program. */
	"INSERT INTO stream (id, target, key, counter, last_number, last_hash) VALUES (1, 1,"
	"  x'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 41, 1, x'" FIRST_HASH "');"
	"INSERT INTO finding (stream, number, previous, hash, at, content) VALUES (1, 1, zeroblob(32), x'" FIRST_HASH
	"',"
	"  1700000000, CAST('first' AS BLOB));"
	"INSERT INTO alert (name, kind, text, at) VALUES ('web-1', 'missing', 'no heartbeat', 1700000000);";

/* What the second added, with a grant. */
static const char version_2[] =
	"CREATE TABLE granted (id BLOB PRIMARY KEY, name TEXT NOT NULL, stream BLOB NOT NULL, mrenclave BLOB NOT NULL,"
	"  mrsigner BLOB NOT NULL, product INTEGER NOT NULL, svn INTEGER NOT NULL, source BLOB NOT NULL,"
	"  nonce BLOB NOT NULL, place TEXT NOT NULL, valid_until INTEGER NOT NULL, is_condemned INTEGER NOT NULL "
	"DEFAULT 0)"
	"  WITHOUT ROWID;"
	"CREATE INDEX granted_until ON granted (valid_until);"
	"PRAGMA user_version = 2;"
	"INSERT INTO granted (id, name, stream, mrenclave, mrsigner, product, svn, source, nonce, place, valid_until)"
	"  VALUES (x'01010101010101010101010101010101', 'web-1', zeroblob(32), zeroblob(32), zeroblob(32), 1, 2,"
	"  x'7777777777777777777777777777777777777777777777777777777777777777', zeroblob(32), '/agent', 1800000600);";

/* What the third added: a stream that has told of more than came. */
static const char version_3[] = "ALTER TABLE stream ADD COLUMN told_number INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE stream ADD COLUMN lost_told INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE stream ADD COLUMN heard_mark INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE stream ADD COLUMN is_ended INTEGER NOT NULL DEFAULT 1;"
				"CREATE INDEX stream_lacking ON stream (target) WHERE told_number > last_number;"
				"PRAGMA user_version = 3;"
				"UPDATE stream SET told_number = 3, is_ended = 0;";

static const char version_4[] = "ALTER TABLE granted ADD COLUMN terms BLOB NOT NULL DEFAULT "
				"x'"
				"0000000000000000000000000000000000000000000000000000000000000000';"
				"PRAGMA user_version = 4;"
				"UPDATE granted SET terms = "
				"x'4444444444444444444444444444444444444444444444444444444444444444';";

static const char version_5[] = "CREATE TABLE barred (kind INTEGER NOT NULL, value BLOB NOT NULL, at INTEGER NOT NULL,"
				"  PRIMARY KEY (kind, value)) WITHOUT ROWID;"
				"PRAGMA user_version = 5;";

/* What the sixth added: how much is kept. */
static const char version_6[] =
	"ALTER TABLE target ADD COLUMN keep_age INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE target ADD COLUMN keep_size INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE target ADD COLUMN quota INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE target ADD COLUMN kept_size INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE target ADD COLUMN is_full INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE stream ADD COLUMN trimmed_number INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE stream ADD COLUMN trimmed_count INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE stream ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;"
	"UPDATE stream SET heard_at = 1700000000;"
	"CREATE INDEX stream_of ON stream (target);"
	"CREATE TABLE kept (target INTEGER NOT NULL, finding INTEGER NOT NULL, size INTEGER NOT NULL,"
	"  at INTEGER NOT NULL, PRIMARY KEY (target, finding)) WITHOUT ROWID;"
	"INSERT INTO kept (target, finding, size, at) VALUES (1, 1, 261, 1700000000);"
	"UPDATE target SET kept_size = 261 WHERE id = 1;"
	"PRAGMA user_version = 6;";

static const char *const versions[] = {version_1, version_2, version_3, version_4, version_5, version_6};
enum { VERSION_COUNT = 6 };

static char path[] = "/tmp/upgrade-test-XXXXXX";
static struct ledger *ledger;

/* The store as version `count` of the program has left it. */
static void make(size_t count)
{
	char *words = NULL;
	sqlite3 *database;

	unlink(path);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	for (size_t i = 0; i < count; i++)
		if (sqlite3_exec(database, versions[i], NULL, NULL, &words) != SQLITE_OK)
			fail_msg("version %zu: %s", i + 1, words);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static status see_target(void *context, const struct ledger_target *target)
{
	assert_string_equal(target->name, "web-1");
	assert_int_equal(target->heard_count, 41);
	assert_string_equal(target->evidence, "accepted");
	++*(int *)context;
	return STATUS_OK;
}

static status see_finding(void *context, const struct ledger_finding *finding)
{
	assert_int_equal(finding->content.size, *(int *)context == 0 ? 5 : 6);
	assert_memory_equal(finding->content.data, *(int *)context == 0 ? "first" : "second", finding->content.size);
	++*(int *)context;
	return STATUS_OK;
}

static status see_grant(void *context, const struct ledger_grant *grant)
{
	assert_int_equal(grant->id[0], 1);
	assert_string_equal(grant->place, "/agent");
	assert_int_equal(grant->isv_svn, 2);
	*(uint8_t *)context = grant->terms[0];
	return STATUS_OK;
}

static status count_alert(void *context, const struct ledger_alert *alert)
{
	++*(int *)context;
	return STATUS_OK;
}

static int alerts(void)
{
	int count = 0;

	assert_int_equal(ledger_alerts_visit(ledger, 0, 100, count_alert, &count), STATUS_OK);
	return count;
}

static void expect_all_of_it(void)
{
	uint64_t size, full_count;
	int64_t finding, alert;
	int targets = 0, findings = 0;

	assert_int_equal(ledger_targets_visit(ledger, see_target, &targets), STATUS_OK);
	assert_int_equal(ledger_findings_visit(ledger, "web-1", see_finding, &findings), STATUS_OK);
	assert_int_equal(targets, 1);
	assert_int_equal(findings, 1);
	assert_int_equal(alerts(), 1);
	assert_int_equal(ledger_retention_sum(ledger, &size, &full_count), STATUS_OK);
	assert_int_equal(size, 5 + LEDGER_FINDING_COST);
	assert_int_equal(full_count, 0);
	assert_int_equal(ledger_output_place(ledger, "jsonl /x", &finding, &alert), STATUS_OK);
	assert_int_equal(finding, 1);
}

/* The stream of the old store: its counter, and its chain. */
static void expect_it_goes_on(bool has_told)
{
	struct ledger_heartbeat heartbeat = {.name = "web-1", .counter = 41, .at = NOW};
	struct ledger_finding finding = {.name = "web-1", .number = 2, .at = NOW};
	uint64_t expected = 0;
	int findings = 0;

	memset(heartbeat.stream, 0xaa, sizeof heartbeat.stream);
	memset(finding.stream, 0xaa, sizeof finding.stream);
	assert_int_equal(ledger_heartbeat_note(ledger, &heartbeat), STATUS_MISMATCH);
	heartbeat.counter = 42;
	assert_int_equal(ledger_heartbeat_note(ledger, &heartbeat), STATUS_OK);
	assert_int_equal(alerts(), 2);
	/* Two of three results are lacking, where the store knew of three. */
	assert_int_equal(ledger_lost_tell(ledger, "web-1", NOW), STATUS_OK);
	assert_int_equal(alerts(), has_told ? 3 : 2);
	assert_int_equal(ledger_chain_hash(finding.previous, "web-1", finding.stream, 1,
					   (struct span){(const uint8_t *)"first", 5}, finding.previous),
			 STATUS_OK);
	finding.content = (struct span){(const uint8_t *)"second", 6};
	assert_int_equal(ledger_finding_keep(ledger, &finding, &expected), STATUS_OK);
	assert_int_equal(ledger_findings_visit(ledger, "web-1", see_finding, &findings), STATUS_OK);
	assert_int_equal(findings, 2);
}

static void a_store_of_each_earlier_version_is_opened_with_all_that_it_held(void **state)
{
	const struct ledger_subject source = {.kind = LEDGER_SUBJECT_SOURCE, .value = {0x77}, .size = 32};
	uint8_t terms;

	for (size_t version = 1; version <= VERSION_COUNT; version++) {
		make(version);
		/* Opened twice: what was upgraded is no older version's any more. */
		for (int i = 0; i < 2; i++) {
			assert_int_equal(ledger_create(path, &ledger), STATUS_OK);
			expect_all_of_it();
			terms = 0xff;
			assert_int_equal(ledger_grants_visit(ledger, NOW, see_grant, &terms), STATUS_OK);
			assert_int_equal(terms, version < 2 ? 0xff : version < 4 ? 0 : 0x44);
			assert_int_equal(ledger_subject_find(ledger, &source), STATUS_END);
			if (i == 0)
				ledger_destroy(ledger);
		}
		expect_it_goes_on(version >= 3);
		assert_int_equal(ledger_subject_bar(ledger, &source, NOW), STATUS_OK);
		assert_int_equal(ledger_subject_find(ledger, &source), STATUS_OK);
		ledger_destroy(ledger);
	}
}

static void an_upgrade_that_fails_leaves_a_store_that_is_opened_later(void **state)
{
	char *words = NULL;
	sqlite3 *database;

	make(1);
	/* A table of that name in its way: the upgrade to version 5 fails, and the ones before it stay. */
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "CREATE TABLE barred (x)", NULL, NULL, &words), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(ledger_create(path, &ledger), STATUS_IO);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "DROP TABLE barred", NULL, NULL, &words), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(ledger_create(path, &ledger), STATUS_OK);
	expect_all_of_it();
	expect_it_goes_on(false);
	ledger_destroy(ledger);
}

static void a_store_of_a_later_version_is_left_alone(void **state)
{
	char *words = NULL;
	sqlite3 *database;

	make(VERSION_COUNT);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 99", NULL, NULL, &words), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(ledger_create(path, &ledger), STATUS_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_of_each_earlier_version_is_opened_with_all_that_it_held),
		cmocka_unit_test(an_upgrade_that_fails_leaves_a_store_that_is_opened_later),
		cmocka_unit_test(a_store_of_a_later_version_is_left_alone),
	};
	int file = mkstemp(path);

	if (file < 0)
		return 1;
	close(file);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < 4; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
	return failed;
}
