/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a quote: taken apart in bounds, and every span within the input. */
#include <stdlib.h>

#include "base/report.h"
#include "verifier/appraisal/quote.h"

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
	struct span bytes = {data, size};
	struct quote quote;

	report_sink_set(drop, NULL);
	if (quote_parse_header(bytes, &quote) != STATUS_OK || quote_unsupported(&quote) != NULL)
		return 0;
	if (quote_parse(bytes, &quote) != STATUS_OK)
		return 0;
	inside(quote.signed_bytes, data, size);
	inside(quote.signature, data, size);
	inside(quote.key, data, size);
	inside(quote.qe_report_bytes, data, size);
	inside(quote.qe_signature, data, size);
	inside(quote.qe_authentication, data, size);
	inside(quote.certification_data, data, size);
	return 0;
}
