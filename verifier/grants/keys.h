/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key files of the two parties that aren't images: the owner, who signs grants
 * (ECDSA P-256), and a source (X25519). PEM as `openssl genpkey` writes it: PKCS #8
 * for private keys (RFC 5208), SubjectPublicKeyInfo for public ones (RFC 5480, RFC 8410).
 *
 * A private key's file belongs to its user alone: it is made with mode 0600, and
 * refused where others may read it.
 */
#ifndef VERIFIER_GRANTS_KEYS_H
#define VERIFIER_GRANTS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "link/primitives.h"
#include "wire/start.h"

/* The owner's pair. */
struct owner_key;

/* A new pair from OpenSSL's generator. STATUS_INTERNAL. */
MUST_USE status owner_key_generate(struct owner_key **ret_key);
/* Read a private key's file. STATUS_IO: can't be read; STATUS_DENIED: others may
 * read it; STATUS_MALFORMED: not a P-256 private key in PEM. All reported. */
MUST_USE status owner_key_load(const char *path, struct owner_key **ret_key);
void owner_key_destroy(struct owner_key *key);

/* Write the private key to `path` and the public one to `public_path`. Neither may
 * exist: a key is never overwritten. STATUS_USAGE: one exists; STATUS_IO. */
MUST_USE status owner_key_save(const struct owner_key *key, const char *path, const char *public_path);
/* The public half alone, to a file that doesn't exist. As owner_key_save(). */
MUST_USE status owner_key_save_public(const struct owner_key *key, const char *path);
/* As owner_key_load(), and where there is no such file, generate and save first. */
MUST_USE status owner_key_load_or_make(const char *path, const char *public_path, struct owner_key **ret_key);

/* The public half in the wire's form. Valid as long as the key. */
const uint8_t *owner_key_public(const struct owner_key *key);

/* OpenSSL's handle, for a TLS server whose certificate is of this key. As long as the key. */
struct evp_pkey_st *owner_key_handle(const struct owner_key *key);

/* Sign a SHA-256 digest; fits link/grant.h's link_signer with the key as context.
 * STATUS_INTERNAL, reported. */
MUST_USE status owner_key_sign(void *owner_key, const uint8_t digest[static LINK_HASH_SIZE],
			       uint8_t ret_signature[static LINK_SIGNATURE_SIZE]);

/* A public key's file, or a private one's, of which the public half is taken.
 * STATUS_IO, STATUS_MALFORMED. */
MUST_USE status owner_public_load(const char *path, uint8_t ret_public[START_OWNER_KEY_SIZE]);

/* A source's pair, made and written as an owner's; it isn't kept in memory. */
MUST_USE status source_key_generate(const char *path, const char *public_path);
/* The private key and its public half. STATUS_IO, STATUS_DENIED, STATUS_MALFORMED. */
MUST_USE status source_key_load(const char *path, uint8_t ret_private[START_KEY_SIZE],
				uint8_t ret_public[START_KEY_SIZE]);
/* A public key's file (or a private one's), or 64 hexadecimal digits. */
MUST_USE status source_public_load(const char *text, uint8_t ret_public[START_KEY_SIZE]);

/* Exactly `size` bytes from 2 × `size` hexadecimal digits. STATUS_MALFORMED, not reported. */
MUST_USE status key_from_hex(const char *text, uint8_t *ret_bytes, size_t size);
/* As text: 2 × `size` digits and a NUL. */
void key_to_hex(const uint8_t *bytes, size_t size, char *ret_text);

/* For OpenSSL's readers of PEM (pem_password_cb): there is none, so that what says that it is encrypted is refused.
 * Without a callback they ask on the terminal, or read standard input, for as long as nobody answers. */
int key_no_passphrase(char *buffer, int size, int writing, void *context);

#endif
