/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever decodes as a grant, or as a revocation, encodes to the same bytes: there is one way to write each. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "link/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, status fault, const char *message)
{
}

static void try_grant(struct span bytes)
{
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_grant grant;

	if (link_grant_decode(bytes, &grant) != STATUS_OK)
		return;
	if (link_grant_encode(&grant, encoded) != STATUS_OK || bytes.size != sizeof encoded ||
	    memcmp(encoded, bytes.data, bytes.size) != 0)
		abort();
}

static void try_revocation(struct span bytes)
{
	uint8_t encoded[LINK_REVOCATION_SIZE];
	struct link_revocation revocation;

	if (link_revocation_decode(bytes, &revocation) != STATUS_OK)
		return;
	if (link_revocation_encode(&revocation, encoded) != STATUS_OK || bytes.size != sizeof encoded ||
	    memcmp(encoded, bytes.data, bytes.size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = {.data = data, .size = size};

	report_sink_set(ignore, NULL);
	try_grant(bytes);
	try_revocation(bytes);
	return 0;
}
