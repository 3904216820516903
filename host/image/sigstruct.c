/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/sigstruct.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/report.h"
#include "host/image/measure.h"
#include "host/image/signer.h"

enum {
	VENDOR_INTEL = 0x8086,
	EXPONENT = 3,
	FIRST_PART_SIZE = 128,
	SECOND_PART_SIZE = offsetof(struct sgx_sigstruct, reserved4) - offsetof(struct sgx_sigstruct, misc_select),
	MESSAGE_SIZE = FIRST_PART_SIZE + SECOND_PART_SIZE,
};

static_assert(offsetof(struct sgx_sigstruct, modulus) == FIRST_PART_SIZE, "first signed part");
static_assert(MESSAGE_SIZE == 256, "SDM table 38-19");

/* Table 38-19, HEADER and HEADER2. */
static const uint8_t header[16] = {0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 0x01};
static const uint8_t header2[16] = {0x01, 0x01, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0x01};

/* Which attributes the signature decides: all flags; of the state components,
 * those that must be there and those that must not. EINIT wants the bits that
 * aren't decided to be 0 (SDM vol. 3D, "EINIT": ATTRIBUTES equals the masked SECS). */
static const uint64_t flags_mask = UINT64_MAX;
static const uint64_t xfrm_mask = ~IMAGE_XFRM_MAX | SGX_XFRM_LEGACY;

void sigstruct_init(const struct image_note_manifest *manifest, const uint8_t mrenclave[SGX_HASH_SIZE], uint32_t date,
		    struct sgx_sigstruct *sigstruct)
{
	*sigstruct = (struct sgx_sigstruct){
		.date = date,
		.exponent = EXPONENT,
		.misc_mask = ~(uint32_t)SGX_MISC_EXINFO,
		.attributes = {SGX_ATTRIBUTE_MODE64BIT | (manifest->debug ? SGX_ATTRIBUTE_DEBUG : 0), SGX_XFRM_LEGACY},
		.attributes_mask = {flags_mask, xfrm_mask},
		.isv_prod_id = manifest->isv_prod_id,
		.isv_svn = manifest->isv_svn,
	};
	memcpy(sigstruct->header, header, sizeof header);
	memcpy(sigstruct->header2, header2, sizeof header2);
	memcpy(sigstruct->mrenclave, mrenclave, SGX_HASH_SIZE);
}

/* The two signed parts, one behind the other. */
static void get_message(const struct sgx_sigstruct *sigstruct, uint8_t ret_message[MESSAGE_SIZE])
{
	const uint8_t *bytes = (const uint8_t *)sigstruct;

	memcpy(ret_message, bytes, FIRST_PART_SIZE);
	memcpy(ret_message + FIRST_PART_SIZE, bytes + offsetof(struct sgx_sigstruct, misc_select), SECOND_PART_SIZE);
}

/* The numbers of one RSA verification; all from one context, freed with it. */
struct numbers {
	BN_CTX *context;
	BIGNUM *modulus, *signature, *q1, *q2, *product, *rest;
};

static void numbers_deinit(struct numbers *numbers)
{
	if (numbers->context != NULL)
		BN_CTX_end(numbers->context);
	BN_CTX_free(numbers->context);
}

#define CLEANUP_NUMBERS __attribute__((cleanup(numbers_deinit)))

static status numbers_init(struct numbers *numbers)
{
	numbers->context = BN_CTX_new();
	if (numbers->context != NULL) {
		BN_CTX_start(numbers->context);
		numbers->modulus = BN_CTX_get(numbers->context);
		numbers->signature = BN_CTX_get(numbers->context);
		numbers->q1 = BN_CTX_get(numbers->context);
		numbers->q2 = BN_CTX_get(numbers->context);
		numbers->product = BN_CTX_get(numbers->context);
		numbers->rest = BN_CTX_get(numbers->context);
	}
	/* After one failure every later BN_CTX_get() fails too. */
	if (numbers->rest == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the numbers of a signature");
	return STATUS_OK;
}

static bool load_number(const uint8_t bytes[SGX_MODULUS_SIZE], BIGNUM *number)
{
	return BN_lebin2bn(bytes, SGX_MODULUS_SIZE, number) != NULL;
}

static bool store_number(const BIGNUM *number, uint8_t ret_bytes[SGX_MODULUS_SIZE])
{
	return BN_bn2lebinpad(number, ret_bytes, SGX_MODULUS_SIZE) == SGX_MODULUS_SIZE;
}

/* Q1 = ⌊S² ÷ N⌋, Q2 = ⌊(S² − Q1·N)·S ÷ N⌋: what spares EINIT the divisions. */
static bool compute_quotients(struct numbers *n)
{
	return BN_sqr(n->product, n->signature, n->context) == 1 &&
	       BN_div(n->q1, n->rest, n->product, n->modulus, n->context) == 1 &&
	       BN_mul(n->product, n->rest, n->signature, n->context) == 1 &&
	       BN_div(n->q2, n->rest, n->product, n->modulus, n->context) == 1;
}

status sigstruct_sign(const struct signer *signer, struct sgx_sigstruct *sigstruct)
{
	struct numbers numbers CLEANUP_NUMBERS = {0};
	uint8_t message[MESSAGE_SIZE], signature[SGX_MODULUS_SIZE];

	TRY(numbers_init(&numbers));
	signer_modulus(signer, sigstruct->modulus);
	get_message(sigstruct, message);
	TRY(signer_sign(signer, (struct span){message, sizeof message}, signature));
	if (!load_number(sigstruct->modulus, numbers.modulus) ||
	    BN_bin2bn(signature, sizeof signature, numbers.signature) == NULL || !compute_quotients(&numbers) ||
	    !store_number(numbers.signature, sigstruct->signature) || !store_number(numbers.q1, sigstruct->q1) ||
	    !store_number(numbers.q2, sigstruct->q2))
		return report(STATUS_INTERNAL, "OpenSSL could not compute with a signature's numbers");
	return STATUS_OK;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

#define FIELD_IS_ZERO(field) is_zero((const uint8_t *)&sigstruct->field, sizeof sigstruct->field)

static status check_fields(const char *name, const struct sgx_sigstruct *sigstruct)
{
	if (memcmp(sigstruct->header, header, sizeof header) != 0 ||
	    memcmp(sigstruct->header2, header2, sizeof header2) != 0)
		return report(STATUS_MALFORMED, "%s isn't a SIGSTRUCT: its headers are wrong", name);
	if (sigstruct->vendor != 0 && sigstruct->vendor != VENDOR_INTEL)
		return report(STATUS_MALFORMED, "%s: the vendor %#x is neither 0 nor Intel's 0x8086", name,
			      sigstruct->vendor);
	if (sigstruct->exponent != EXPONENT)
		return report(STATUS_MALFORMED, "%s: the key's exponent is %u instead of 3", name, sigstruct->exponent);
	if (!FIELD_IS_ZERO(reserved1) || !FIELD_IS_ZERO(reserved2) || !FIELD_IS_ZERO(reserved3) ||
	    !FIELD_IS_ZERO(reserved4))
		return report(STATUS_MALFORMED, "%s: reserved bytes aren't zero", name);
	if (!(sigstruct->modulus[SGX_MODULUS_SIZE - 1] & 0x80))
		return report(STATUS_MALFORMED, "%s: its key has less than 3072 bits", name);
	return STATUS_OK;
}

/* EMSA-PKCS1-v1_5 of a SHA-256 (RFC 8017, 9.2), little-endian as the rest. */
static bool encode_hash(const uint8_t message[MESSAGE_SIZE], uint8_t ret_encoded[SGX_MODULUS_SIZE])
{
	static const uint8_t algorithm[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	uint8_t encoded[SGX_MODULUS_SIZE];
	uint8_t *hash = encoded + sizeof encoded - SGX_HASH_SIZE, *identifier = hash - sizeof algorithm;

	memset(encoded, 0xff, sizeof encoded);
	encoded[0] = 0;
	encoded[1] = 1;
	identifier[-1] = 0;
	memcpy(identifier, algorithm, sizeof algorithm);
	if (EVP_Digest(message, MESSAGE_SIZE, hash, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < sizeof encoded; i++)
		ret_encoded[i] = encoded[sizeof encoded - 1 - i];
	return true;
}

/* rest = factor·S − quotient·N, which is in [0, N) for one quotient only.
 * `ret_right` says whether it is. False: out of memory. */
static bool reduce(struct numbers *n, const BIGNUM *factor, const BIGNUM *quotient, bool *ret_right)
{
	BIGNUM *subtrahend = BN_CTX_get(n->context);

	if (subtrahend == NULL || BN_mul(n->product, factor, n->signature, n->context) != 1 ||
	    BN_mul(subtrahend, quotient, n->modulus, n->context) != 1 || BN_sub(n->rest, n->product, subtrahend) != 1)
		return false;
	*ret_right = !BN_is_negative(n->rest) && BN_cmp(n->rest, n->modulus) < 0;
	return true;
}

/* S³ mod N by multiplications only, as EINIT computes it. */
static status check_signature(const char *name, const struct sgx_sigstruct *sigstruct)
{
	struct numbers n CLEANUP_NUMBERS = {0};
	uint8_t message[MESSAGE_SIZE], wanted[SGX_MODULUS_SIZE], found[SGX_MODULUS_SIZE];
	bool right;

	TRY(numbers_init(&n));
	get_message(sigstruct, message);
	if (!load_number(sigstruct->modulus, n.modulus) || !load_number(sigstruct->signature, n.signature) ||
	    !load_number(sigstruct->q1, n.q1) || !load_number(sigstruct->q2, n.q2) || !encode_hash(message, wanted))
		return report(STATUS_NO_MEMORY, "no memory for the numbers of a signature");
	if (BN_cmp(n.signature, n.modulus) >= 0)
		return report(STATUS_DENIED, "%s: the signature isn't smaller than the key's modulus", name);
	if (!reduce(&n, n.signature, n.q1, &right))
		return report(STATUS_NO_MEMORY, "no memory for the numbers of a signature");
	if (!right)
		return report(STATUS_DENIED, "%s: Q1 doesn't fit the signature and the key", name);
	if (!reduce(&n, n.rest, n.q2, &right))
		return report(STATUS_NO_MEMORY, "no memory for the numbers of a signature");
	if (!right)
		return report(STATUS_DENIED, "%s: Q2 doesn't fit the signature and the key", name);
	if (!store_number(n.rest, found) || memcmp(found, wanted, sizeof found) != 0)
		return report(STATUS_DENIED, "%s: the signature is wrong: it isn't this key's over these fields", name);
	return STATUS_OK;
}

status sigstruct_check(const char *name, const struct sgx_sigstruct *sigstruct)
{
	TRY(check_fields(name, sigstruct));
	return check_signature(name, sigstruct);
}

static status check_attribute(const char *name, const char *what, uint64_t found, uint64_t wanted, uint64_t mask)
{
	if ((found & mask) == (wanted & mask))
		return STATUS_OK;
	return report(STATUS_DENIED, "%s: the enclave's %s are %#llx, the signature is for %#llx (of the bits %#llx)",
		      name, what, (unsigned long long)found, (unsigned long long)wanted, (unsigned long long)mask);
}

status sigstruct_check_enclave(const char *name, const struct sgx_sigstruct *sigstruct, const struct sgx_secs *secs,
			       const uint8_t mrenclave[SGX_HASH_SIZE])
{
	char found[MEASURE_TEXT_SIZE], wanted[MEASURE_TEXT_SIZE];

	TRY(check_attribute(name, "attribute flags", secs->attributes.flags, sigstruct->attributes.flags,
			    sigstruct->attributes_mask.flags));
	TRY(check_attribute(name, "state components (XFRM)", secs->attributes.xfrm, sigstruct->attributes.xfrm,
			    sigstruct->attributes_mask.xfrm));
	TRY(check_attribute(name, "MISCSELECT bits", secs->misc_select, sigstruct->misc_select, sigstruct->misc_mask));
	if (memcmp(sigstruct->mrenclave, mrenclave, SGX_HASH_SIZE) == 0)
		return STATUS_OK;
	measure_to_text(mrenclave, found);
	measure_to_text(sigstruct->mrenclave, wanted);
	return report(STATUS_DENIED,
		      "%s is the signature of another enclave, or this one was changed: measured %s, signed %s", name,
		      found, wanted);
}

status sigstruct_signer(const struct sgx_sigstruct *sigstruct, uint8_t ret_mrsigner[SGX_HASH_SIZE])
{
	if (EVP_Digest(sigstruct->modulus, SGX_MODULUS_SIZE, ret_mrsigner, NULL, EVP_sha256(), NULL) != 1)
		return report(STATUS_INTERNAL, "OpenSSL has no SHA-256");
	return STATUS_OK;
}

status sigstruct_read(const char *name, struct span file, struct sgx_sigstruct *ret_sigstruct)
{
	if (file.size != sizeof *ret_sigstruct)
		return report(STATUS_MALFORMED, "%s isn't a SIGSTRUCT: it has %zu bytes instead of %zu", name,
			      file.size, sizeof *ret_sigstruct);
	memcpy(ret_sigstruct, file.data, sizeof *ret_sigstruct);
	return STATUS_OK;
}
