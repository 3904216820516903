/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/attest/evidence.h"

#include <stdbool.h>
#include <string.h>

#include <cbor.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "verifier/appraisal/certificate.h"

/* libcbor's streaming decoder tells of one item at a time and allocates nothing, so neither depth
 * nor lengths that were made up cost anything. */
enum item_kind {
	ITEM_OTHER, /* nothing that evidence has: floats, null, negative numbers, anything of indefinite length */
	ITEM_NUMBER,
	ITEM_BYTES,
	ITEM_TEXT,
	ITEM_ARRAY, /* number: of its members, which follow */
	ITEM_MAP, /* number: of its pairs */
	ITEM_TAG, /* number: of what follows */
};

struct item {
	enum item_kind kind;
	uint64_t number;
	struct span content; /* ITEM_BYTES, ITEM_TEXT */
};

static void set_number(void *context, uint64_t value)
{
	*(struct item *)context = (struct item){.kind = ITEM_NUMBER, .number = value};
}

static void take_u8(void *context, uint8_t value)
{
	set_number(context, value);
}

static void take_u16(void *context, uint16_t value)
{
	set_number(context, value);
}

static void take_u32(void *context, uint32_t value)
{
	set_number(context, value);
}

static void take_u64(void *context, uint64_t value)
{
	set_number(context, value);
}

static void take_bytes(void *context, cbor_data data, size_t size)
{
	*(struct item *)context = (struct item){.kind = ITEM_BYTES, .content = {data, size}};
}

static void take_text(void *context, cbor_data data, size_t size)
{
	*(struct item *)context = (struct item){.kind = ITEM_TEXT, .content = {data, size}};
}

static void take_array(void *context, size_t count)
{
	*(struct item *)context = (struct item){.kind = ITEM_ARRAY, .number = count};
}

static void take_map(void *context, size_t count)
{
	*(struct item *)context = (struct item){.kind = ITEM_MAP, .number = count};
}

static void take_tag(void *context, uint64_t value)
{
	*(struct item *)context = (struct item){.kind = ITEM_TAG, .number = value};
}

/* The next item of that kind. STATUS_MALFORMED: another one, or a cut one. */
static status next(struct span *rest, enum item_kind kind, struct item *ret_item)
{
	struct cbor_callbacks callbacks = cbor_empty_callbacks;
	struct item item = {.kind = ITEM_OTHER};

	callbacks.uint8 = take_u8;
	callbacks.uint16 = take_u16;
	callbacks.uint32 = take_u32;
	callbacks.uint64 = take_u64;
	callbacks.byte_string = take_bytes;
	callbacks.string = take_text;
	callbacks.array_start = take_array;
	callbacks.map_start = take_map;
	callbacks.tag = take_tag;
	const struct cbor_decoder_result result = cbor_stream_decode(rest->data, rest->size, &callbacks, &item);
	if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > rest->size || item.kind != kind)
		return STATUS_MALFORMED;
	rest->data += result.read;
	rest->size -= result.read;
	*ret_item = item;
	return STATUS_OK;
}

/* [1, SHA-256], in bytes of their own. */
static status parse_key_hash(struct span bytes, uint8_t ret_hash[EVIDENCE_HASH_SIZE], const char **ret_reason)
{
	struct item array, algorithm, hash;

	*ret_reason = "the claim pubkey-hash isn't an array of a hash's number and a hash";
	TRY(next(&bytes, ITEM_ARRAY, &array));
	if (array.number != 2)
		return STATUS_MALFORMED;
	TRY(next(&bytes, ITEM_NUMBER, &algorithm));
	TRY(next(&bytes, ITEM_BYTES, &hash));
	if (bytes.size != 0)
		return STATUS_MALFORMED;
	*ret_reason = "the claim pubkey-hash isn't a SHA-256";
	if (algorithm.number != EVIDENCE_HASH_SHA256 || hash.content.size != EVIDENCE_HASH_SIZE)
		return STATUS_MALFORMED;
	memcpy(ret_hash, hash.content.data, EVIDENCE_HASH_SIZE);
	return STATUS_OK;
}

static bool is_key_hash(struct span name)
{
	return name.size == strlen(EVIDENCE_CLAIM_KEY_HASH) &&
	       memcmp(name.data, EVIDENCE_CLAIM_KEY_HASH, name.size) == 0;
}

/* Exactly one pubkey-hash; other claims, such as a nonce, are passed over. */
static status parse_claims(struct span bytes, uint8_t ret_hash[EVIDENCE_HASH_SIZE], const char **ret_reason)
{
	struct item map, name, value;
	struct span hash = {0};

	*ret_reason = "its claims aren't a map of names to bytes";
	TRY(next(&bytes, ITEM_MAP, &map));
	if (map.number > EVIDENCE_CLAIM_COUNT_MAX)
		return STATUS_MALFORMED;
	for (uint64_t i = 0; i < map.number; i++) {
		TRY(next(&bytes, ITEM_TEXT, &name));
		TRY(next(&bytes, ITEM_BYTES, &value));
		if (!is_key_hash(name.content))
			continue;
		if (hash.data != NULL) {
			*ret_reason = "it has the claim pubkey-hash twice";
			return STATUS_MALFORMED;
		}
		hash = value.content;
	}
	if (bytes.size != 0)
		return STATUS_MALFORMED;
	if (hash.data == NULL) {
		*ret_reason = "it lacks the claim pubkey-hash, so it is bound to no key";
		return STATUS_MALFORMED;
	}
	return parse_key_hash(hash, ret_hash, ret_reason);
}

status evidence_parse(struct span cbor, struct evidence *ret_evidence, const char **ret_reason)
{
	struct item tag, array, quote, claims;
	struct evidence evidence;

	*ret_reason = "it isn't CBOR of the tag 60000, an Intel TEE's quote";
	TRY(next(&cbor, ITEM_TAG, &tag));
	if (tag.number != EVIDENCE_TAG_QUOTE)
		return STATUS_MALFORMED;
	*ret_reason = "it isn't an array of a quote and claims";
	TRY(next(&cbor, ITEM_ARRAY, &array));
	if (array.number != 2)
		return STATUS_MALFORMED;
	TRY(next(&cbor, ITEM_BYTES, &quote));
	TRY(next(&cbor, ITEM_BYTES, &claims));
	if (cbor.size != 0)
		return STATUS_MALFORMED;
	evidence.quote = quote.content;
	evidence.claims = claims.content;
	TRY(parse_claims(claims.content, evidence.key_hash, ret_reason));
	*ret_evidence = evidence;
	return STATUS_OK;
}

static void object_deinit(ASN1_OBJECT **object)
{
	ASN1_OBJECT_free(*object);
}

static status find_extension(const X509 *certificate, struct span *ret_content, const char **ret_reason)
{
	ASN1_OBJECT *oid __attribute__((cleanup(object_deinit))) = OBJ_txt2obj(EVIDENCE_OID, 1);
	int place = oid != NULL ? X509_get_ext_by_OBJ(certificate, oid, -1) : -1;

	if (place < 0) {
		*ret_reason = "the certificate has no evidence (extension " EVIDENCE_OID ")";
		return STATUS_MALFORMED;
	}
	if (X509_get_ext_by_OBJ(certificate, oid, place) >= 0) {
		*ret_reason = "the certificate has evidence twice";
		return STATUS_MALFORMED;
	}
	const ASN1_OCTET_STRING *content = X509_EXTENSION_get_data(X509_get_ext(certificate, place));
	*ret_content = (struct span){ASN1_STRING_get0_data(content), (size_t)ASN1_STRING_length(content)};
	return STATUS_OK;
}

static bool hash_key(const X509 *certificate, uint8_t ret_hash[EVIDENCE_HASH_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool done = size > 0 && EVP_Digest(der, (size_t)size, ret_hash, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return done;
}

static bool is_self_signed(const X509 *certificate)
{
	/* X509_verify() takes no const, but changes nothing. */
	bool fits = X509_verify((X509 *)certificate, X509_get0_pubkey(certificate)) == 1;

	ERR_clear_error();
	return fits;
}

status evidence_from_certificate(const X509 *certificate, struct evidence *ret_evidence, const char **ret_reason)
{
	uint8_t key[QUOTE_KEY_SIZE], hash[EVIDENCE_HASH_SIZE];
	struct evidence evidence;
	struct span content;

	*ret_reason = "the certificate's key isn't P-256";
	TRY(certificate_key(certificate, key));
	*ret_reason = "the certificate isn't signed by its own key";
	if (!is_self_signed(certificate))
		return STATUS_MALFORMED;
	TRY(find_extension(certificate, &content, ret_reason));
	TRY(evidence_parse(content, &evidence, ret_reason));
	*ret_reason = "the evidence is about another key than the certificate's: it was taken from elsewhere";
	if (!hash_key(certificate, hash) || memcmp(hash, evidence.key_hash, sizeof hash) != 0)
		return STATUS_MALFORMED;
	*ret_evidence = evidence;
	return STATUS_OK;
}
