/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/attest/attest.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/report.h"

enum {
	/* An enclave's certificate has about 4 KiB, nearly all of it the quote's chain. */
	CERTIFICATE_SIZE_MAX = 32 << 10,
};

static void certificate_deinit(X509 **certificate)
{
	X509_free(*certificate);
}

static void context_deinit(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

/* What makes the verifier's certificate believable is its key, which enclaves know. */
static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20200101000000Z") == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20491231235959Z") == 1 &&
	       X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
					  (const unsigned char *)"Bartizan verifier", -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
	       X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* No chain is built from a client's certificate: session.c looks at it once the handshake has
 * proven its key. */
static int take_any(X509_STORE_CTX *context, void *nothing)
{
	(void)context, (void)nothing;
	return 1;
}

static bool configure(SSL_CTX *context, X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(context, take_any, NULL);
	SSL_CTX_set_max_cert_list(context, CERTIFICATE_SIZE_MAX);
	/* Writes come from a session's own storage, which may have moved on by a retry. */
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_RELEASE_BUFFERS);
	return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(
		       context, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256") == 1 &&
	       SSL_CTX_set1_groups_list(context, "P-256:X25519") == 1 &&
	       SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == 1 &&
	       SSL_CTX_set1_client_sigalgs_list(context, "ECDSA+SHA256") == 1 &&
	       SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
	       SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
}

status attest_context_create(const struct owner_key *owner, SSL_CTX **ret_context)
{
	SSL_CTX *context __attribute__((cleanup(context_deinit))) = SSL_CTX_new(TLS_server_method());
	X509 *certificate __attribute__((cleanup(certificate_deinit))) = X509_new();
	EVP_PKEY *key = owner_key_handle(owner);

	if (context == NULL || certificate == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	if (!fill_certificate(certificate, key) || !configure(context, certificate, key)) {
		ERR_clear_error();
		return report(STATUS_INTERNAL, "OpenSSL can't be set up as a TLS 1.3 server with the owner's key");
	}
	*ret_context = context;
	context = NULL;
	return STATUS_OK;
}
