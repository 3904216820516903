/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between two programs inside, of which one (the parent) runs the other (the child):
 * messages that their hosts hand on (CALL_PEER_*), in order, one after the other, believed
 * by nobody. docs/spawn.md.
 *
 *   parent → child  struct peer_invitation          in clear
 *   child → parent  struct peer_answer              in clear, with its report for the parent
 *   parent → child  FIRST of the link (link/message.h); the payload is the parent's report
 *   child → parent  SECOND
 *   then records both ways; the content of each begins with a byte of enum peer_record.
 */
#ifndef WIRE_PEER_H
#define WIRE_PEER_H

#include <assert.h>
#include <stdint.h>

#include "wire/sgx.h"
#include "wire/start.h"

enum {
	/* Numbers of peers: children, then the parent. */
	PEER_CHILD_COUNT_MAX = 8,
	PEER_PARENT = 15,
	/* A port's name, with its NUL. */
	PEER_NAME_SIZE_MAX = 64,
	PEER_START_HEAD_SIZE = 16,
	/* What a record holds of a stream. */
	PEER_DATA_SIZE_MAX = 32 * 1024,
	/* Arguments, environment and working directory of a child. */
	PEER_STRINGS_SIZE_MAX = 64 * 1024,
	PEER_CONTENT_SIZE_MAX = PEER_STRINGS_SIZE_MAX + 64,
	/* A message: a record's head, content and tag. */
	PEER_MESSAGE_SIZE_MAX = PEER_CONTENT_SIZE_MAX + 32,
};

#define PEER_INVITATION_MAGIC UINT64_C(0x31444c4948435a42) /* "BZCHILD1", little-endian */
#define PEER_ANSWER_MAGIC UINT64_C(0x3159545241505a42) /* "BZPARTY1" */

struct peer_invitation {
	uint64_t magic;
	uint8_t nonce[32];
	struct sgx_targetinfo target; /* the parent's own: what the child's report is made for */
};

/* REPORTDATA = SHA-256("Bartizan child 1" ‖ SHA-256(invitation) ‖ all that stands before the report ‖ what it
 * watches), then zeros. Of a child without an enclave (plain) the report is zeros. */
struct peer_answer {
	uint64_t magic;
	uint32_t flags; /* enum peer_flag */
	uint32_t reserved;
	uint8_t key[START_KEY_SIZE];
	struct sgx_targetinfo target; /* the child's own: what the parent's report is made for */
	struct sgx_report report;
};

enum peer_flag {
	/* Its grant doesn't give the right to output in clear: what it says must not leave the parent
	 * in clear either. */
	PEER_WITHHELD = 1 << 0,
};

/* The first byte of a record. All others are as long as the record. */
enum peer_record {
	/* parent → child, the first one: u8 flags (enum peer_flag), u8 × 3 what its descriptors 0, 1, 2 are
	 * (enum peer_stream), three zero bytes, u32 arguments, u32 variables; then the strings, each with its NUL: the
	 * working directory, arguments, variables. */
	PEER_START = 1,
	/* u8 descriptor, then at least one byte. parent → child: 0; child → parent: 1 and 2. */
	PEER_DATA = 2,
	/* parent → child: its input has ended, or nobody reads what it writes there. u8 descriptor. */
	PEER_END = 3,
	/* child → parent, the last one: u32 as wait() has it, u32 1 if something couldn't be read whole. */
	PEER_EXIT = 4,
};

enum peer_stream {
	PEER_STREAM_CLOSED = 0,
	PEER_STREAM_HOST = 1, /* + 0, 1, 2: the host's standard input, output, error */
	PEER_STREAM_NULL = 4, /* /dev/null */
	PEER_STREAM_PEER = 5, /* PEER_DATA */
};

static_assert(sizeof(struct peer_invitation) == 552, "no padding");
static_assert(sizeof(struct peer_answer) == 992, "no padding");

#endif
