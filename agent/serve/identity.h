/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who this source is: its X25519 key, kept in a file, and the nonce of this start.
 * And whose grants it believes: the owner's P-256 key. Files are PEM, as `openssl
 * genpkey` writes them: PKCS #8 (RFC 5208), SubjectPublicKeyInfo (RFC 5480, RFC 8410).
 */
#ifndef AGENT_SERVE_IDENTITY_H
#define AGENT_SERVE_IDENTITY_H

#include "base/status.h"
#include "link/primitives.h"
#include "link/session.h"

struct identity {
	struct link_key_pair key;
	/* The owner's key, our public key, our nonce. */
	struct link_binding binding;
};

/* Read the key of `key_path`, or make it on first use (0600; NAME.pub beside it; by several
 * at once, too: then all have the same), and the owner's public key of `owner_path`; take a fresh nonce. All reported:
 * STATUS_IO: can't be read or written; STATUS_DENIED: others may read the private key; STATUS_MALFORMED: no such key;
 * faults of the primitives. */
MUST_USE status identity_init(struct identity *identity, const struct link_primitives *primitives, const char *key_path,
			      const char *owner_path);
void identity_deinit(struct identity *identity);

/* 2 × size digits and a NUL. */
void identity_hex(const uint8_t *bytes, size_t size, char *ret_text);

#endif
