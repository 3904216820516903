/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/grants/primitives.h"

#include "crypto/openssl/primitives.h"

const struct link_primitives *verifier_primitives(void)
{
	static const struct link_primitives primitives = {
		.name = "openssl",
		.sha256 = openssl_sha256,
		.hmac_sha256 = openssl_hmac_sha256,
		.x25519_public = openssl_x25519_public,
		.x25519_shared = openssl_x25519_shared,
		.p256_verify = openssl_p256_verify,
		.random = openssl_random,
	};

	return &primitives;
}
