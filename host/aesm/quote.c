/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/aesm/quote.h"

#include <string.h>

#include "base/report.h"

/* Intel SGX ECDSA Quote Library Reference, appendix A. */
enum {
	QUOTE_VERSION_3 = 3,
	QUOTE_VERSION_4 = 4,
	QUOTE_ECDSA_P256 = 2, /* the attestation key's type */
	HEADER_SIZE = 48,
	/* A report without its KEYID and MAC. */
	REPORT_SIZE = offsetof(struct sgx_report, key_id),
};

struct parts {
	uint16_t version, key_type;
	struct span report, signature;
	size_t size;
};

static status parse(struct span bytes, struct parts *parts)
{
	struct reader reader;
	uint32_t size;

	reader_init(&reader, bytes);
	TRY(reader_u16(&reader, &parts->version));
	TRY(reader_u16(&reader, &parts->key_type));
	TRY(reader_seek(&reader, HEADER_SIZE));
	TRY(reader_bytes(&reader, REPORT_SIZE, &parts->report));
	TRY(reader_u32(&reader, &size));
	TRY(reader_bytes(&reader, size, &parts->signature));
	parts->size = reader.position;
	return STATUS_OK;
}

status aesm_quote_check(struct span bytes, const struct sgx_report *report_, size_t *ret_size)
{
	struct parts parts;

	if (parse(bytes, &parts) != STATUS_OK)
		return report(
			STATUS_MALFORMED,
			"the AESM service's quote of %zu bytes is cut, or its lengths don't fit together: restart "
			"aesmd",
			bytes.size);
	if ((parts.version != QUOTE_VERSION_3 && parts.version != QUOTE_VERSION_4) ||
	    parts.key_type != QUOTE_ECDSA_P256)
		return report(
			STATUS_UNSUPPORTED,
			"the AESM service made a quote of version %u with a key of type %u, and verifiers take 3 or "
			"4 with ECDSA P-256 (2): install libsgx-aesm-ecdsa-plugin and restart aesmd",
			parts.version, parts.key_type);
	if (memcmp(parts.report.data, report_, REPORT_SIZE) != 0)
		return report(
			STATUS_MALFORMED,
			"the AESM service's quote is about another report than the one that it was given (another "
			"enclave, or other REPORTDATA), so no verifier would take it: restart aesmd; if it stays, what "
			"answers there isn't one");
	*ret_size = parts.size;
	return STATUS_OK;
}
