/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key of an image's author: RSA-3072 with exponent 3, as EINIT wants it (SDM
 * vol. 3D, table 38-19), in a PEM file as `openssl genpkey` writes it (PKCS #8).
 */
#ifndef HOST_IMAGE_SIGNER_H
#define HOST_IMAGE_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/sgx.h"

struct signer;

/* A new key from OpenSSL's generator; takes a fraction of a second to a few.
 * STATUS_INTERNAL. */
MUST_USE status signer_generate(struct signer **ret_signer);
/* Read a key. One with a passphrase is asked for on the terminal. STATUS_MISSING:
 * there is no such file, not reported. STATUS_IO; STATUS_DENIED: others may read
 * it; STATUS_MALFORMED: no private key, or another kind. All reported. */
MUST_USE status signer_load(const char *path, struct signer **ret_signer);
void signer_destroy(struct signer *signer);

/* Write the key to `path`, which must not exist, with mode 0600. STATUS_USAGE: it
 * exists; STATUS_IO. */
MUST_USE status signer_save(const struct signer *signer, const char *path);
/* As signer_load(), and where there is no such file, generate and save first;
 * whoever comes at the same time gets the same key. `ret_made` says whether. */
MUST_USE status signer_load_or_make(const char *path, bool *ret_made, struct signer **ret_signer);

/* The modulus, little-endian, as SIGSTRUCT has it. */
void signer_modulus(const struct signer *signer, uint8_t ret_modulus[SGX_MODULUS_SIZE]);

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2) over `message`, big-endian.
 * STATUS_INTERNAL. */
MUST_USE status signer_sign(const struct signer *signer, struct span message, uint8_t ret_signature[SGX_MODULUS_SIZE]);

#endif
