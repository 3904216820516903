/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What platforms' quotes and simulated ones have in common: for appraise.c and appraise-sim.c alone. */
#ifndef VERIFIER_APPRAISAL_APPRAISE_WORK_H
#define VERIFIER_APPRAISAL_APPRAISE_WORK_H

#include "verifier/appraisal/appraise.h"

/* Everything one appraisal works on. */
struct work {
	const struct appraisal_terms *terms;
	struct certificate_trust trust;
	struct appraisal *result;
	struct verdict *verdict;
};

/* The chain of certificates that the quote brings along; its caller's, to be freed by certificate_chain_deinit().
 * False: a reason was given. */
bool appraise_chain_init(struct work *work, struct certificate_chain *ret_chain);
/* PCK → report of the quoting enclave → attestation key → quote. False: a reason was given. */
bool appraise_signatures(struct work *work);
/* DEBUG, INIT, the policy's reference values. */
void appraise_enclave(struct work *work);
/* All of a quote of the backend sim, of which at least one fake root is accepted. */
void appraise_sim(struct work *work);

#endif
