/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has done and refused, for `bartizan-agent status`. Thread-safe. */
#ifndef AGENT_SERVE_COUNTERS_H
#define AGENT_SERVE_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

enum counter {
	COUNTER_CONNECTIONS,
	COUNTER_HANDSHAKES, /* messages that cost public-key work */
	COUNTER_SESSIONS, /* proven ones */
	COUNTER_REQUESTS, /* records answered */
	COUNTER_OPERATIONS, /* in them */
	COUNTER_PLANS, /* records that were read plans */
	COUNTER_BYTES, /* of targets' memory handed out */
	COUNTER_RENEWALS, /* later grants that sessions went on with */
	COUNTER_REVOCATIONS, /* grants that the owner took back */

	/* Refused, by reason. */
	COUNTER_REFUSED_FIRST,
	COUNTER_REFUSED_CROWDED = COUNTER_REFUSED_FIRST, /* more connections than there may be */
	COUNTER_REFUSED_EVICTED, /* half-open, and others came */
	COUNTER_REFUSED_SILENT, /* no handshake in time */
	COUNTER_REFUSED_FRAME, /* not what belongs on a connection or in a ring */
	COUNTER_REFUSED_RATE, /* too many handshakes a second */
	COUNTER_REFUSED_HANDSHAKE,
	COUNTER_REFUSED_GRANT, /* malformed, not the owner's, for others, over */
	COUNTER_REFUSED_POLICY, /* sim or debug enclave */
	COUNTER_REFUSED_TARGET, /* not served, or can't be attached to */
	COUNTER_REFUSED_FULL, /* all session slots in use */
	COUNTER_REFUSED_RECORD, /* forged, replayed, cut, malformed */
	COUNTER_REFUSED_EXPIRED, /* the grant ended during the session */
	COUNTER_REFUSED_REVOKED, /* it was taken back, before or during the session */
	COUNTER_REFUSED_RIGHTS, /* operations */
	COUNTER_REFUSED_QUOTA, /* operations */
	COUNTER_COUNT,
};

struct counters {
	uint64_t value[COUNTER_COUNT];
};

static inline void counters_add(struct counters *counters, enum counter which, uint64_t amount)
{
	__atomic_fetch_add(&counters->value[which], amount, __ATOMIC_RELAXED);
}

/* {"connections": 7, …, "refused": {"rate": 0, …}}; NULL without memory. */
json_t *counters_json(const struct counters *counters);

#endif
