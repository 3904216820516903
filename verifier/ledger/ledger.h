/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verifier must not forget: the targets that it expects to hear of, when it last
 * heard, every finding, every alert. One SQLite file (write-ahead log, synchronous=FULL, locked for this
 * process alone). What a function here has returned STATUS_OK for survives a power cut.
 *
 * Findings come in streams: one per enclave's start, numbered from 1, each naming the hash of the one
 * before. A number that is missing, or that comes with another content, is an alert of its own:
 * whoever drops or rewrites findings between the enclave and here is seen.
 *
 * Faults of SQLite are reported and STATUS_IO; a disk that is full too, by that name. One thread.
 *
 * A disk that syncs a few hundred times a second would be too slow for thousands of heartbeats: what
 * is done between ledger_batch_begin() and ledger_batch_end() shares one sync, and is kept only once the
 * latter says so.
 */
#ifndef VERIFIER_LEDGER_LEDGER_H
#define VERIFIER_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

/* Whom an alert is about that is about no one target. */
#define LEDGER_EVERY_TARGET "every target"

enum {
	LEDGER_HASH_SIZE = 32,
	LEDGER_STREAM_SIZE = 32, /* the enclave's key, fresh at each of its starts */
	LEDGER_NAME_SIZE = 64, /* a target's, with its NUL */
	LEDGER_TEXT_SIZE = 256, /* an alert's, with its NUL */
	LEDGER_EVIDENCE_SIZE = 640, /* a verdict's on evidence, with what was tolerated and the NUL */
	/* A program's whole output, say of `lsof` on a large machine, goes in pieces of this. */
	LEDGER_FINDING_SIZE_MAX = 1 << 20,
	LEDGER_PROGRAM_SIZE = 64, /* with its NUL */
	/* Of a target's changes of state; older ones are dropped as new ones come. */
	LEDGER_CHANGE_COUNT_MAX = 100,
	LEDGER_OUTPUT_SIZE = 128, /* an output's name, with its NUL */
	LEDGER_INTERVAL_MS_MIN = 100,
	/* A day: who is heard of more rarely isn't watched. */
	LEDGER_INTERVAL_MS_MAX = 24 * 3600 * 1000,
};

struct ledger;

/* Open or make the file. STATUS_IO; STATUS_MALFORMED: not a ledger; STATUS_UNSUPPORTED: one of a
 * later version; STATUS_DENIED: another process has it. All reported. */
MUST_USE status ledger_create(const char *path, struct ledger **ret_ledger);
/* The same through one of SQLite's named VFSs (tests: one whose power can be cut). NULL: its own. */
MUST_USE status ledger_create_through(const char *path, const char *vfs, struct ledger **ret_ledger);
void ledger_destroy(struct ledger *ledger);

/* What follows, up to the end, is kept together. STATUS_IO, reported. */
MUST_USE status ledger_batch_begin(struct ledger *ledger);
/* Nothing of the batch is to be kept: its end fails. */
void ledger_batch_spoil(struct ledger *ledger);
/* STATUS_OK: all of it is on the disk. Else (reported): none of it may be acknowledged. */
MUST_USE status ledger_batch_end(struct ledger *ledger);

/* A target that is to be heard of every `interval_ms`; an enrolled one gets the new interval.
 * STATUS_USAGE, reported: an empty or long name, or an interval out of bounds. */
MUST_USE status ledger_target_enrol(struct ledger *ledger, const char *name, uint32_t interval_ms);
/* It isn't expected any more; its findings stay. STATUS_MISSING, not reported: no such target. */
MUST_USE status ledger_target_dismiss(struct ledger *ledger, const char *name);

/* What an enclave says of its work. */
struct ledger_scan {
	char program[LEDGER_PROGRAM_SIZE];
	uint64_t count; /* looks at the target since its start */
	int64_t at; /* the last one, seconds since 1970 by the enclave's clock; 0: none */
	uint64_t epoch;
	uint32_t exit_status;
	uint8_t source_key[LEDGER_HASH_SIZE];
	uint8_t profile_hash[LEDGER_HASH_SIZE];
};

/* What is known of a target. Times are the wall clock's, for people: nothing is decided by them. */
struct ledger_target {
	char name[LEDGER_NAME_SIZE];
	uint32_t interval_ms;
	uint64_t heard_count;
	int64_t heard_at; /* seconds since 1970; 0: never */
	struct ledger_scan scan; /* what the last heartbeat said; zeros before the first */
	char evidence[LEDGER_EVIDENCE_SIZE]; /* the last verdict on an enclave's evidence, in words */
};

/* One visit per enrolled target, by name; ends early with what isn't STATUS_OK. */
typedef status (*ledger_target_visit)(void *context, const struct ledger_target *target);
MUST_USE status ledger_targets_visit(struct ledger *ledger, ledger_target_visit visit, void *context);

struct ledger_heartbeat {
	const char *name; /* the target's */
	uint8_t stream[LEDGER_STREAM_SIZE];
	uint64_t counter; /* the enclave's own */
	uint64_t result_number; /* the last result that it has made */
	int64_t at;
	struct ledger_scan scan;
	bool has_looked; /* the ledger's answer: more often than by any heartbeat of its stream before */
};

/* A heartbeat was good. Counts only rise: a counter that isn't above
 * that of the last heartbeat of the same stream is an alert ("rollback") and STATUS_MISMATCH, not
 * reported. STATUS_MISSING, not reported: no such target. */
MUST_USE status ledger_heartbeat_note(struct ledger *ledger, struct ledger_heartbeat *heartbeat);
/* The target isn't heard of any more: what its streams have told of and that never came are alerts ("lost"), each once;
 * the same is done while another stream goes on. They end by an alert ("told") where it comes after all.
 * STATUS_MISSING, not reported: no such target. */
MUST_USE status ledger_lost_tell(struct ledger *ledger, const char *name, int64_t at);
/* The verdict on the evidence of an enclave that watches the target. STATUS_MISSING, not reported. */
MUST_USE status ledger_evidence_note(struct ledger *ledger, const char *name, const char *text);

/* A target's state is another one from now on: for people who look back. STATUS_MISSING, not reported. */
MUST_USE status ledger_change_note(struct ledger *ledger, const char *name, const char *state, int64_t at);
struct ledger_change {
	char name[LEDGER_NAME_SIZE];
	char state[16];
	int64_t at;
};
/* One visit per change since `since` of every expected target, oldest first. */
typedef status (*ledger_change_visit)(void *context, const struct ledger_change *change);
MUST_USE status ledger_changes_visit(struct ledger *ledger, int64_t since, ledger_change_visit visit, void *context);

/* The next link of a stream's chain: SHA-256 of previous ‖ name's size (1 byte) ‖ name ‖ stream ‖ number (8 bytes,
 * little-endian) ‖ content. The first one's `previous` is zeros. STATUS_INTERNAL, reported. */
MUST_USE status ledger_chain_hash(const uint8_t previous[static LEDGER_HASH_SIZE], const char *name,
				  const uint8_t stream[static LEDGER_STREAM_SIZE], uint64_t number, struct span content,
				  uint8_t ret_hash[static LEDGER_HASH_SIZE]);

struct ledger_finding {
	int64_t id; /* rising, as they were kept; not for ledger_finding_keep() */
	const char *name; /* the target's */
	uint8_t stream[LEDGER_STREAM_SIZE];
	uint64_t number; /* from 1 */
	uint8_t previous[LEDGER_HASH_SIZE];
	struct span content;
	int64_t at;
	/* Only for ledger_finding_keep(). */
	bool is_end; /* what the stream's program ends with */
	bool is_first_left; /* the sender has shown that it has none before it any more */
};

/* Keep a finding. Where numbers are missing before it and nobody has them any more (`is_first_left`), that is an alert
 * ("gap") and the stream goes on with it: the numbers, and its `previous`, show the place. STATUS_OK: it is on the
 * disk, now or since an earlier time (it may be sent again); it may be acknowledged. Not reported: STATUS_TORN: a
 * number is missing before it, an alert
 * ("gap") is kept once for each place, *ret_expected is the number to send; STATUS_MISMATCH: the chain
 * says otherwise, an alert ("fork") is kept; STATUS_LIMIT: the target's quota is used up, which an alert ("full") says
 * once (verifier/ledger/retention.h); STATUS_MISSING: no such target. Reported:
 * STATUS_USAGE: number 0, or too long. */
MUST_USE status ledger_finding_keep(struct ledger *ledger, const struct ledger_finding *finding,
				    uint64_t *ret_expected);

/* The last number that is kept of a stream; 0: none. */
MUST_USE status ledger_stream_last(struct ledger *ledger, const char *name,
				   const uint8_t stream[static LEDGER_STREAM_SIZE], uint64_t *ret_number);

/* One visit per finding of a target, oldest first. The content lives as long as the visit. */
typedef status (*ledger_finding_visit)(void *context, const struct ledger_finding *finding);
MUST_USE status ledger_findings_visit(struct ledger *ledger, const char *name, ledger_finding_visit visit,
				      void *context);

/* The same for every target: those with an id above `after`, in the order in which they were kept, at most `count_max`.
 */
MUST_USE status ledger_findings_visit_after(struct ledger *ledger, int64_t after, uint32_t count_max,
					    ledger_finding_visit visit, void *context);
/* The id of the last finding that was kept, and of the last alert, trimmed since or not; 0: none. */
MUST_USE status ledger_last_ids(struct ledger *ledger, int64_t *ret_finding, int64_t *ret_alert);

/* How far an output (a file, a webhook…) has been served. STATUS_USAGE, reported: a long name. One that isn't
 * known begins with what comes from now on. */
MUST_USE status ledger_output_place(struct ledger *ledger, const char *output, int64_t *ret_finding,
				    int64_t *ret_alert);
MUST_USE status ledger_output_served(struct ledger *ledger, const char *output, int64_t finding, int64_t alert);

/* Something that people must see. `kind` is a word ("missing", "back", "gap", "fork", "rollback", "lost", "told",
 * "restarted", "idle", "looking", "full", "room"). */
struct ledger_alert {
	int64_t id; /* rising */
	char name[LEDGER_NAME_SIZE];
	char kind[16];
	char text[LEDGER_TEXT_SIZE];
	int64_t at;
};

MUST_USE status ledger_alert_raise(struct ledger *ledger, const char *name, const char *kind, const char *text,
				   int64_t at);
/* One visit per alert with an id above `after`, oldest first, at most `count_max`. */
typedef status (*ledger_alert_visit)(void *context, const struct ledger_alert *alert);
MUST_USE status ledger_alerts_visit(struct ledger *ledger, int64_t after, uint32_t count_max, ledger_alert_visit visit,
				    void *context);

/* A whole copy of the ledger as it is now, into a file that doesn't exist; can be opened as one.
 * STATUS_USAGE, reported: there is one. */
MUST_USE status ledger_backup(struct ledger *ledger, const char *path);

#endif
