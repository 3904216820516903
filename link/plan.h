/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read plans inside the records: the request is a plan and the place where its last run
 * stopped, the reply has the memory that the walk touched. To the link they are bytes; what
 * they mean is guest/memory/plan.h and plan-code.h.
 *
 *   request   32 bytes head, the plan, its cursor: always LINK_PLAN_REQUEST_SIZE bytes
 *   reply     64 bytes head, the new cursor, zeros up to 320, then the runs of lines; zeros up to
 *             a size with few significant bits (link_plan_reply_size)
 *
 * All requests look alike. A reply's size says how much the walk touched, within an
 * eighth.
 */
#ifndef LINK_PLAN_H
#define LINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/session.h"
#include "wire/link-ring.h"

enum {
	LINK_PLAN_CODE_SIZE = 4736,
	LINK_PLAN_CURSOR_SIZE = 208,
	LINK_PLAN_REQUEST_SIZE = 32 + LINK_PLAN_CODE_SIZE + LINK_PLAN_CURSOR_SIZE,
	/* Where the runs begin. */
	LINK_PLAN_REPLY_HEAD_SIZE = 320,
	LINK_PLAN_REPLY_SIZE_MIN = 4096,
	LINK_PLAN_REPLY_SIZE_MAX = 1 << 20,
	LINK_PLAN_RUN_SIZE_MAX = LINK_PLAN_REPLY_SIZE_MAX - LINK_PLAN_REPLY_HEAD_SIZE,
};

static_assert(LINK_PLAN_REQUEST_SIZE + LINK_SEAL_OVERHEAD <= LINK_RING_REQUEST_SIZE, "a request fits the ring");
static_assert(LINK_PLAN_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD <= LINK_RING_REPLY_SIZE, "a reply fits the ring");

/* What comes back. Head, encoded: u32 "BZPP", i32 outcome, u64 epoch, u64 quota bytes, u64
 * quota requests, u32 run_size, u32 flags (LINK_REPLY_STILL, link/request.h), then zeros. */
struct link_plan_reply {
	bool is_still; /* as in struct link_reply */
	/* STATUS_OK, _GONE; STATUS_DENIED (user memory without the right), _LIMIT (the quota),
	 * _UNSUPPORTED (this source runs no plans), _IO. Without success there are no runs. */
	status outcome;
	uint32_t run_size; /* bytes of the runs */
	uint64_t epoch; /* as in struct link_reply */
	uint64_t quota_bytes_left, quota_requests_left;
	uint8_t cursor[LINK_PLAN_CURSOR_SIZE];
};

/* Is this record's content a plan (else it's a struct link_request)? */
bool link_plan_request_is(struct span content);

void link_plan_request_encode(const uint8_t plan[static LINK_PLAN_CODE_SIZE],
			      const uint8_t cursor[static LINK_PLAN_CURSOR_SIZE],
			      uint8_t content[static LINK_PLAN_REQUEST_SIZE]);
/* Both point into `content`. STATUS_MALFORMED, reported: no such request. */
MUST_USE status link_plan_request_decode(struct span content, const uint8_t **ret_plan, const uint8_t **ret_cursor);

/* Bytes of a reply with so many bytes of runs, before sealing: rounded up as Padmé does
 * (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
 * PURBs", PoPETs 2019, 4.3): an eighth more at most, and few sizes that there can be. */
size_t link_plan_reply_size(size_t run_size);

/* Finish a reply whose runs stand at content + LINK_PLAN_REPLY_HEAD_SIZE already.
 * STATUS_INTERNAL, reported: more runs than LINK_PLAN_RUN_SIZE_MAX, or an outcome that can't be sent. */
MUST_USE status link_plan_reply_encode(const struct link_plan_reply *reply, uint8_t *content);
/* STATUS_MALFORMED, reported. The runs are at content.data + LINK_PLAN_REPLY_HEAD_SIZE. */
MUST_USE status link_plan_reply_decode(struct span content, struct link_plan_reply *ret_reply);

#endif
