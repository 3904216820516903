/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the answers about sockets of all families share (include/uapi/linux/sock_diag.h). */
#ifndef GUEST_ASK_SOCKET_MESSAGE_H
#define GUEST_ASK_SOCKET_MESSAGE_H

#include "guest/ask/message.h"
#include "guest/proc/socket.h"

enum {
	SOCK_DIAG_BY_FAMILY = 20,
	SOCKET_MEMORY_COUNT = 9, /* SK_MEMINFO_VARS */
	SOCKET_STATE_LISTEN = 10, /* TCP_LISTEN (include/net/tcp_states.h), of Unix sockets too */
};

/* sock_diag_save_cookie(), but that a socket whose cookie nobody has asked for yet
 * gets none: we change nothing in the target. */
GUEST_C void socket_cookie(const struct sock *socket, u32 ret_cookie[2]);
/* sk_forward_alloc_get() */
GUEST_C s32 socket_forward_alloc(const struct sock *socket);
/* sk_get_meminfo() */
GUEST_C void socket_memory_get(const struct sock *socket, u32 ret_memory[SOCKET_MEMORY_COUNT]);
/* sock_diag_put_meminfo() */
GUEST_C void socket_put_memory(struct ask_message *message, u16 type, const struct sock *socket);

#endif
