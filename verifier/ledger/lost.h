/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results that heartbeats told of and that never came, and streams that stopped without an end. Part of the ledger's
 * transactions. */
#ifndef VERIFIER_LEDGER_LOST_H
#define VERIFIER_LEDGER_LOST_H

#include "verifier/ledger/ledger.h"

enum {
	/* So many heartbeats of others say that a stream, silent meanwhile, has been replaced. One would do where
	 * enclaves follow each other; two that watch one target at the same time take turns. */
	LOST_AFTER_HEARTBEATS = 3,
};

/* A new stream of the target: has the one before it told its end? If not, that is an alert ("restarted"). */
MUST_USE status lost_note_start(struct ledger *ledger, const char *name, int64_t target, int64_t stream, int64_t at);

/* What the target's streams lack, and wasn't told yet, are alerts ("lost"): of those but `except` that were silent
 * while `heartbeats` of others came. */
MUST_USE status lost_check(struct ledger *ledger, const char *name, int64_t target, int64_t except, uint32_t heartbeats,
			   int64_t at);

/* A stream that was told to be lost has come after all: an alert ("told"), unless another one still lacks something. */
MUST_USE status lost_close(struct ledger *ledger, const char *name, int64_t stream, int64_t at);

#endif
