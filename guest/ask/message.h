/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink messages as guest C makes them (include/net/netlink.h, RFC 3549): a
 * header, a fixed part, attributes. A message that doesn't fit ends the error
 * boundary; it lies on the stack until it is whole.
 */
#ifndef GUEST_ASK_MESSAGE_H
#define GUEST_ASK_MESSAGE_H

#include "guest/ask/request.h"
#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"

enum {
	/* A link with everything that we say of it takes 1.3 KiB, a route with many
	 * next hops 28 bytes for each. */
	ASK_MESSAGE_SIZE_MAX = 8192,
};

struct ask_message {
	struct seq *seq;
	u32 size;
	u8 bytes[ASK_MESSAGE_SIZE_MAX];
};

/* Begin a message of a dump: NLM_F_MULTI, sequence and port of the request. */
GUEST_C void message_begin(struct ask_message *message, struct seq *seq, u16 type);
/* The fixed part, `size` bytes. */
GUEST_C void message_fixed(struct ask_message *message, const void *bytes, u32 size);
/* Attributes. */
GUEST_C void message_put(struct ask_message *message, u16 type, const void *bytes, u32 size);
GUEST_C void message_put_u8(struct ask_message *message, u16 type, u8 value);
GUEST_C void message_put_u16(struct ask_message *message, u16 type, u16 value);
GUEST_C void message_put_u32(struct ask_message *message, u16 type, u32 value);
/* With its NUL. */
GUEST_C void message_put_string(struct ask_message *message, u16 type, const char *string);
/* An attribute that holds the attributes up to message_nest_end(): where it begins. */
GUEST_C u32 message_nest(struct ask_message *message, u16 type);
GUEST_C void message_nest_end(struct ask_message *message, u32 start);
/* It is whole: into the answer. */
GUEST_C void message_end(struct ask_message *message);

#endif
