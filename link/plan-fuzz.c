/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a request with a plan, or the reply to one. What decodes encodes to the same bytes, as
 * far as anybody looks at them, and lies inside. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "link/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, status fault, const char *message)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[LINK_PLAN_REPLY_SIZE_MAX];
	const struct span content = {data, size};
	const uint8_t *plan, *cursor;
	struct link_plan_reply reply;

	report_sink_set(ignore, NULL);
	if (link_plan_request_decode(content, &plan, &cursor) == STATUS_OK) {
		link_plan_request_encode(plan, cursor, again);
		if (!link_plan_request_is(content) || memcmp(again, data, size) != 0)
			abort();
	}
	if (link_plan_reply_decode(content, &reply) == STATUS_OK) {
		size_t end = LINK_PLAN_REPLY_HEAD_SIZE + reply.run_size;

		if (end > size || size > sizeof again)
			abort();
		memcpy(again, data, end);
		if (link_plan_reply_encode(&reply, again) != STATUS_OK || memcmp(again, data, end) != 0)
			abort();
	}
	return 0;
}
