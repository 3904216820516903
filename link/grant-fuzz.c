/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever decodes as a grant encodes to the same bytes: there is one way to write each. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "link/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, status fault, const char *message)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_grant grant;

	report_sink_set(ignore, NULL);
	if (link_grant_decode((struct span){.data = data, .size = size}, &grant) != STATUS_OK)
		return 0;
	if (link_grant_encode(&grant, encoded) != STATUS_OK || size != sizeof encoded ||
	    memcmp(encoded, data, size) != 0)
		abort();
	return 0;
}
