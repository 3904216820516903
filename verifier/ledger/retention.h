/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much is kept of a target's results, and for how long. What every output has had may be trimmed, oldest first:
 * a stream's last number and hash, its counters and what it lacks stay, so that gaps, forks and rollbacks are seen as
 * before. Where that isn't enough, a quota: no more is taken, and so nothing of it acknowledged.
 */
#ifndef VERIFIER_LEDGER_RETENTION_H
#define VERIFIER_LEDGER_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/ledger/ledger.h"

enum {
	/* What a result counts beside its content: rows, indexes, hashes. */
	LEDGER_FINDING_COST = 256,
	/* Of one ledger_trim(): others wait. */
	LEDGER_TRIM_TARGET_COUNT_MAX = 64,
	LEDGER_TRIM_COUNT_MAX = 64,
	LEDGER_TRIM_SIZE_MAX = 4 << 20,
	/* A target that was full takes results again once this part (1/8) of its quota is free. */
	LEDGER_QUOTA_FREE_PART = 8,
};

struct ledger_retention {
	int64_t age_s; /* older results are trimmed; 0: none for their age */
	/* The oldest beyond so many bytes are trimmed, or beyond what leaves that part of the quota and one result
	 * free; 0: none for their size. */
	uint64_t size;
	uint64_t quota; /* so many bytes are taken; 0: any */
};

/* Of an enrolled target; NULL: of all that aren't expected any more. STATUS_MISSING, not reported: no such target. */
MUST_USE status ledger_retention_set(struct ledger *ledger, const char *name, const struct ledger_retention *retention);

struct ledger_trimming {
	int64_t target; /* where the next call goes on: 0 at first, and then the ledger's */
	int64_t finding, alert; /* the last ones that every output has had */
	int64_t alert_age_s; /* alerts that are older are trimmed, too; 0: none */
	int64_t now; /* seconds since 1970 */
	/* The ledger's, too: every target has had its turn, and nothing of any was due. */
	bool is_idle;
	uint32_t round_count; /* results that this round over all targets has trimmed so far */
};

/* Trim what is due, of some targets at a time and as one change: a bounded part of each, so that none has to wait for
 * another one's. *ret_count: how many results. */
MUST_USE status ledger_trim(struct ledger *ledger, struct ledger_trimming *trimming, uint32_t *ret_count);

/* What results of all targets take of their quotas, and how many targets are full. */
MUST_USE status ledger_retention_sum(struct ledger *ledger, uint64_t *ret_size, uint64_t *ret_full_count);

/* Is there room for a result of that size? Internal to verifier/ledger, part of a change. STATUS_LIMIT, not reported:
 * no, and an alert ("full") says so once; another one ("room") once there is again. */
MUST_USE status retention_check(struct ledger *ledger, const struct ledger_finding *finding, int64_t target);
/* It was kept under this id. Internal, too. */
MUST_USE status retention_note(struct ledger *ledger, const struct ledger_finding *finding, int64_t target, int64_t id);

#endif
