/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The appraisal policy: which enclaves are the right ones (reference values), and what less
 * than perfect platforms are tolerated. Every tolerance is a line of its own; without any,
 * nothing is. A YAML file:
 *
 *   reference_values:              # one of these must fit; without the key nobody is judged
 *     - mrenclave: <64 hex digits>
 *     - mrsigner: <64 hex digits>
 *       product: 1
 *       svn: 2                     # at least; 0 without the line
 *   accept_tcb_status: [SWHardeningNeeded]
 *   accept_advisories: [INTEL-SA-00615]  # with it, a status is tolerated only for these
 *   accept_debug: true
 *   accept_expired_collateral: 7d  # this long after its nextUpdate
 *   minimum_tcb_evaluation_number: 17
 */
#ifndef VERIFIER_APPRAISAL_POLICY_H
#define VERIFIER_APPRAISAL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "verifier/appraisal/collateral.h"
#include "wire/sgx.h"

enum {
	POLICY_REFERENCE_COUNT_MAX = 256,
	POLICY_ADVISORY_COUNT_MAX = 128,
	POLICY_ADVISORY_SIZE = 32, /* with its NUL */
	POLICY_SIZE_MAX = 256 << 10,
	/* A quarter: a longer time would pass over every update that there is. */
	POLICY_EXPIRED_DAYS_MAX = 92,
};

/* An enclave, or a signer's product from some version on. */
struct policy_reference {
	bool is_signer;
	uint8_t hash[SGX_HASH_SIZE]; /* MRENCLAVE or MRSIGNER */
	uint16_t isv_prod_id, isv_svn_min; /* is_signer */
};

struct policy {
	bool has_references;
	struct policy_reference references[POLICY_REFERENCE_COUNT_MAX];
	size_t reference_count;
	bool accepted_status[TCB_STATUS_COUNT]; /* UpToDate always is */
	bool has_advisories;
	char advisories[POLICY_ADVISORY_COUNT_MAX][POLICY_ADVISORY_SIZE];
	size_t advisory_count;
	bool accept_debug;
	int64_t expired_seconds;
	int64_t evaluation_number_min;
};

/* Is it one of these enclaves? */
bool policy_references_fit(const struct policy_reference *references, size_t count,
			   const uint8_t mrenclave[SGX_HASH_SIZE], const uint8_t mrsigner[SGX_HASH_SIZE],
			   uint16_t isv_prod_id, uint16_t isv_svn);
/* A list of reference values in another file's YAML. The array is the caller's, to be freed. STATUS_MALFORMED,
 * reported. */
struct yaml_file;
struct yaml_node_s;
MUST_USE status policy_references_read(struct yaml_file *file, struct yaml_node_s *list,
				       struct policy_reference **ret_references, size_t *ret_count);

/* The strict one: no tolerance, no reference values. */
void policy_init(struct policy *policy);
/* From YAML. Unknown keys are faults. STATUS_MALFORMED, reported with its line; the policy is
 * untouched then. */
MUST_USE status policy_parse(struct policy *policy, struct span yaml);

#endif
