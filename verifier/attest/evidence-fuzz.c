/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as evidence, and as a certificate that may hold some: taken apart in bounds. */
#include <stdlib.h>

#include "base/report.h"
#include "verifier/attest/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void inside(struct span part, const uint8_t *data, size_t size)
{
	if (part.size > 0 && (part.data < data || part.data + part.size > data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *end = data;
	struct evidence evidence;
	const char *reason = NULL;

	report_sink_set(drop, NULL);
	if (evidence_parse((struct span){data, size}, &evidence, &reason) == STATUS_OK) {
		inside(evidence.quote, data, size);
		inside(evidence.claims, data, size);
	} else if (reason == NULL) {
		abort();
	}
	X509 *certificate = d2i_X509(NULL, &end, (long)size);
	if (certificate != NULL && evidence_from_certificate(certificate, &evidence, &reason) != STATUS_OK &&
	    reason == NULL)
		abort();
	X509_free(certificate);
	return 0;
}
