/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGSTRUCT: what an image's author signs, and what EINIT wants to see before an
 * enclave may run (SDM vol. 3D, table 38-19 and "EINIT", Operation).
 *
 * What our images are signed for: exactly MODE64BIT, and DEBUG exactly where the
 * manifest says so; x87 and SSE always on, AVX and AVX-512 as the machine has
 * them, nothing else (IMAGE_XFRM_MAX); MISCSELECT.EXINFO wished for, not required.
 */
#ifndef HOST_IMAGE_SIGSTRUCT_H
#define HOST_IMAGE_SIGSTRUCT_H

#include "host/image/image.h"

enum {
	/* In SWDEFINED, which is signed and the signer's to use (SDM vol. 3D, 38.13): "BDEV", a development key has
	   signed. */
	SIGSTRUCT_DEVELOPMENT = 0x56454442,
};

/* A private RSA-3072 key with exponent 3: host/image/signer.h. */
struct signer;

/* Fill in everything but the signature's part. `date` is BCD, 0xYYYYMMDD. */
void sigstruct_init(const struct image_note_manifest *manifest, const uint8_t mrenclave[SGX_HASH_SIZE], uint32_t date,
		    struct sgx_sigstruct *sigstruct);

/* Sign: fills in modulus, exponent, signature, Q1 and Q2. STATUS_NO_MEMORY,
 * STATUS_INTERNAL. */
MUST_USE status sigstruct_sign(const struct signer *signer, struct sgx_sigstruct *sigstruct);

/*
 * What EINIT checks of the structure alone: header, vendor, exponent, reserved
 * bytes, signature by way of Q1 and Q2. `name` stands in the messages.
 * STATUS_MALFORMED: what no signer makes. STATUS_DENIED: the signature, Q1 or Q2
 * is wrong. STATUS_NO_MEMORY. All are reported.
 */
MUST_USE status sigstruct_check(const char *name, const struct sgx_sigstruct *sigstruct);

/*
 * What EINIT checks besides: that the signature is for this enclave. `secs` as
 * ECREATE got it (attributes, misc_select); `mrenclave` as measured while loading.
 * STATUS_DENIED: it isn't, reported with what differs.
 */
MUST_USE status sigstruct_check_enclave(const char *name, const struct sgx_sigstruct *sigstruct,
					const struct sgx_secs *secs, const uint8_t mrenclave[SGX_HASH_SIZE]);

/* MRSIGNER: SHA-256 of the modulus. STATUS_INTERNAL. */
MUST_USE status sigstruct_signer(const struct sgx_sigstruct *sigstruct, uint8_t ret_mrsigner[SGX_HASH_SIZE]);

/* A file with a raw SIGSTRUCT in it, and nothing else. STATUS_MALFORMED: its size
 * isn't 1808 bytes. */
MUST_USE status sigstruct_read(const char *name, struct span file, struct sgx_sigstruct *ret_sigstruct);

#endif
