/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/socket-message.h"

#include "guest/ask/mptcp-socket.h"
#include "guest/proc/types/inet.h"

enum {
	PROTOCOL_MPTCP = 262,
	TYPE_STREAM = 1, /* SOCK_STREAM (include/linux/net.h) */
};

void socket_cookie(const struct sock *socket, u32 ret_cookie[2])
{
	u64 cookie = (u64)socket->__sk_common.skc_cookie.counter;

	ret_cookie[0] = (u32)cookie;
	ret_cookie[1] = (u32)(cookie >> 32);
}

s32 socket_forward_alloc(const struct sock *socket)
{
	/* A raw socket may have that protocol, too. */
	return socket->sk_protocol == PROTOCOL_MPTCP && socket->sk_type == TYPE_STREAM ? mptcp_forward_alloc(socket)
										       : socket->sk_forward_alloc;
}

/* sk_get_meminfo() (net/core/sock.c) */
void socket_memory_get(const struct sock *socket, u32 ret_memory[SOCKET_MEMORY_COUNT])
{
	const u32 memory[SOCKET_MEMORY_COUNT] = {
		(u32)socket->sk_backlog.rmem_alloc.counter,
		(u32)socket->sk_rcvbuf,
		(u32)socket->sk_wmem_alloc.refs.counter - 1, /* one is the socket's own */
		(u32)socket->sk_sndbuf,
		(u32)socket_forward_alloc(socket),
		(u32)socket->sk_wmem_queued,
		(u32)socket->sk_omem_alloc.counter,
		(u32)socket->sk_backlog.len,
		socket_drops(socket),
	};

	memcpy(ret_memory, memory, sizeof memory);
}

void socket_put_memory(struct ask_message *message, u16 type, const struct sock *socket)
{
	u32 memory[SOCKET_MEMORY_COUNT];

	socket_memory_get(socket, memory);
	message_put(message, type, memory, sizeof memory);
}
