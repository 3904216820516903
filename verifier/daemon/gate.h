/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which enclaves get in: the terms of their evidence, and for each target its own reference values.
 */
#ifndef VERIFIER_DAEMON_GATE_H
#define VERIFIER_DAEMON_GATE_H

#include <openssl/ssl.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/grant.h"
#include "verifier/attest/attest.h"
#include "verifier/daemon/config.h"
#include "verifier/grants/grantor.h"
#include "verifier/ledger/granted.h"
#include "verifier/station/station.h"

enum { GATE_SIM_ROOT_COUNT_MAX = 64 };

struct gate_policy {
	const char *path; /* the configuration's */
	struct policy policy;
	uint8_t hash[LEDGER_HASH_SIZE]; /* of its file */
};

struct gate {
	const struct config *config; /* borrowed */
	struct policy policy;
	uint8_t policy_hash[LEDGER_HASH_SIZE]; /* of its file; of nothing, where there is none */
	/* Targets' own, each file once, by its path. */
	struct gate_policy *own;
	size_t own_count;
	struct collateral collateral;
	uint8_t sim_roots[GATE_SIM_ROOT_COUNT_MAX][APPRAISAL_SIM_FINGERPRINT_SIZE];
	size_t sim_root_count;
	struct attest_terms terms;
	SSL_CTX *context;
	struct owner_key *owner;
};

/* Reads the owner's key, the policy and the collateral. STATUS_MALFORMED, reported: a target of whom nothing says which
 * enclaves may speak for it; else as the files'. The gate must stay where it is. */
MUST_USE status gate_init(struct gate *gate, const struct config *config,
			  const uint8_t (*sim_roots)[APPRAISAL_SIM_FINGERPRINT_SIZE], size_t sim_root_count);
void gate_deinit(struct gate *gate);

/* One enclave for one target. STATUS_DENIED: it isn't one of the target's, in words. */
MUST_USE status gate_check(const struct gate *gate, const struct attest_enclave *enclave, const char *target,
			   char sentence[static STATION_SENTENCE_SIZE]);
/* A target's own policy, which comes on top of that for all; NULL: it has none. */
const struct policy *gate_target_policy(const struct gate *gate, const char *target);
/* A grant for an enclave that gate_check() let through, by its MRENCLAVE. STATUS_DENIED: no, in words. Else a fault,
 * reported. */
MUST_USE status gate_grant(const struct gate *gate, const struct attest_enclave *enclave, const char *target,
			   struct span request, struct link_grant *ret_grant,
			   char sentence[static GRANTOR_SENTENCE_SIZE]);
/* A hash of what else decides whether a grant for the target is given, and which: the policies, whose simulations are
 * accepted, the rights. What was said of an enclave's evidence isn't kept, so by other terms it has to show it again.
 * STATUS_INTERNAL, reported. */
MUST_USE status gate_terms_hash(const struct gate *gate, const char *target, uint8_t ret_hash[static LEDGER_HASH_SIZE]);
/* Would it be given today? The target is expected, the enclave is one of its reference values, the source is enrolled,
 * the terms are the same, and nothing else has condemned it. */
bool gate_still_wants(const struct gate *gate, const struct ledger_grant *grant);
/* The verdict for people, with what was tolerated; "…" where it is cut. */
void gate_describe(const struct attest_enclave *enclave, char *ret_text, size_t size);

#endif
