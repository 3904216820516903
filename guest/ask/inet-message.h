/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the answers about sockets of AF_INET and AF_INET6 share (include/uapi/linux/inet_diag.h). Guest C. */
#ifndef GUEST_ASK_INET_MESSAGE_H
#define GUEST_ASK_INET_MESSAGE_H

#include "guest/ask/socket-message.h"

/* INET_DIAG_… */
enum {
	ATTRIBUTE_MEMINFO = 1,
	ATTRIBUTE_INFO,
	ATTRIBUTE_CONGESTION = 4,
	ATTRIBUTE_TOS,
	ATTRIBUTE_TCLASS,
	ATTRIBUTE_SKMEMINFO,
	ATTRIBUTE_SHUTDOWN,
	ATTRIBUTE_PROTOCOL = 10,
	ATTRIBUTE_SKV6ONLY,
	ATTRIBUTE_LOCALS,
	ATTRIBUTE_PEERS,
	ATTRIBUTE_MARK = 15,
	ATTRIBUTE_CLASS_ID = 17,
	ATTRIBUTE_CGROUP_ID = 21,
	ATTRIBUTE_SOCKOPT,
};

/* struct inet_diag_msg */
struct inet_head {
	u8 family, state, timer, retransmits;
	__be16 local_port, remote_port;
	__be32 local[4], remote[4];
	u32 device;
	u32 cookie[2];
	u32 expires_ms, receive_queue, send_queue, uid, inode;
};

static_assert(sizeof(struct inet_head) == 72, "struct inet_diag_msg");

/* Does the request want the attribute? */
static inline bool inet_asks_for(const struct ask_request *request, u32 attribute)
{
	return (request->extensions >> (attribute - 1) & 1) != 0;
}

/* inet_diag_msg_common_fill() */
GUEST_C void inet_head_init(struct inet_head *head, const struct sock *socket);
/* inet_diag_msg_attrs_fill(), but for the head's uid and inode. */
GUEST_C void inet_put_attributes(struct ask_message *message, const struct ask_request *request,
				 const struct sock *socket);

#endif
