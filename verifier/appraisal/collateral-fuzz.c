/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as TCB info, as the QE identity and as a policy: read in bounds, or refused. */
#include <stdlib.h>

#include "base/report.h"
#include "verifier/appraisal/collateral.h"
#include "verifier/appraisal/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcb_info info;
	static struct qe_identity identity;
	static struct policy policy;
	struct span bytes = {data, size};

	report_sink_set(drop, NULL);
	if (tcb_info_init(&info, bytes) == STATUS_OK)
		tcb_info_deinit(&info);
	if (qe_identity_init(&identity, bytes) == STATUS_OK)
		qe_identity_deinit(&identity);
	policy_init(&policy);
	if (policy_parse(&policy, bytes) == STATUS_OK && policy.reference_count > POLICY_REFERENCE_COUNT_MAX)
		abort();
	return 0;
}
