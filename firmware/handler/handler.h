/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the firmware does in one SMI: one message of the link in, one out.
 *
 * How it lies in the caller's buffer is wire/smi.h.
 *
 *   FIRST   the grant is checked, SECOND comes back; nothing is read, as it may be a replay
 *   RECORD  opened on a copy of the session: what isn't that session's next record changes
 *           nothing. So whoever floods the handler can't end a session of others
 *   CLOSE   the session's place is free
 *   nothing a message of 0 bytes for session 0 asks for this start's key and nonce (struct agent_hello). Who
 *           gets them by way of an operating system has its word for them: a grant names the right ones
 *
 * Everything of the caller's is copied to SMRAM once, then looked at. No memory is allocated:
 * struct firmware_handler is all there is. One call at a time (all other CPUs wait in SMM).
 *
 * What one reply holds is of one moment, as far as CPUs go (devices write on): before memory is read for a proven
 * session, all CPUs are called into SMM. Where one stayed outside, the reply lacks its mark (link/request.h, is_still).
 *
 * There is no clock here that the operating system can't set. So a grant, which names this start's nonce, ends by its
 * quota, counted until the machine starts anew; one without limits is refused. And what is known of time is a lower
 * bound: the latest that the owner has dated a grant, any that he signed and somebody showed here, and what firmware
 * found the clock to be before there was an operating system (firmware_settings, earliest_time). A grant that ended
 * before is refused in a FIRST; sessions that there are go on, whatever becomes of their grant.
 */
#ifndef FIRMWARE_HANDLER_HANDLER_H
#define FIRMWARE_HANDLER_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "firmware/handler/buffer.h"
#include "guest/memory/plan-run.h"
#include "link/grant.h"
#include "link/plan.h"
#include "link/request.h"
#include "link/session.h"

enum {
	FIRMWARE_HEAD_SIZE = SMI_HEAD_SIZE,
	FIRMWARE_MAGIC = SMI_HEAD_MAGIC,
	/* Enclaves that watch one machine at a time: a verifier's watch and an engineer's command or two. The one
	 * that was used least recently makes room. */
	FIRMWARE_SESSION_COUNT = 8,
	/* FIRSTs without a record yet, in places of their own: replays of them displace each other only. Programs that
	 * start at the same moment need one each. */
	FIRMWARE_HALF_OPEN_COUNT = 8,
	/* Grants of one start, for good: one that is used up must not come back with a fresh quota. A run takes one; a
	 * machine that is asked every minute has a month's worth. Their places: 2.5 MiB, a quarter of them free, so
	 * that a grant is found within a few. */
	FIRMWARE_GRANT_PLACE_COUNT = 1 << 16,
	FIRMWARE_GRANT_COUNT_MAX = FIRMWARE_GRANT_PLACE_COUNT / 4 * 3,
	FIRMWARE_MESSAGE_SIZE_MAX = FIRMWARE_BUFFER_SIZE_MAX - FIRMWARE_HEAD_SIZE,
	/* The longest that anybody has to send: a read plan's record. More isn't even copied, as it would be opened
	 * before it is known whose it is. */
	FIRMWARE_REQUEST_SIZE_MAX = LINK_PLAN_REQUEST_SIZE + LINK_SEAL_OVERHEAD,
	/* What one SMI does for a read plan at most; the rest is the next one's. Counted under QEMU with one CPU
	 * (docs/bench/smm.md), each of the budget takes 150 to 160 instructions, and all else of such an SMI some
	 * 30,000: 419,000 where all is lines that are sent, 441,000 for the longest that was seen. 150 us are 450,000
	 * on a core of 3 GHz, if it does one instruction a cycle. */
	FIRMWARE_PLAN_BUDGET = 2600,
	FIRMWARE_PLAN_LINE_COST = 3,
	/* Room, no bound: with its load, a line takes four of the budget or more. */
	FIRMWARE_PLAN_LINE_COUNT_MAX = 1024,
	FIRMWARE_PLAN_REPLY_SIZE_MAX = 160 * 1024,
	FIRMWARE_PLAN_TABLE_COUNT = 2048,
};

static_assert((int)LINK_REQUEST_SIZE <= (int)LINK_PLAN_REQUEST_SIZE, "the other requests are shorter");
static_assert((int)LINK_FIRST_OVERHEAD + (int)LINK_GRANT_SIZE <= (int)FIRMWARE_REQUEST_SIZE_MAX, "so are FIRSTs");

/* Where the rest of what is asked for comes from. */
struct firmware_machine {
	/* The saved registers of CPU `index`. STATUS_END: there is no such CPU. */
	status (*registers)(struct firmware_machine *machine, uint32_t index, struct cpu_registers *ret_registers);
	/* Bring all CPUs into SMM, as far as they come. True: all are there, and stay until this SMI ends. */
	bool (*gather)(struct firmware_machine *machine);
};

/* One for each grant that was ever used. */
struct firmware_quota {
	uint32_t is_free; /* not 0 */
	uint8_t grant_id[LINK_GRANT_ID_SIZE];
	uint64_t bytes_left, requests_left;
};

struct firmware_session {
	uint32_t number; /* what callers name it by; 0: the place is free */
	uint64_t used_at; /* in messages */
	uint32_t rights;
	uint64_t quota_bytes, quota_requests; /* of the grant, while half-open */
	uint8_t grant_id[LINK_GRANT_ID_SIZE];
	struct firmware_quota *quota; /* once proven */
	struct link_session link;
};

/* What a read plan needs while it runs. */
struct firmware_plan_store {
	struct plan plan;
	struct plan_cursor cursor;
	uint64_t table[FIRMWARE_PLAN_TABLE_COUNT];
	uint64_t numbers[FIRMWARE_PLAN_LINE_COUNT_MAX];
	uint8_t lines[FIRMWARE_PLAN_LINE_COUNT_MAX][PLAN_LINE_SIZE];
};

/* The caller's storage, in SMRAM: about 3 MiB. */
struct firmware_handler {
	const struct link_primitives *primitives;
	struct link_key_pair key;
	struct link_binding binding;
	char target[START_TARGET_SIZE];
	bool accept_sim, accept_debug;
	const struct firmware_map *map;
	struct firmware_memory *memory;
	struct firmware_machine *machine;
	uint64_t earliest_time; /* it is that at least: seconds since 1970, only grows */
	uint64_t message_count;
	uint32_t last_number;
	uint32_t quota_count;
	struct firmware_session sessions[FIRMWARE_SESSION_COUNT + FIRMWARE_HALF_OPEN_COUNT];
	struct firmware_quota quotas[FIRMWARE_GRANT_PLACE_COUNT];
	/* For one message at a time. */
	struct link_session trial;
	struct firmware_plan_store plan_store;
	_Alignas(64) uint8_t input[FIRMWARE_HEAD_SIZE + FIRMWARE_REQUEST_SIZE_MAX];
	_Alignas(64) uint8_t content[LINK_PLAN_REQUEST_SIZE];
	_Alignas(64) uint8_t output[FIRMWARE_BUFFER_SIZE_MAX];
};

/* What a start of the machine decides. The rest is borrowed and must live as long. */
struct firmware_settings {
	const struct link_primitives *primitives;
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	const char *target; /* the name that grants call this machine by */
	bool accept_sim, accept_debug;
	/* It is that at least, in seconds since 1970, by a clock that no operating system could set in this start; 0:
	 * not known. */
	uint64_t earliest_time;
	const struct firmware_map *map;
	struct firmware_memory *memory;
	struct firmware_machine *machine;
};

/* Make this start's key pair and nonce. What the primitives report; STATUS_USAGE: no such name. */
MUST_USE status firmware_handler_init(struct firmware_handler *handler, const struct firmware_settings *settings);

/* One SMI of this caller's: find its buffer, take the message, answer it there. Everything but
 * FIRMWARE_ACCEPTED leaves the buffer and all sessions as they were. */
MUST_USE enum firmware_refusal firmware_handler_call(struct firmware_handler *handler,
						     const struct firmware_caller *caller);

#endif
