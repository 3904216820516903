/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a chain, as a list and as a PCK certificate in DER: read in bounds, or refused. */
#include "base/report.h"
#include "verifier/appraisal/certificate.h"
#include "verifier/appraisal/pck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void try_pck(const uint8_t *data, size_t size)
{
	const unsigned char *end = data;
	X509 *certificate = d2i_X509(NULL, &end, (long)size);
	struct pck pck;

	if (certificate != NULL && pck_from_certificate(certificate, &pck) != STATUS_OK)
		pck.pcesvn = 0;
	X509_free(certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {data, size};
	struct certificate_chain chain;
	X509_CRL *crl = NULL;

	report_sink_set(drop, NULL);
	if (certificate_chain_init(&chain, bytes, "the input") == STATUS_OK)
		certificate_chain_deinit(&chain);
	if (certificate_crl_parse(bytes, "the input", &crl) == STATUS_OK)
		X509_CRL_free(crl);
	try_pck(data, size);
	return 0;
}
