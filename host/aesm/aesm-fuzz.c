/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the service's answer, and as a quote: taken apart in bounds, nothing leaks. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "host/aesm/exchange.h"
#include "host/aesm/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void check_quote(struct span bytes)
{
	struct sgx_report report = {0};
	size_t own_size;

	/* The report in it, where there is one: so that what stands behind is looked at, too. */
	if (bytes.size >= 432)
		memcpy(&report, bytes.data + 48, 384);
	if (aesm_quote_check(bytes, &report, &own_size) == STATUS_OK && own_size > bytes.size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = {data, size};
	Aesm__Response *answer;

	report_sink_set(drop, NULL);
	check_quote(bytes);
	if (aesm_unpack(bytes, &answer) != STATUS_OK)
		return 0;
	if (answer->get_quote != NULL && answer->get_quote->has_quote)
		check_quote((struct span){answer->get_quote->quote.data, answer->get_quote->quote.len});
	aesm__response__free_unpacked(answer, NULL);
	return 0;
}
