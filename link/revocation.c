/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link/revocation.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "base/writer.h"

static const uint8_t magic[8] = {'B', 'Z', 'R', 'E', 'V', 'O', 'K', '1'};
static const uint8_t digest_prefix[21] = {'B', 'a', 'r', 't', 'i', 'z', 'a', 'n', ' ', 'r', 'e',
					  'v', 'o', 'c', 'a', 't', 'i', 'o', 'n', ' ', '1'};

static const uint8_t proof_prefix[18] = {'B', 'a', 'r', 't', 'i', 'z', 'a', 'n', ' ',
					 'r', 'e', 'v', 'o', 'k', 'e', 'd', ' ', '1'};

static status write_all(struct writer *writer, const struct link_revocation *revocation)
{
	TRY(writer_bytes(writer, magic, sizeof magic));
	TRY(writer_u32(writer, LINK_REVOCATION_VERSION));
	TRY(writer_u32(writer, 0));
	TRY(writer_bytes(writer, revocation->grant_id, sizeof revocation->grant_id));
	TRY(writer_u64(writer, revocation->valid_until));
	TRY(writer_bytes(writer, revocation->source_key, sizeof revocation->source_key));
	TRY(writer_bytes(writer, revocation->source_nonce, sizeof revocation->source_nonce));
	return writer_bytes(writer, revocation->signature, sizeof revocation->signature);
}

status link_revocation_encode(const struct link_revocation *revocation, uint8_t encoded[static LINK_REVOCATION_SIZE])
{
	struct writer writer;

	writer_init(&writer, encoded, LINK_REVOCATION_SIZE);
	if (write_all(&writer, revocation) != STATUS_OK || writer_left(&writer) != 0)
		return report(STATUS_INTERNAL, "a revocation doesn't have %d bytes", LINK_REVOCATION_SIZE);
	return STATUS_OK;
}

/* STATUS_END: it isn't one. */
static status read_all(struct reader *reader, struct link_revocation *revocation)
{
	uint8_t found[sizeof magic];
	uint32_t version, zero;

	TRY(reader_copy(reader, found, sizeof found));
	TRY(reader_u32(reader, &version));
	TRY(reader_u32(reader, &zero));
	if (memcmp(found, magic, sizeof magic) != 0 || version != LINK_REVOCATION_VERSION || zero != 0)
		return STATUS_END;
	TRY(reader_copy(reader, revocation->grant_id, sizeof revocation->grant_id));
	TRY(reader_u64(reader, &revocation->valid_until));
	TRY(reader_copy(reader, revocation->source_key, sizeof revocation->source_key));
	TRY(reader_copy(reader, revocation->source_nonce, sizeof revocation->source_nonce));
	return reader_copy(reader, revocation->signature, sizeof revocation->signature);
}

status link_revocation_decode(struct span encoded, struct link_revocation *ret_revocation)
{
	struct link_revocation revocation = {0};
	struct reader reader;

	reader_init(&reader, encoded);
	if (encoded.size != LINK_REVOCATION_SIZE || read_all(&reader, &revocation) != STATUS_OK)
		return report(STATUS_MALFORMED, "what was given as a revocation is none, or of another version than %d",
			      LINK_REVOCATION_VERSION);
	*ret_revocation = revocation;
	return STATUS_OK;
}

static status digest(const struct link_revocation *revocation, const struct link_primitives *primitives,
		     uint8_t ret_digest[static LINK_HASH_SIZE])
{
	uint8_t encoded[LINK_REVOCATION_SIZE];
	const struct span parts[] = {
		{.data = digest_prefix, .size = sizeof digest_prefix},
		{.data = encoded, .size = LINK_REVOCATION_BODY_SIZE},
	};

	TRY(link_revocation_encode(revocation, encoded));
	return primitives->sha256(parts, 2, ret_digest);
}

status link_revocation_sign(struct link_revocation *revocation, const struct link_primitives *primitives,
			    link_signer signer, void *context)
{
	uint8_t hash[LINK_HASH_SIZE], signature[LINK_SIGNATURE_SIZE];

	TRY(digest(revocation, primitives, hash));
	TRY(signer(context, hash, signature));
	memcpy(revocation->signature, signature, sizeof revocation->signature);
	return STATUS_OK;
}

status link_revocation_check(const struct link_revocation *revocation, const struct link_primitives *primitives,
			     const uint8_t owner_key[static START_OWNER_KEY_SIZE],
			     const uint8_t source_key[static START_KEY_SIZE])
{
	uint8_t hash[LINK_HASH_SIZE];

	if (!link_equal(revocation->source_key, source_key, START_KEY_SIZE))
		return report(STATUS_DENIED, "a revocation for another source");
	TRY(digest(revocation, primitives, hash));
	status result = primitives->p256_verify(owner_key, hash, revocation->signature);
	if (result == STATUS_MALFORMED)
		return report(STATUS_DENIED, "a revocation whose signature isn't the owner's, or that was altered");
	return result;
}

status link_revocation_prove(const struct link_primitives *primitives, const uint8_t secret[static LINK_KEY_SIZE],
			     const uint8_t peer[static LINK_KEY_SIZE],
			     const uint8_t asked[static LINK_REVOCATION_ASK_SIZE],
			     uint8_t ret_proof[static LINK_REVOCATION_PROOF_SIZE])
{
	const struct span parts[] = {{proof_prefix, sizeof proof_prefix}, {asked, LINK_REVOCATION_ASK_SIZE}};
	uint8_t shared[LINK_KEY_SIZE];
	status result = primitives->x25519_shared(secret, peer, shared);

	if (result == STATUS_MALFORMED)
		return report(STATUS_DENIED, "a key of low order, with which nothing can be proven");
	TRY(result);
	result = primitives->hmac_sha256((struct span){shared, sizeof shared}, parts, ARRAY_COUNT(parts), ret_proof);
	link_wipe(shared, sizeof shared);
	return result;
}
