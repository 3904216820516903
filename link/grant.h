/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A grant: what the owner of a target allows one enclave to do with it. Signed with the
 * owner's key (ECDSA P-256 over SHA-256) by a grantor that has checked the
 * enclave's evidence; shown to the source in the link's first message.
 *
 * The encoding is canonical: fixed size, fixed places, little-endian; a decoded grant
 * encodes to the same bytes. 448 bytes are signed, 64 of signature follow:
 *
 *     0  "BZGRANT1"              8  u32 version (1)          12  u32 identity kind
 *    16  u32 backend            20  u32 flags                24  u32 rights
 *    28  u32 zero               32  id (16)                  48  u64 valid until
 *    56  u64 quota bytes        64  u64 quota requests       72  u16 product
 *    74  u16 least SVN          76  u32 zero                 80  MRENCLAVE (32)
 *   112  MRSIGNER (32)         144  enclave key (32)        176  source key (32)
 *   208  source nonce (32)     240  target (128)            368  u64 issued at
 *   376  zeros (72)
 *   448  signature: r, s
 */
#ifndef LINK_GRANT_H
#define LINK_GRANT_H

#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"
#include "wire/sgx.h"
#include "wire/start.h"

enum {
	LINK_GRANT_BODY_SIZE = 448, /* what is signed */
	LINK_GRANT_SIZE = LINK_GRANT_BODY_SIZE + LINK_SIGNATURE_SIZE,
	LINK_GRANT_ID_SIZE = 16,
	LINK_GRANT_VERSION = 1,
};

enum link_right {
	LINK_RIGHT_KERNEL = 1 << 0, /* the kernel's memory */
	LINK_RIGHT_USER = 1 << 1, /* processes' memory too; only with KERNEL, whose memory says where theirs is */
	LINK_RIGHT_OUTPUT = 1 << 2, /* output in clear on the enclave's machine */
	LINK_RIGHT_PAUSE = 1 << 3, /* to let the target stand still for a moment */
	LINK_RIGHTS_ALL = LINK_RIGHT_KERNEL | LINK_RIGHT_USER | LINK_RIGHT_OUTPUT | LINK_RIGHT_PAUSE,
};

enum link_identity_kind {
	LINK_IDENTITY_MRENCLAVE = 1, /* exactly this image */
	LINK_IDENTITY_MRSIGNER = 2, /* this signer's product, from this SVN on */
};

enum link_backend {
	LINK_BACKEND_SGX = 1,
	LINK_BACKEND_SIM = 2, /* protects nothing from root, and everybody gets to see so */
};

enum link_grant_flag {
	LINK_GRANT_DEBUG = 1 << 0, /* the enclave may have ATTRIBUTES.DEBUG */
	LINK_GRANT_FLAGS_ALL = LINK_GRANT_DEBUG,
};

struct link_grant {
	uint32_t identity; /* enum link_identity_kind */
	uint32_t backend; /* enum link_backend */
	uint32_t flags; /* enum link_grant_flag */
	uint32_t rights; /* enum link_right; not 0 */
	/* Random: the source counts the quota under it, over all sessions. */
	uint8_t id[LINK_GRANT_ID_SIZE];
	uint64_t valid_until; /* seconds since 1970, by the SOURCE's clock, alone */
	/* Seconds since 1970, by the clock of whoever signed it; 0: that isn't said. Not after valid_until. A source
	 * without a clock learns from it that it is so late at least. */
	uint64_t issued_at;
	uint64_t quota_bytes, quota_requests; /* UINT64_MAX: no limit */
	uint16_t isv_prod_id; /* LINK_IDENTITY_MRSIGNER; else 0 */
	uint16_t isv_svn; /* at least; LINK_IDENTITY_MRSIGNER; else 0 */
	uint8_t mrenclave[SGX_HASH_SIZE]; /* LINK_IDENTITY_MRENCLAVE; else zeros */
	uint8_t mrsigner[SGX_HASH_SIZE]; /* LINK_IDENTITY_MRSIGNER; else zeros */
	uint8_t enclave_key[START_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
	char target[START_TARGET_SIZE]; /* printable ASCII, not empty, NUL and zeros behind it */
	uint8_t signature[LINK_SIGNATURE_SIZE]; /* r, s */
};

/* Makes a signature over a digest with the owner's key. */
typedef status (*link_signer)(void *context, const uint8_t digest[static LINK_HASH_SIZE],
			      uint8_t ret_signature[static LINK_SIGNATURE_SIZE]);

/* Are these rights that go together? */
bool link_rights_fit(uint32_t rights);

/* Does every member make sense? STATUS_MALFORMED, reported, with the member. */
MUST_USE status link_grant_validate(const struct link_grant *grant);

/* Encode, signature included. As link_grant_validate. */
MUST_USE status link_grant_encode(const struct link_grant *grant, uint8_t encoded[static LINK_GRANT_SIZE]);
/* Decode and validate; nothing is verified yet. STATUS_MALFORMED, reported. */
MUST_USE status link_grant_decode(struct span encoded, struct link_grant *ret_grant);

/* What the owner signs: SHA-256("Bartizan grant 1" | the first 448 bytes). As
 * link_grant_validate, and faults of the primitives. */
MUST_USE status link_grant_digest(const struct link_grant *grant, const struct link_primitives *primitives,
				  uint8_t ret_digest[static LINK_HASH_SIZE]);
/* Sign in place. As link_grant_digest, and what the signer returns. */
MUST_USE status link_grant_sign(struct link_grant *grant, const struct link_primitives *primitives, link_signer signer,
				void *context);
/* Did the owner sign it? STATUS_DENIED, reported: no. */
MUST_USE status link_grant_verify(const struct link_grant *grant, const struct link_primitives *primitives,
				  const uint8_t owner_key[static START_OWNER_KEY_SIZE]);

/* What a source compares a grant with. */
struct link_grant_use {
	const uint8_t *enclave_key; /* from the handshake */
	const uint8_t *source_key, *source_nonce; /* its own */
	const char *target; /* from the handshake */
	uint64_t now; /* seconds since 1970, its own clock; an enclave has none: 0 */
};

/* May it be used here? STATUS_DENIED, reported: for another enclave, source, start of the
 * source or target, or its time is over. Says nothing about signature or quota. */
MUST_USE status link_grant_check_use(const struct link_grant *grant, const struct link_grant_use *use);

/* Does it name the enclave of this report (a grantor's question; the report's MAC is the
 * caller's to check)? STATUS_DENIED, reported: another image, signer, product, too
 * low an SVN, or DEBUG where the grant doesn't tolerate it. */
MUST_USE status link_grant_check_identity(const struct link_grant *grant, const struct sgx_report *report);

#endif
