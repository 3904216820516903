/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants that were given and aren't over: what would have to be taken back if their enclave isn't to be trusted any
 * more. Part of the ledger. */
#ifndef VERIFIER_LEDGER_GRANTED_H
#define VERIFIER_LEDGER_GRANTED_H

#include "verifier/ledger/ledger.h"

enum {
	LEDGER_GRANT_ID_SIZE = 16,
	LEDGER_KEY_SIZE = 32,
	LEDGER_PLACE_SIZE = 108, /* with its NUL */
	/* Kept so long after its end: a wall clock may be wrong by an hour. */
	LEDGER_GRANT_MARGIN_SECONDS = 2 * 3600,
};

struct ledger_grant {
	uint8_t id[LEDGER_GRANT_ID_SIZE];
	char name[LEDGER_NAME_SIZE]; /* the target's */
	uint8_t stream[LEDGER_STREAM_SIZE]; /* of the enclave that has it */
	uint8_t mrenclave[LEDGER_HASH_SIZE], mrsigner[LEDGER_HASH_SIZE];
	uint16_t isv_prod_id, isv_svn;
	uint8_t source_key[LEDGER_KEY_SIZE], source_nonce[LEDGER_KEY_SIZE];
	/* Where the source took revocations when it was given; empty: nowhere. */
	char place[LEDGER_PLACE_SIZE];
	uint8_t terms[LEDGER_HASH_SIZE]; /* by which it was given: a hash */
	int64_t valid_until; /* seconds since 1970 */
	bool is_condemned; /* to be taken back, whatever the configuration says */
};

/* Before it is handed out; those that are long over by `now` are forgotten. STATUS_IO, reported. */
MUST_USE status ledger_grant_note(struct ledger *ledger, const struct ledger_grant *grant, int64_t now);
/* All of this enclave's are to be taken back. STATUS_IO, reported. */
MUST_USE status ledger_grants_condemn(struct ledger *ledger, const char *name,
				      const uint8_t stream[static LEDGER_STREAM_SIZE]);
/* Who has this one. STATUS_END: there is none, or it is long over. STATUS_IO, reported. */
MUST_USE status ledger_grant_stream(struct ledger *ledger, const uint8_t id[static LEDGER_GRANT_ID_SIZE],
				    uint8_t ret_stream[static LEDGER_STREAM_SIZE]);
/* It was taken back, or needs no more to be. STATUS_IO, reported. */
MUST_USE status ledger_grant_drop(struct ledger *ledger, const uint8_t id[static LEDGER_GRANT_ID_SIZE]);

/* One visit per grant that isn't long over, by their ends; ends early with what isn't STATUS_OK. */
typedef status (*ledger_grant_visit)(void *context, const struct ledger_grant *grant);
MUST_USE status ledger_grants_visit(struct ledger *ledger, int64_t now, ledger_grant_visit visit, void *context);

#endif
