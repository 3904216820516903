/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/quote.h"

#include <string.h>

#include "base/report.h"

static status parse_header(struct reader *reader, struct quote *quote)
{
	TRY(reader_u16(reader, &quote->version));
	TRY(reader_u16(reader, &quote->key_type));
	TRY(reader_u32(reader, &quote->tee));
	TRY(reader_u16(reader, &quote->qe_svn));
	TRY(reader_u16(reader, &quote->pce_svn));
	TRY(reader_copy(reader, quote->vendor, sizeof quote->vendor));
	return reader_copy(reader, quote->user_data, sizeof quote->user_data);
}

status quote_parse_header(struct span bytes, struct quote *ret_quote)
{
	struct quote quote = {0};
	struct reader reader;

	reader_init(&reader, bytes);
	if (bytes.size > QUOTE_SIZE_MAX)
		return report(STATUS_MALFORMED, "%zu bytes are too many for a quote: at most %d", bytes.size,
			      QUOTE_SIZE_MAX);
	if (parse_header(&reader, &quote) != STATUS_OK)
		return report(STATUS_MALFORMED, "%zu bytes are too few for a quote, whose header alone has %d",
			      bytes.size, QUOTE_HEADER_SIZE);
	*ret_quote = quote;
	return STATUS_OK;
}

bool quote_version_is_known(const struct quote *header)
{
	return header->version >= 1 && header->version <= 5;
}

const char *quote_unsupported(const struct quote *header)
{
	if (!quote_version_is_known(header))
		return "a quote of a version that nobody knows: only 3 and 4 are supported";
	if (header->version < 3)
		return "an EPID quote (version 1 or 2): Intel has ended that service";
	if (header->version == 5)
		return "a quote of version 5: only 3 and 4 are supported";
	if (header->key_type != QUOTE_ECDSA_P256)
		return "an attestation key that isn't ECDSA P-256 (type 2)";
	if (header->version == 3 && header->tee != 0)
		return "reserved bytes of its header are set";
	if (header->tee == QUOTE_TEE_TDX)
		return "a quote of a TDX domain: only SGX enclaves are appraised";
	if (header->tee != QUOTE_TEE_SGX)
		return "of an unknown kind of trusted execution environment";
	return NULL;
}

static status parse_report(struct reader *reader, struct span *ret_bytes, struct sgx_report *ret_report)
{
	struct span bytes;

	TRY(reader_bytes(reader, QUOTE_REPORT_SIZE, &bytes));
	memset(ret_report, 0, sizeof *ret_report);
	memcpy(ret_report, bytes.data, QUOTE_REPORT_SIZE);
	*ret_bytes = bytes;
	return STATUS_OK;
}

static status parse_certification(struct reader *reader, uint16_t *ret_type, struct span *ret_data)
{
	uint32_t size;

	TRY(reader_u16(reader, ret_type));
	TRY(reader_u32(reader, &size));
	return reader_bytes(reader, size, ret_data);
}

/* The quoting enclave's report and what certifies the key that signed it. */
static status parse_quoting_enclave(struct reader *reader, struct quote *quote)
{
	uint16_t size;

	TRY(parse_report(reader, &quote->qe_report_bytes, &quote->qe_report));
	TRY(reader_bytes(reader, QUOTE_SIGNATURE_SIZE, &quote->qe_signature));
	TRY(reader_u16(reader, &size));
	TRY(reader_bytes(reader, size, &quote->qe_authentication));
	TRY(parse_certification(reader, &quote->certification, &quote->certification_data));
	return reader_left(reader) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

/* Version 4 wraps the quoting enclave's part once more. Another type in its place is left for
 * the caller to refuse by name. */
static status parse_wrapped(struct reader *reader, struct quote *quote)
{
	struct reader inner;
	struct span data;
	uint16_t type;

	TRY(parse_certification(reader, &type, &data));
	if (reader_left(reader) != 0)
		return STATUS_MALFORMED;
	if (type != QUOTE_CERTIFICATION_QE_REPORT) {
		quote->is_bare = true;
		quote->certification = type;
		return STATUS_OK;
	}
	reader_init(&inner, data);
	return parse_quoting_enclave(&inner, quote);
}

static status parse_signature(struct span bytes, struct quote *quote)
{
	struct reader reader;

	reader_init(&reader, bytes);
	TRY(reader_bytes(&reader, QUOTE_SIGNATURE_SIZE, &quote->signature));
	TRY(reader_bytes(&reader, QUOTE_KEY_SIZE, &quote->key));
	return quote->version == 3 ? parse_quoting_enclave(&reader, quote) : parse_wrapped(&reader, quote);
}

static bool is_padding(struct reader *reader)
{
	uint8_t byte;

	while (reader_u8(reader, &byte) == STATUS_OK)
		if (byte != 0)
			return false;
	return true;
}

static status parse(struct span bytes, struct quote *quote)
{
	struct reader reader;
	struct span report_bytes, signature;
	uint32_t size;

	reader_init(&reader, bytes);
	TRY(parse_header(&reader, quote));
	TRY(parse_report(&reader, &report_bytes, &quote->report));
	quote->signed_bytes = (struct span){bytes.data, QUOTE_HEADER_SIZE + QUOTE_REPORT_SIZE};
	TRY(reader_u32(&reader, &size));
	TRY(reader_bytes(&reader, size, &signature));
	quote->has_rest = !is_padding(&reader);
	return parse_signature(signature, quote);
}

status quote_parse(struct span bytes, struct quote *ret_quote)
{
	struct quote quote = {0};

	if (bytes.size > QUOTE_SIZE_MAX || parse(bytes, &quote) != STATUS_OK)
		return report(STATUS_MALFORMED,
			      "this quote of %zu bytes is cut, or its lengths don't fit together: fetch it again",
			      bytes.size);
	*ret_quote = quote;
	return STATUS_OK;
}
