/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sealed pipe between a program inside and one that it runs: both have shown each other by reports
 * of the CPU who they are and that they watch the same target for the same owner, and agreed on keys by the
 * link's handshake; what follows are the link's records. docs/spawn.md.
 *
 * Whatever goes wrong with a message ends the conversation: it is reported once, and every later call
 * returns the same fault.
 */
#ifndef ENCLAVE_SPAWN_CONVERSATION_H
#define ENCLAVE_SPAWN_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/session.h"
#include "wire/peer.h"

/* About 140 KiB. Its members are its own. */
struct conversation {
	unsigned peer;
	char who[PEER_NAME_SIZE_MAX]; /* for messages */
	status fault; /* STATUS_OK: it stands */
	struct link_session session;
	size_t pending_size; /* of a message that is sealed and not sent yet */
	uint8_t pending[PEER_MESSAGE_SIZE_MAX];
	_Alignas(64) uint8_t received[PEER_MESSAGE_SIZE_MAX];
	uint8_t content[PEER_CONTENT_SIZE_MAX];
};

/* From the heap. STATUS_NO_MEMORY, reported. */
MUST_USE status conversation_create(unsigned peer, const char *who, struct conversation **ret_conversation);
/* Forget the keys; the host may end the peer. NULL is possible. */
void conversation_destroy(struct conversation *conversation);

/* Shake hands with a child, which must be the image `mrenclave` (in plain nobody can tell). `ret_flags`: its
 * PEER_WITHHELD. Waits for it. All reported: STATUS_DENIED: it isn't; STATUS_IO: it has ended, or is silent;
 * STATUS_MALFORMED, STATUS_MISMATCH: what came isn't from it. */
MUST_USE status conversation_invite(struct conversation *conversation, const uint8_t mrenclave[static SGX_HASH_SIZE],
				    uint32_t *ret_flags);
/* The child's side: with whoever is the parent, if it has this enclave's signer. */
MUST_USE status conversation_answer(struct conversation *conversation, uint32_t flags);

/* Is a message waiting to be sent? Then nothing can be put. */
bool conversation_is_pending(const struct conversation *conversation);
/* Seal a content of at most PEER_CONTENT_SIZE_MAX bytes, and send it as conversation_flush() does. */
MUST_USE status conversation_put(struct conversation *conversation, struct span content);
/* Send what is pending. STATUS_OK, also where nothing is; STATUS_TORN: it is pending still; faults. */
MUST_USE status conversation_flush(struct conversation *conversation);
/* As conversation_put, and wait until it is sent. */
MUST_USE status conversation_say(struct conversation *conversation, struct span content);

/* Take the next record; `ret_content` is valid until the next call, and not empty. STATUS_TORN: none yet. STATUS_GONE,
 * not reported: the peer has ended, says the host; the conversation is over. Faults. */
MUST_USE status conversation_receive(struct conversation *conversation, struct span *ret_content);
/* The same, and wait for it. */
MUST_USE status conversation_hear(struct conversation *conversation, struct span *ret_content);

#endif
