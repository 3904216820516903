/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which refusals are told one by one. Whoever passes the policy for all can come to a target that isn't his as often as
 * he likes: the same of one enclave at one target is told once a minute, REFUSALS_TOLD_COUNT_MAX different ones at
 * most, and how many more there were once the minute is over. Without I/O.
 */
#ifndef VERIFIER_STATION_REFUSALS_H
#define VERIFIER_STATION_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/ledger/ledger.h"

enum { REFUSALS_TOLD_COUNT_MAX = 32 };
#define REFUSALS_WINDOW_NS UINT64_C(60000000000)

struct refusals {
	uint64_t since_ns; /* the minute's first one */
	struct refusal {
		char target[LEDGER_NAME_SIZE];
		char sentence[LEDGER_TEXT_SIZE]; /* it names the enclave */
		uint64_t more_count; /* of the same, not told */
	} told[REFUSALS_TOLD_COUNT_MAX];
	size_t told_count, settled_count;
	uint64_t other_count; /* others than those, not told */
};

/* Another one. True: tell it now. */
bool refusals_note(struct refusals *refusals, const char *target, const char *sentence, uint64_t now_ns);
/* What was to be told since the last call is kept now, or isn't: then it is counted as what wasn't told. */
void refusals_settle(struct refusals *refusals, bool is_kept);
/* Is the minute over, so that refusals_sum() is due? */
bool refusals_is_over(const struct refusals *refusals, uint64_t now_ns);
/* What wasn't told, in words: one visit for each that came again (`target` is its), one for all others (`target` is
 * NULL). Ends early with what isn't STATUS_OK; the minute isn't forgotten: refusals_forget(). */
typedef status (*refusals_visit)(void *context, const char *target, const char *text);
MUST_USE status refusals_sum(const struct refusals *refusals, refusals_visit visit, void *context);
void refusals_forget(struct refusals *refusals);

#endif
