/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a grantor's frame: answered in bounds, and never with a grant, as
 * nobody here knows the fake root. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/grants/grantor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static struct grantor_policy *make_policy(void)
{
	static struct grantor_policy policy;

	report_sink_set(drop, NULL);
	if (owner_key_generate(&policy.owner) != STATUS_OK)
		abort();
	policy.source_count = policy.image_count = 1;
	policy.images[0].identity = LINK_IDENTITY_MRENCLAVE;
	policy.rights = LINK_RIGHTS_ALL;
	policy.accept_sim = true;
	memset(policy.sim_root.secret, 0xa5, SIM_ROOT_SIZE);
	return &policy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct grantor_policy *policy;
	struct grantor_reply reply;

	if (policy == NULL)
		policy = make_policy();
	if (size < 2)
		return 0;
	grantor_answer(policy, (uint16_t)(data[0] | data[1] << 8), (struct span){data + 2, size - 2}, 1, &reply);
	if (reply.size > sizeof reply.body || reply.type == GRANTOR_GRANT)
		abort();
	return 0;
}
