/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/primitives.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/report.h"
#include "verifier/keys.h"

static status openssl_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < part_count; i++)
		ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
	ok = ok && EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;
	EVP_MD_CTX_free(context);
	return ok ? STATUS_OK : report(STATUS_INTERNAL, "OpenSSL can't compute SHA-256");
}

static status openssl_random(void *destination, size_t size)
{
	if (size > INT_MAX || RAND_bytes(destination, (int)size) != 1)
		return report(STATUS_IO, "OpenSSL has no random bytes");
	return STATUS_OK;
}

const struct link_primitives *verifier_primitives(void)
{
	static const struct link_primitives primitives = {
		.name = "openssl",
		.sha256 = openssl_sha256,
		.p256_verify = owner_signature_check,
		.random = openssl_random,
	};

	return &primitives;
}
