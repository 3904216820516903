/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes grants back that wouldn't be given any more: since the configuration says otherwise now, or
 * since their enclave has contradicted itself. Signs a revocation and brings it to the grant's source (wire/agent.h),
 * again and again until that has taken it or the grant is over. A source of which the configuration doesn't say where
 * it is gets none: there the grant ends by not being renewed.
 */
#ifndef VERIFIER_DAEMON_REVOKER_H
#define VERIFIER_DAEMON_REVOKER_H

#include <event2/event.h>

#include "base/status.h"
#include "verifier/daemon/gate.h"
#include "verifier/ledger/granted.h"

struct revoker;

/* Begins with what the ledger has; all are borrowed. STATUS_NO_MEMORY, or as the ledger's; reported. */
MUST_USE status revoker_create(struct event_base *base, struct ledger *ledger, const struct gate *gate,
			       struct revoker **ret_revoker);
void revoker_destroy(struct revoker *revoker);

/* More were condemned in the ledger: take them back. As the ledger's, reported. */
MUST_USE status revoker_look(struct revoker *revoker);
/* Go on by another gate (borrowed): grants that it wouldn't give are taken back. As the ledger's, reported. */
MUST_USE status revoker_gate_set(struct revoker *revoker, const struct gate *gate);

/* Before a grant is handed out. As ledger_grant_note(). */
MUST_USE status revoker_note(struct revoker *revoker, const struct ledger_grant *grant);
/* This enclave isn't to be trusted any more. Faults are reported. */
void revoker_condemn(struct revoker *revoker, const char *target, const uint8_t stream[static LEDGER_STREAM_SIZE]);

#endif
