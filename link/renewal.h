/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A grant for a session that stands: shown to the source inside a record, as a request and its reply are (and as
 * large as some of them). A later one takes the place of the one that the session has, so that a program can run longer
 * than a grant holds; the one it has is shown to learn how long it holds, by the clock that counts, the source's.
 *
 *   request   "BZGQ", 28 zeros, the grant (link/grant.h), zeros up to 800 bytes
 *   reply     "BZGP", i32 outcome, u64 milliseconds that the session's grant holds from now on, zeros up to 320 bytes
 */
#ifndef LINK_RENEWAL_H
#define LINK_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

#include "link/grant.h"
#include "link/request.h"

enum {
	LINK_RENEWAL_SIZE = LINK_REQUEST_SIZE,
	LINK_RENEWAL_REPLY_SIZE = LINK_REPLY_HEAD_SIZE,
};

struct link_renewal_reply {
	/* STATUS_OK: it is the session's grant now; STATUS_DENIED, STATUS_LIMIT: the one before stays. */
	status outcome;
	uint64_t left_ms;
};

/* Is this record's content one (else it's a request or a plan)? */
bool link_renewal_is(struct span content);

void link_renewal_encode(const uint8_t grant[static LINK_GRANT_SIZE], uint8_t content[static LINK_RENEWAL_SIZE]);
/* The grant, which isn't looked into, is in `content`. STATUS_MALFORMED, reported. */
MUST_USE status link_renewal_decode(struct span content, struct span *ret_grant);

void link_renewal_reply_encode(const struct link_renewal_reply *reply, uint8_t content[static LINK_RENEWAL_REPLY_SIZE]);
/* STATUS_MALFORMED, reported. */
MUST_USE status link_renewal_reply_decode(struct span content, struct link_renewal_reply *ret_reply);

#endif
