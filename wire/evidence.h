/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an enclave shows a remote verifier who it is: docs/evidence.md.
 *
 * TLS 1.3. The enclave is the client; its certificate is self-signed, made for this run, and
 * carries a quote in the form of Interoperable RA-TLS (Confidential Computing Consortium,
 * "Interoperable RA-TLS", evidence formats for SGX): extension 2.23.133.5.4.9, CBOR
 * 60000([quote, claims]), claims {"pubkey-hash": «[1, SHA-256 of SubjectPublicKeyInfo]»}, REPORTDATA =
 * SHA-256(claims), zeros. The verifier is the server; its certificate is of the owner's key.
 *
 * That certificate may be anybody's who copied it, and the key may have left the enclave by a fault of
 * its program. So nothing is granted before a second quote over this very connection:
 *
 *   verifier → enclave   EVIDENCE_NONCE     struct evidence_nonce
 *   enclave → verifier   EVIDENCE_QUOTE     a quote: REPORTDATA = SHA-256(EVIDENCE_LABEL ‖ exporter ‖ nonce),
 *                                           then what the enclave binds to itself besides (32 bytes)
 *   verifier → enclave   EVIDENCE_ACCEPTED  empty; or EVIDENCE_REFUSED and the end
 *
 * Frames as in wire/agent.h. The exporter is RFC 9266's tls-exporter of the connection. What follows
 * is the verifier's own protocol.
 */
#ifndef WIRE_EVIDENCE_H
#define WIRE_EVIDENCE_H

#include <assert.h>
#include <stdint.h>

enum evidence_frame_type {
	EVIDENCE_NONCE = 24,
	EVIDENCE_QUOTE = 25,
	EVIDENCE_ACCEPTED = 26,
	EVIDENCE_REFUSED = 27, /* a sentence in UTF-8, without NUL */
};

enum {
	EVIDENCE_NONCE_SIZE = 32,
	EVIDENCE_HASH_SIZE = 32,
	EVIDENCE_EXPORTER_SIZE = 32, /* RFC 9266, 4.2 */
	/* What an enclave binds to itself besides: for a grant, SHA-256(enclave key ‖ owner key ‖ source
	 * key ‖ source nonce) as in wire/grantor.h. */
	EVIDENCE_BINDING_SIZE = 32,
	/* A quote with its certificates has about 5 KiB. */
	EVIDENCE_QUOTE_SIZE_MAX = 16 << 10,
	EVIDENCE_SENTENCE_SIZE = 512,
};

struct evidence_nonce {
	uint8_t nonce[EVIDENCE_NONCE_SIZE];
};

/* 19 bytes, without its NUL: no other hash of ours begins so. */
#define EVIDENCE_LABEL "Bartizan evidence 1"

/* RFC 9266, 4.2: label of the exporter; the context is empty. */
#define EVIDENCE_EXPORTER_LABEL "EXPORTER-Channel-Binding"

/* tcg-dice-TaggedEvidence, 2.23.133.5.4.9 (TCG DICE Attestation Architecture, 6.1.6). */
#define EVIDENCE_OID "2.23.133.5.4.9"

enum {
	/* CBOR tag of an Intel TEE quote: https://www.iana.org/assignments/cbor-tags */
	EVIDENCE_TAG_QUOTE = 60000,
	/* SHA-256 in IANA's Named Information Hash Algorithm Registry. */
	EVIDENCE_HASH_SHA256 = 1,
};
#define EVIDENCE_CLAIM_KEY_HASH "pubkey-hash"

static_assert(sizeof(struct evidence_nonce) == 32, "no padding");

#endif
