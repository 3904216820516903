/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/fingerprint.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/sha256.h>

bool duty_fingerprint(struct span bytes, uint8_t ret_hash[static VERIFIER_HASH_SIZE])
{
	wc_Sha256 hash;

	return wc_InitSha256(&hash) == 0 && wc_Sha256Update(&hash, bytes.data, (word32)bytes.size) == 0 &&
	       wc_Sha256Final(&hash, ret_hash) == 0;
}

bool duty_fingerprint_piece(struct span piece, uint8_t ret_hash[static VERIFIER_HASH_SIZE])
{
	static wc_Sha256 hash;
	static bool has_begun;

	if (!has_begun && wc_InitSha256(&hash) != 0)
		return false;
	has_begun = piece.size > 0;
	/* Without memory to allocate neither can fail. */
	if (has_begun)
		(void)wc_Sha256Update(&hash, piece.data, (word32)piece.size);
	return !has_begun && wc_Sha256Final(&hash, ret_hash) == 0;
}
