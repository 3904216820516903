/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/certificate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "base/report.h"
#include "crypto/openssl/primitives.h"
#include "verifier/grants/keys.h"
#include "wire/sim-quote.h"

/* As in https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.cer */
const struct certificate_root certificate_root_intel = {
	.name = "Intel",
	.certificate_sha256 = {0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
			       0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
			       0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3},
	.key = {0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0, 0x2c, 0xda, 0x10,
		0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61, 0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5,
		0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4, 0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac,
		0xc9, 0x88, 0xe5, 0x05, 0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94},
};

static const struct {
	const char *name; /* in sentences */
	const char *common_names[3]; /* of the subject */
	const char *fake_name; /* of the backend sim's; NULL: it has none */
} roles[] = {
	[CERTIFICATE_PCK] = {"a PCK certificate", {"Intel SGX PCK Certificate"}, SIM_QUOTE_PCK_NAME},
	[CERTIFICATE_PCK_CA] = {"a PCK CA",
				{"Intel SGX PCK Processor CA", "Intel SGX PCK Platform CA"},
				SIM_QUOTE_CA_NAME},
	[CERTIFICATE_TCB_SIGNING] = {"the TCB signing certificate", {"Intel SGX TCB Signing"}, NULL},
	[CERTIFICATE_ROOT] = {"the root CA", {"Intel SGX Root CA"}, SIM_QUOTE_ROOT_NAME},
};

static void bio_deinit(BIO **bio)
{
	BIO_free(*bio);
}

static void store_deinit(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void context_deinit(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

static void untrusted_deinit(STACK_OF(X509) * *stack)
{
	sk_X509_free(*stack);
}

#define CLEANUP_BIO __attribute__((cleanup(bio_deinit)))
#define CLEANUP_STORE __attribute__((cleanup(store_deinit)))
#define CLEANUP_CONTEXT __attribute__((cleanup(context_deinit)))
#define CLEANUP_UNTRUSTED __attribute__((cleanup(untrusted_deinit)))

static status chain_read(struct certificate_chain *chain, BIO *bio, const char *what)
{
	for (;;) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, key_no_passphrase, NULL);

		if (certificate == NULL)
			break;
		if (chain->count == CERTIFICATE_CHAIN_COUNT_MAX) {
			X509_free(certificate);
			return report(STATUS_MALFORMED, "%s holds more than %d certificates", what,
				      CERTIFICATE_CHAIN_COUNT_MAX);
		}
		chain->certificates[chain->count++] = certificate;
	}
	/* "No start line" is how PEM ends; anything else is a broken certificate. */
	unsigned long error = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE || chain->count == 0)
		return report(STATUS_MALFORMED, "%s holds no whole chain of certificates in PEM", what);
	return STATUS_OK;
}

status certificate_chain_init(struct certificate_chain *chain, struct span pem, const char *what)
{
	*chain = (struct certificate_chain){0};
	if (pem.size > CERTIFICATE_CHAIN_SIZE_MAX)
		return report(STATUS_MALFORMED, "%s has %zu bytes: a chain of certificates has at most %d", what,
			      pem.size, CERTIFICATE_CHAIN_SIZE_MAX);
	BIO *bio CLEANUP_BIO = BIO_new_mem_buf(pem.data, (int)pem.size);
	if (bio == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	ERR_clear_error();
	status result = chain_read(chain, bio, what);
	if (result != STATUS_OK)
		certificate_chain_deinit(chain);
	return result;
}

void certificate_chain_deinit(struct certificate_chain *chain)
{
	for (int i = 0; i < chain->count; i++)
		X509_free(chain->certificates[i]);
	*chain = (struct certificate_chain){0};
}

static X509_CRL *crl_from_der(struct span bytes)
{
	const unsigned char *data = bytes.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &data, (long)bytes.size);

	if (crl != NULL && data != bytes.data + bytes.size) {
		X509_CRL_free(crl);
		return NULL;
	}
	return crl;
}

/* Intel's service sent CRLs in hexadecimal once, and its caches do still. */
static X509_CRL *crl_from_hex(struct span bytes)
{
	while (bytes.size > 0 && isspace(bytes.data[bytes.size - 1]))
		bytes.size--;
	if (bytes.size % 2 != 0)
		return NULL;
	char *text = strndup((const char *)bytes.data, bytes.size);
	uint8_t *der = text != NULL ? malloc(bytes.size / 2 + 1) : NULL;
	X509_CRL *crl = NULL;
	if (der != NULL && strlen(text) == bytes.size && key_from_hex(text, der, bytes.size / 2) == STATUS_OK)
		crl = crl_from_der((struct span){der, bytes.size / 2});
	free(text);
	free(der);
	return crl;
}

static X509_CRL *crl_from_pem(struct span bytes)
{
	BIO *bio CLEANUP_BIO = BIO_new_mem_buf(bytes.data, (int)bytes.size);

	return bio != NULL ? PEM_read_bio_X509_CRL(bio, NULL, key_no_passphrase, NULL) : NULL;
}

status certificate_crl_parse(struct span bytes, const char *what, X509_CRL **ret_crl)
{
	X509_CRL *crl = NULL;

	if (bytes.size <= CERTIFICATE_CRL_SIZE_MAX) {
		crl = crl_from_der(bytes);
		if (crl == NULL)
			crl = crl_from_hex(bytes);
		if (crl == NULL)
			crl = crl_from_pem(bytes);
		ERR_clear_error();
	}
	if (crl == NULL)
		return report(STATUS_MALFORMED, "%s isn't a certificate revocation list", what);
	*ret_crl = crl;
	return STATUS_OK;
}

static bool has_role(const X509 *certificate, enum certificate_role role, bool is_fake)
{
	char name[64];
	int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);

	if (is_fake)
		return roles[role].fake_name != NULL && size == (int)strlen(roles[role].fake_name) &&
		       strcmp(name, roles[role].fake_name) == 0;
	for (size_t i = 0; i < 3 && roles[role].common_names[i] != NULL; i++)
		if (size == (int)strlen(roles[role].common_names[i]) && strcmp(name, roles[role].common_names[i]) == 0)
			return true;
	return false;
}

static bool is_pinned(const X509 *certificate, const struct certificate_root *root)
{
	uint8_t hash[EVP_MAX_MD_SIZE], key[QUOTE_KEY_SIZE];
	unsigned int size = 0;

	return X509_digest(certificate, EVP_sha256(), hash, &size) == 1 && size == CERTIFICATE_HASH_SIZE &&
	       memcmp(hash, root->certificate_sha256, CERTIFICATE_HASH_SIZE) == 0 &&
	       certificate_key(certificate, key) == STATUS_OK && memcmp(key, root->key, sizeof key) == 0;
}

X509 *certificate_chain_pinned(const struct certificate_chain *chain, const struct certificate_root *root)
{
	X509 *last = chain->count > 0 ? chain->certificates[chain->count - 1] : NULL;

	return last != NULL && is_pinned(last, root) ? last : NULL;
}

/* The pinned certificate, never another one; NULL: the chain ends elsewhere. */
static X509 *find_anchor(const struct certificate_chain *chain, const struct certificate_trust *trust)
{
	X509 *pinned = certificate_chain_pinned(chain, trust->root);

	if (pinned == NULL && trust->anchor != NULL && is_pinned(trust->anchor, trust->root) &&
	    certificate_is_same_issuer(chain->certificates[chain->count - 1], trust->anchor))
		pinned = trust->anchor;
	return pinned;
}

/* Who stands where: a leaf, for a PCK its CA, the pinned root. */
static bool roles_fit(const struct certificate_chain *chain, enum certificate_role leaf,
		      const struct certificate_trust *trust, const char *what, struct verdict *verdict)
{
	const struct certificate_root *root = trust->root;
	const int count = leaf == CERTIFICATE_PCK ? 3 : 2;

	if (chain->count != count) {
		verdict_refuse(verdict, "chain", "%s has %d certificates, not %d", what, chain->count, count);
		return false;
	}
	if (find_anchor(chain, trust) == NULL) {
		verdict_refuse(verdict, "root", "%s doesn't end at the pinned root of %s", what, root->name);
		return false;
	}
	if (!has_role(chain->certificates[0], leaf, root->is_fake)) {
		verdict_refuse(verdict, "chain", "%s doesn't begin with %s", what, roles[leaf].name);
		return false;
	}
	if (count == 3 && !has_role(chain->certificates[1], CERTIFICATE_PCK_CA, root->is_fake)) {
		verdict_refuse(verdict, "chain", "the second certificate of %s isn't %s's", what,
			       roles[CERTIFICATE_PCK_CA].name);
		return false;
	}
	return true;
}

static bool store_fill(X509_STORE *store, X509 *root, const struct certificate_trust *trust)
{
	X509_VERIFY_PARAM *parameters = X509_STORE_get0_param(store);

	X509_VERIFY_PARAM_set_time(parameters, trust->at);
	X509_VERIFY_PARAM_set_depth(parameters, CERTIFICATE_CHAIN_COUNT_MAX);
	if (trust->root->is_fake)
		return X509_STORE_add_cert(store, root) == 1;
	return X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1 &&
	       X509_STORE_add_cert(store, root) == 1 && X509_STORE_add_crl(store, trust->root_crl) == 1 &&
	       X509_STORE_add_crl(store, trust->pck_crl) == 1;
}

/* What the callback knows of: OpenSSL hands it the context alone. */
struct tolerance {
	int64_t expired_seconds;
	time_t at;
	bool was_needed;
};

static int tolerate_expired_crl(int is_fine, X509_STORE_CTX *context)
{
	struct tolerance *tolerance = X509_STORE_CTX_get_app_data(context);
	const X509_CRL *crl = X509_STORE_CTX_get0_current_crl(context);
	struct tm end;

	if (is_fine || X509_STORE_CTX_get_error(context) != X509_V_ERR_CRL_HAS_EXPIRED || crl == NULL ||
	    ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(crl), &end) != 1)
		return is_fine;
	if (tolerance->at - timegm(&end) > tolerance->expired_seconds)
		return 0;
	tolerance->was_needed = true;
	X509_STORE_CTX_set_error(context, X509_V_OK);
	return 1;
}

static const char *failure_code(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID: return "expired";
	case X509_V_ERR_CERT_REVOKED: return "revoked";
	default: return "chain";
	}
}

/* OpenSSL takes a list without a nextUpdate for one that is good for ever; RFC 5280, 5.1.2.5 wants one. And it takes
 * each for the list of whom it names: not as the file was called. */
static bool lists_fit(X509 *root, const struct certificate_trust *trust, struct verdict *verdict)
{
	if (trust->root->is_fake)
		return true;
	if (X509_NAME_cmp(X509_CRL_get_issuer(trust->root_crl), X509_get_subject_name(root)) != 0) {
		verdict_refuse(verdict, "chain", "the root CA's CRL is another one's");
		return false;
	}
	if (X509_CRL_get0_nextUpdate(trust->root_crl) != NULL && X509_CRL_get0_nextUpdate(trust->pck_crl) != NULL)
		return true;
	verdict_refuse(verdict, "chain", "a CRL doesn't say until when it is good (nextUpdate)");
	return false;
}

bool certificate_chain_verify(const struct certificate_chain *chain, enum certificate_role leaf,
			      const struct certificate_trust *trust, const char *what, struct verdict *verdict)
{
	if (!roles_fit(chain, leaf, trust, what, verdict))
		return false;
	X509 *anchor = find_anchor(chain, trust);
	if (!lists_fit(anchor, trust, verdict))
		return false;
	X509_STORE *store CLEANUP_STORE = X509_STORE_new();
	X509_STORE_CTX *context CLEANUP_CONTEXT = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted CLEANUP_UNTRUSTED = sk_X509_new_null();
	bool ready = store != NULL && context != NULL && untrusted != NULL && store_fill(store, anchor, trust);

	for (int i = 1; ready && i < chain->count - 1; i++)
		ready = sk_X509_push(untrusted, chain->certificates[i]) > 0;
	if (!ready || X509_STORE_CTX_init(context, store, chain->certificates[0], untrusted) != 1) {
		verdict_refuse(verdict, "internal", "OpenSSL couldn't verify %s", what);
		return false;
	}
	struct tolerance tolerance = {.expired_seconds = trust->expired_seconds, .at = trust->at};
	X509_STORE_CTX_set_app_data(context, &tolerance);
	X509_STORE_CTX_set_verify_cb(context, tolerate_expired_crl);
	if (X509_verify_cert(context) != 1) {
		int error = X509_STORE_CTX_get_error(context);

		verdict_refuse(verdict, failure_code(error), "%s: %s (certificate %d of it)", what,
			       X509_verify_cert_error_string(error), X509_STORE_CTX_get_error_depth(context) + 1);
		ERR_clear_error();
		return false;
	}
	if (tolerance.was_needed)
		verdict_tolerate(verdict, "accept_expired_collateral", "a CRL for %s has expired", what);
	return true;
}

status certificate_key(const X509 *certificate, uint8_t ret_key[QUOTE_KEY_SIZE])
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	uint8_t point[1 + QUOTE_KEY_SIZE];
	char group[32];
	size_t size = 0;

	if (key == NULL || !EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
	    strcmp(group, "prime256v1") != 0 ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) != 1 ||
	    size != sizeof point || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return STATUS_MALFORMED;
	memcpy(ret_key, point + 1, QUOTE_KEY_SIZE);
	return STATUS_OK;
}

bool certificate_is_same_issuer(const X509 *certificate, const X509 *other)
{
	uint8_t key[QUOTE_KEY_SIZE], other_key[QUOTE_KEY_SIZE];

	return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_subject_name(other)) == 0 &&
	       certificate_key(certificate, key) == STATUS_OK && certificate_key(other, other_key) == STATUS_OK &&
	       memcmp(key, other_key, sizeof key) == 0;
}

bool certificate_signature_fits(const uint8_t key[QUOTE_KEY_SIZE], struct span bytes,
				const uint8_t signature[QUOTE_SIGNATURE_SIZE])
{
	uint8_t digest[LINK_HASH_SIZE];
	unsigned int size = 0;

	return EVP_Digest(bytes.data, bytes.size, digest, &size, EVP_sha256(), NULL) == 1 && size == sizeof digest &&
	       openssl_p256_verify(key, digest, signature) == STATUS_OK;
}
