/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "base/writer.h"
#include "link/grant.h"
#include "link/message.h"

enum { PADDING_SIZE = 72 };

static const uint8_t magic[8] = {'B', 'Z', 'G', 'R', 'A', 'N', 'T', '1'};
static const uint8_t digest_prefix[16] = {'B', 'a', 'r', 't', 'i', 'z', 'a', 'n',
					  ' ', 'g', 'r', 'a', 'n', 't', ' ', '1'};

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

/* Exactly the members that the kind of identity uses are set: there is one way to write each grant. */
static status validate_identity(const struct link_grant *grant)
{
	bool has_mrenclave = !is_zero(grant->mrenclave, sizeof grant->mrenclave);
	bool has_mrsigner = !is_zero(grant->mrsigner, sizeof grant->mrsigner);

	switch (grant->identity) {
	case LINK_IDENTITY_MRENCLAVE:
		if (has_mrenclave && !has_mrsigner && grant->isv_prod_id == 0 && grant->isv_svn == 0)
			return STATUS_OK;
		return report(STATUS_MALFORMED, "a grant by MRENCLAVE needs MRENCLAVE, and nothing of the signer");
	case LINK_IDENTITY_MRSIGNER:
		if (has_mrsigner && !has_mrenclave)
			return STATUS_OK;
		return report(STATUS_MALFORMED, "a grant by MRSIGNER needs MRSIGNER, and no MRENCLAVE");
	default: return report(STATUS_MALFORMED, "a grant names its enclave by the unknown kind %u", grant->identity);
	}
}

bool link_rights_fit(uint32_t rights)
{
	return (rights & LINK_RIGHT_USER) == 0 || (rights & LINK_RIGHT_KERNEL) != 0;
}

status link_grant_validate(const struct link_grant *grant)
{
	TRY(validate_identity(grant));
	if (grant->backend != LINK_BACKEND_SGX && grant->backend != LINK_BACKEND_SIM)
		return report(STATUS_MALFORMED, "a grant for the unknown backend %u", grant->backend);
	if ((grant->flags & ~(uint32_t)LINK_GRANT_FLAGS_ALL) != 0)
		return report(STATUS_MALFORMED, "a grant with unknown flags: %#x", grant->flags);
	if (grant->rights == 0 || (grant->rights & ~(uint32_t)LINK_RIGHTS_ALL) != 0)
		return report(STATUS_MALFORMED, "a grant with no or unknown rights: %#x", grant->rights);
	if (!link_rights_fit(grant->rights))
		return report(STATUS_MALFORMED, "a grant with the right `user` without `kernel`, which it needs");
	if (is_zero(grant->enclave_key, sizeof grant->enclave_key) ||
	    is_zero(grant->source_key, sizeof grant->source_key))
		return report(STATUS_MALFORMED, "a grant without the enclave's or the source's key");
	if (grant->issued_at > grant->valid_until)
		return report(STATUS_MALFORMED, "a grant that was over before it was made");
	if (!link_target_is_valid(grant->target))
		return report(STATUS_MALFORMED, "the target's name in a grant is empty, too long or not plain ASCII");
	return STATUS_OK;
}

static status write_numbers(struct writer *writer, const struct link_grant *grant)
{
	TRY(writer_bytes(writer, magic, sizeof magic));
	TRY(writer_u32(writer, LINK_GRANT_VERSION));
	TRY(writer_u32(writer, grant->identity));
	TRY(writer_u32(writer, grant->backend));
	TRY(writer_u32(writer, grant->flags));
	TRY(writer_u32(writer, grant->rights));
	TRY(writer_u32(writer, 0));
	TRY(writer_bytes(writer, grant->id, sizeof grant->id));
	TRY(writer_u64(writer, grant->valid_until));
	TRY(writer_u64(writer, grant->quota_bytes));
	TRY(writer_u64(writer, grant->quota_requests));
	TRY(writer_u16(writer, grant->isv_prod_id));
	TRY(writer_u16(writer, grant->isv_svn));
	return writer_u32(writer, 0);
}

static status write_names(struct writer *writer, const struct link_grant *grant)
{
	TRY(writer_bytes(writer, grant->mrenclave, sizeof grant->mrenclave));
	TRY(writer_bytes(writer, grant->mrsigner, sizeof grant->mrsigner));
	TRY(writer_bytes(writer, grant->enclave_key, sizeof grant->enclave_key));
	TRY(writer_bytes(writer, grant->source_key, sizeof grant->source_key));
	TRY(writer_bytes(writer, grant->source_nonce, sizeof grant->source_nonce));
	TRY(writer_bytes(writer, grant->target, sizeof grant->target));
	TRY(writer_u64(writer, grant->issued_at));
	TRY(writer_zeros(writer, PADDING_SIZE));
	return writer_bytes(writer, grant->signature, sizeof grant->signature);
}

status link_grant_encode(const struct link_grant *grant, uint8_t encoded[static LINK_GRANT_SIZE])
{
	struct writer writer;

	TRY(link_grant_validate(grant));
	writer_init(&writer, encoded, LINK_GRANT_SIZE);
	if (write_numbers(&writer, grant) != STATUS_OK || write_names(&writer, grant) != STATUS_OK ||
	    writer_left(&writer) != 0)
		return report(STATUS_INTERNAL, "a grant doesn't have %d bytes", LINK_GRANT_SIZE);
	return STATUS_OK;
}

/* STATUS_END: something isn't what it has to be. */
static status read_constant(struct reader *reader, const void *expected, size_t size)
{
	struct span bytes;

	TRY(reader_bytes(reader, size, &bytes));
	return memcmp(bytes.data, expected, size) == 0 ? STATUS_OK : STATUS_END;
}

static status read_numbers(struct reader *reader, struct link_grant *grant)
{
	uint32_t version, zero, second_zero;

	TRY(read_constant(reader, magic, sizeof magic));
	TRY(reader_u32(reader, &version));
	TRY(reader_u32(reader, &grant->identity));
	TRY(reader_u32(reader, &grant->backend));
	TRY(reader_u32(reader, &grant->flags));
	TRY(reader_u32(reader, &grant->rights));
	TRY(reader_u32(reader, &zero));
	TRY(reader_copy(reader, grant->id, sizeof grant->id));
	TRY(reader_u64(reader, &grant->valid_until));
	TRY(reader_u64(reader, &grant->quota_bytes));
	TRY(reader_u64(reader, &grant->quota_requests));
	TRY(reader_u16(reader, &grant->isv_prod_id));
	TRY(reader_u16(reader, &grant->isv_svn));
	TRY(reader_u32(reader, &second_zero));
	return version == LINK_GRANT_VERSION && zero == 0 && second_zero == 0 ? STATUS_OK : STATUS_END;
}

static status read_names(struct reader *reader, struct link_grant *grant)
{
	static const uint8_t padding[PADDING_SIZE];

	TRY(reader_copy(reader, grant->mrenclave, sizeof grant->mrenclave));
	TRY(reader_copy(reader, grant->mrsigner, sizeof grant->mrsigner));
	TRY(reader_copy(reader, grant->enclave_key, sizeof grant->enclave_key));
	TRY(reader_copy(reader, grant->source_key, sizeof grant->source_key));
	TRY(reader_copy(reader, grant->source_nonce, sizeof grant->source_nonce));
	TRY(reader_copy(reader, grant->target, sizeof grant->target));
	TRY(reader_u64(reader, &grant->issued_at));
	TRY(read_constant(reader, padding, sizeof padding));
	return reader_copy(reader, grant->signature, sizeof grant->signature);
}

status link_grant_decode(struct span encoded, struct link_grant *ret_grant)
{
	struct link_grant grant = {0};
	struct reader reader;

	if (encoded.size != LINK_GRANT_SIZE)
		return report(STATUS_MALFORMED, "a grant of %zu bytes; it has %d", encoded.size, LINK_GRANT_SIZE);
	reader_init(&reader, encoded);
	if (read_numbers(&reader, &grant) != STATUS_OK || read_names(&reader, &grant) != STATUS_OK)
		return report(STATUS_MALFORMED, "what was given as a grant is none, or of another version than %d",
			      LINK_GRANT_VERSION);
	TRY(link_grant_validate(&grant));
	*ret_grant = grant;
	return STATUS_OK;
}

status link_grant_digest(const struct link_grant *grant, const struct link_primitives *primitives,
			 uint8_t ret_digest[static LINK_HASH_SIZE])
{
	uint8_t encoded[LINK_GRANT_SIZE];
	const struct span parts[] = {
		{.data = digest_prefix, .size = sizeof digest_prefix},
		{.data = encoded, .size = LINK_GRANT_BODY_SIZE},
	};

	TRY(link_grant_encode(grant, encoded));
	return primitives->sha256(parts, 2, ret_digest);
}

status link_grant_sign(struct link_grant *grant, const struct link_primitives *primitives, link_signer signer,
		       void *context)
{
	uint8_t digest[LINK_HASH_SIZE], signature[LINK_SIGNATURE_SIZE];

	TRY(link_grant_digest(grant, primitives, digest));
	TRY(signer(context, digest, signature));
	memcpy(grant->signature, signature, sizeof grant->signature);
	return STATUS_OK;
}

status link_grant_verify(const struct link_grant *grant, const struct link_primitives *primitives,
			 const uint8_t owner_key[static START_OWNER_KEY_SIZE])
{
	uint8_t digest[LINK_HASH_SIZE];

	TRY(link_grant_digest(grant, primitives, digest));
	status result = primitives->p256_verify(owner_key, digest, grant->signature);
	if (result == STATUS_MALFORMED)
		return report(STATUS_DENIED, "a grant whose signature isn't the owner's, or that was altered");
	return result;
}

status link_grant_check_use(const struct link_grant *grant, const struct link_grant_use *use)
{
	if (!link_equal(grant->enclave_key, use->enclave_key, sizeof grant->enclave_key))
		return report(STATUS_DENIED, "the grant is for another enclave: its key isn't the one that shows it");
	if (!link_equal(grant->source_key, use->source_key, sizeof grant->source_key))
		return report(STATUS_DENIED, "the grant is for another source: ask for one for this source's key");
	if (!link_equal(grant->source_nonce, use->source_nonce, sizeof grant->source_nonce))
		return report(STATUS_DENIED, "the grant is from before the source's last start: ask for a new one");
	if (memcmp(grant->target, use->target, sizeof grant->target) != 0)
		return report(STATUS_DENIED, "the grant is for the target %s, not for %s", grant->target, use->target);
	if (use->now >= grant->valid_until)
		return report(STATUS_DENIED, "the grant was valid until %llu and it is %llu: ask for a new one",
			      (unsigned long long)grant->valid_until, (unsigned long long)use->now);
	return STATUS_OK;
}

status link_grant_check_identity(const struct link_grant *grant, const struct sgx_report *report_)
{
	if ((report_->attributes.flags & SGX_ATTRIBUTE_DEBUG) != 0 && (grant->flags & LINK_GRANT_DEBUG) == 0)
		return report(STATUS_DENIED, "the enclave runs in debug mode, which this grant doesn't tolerate");
	if (grant->identity == LINK_IDENTITY_MRENCLAVE) {
		if (memcmp(grant->mrenclave, report_->mrenclave, sizeof grant->mrenclave) != 0)
			return report(STATUS_DENIED, "the enclave isn't the image that this grant names");
		return STATUS_OK;
	}
	if (memcmp(grant->mrsigner, report_->mrsigner, sizeof grant->mrsigner) != 0)
		return report(STATUS_DENIED, "the enclave isn't signed with the key that this grant names");
	if (grant->isv_prod_id != report_->isv_prod_id || report_->isv_svn < grant->isv_svn)
		return report(STATUS_DENIED,
			      "the enclave is product %u, SVN %u; this grant is for product %u from SVN %u on",
			      report_->isv_prod_id, report_->isv_svn, grant->isv_prod_id, grant->isv_svn);
	return STATUS_OK;
}
