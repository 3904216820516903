/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator has taken out: no grant, and no way in, until he lifts it. Part of the ledger. */
#ifndef VERIFIER_LEDGER_BARRED_H
#define VERIFIER_LEDGER_BARRED_H

#include "verifier/ledger/granted.h"
#include "verifier/ledger/ledger.h"

enum ledger_subject_kind {
	LEDGER_SUBJECT_TARGET, /* whoever speaks for it; its name */
	LEDGER_SUBJECT_ENCLAVE, /* an MRENCLAVE, 32 bytes */
	LEDGER_SUBJECT_SOURCE, /* a source's public key, 32 bytes */
	LEDGER_SUBJECT_GRANT, /* one grant's id, 16 bytes: condemned with all of its stream; ledger_run_bar() */
	LEDGER_SUBJECT_STREAM, /* of an enclave's run, 32 bytes: who takes a grant back bars the run that had it */
};

struct ledger_subject {
	enum ledger_subject_kind kind;
	uint8_t value[LEDGER_NAME_SIZE];
	size_t size;
};

/* From now on; one that is barred stays so. STATUS_IO, reported. */
MUST_USE status ledger_subject_bar(struct ledger *ledger, const struct ledger_subject *subject, int64_t at);
/* STATUS_MISSING, not reported: it isn't barred. */
MUST_USE status ledger_subject_lift(struct ledger *ledger, const struct ledger_subject *subject);
/* The run that has this grant: it gets none any more. STATUS_IO, reported. */
MUST_USE status ledger_run_bar(struct ledger *ledger, const uint8_t grant[static LEDGER_GRANT_ID_SIZE],
			       const uint8_t stream[static LEDGER_STREAM_SIZE], int64_t at);
/* By the same grant, also where that is over by now. STATUS_MISSING, not reported: no run is barred by it. */
MUST_USE status ledger_run_lift(struct ledger *ledger, const uint8_t grant[static LEDGER_GRANT_ID_SIZE]);
/* STATUS_OK: it is barred; STATUS_END: it isn't. Else reported. */
MUST_USE status ledger_subject_find(struct ledger *ledger, const struct ledger_subject *subject);
/* The grants that concern it are to be taken back: how many they are. STATUS_IO, reported. */
MUST_USE status ledger_subject_condemn(struct ledger *ledger, const struct ledger_subject *subject,
				       uint32_t *ret_count);

#endif
