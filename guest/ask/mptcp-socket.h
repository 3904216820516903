/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPTCP's sockets, each over TCP's own (net/mptcp/). Guest C. */
#ifndef GUEST_ASK_MPTCP_SOCKET_H
#define GUEST_ASK_MPTCP_SOCKET_H

#include "guest/proc/socket.h"

/* As tcp_sockets_walk(): those with a token, then listeners, as mptcp_diag_dump() has them. */
GUEST_C void mptcp_sockets_walk(struct socket_walk *walk);
/* mptcp_diag_get_info() */
GUEST_C void mptcp_queues(const struct sock *socket, u32 *ret_receive, u32 *ret_send);
/* mptcp_forward_alloc_get() */
GUEST_C s32 mptcp_forward_alloc(const struct sock *socket);

#endif
