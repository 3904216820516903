/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the link, as they stand in a ring or behind an AGENT_MESSAGE head: a
 * head of 16 bytes, then `size` bytes.
 *
 *   FIRST   enclave → source  the target's name (128 bytes, clear), then Noise IK's
 *                             first message; its payload is the grant
 *   SECOND  source → enclave  Noise IK's second message; its payload is empty
 *   RECORD  both ways         content, sealed, and its tag (link/session.h)
 *   CLOSE   both ways         a tag only: the sender says no more
 *   ERROR   source → enclave  a sentence, in clear. Anybody may have written it: a hint
 *                             for people, and the end of the session
 *
 * The head of RECORD and CLOSE is authenticated with the record.
 */
#ifndef LINK_MESSAGE_H
#define LINK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/start.h"

enum link_message_type {
	LINK_MESSAGE_FIRST = 1,
	LINK_MESSAGE_SECOND = 2,
	LINK_MESSAGE_RECORD = 3,
	LINK_MESSAGE_CLOSE = 4,
	LINK_MESSAGE_ERROR = 5,
};

enum {
	LINK_VERSION = 1,
	LINK_HEAD_SIZE = 16,
	LINK_ERROR_TEXT_SIZE = 256, /* with its NUL */
	LINK_ERROR_SIZE_MAX = LINK_HEAD_SIZE + LINK_ERROR_TEXT_SIZE - 1,
};

/* Encoded: u16 type, u16 version, u32 size, u64 counter, little-endian. */
struct link_head {
	uint16_t type; /* enum link_message_type */
	uint32_t size; /* of what follows the head */
	uint64_t counter; /* RECORD, CLOSE: the sender's, from 0; else 0 */
};

/* Write a head. */
void link_head_write(const struct link_head *head, uint8_t destination[static LINK_HEAD_SIZE]);

/* Take a whole message apart; `ret_body` points into it. STATUS_MALFORMED, reported:
 * too short for a head, another version, a type that isn't one, a size other than
 * the bytes that are there, a counter where none belongs. */
MUST_USE status link_message_parse(struct span message, struct link_head *ret_head, struct span *ret_body);

/* Is it a target's name as FIRST and grants carry it: printable ASCII (QEMU names have
 * spaces, but not at their ends), not empty, a NUL, and zeros behind it? */
bool link_target_is_valid(const char target[static START_TARGET_SIZE]);

/* Make an ERROR of a sentence (cut at LINK_ERROR_TEXT_SIZE - 1 bytes). Returns its size. */
size_t link_error_write(const char *text, uint8_t destination[static LINK_ERROR_SIZE_MAX]);

/* The sentence of an ERROR's body, fit for a terminal: whatever isn't printable ASCII
 * is a '?'; cut at LINK_ERROR_TEXT_SIZE - 1 bytes; never empty. */
void link_error_text(struct span body, char ret_text[static LINK_ERROR_TEXT_SIZE]);

#endif
