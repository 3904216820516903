/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where events go: a file of JSON Lines, a syslog server, a webhook. The ledger remembers how far each has come,
 * so nothing is left out over restarts and failures; events may come twice (with the same uids) where
 * the power went between delivery and that note: a batch at most. An output that fails or is slow waits, the others
 * don't.
 */
#ifndef VERIFIER_EVENTS_OUTPUTS_H
#define VERIFIER_EVENTS_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/ledger/ledger.h"

enum {
	OUTPUT_COUNT_MAX = 8,
	OUTPUT_PLACE_SIZE = 120, /* with its NUL */
	/* Of one batch, on its way by a thread of the output's: more wait in the ledger. */
	OUTPUT_EVENT_COUNT_MAX = 256,
	/* The event under way then is its last one: alerts that have come meanwhile go before the rest. */
	OUTPUT_BATCH_MS_MAX = 1000,
	/* What is looked at for one batch, programs' outputs, which are no events, included: nobody waits for long. */
	OUTPUT_LOOK_COUNT_MAX = 1024,
	OUTPUT_LOOK_SIZE_MAX = 4 << 20,
	/* After a failure, doubled up to the second one. */
	OUTPUT_PAUSE_MS_MIN = 500,
	OUTPUT_PAUSE_MS_MAX = 60000,
};

enum output_kind { OUTPUT_JSONL, OUTPUT_SYSLOG, OUTPUT_WEBHOOK };

struct output_settings {
	enum output_kind kind;
	char place[OUTPUT_PLACE_SIZE];
};

struct output_figures {
	uint64_t delivered_count, failure_count;
	int64_t behind_count; /* alerts and findings that it hasn't had */
	bool is_failing;
};

struct outputs;

/* `ledger` is borrowed. STATUS_IO, STATUS_NO_MEMORY: reported. */
MUST_USE status outputs_create(struct ledger *ledger, const struct output_settings *settings, size_t count,
			       struct outputs **ret_outputs);
/* What is under way is waited for, and noted: the ledger must still be there. */
void outputs_destroy(struct outputs *outputs);

/* Hand out what waits, and note what has come; often. It never waits for an output. `now_ns`: the steady clock.
 * STATUS_IO: the ledger failed; STATUS_NO_MEMORY: an output paused for it. Both are reported, the first one is
 * returned, and the other outputs were served all the same. */
MUST_USE status outputs_serve(struct outputs *outputs, uint64_t now_ns);

void outputs_figures(const struct outputs *outputs, size_t index, struct output_figures *ret_figures);

/* The last ones that every output has had; where there is none, the ledger's last. STATUS_IO, reported. */
MUST_USE status outputs_delivered(const struct outputs *outputs, int64_t *ret_finding, int64_t *ret_alert);

/* "unix:/PATH" or "udp:ADDRESS:PORT", where ADDRESS is a number. */
bool output_syslog_is_place(const char *place);

#endif
