/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about a socket and the columns of a row: net/core/sock.c,
 * include/net/sock.h, 5.10 to 7.2. */
#include "guest/proc/socket.h"

#include "guest/proc/ahead.h"
#include "guest/proc/pointer.h"
#include "guest/proc/task.h"

extern int overflowuid;
/* A function: kernels that have it show the inode's owner, later ones the
 * socket's. */
extern const char sock_i_uid;

u32 user_id_shown(u32 uid)
{
	return uid == (u32)-1 ? (u32)overflowuid : uid;
}

/* SOCK_INODE() */
static struct inode *inode_of(const struct sock *socket)
{
	struct socket *user_side = READ_ONCE(socket->sk_socket);

	return user_side == NULL ? NULL : &container_of(user_side, struct socket_alloc, socket)->vfs_inode;
}

u32 socket_uid(const struct sock *socket)
{
	if (!symbol_exists(sock_i_uid))
		return user_id_shown(socket->sk_uid.val);
	struct inode *inode = inode_of(socket);
	return inode != NULL ? user_id_shown(inode->i_uid.val) : 0;
}

u64 socket_inode(const struct sock *socket)
{
	if (field_exists(struct sock, sk_ino))
		return socket->sk_ino;
	struct inode *inode = inode_of(socket);
	return inode != NULL ? inode->i_ino : 0;
}

u32 socket_drops(const struct sock *socket)
{
	struct numa_drop_counters *counters;

	if (field_exists(struct sock, sk_drop_counters)) {
		counters = READ_ONCE(socket->sk_drop_counters);
		if (counters != NULL)
			return (u32)counters->drops0.counter + (u32)counters->drops1.counter;
	}
	return (u32)socket->sk_drops.counter;
}

void socket_line_init(struct socket_line *line, const struct sock_common *common, u32 number, int number_width)
{
	memset(line, 0, sizeof *line);
	line->number = number;
	line->number_width = number_width;
	line->is_v6 = common->skc_family == FAMILY_INET6;
	line->local_port = common->skc_num;
	line->remote_port = ntohs(common->skc_dport);
	line->state = common->skc_state;
	line->references = common->skc_refcnt.refs.counter;
	line->socket = common;
	if (!line->is_v6) {
		line->local[0] = common->skc_rcv_saddr;
		line->remote[0] = common->skc_daddr;
		return;
	}
	for (int i = 0; i < 4; i++) {
		line->local[i] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
		line->remote[i] = common->skc_v6_daddr.in6_u.u6_addr32[i];
	}
}

void socket_line_print(struct seq *seq, const struct socket_line *line)
{
	const u32 *local = line->local, *remote = line->remote;
	char pointer[POINTER_TEXT_SIZE];

	if (line->is_v6)
		seq_printf(seq, "%*u: %08X%08X%08X%08X:%04X %08X%08X%08X%08X:%04X", line->number_width, line->number,
			   local[0], local[1], local[2], local[3], line->local_port, remote[0], remote[1], remote[2],
			   remote[3], line->remote_port);
	else
		seq_printf(seq, "%*u: %08X:%04X %08X:%04X", line->number_width, line->number, local[0],
			   line->local_port, remote[0], line->remote_port);
	pointer_text_restricted(pointer, line->socket);
	seq_printf(seq, " %02X %08X:%08X %02X:%08llX %08X %5u %8d %llu %d %s", line->state, line->tx_queue,
		   line->rx_queue, line->timer, line->timer_clock, line->retransmits, line->uid, line->timeout,
		   line->inode, line->references, pointer);
}

/* ---- reading ahead */

void socket_line_ahead(u32 family)
{
	AHEAD_TAKE(struct sock, __sk_common.skc_num);
	AHEAD_TAKE(struct sock, __sk_common.skc_dport);
	AHEAD_TAKE(struct sock, __sk_common.skc_state);
	AHEAD_TAKE(struct sock, __sk_common.skc_refcnt);
	if (family != FAMILY_INET) {
		AHEAD_TAKE(struct sock, __sk_common.skc_v6_rcv_saddr);
		AHEAD_TAKE(struct sock, __sk_common.skc_v6_daddr);
	}
	if (family != FAMILY_INET6) {
		AHEAD_TAKE(struct sock, __sk_common.skc_rcv_saddr);
		AHEAD_TAKE(struct sock, __sk_common.skc_daddr);
	}
}

static void inode_ahead(void)
{
	AHEAD_FOLLOW (struct sock, sk_socket)
		AHEAD_CONTAINER (struct socket_alloc, socket) {
			if (symbol_exists(sock_i_uid))
				AHEAD_TAKE(struct socket_alloc, vfs_inode.i_uid);
			if (!field_exists(struct sock, sk_ino))
				AHEAD_TAKE(struct socket_alloc, vfs_inode.i_ino);
		}
}

void socket_owner_ahead(void)
{
	AHEAD_TAKE(struct sock, sk_ino);
	if (!symbol_exists(sock_i_uid))
		AHEAD_TAKE(struct sock, sk_uid);
	if (symbol_exists(sock_i_uid) || !field_exists(struct sock, sk_ino))
		inode_ahead();
}

void socket_drops_ahead(void)
{
	AHEAD_TAKE(struct sock, sk_drops);
	AHEAD_FOLLOW (struct sock, sk_drop_counters) {
		AHEAD_TAKE(struct numa_drop_counters, drops0);
		AHEAD_TAKE(struct numa_drop_counters, drops1);
	}
}

void socket_facts_ahead(void)
{
	AHEAD_VARIABLE(overflowuid, sizeof overflowuid);
	pointer_ahead();
}

void sockets_more_ahead(const struct sockets_question *question)
{
	if (question->more != NULL)
		question->more(question->family);
}

void sockets_ahead(void (*describe)(void *question), u32 key, const struct socket_walk *walk)
{
	u64 space = (u64)net_subject(); /* aligned: the keys' bits are free */
	struct sockets_question question = {0, key, walk->ahead};

	if (walk->ahead != NULL)
		space ^= AHEAD_KEY_NETLINK;
	if (ahead_is_here(space | key))
		return;
	if (walk->ahead != NULL || ahead_has_run(space | key)) {
		question.family = walk->family;
		key |= walk->family == FAMILY_INET6 ? AHEAD_KEY_OF_V6 : AHEAD_KEY_OF_V4;
	}
	ahead(describe, &question, space | key);
}
