/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for AF_NETLINK: sk_diag_fill() (net/netlink/diag.c, 5.10 to 7.2). */
#include "guest/ask/dumps.h"
#include "guest/ask/socket-message.h"
#include "guest/proc/task.h"
#include "guest/proc/types/netlink.h"

enum {
	FAMILY_NETLINK = 16,
	PROTOCOL_ALL = 255, /* NDIAG_PROTO_ALL (uapi/linux/netlink_diag.h) */
	GROUPS_SIZE_MAX = 4096, /* of a protocol: 32 groups in four bytes; generic netlink has hundreds */
	GROUP_BITS = 64, /* they are counted out in words */
	/* NDIAG_SHOW_… */
	SHOW_MEMINFO = 1 << 0,
	SHOW_GROUPS = 1 << 1,
	SHOW_FLAGS = 1 << 3,
	/* NETLINK_DIAG_… */
	ATTRIBUTE_MEMINFO = 0,
	ATTRIBUTE_GROUPS,
	ATTRIBUTE_FLAGS = 4,
	/* NDIAG_FLAG_…; those but the first are the socket's own (net/netlink/af_netlink.h), one bit on. */
	IS_DUMPING = 1 << 0,
	FLAGS_SHOWN = 0x3e,
};

/* struct netlink_diag_msg */
struct netlink_head {
	u8 family, type, protocol, state;
	u32 port, destination_port, destination_group, inode;
	u32 cookie[2];
};

static void put_groups(struct ask_message *message, const struct netlink_sock *nlk)
{
	u32 count = nlk->ngroups, size = (count + GROUP_BITS - 1) / GROUP_BITS * (GROUP_BITS / 8);
	const unsigned long *groups = nlk->groups;
	u8 bytes[GROUPS_SIZE_MAX];

	if (groups == NULL)
		return;
	if (count > sizeof bytes * 8)
		guest_fail(STATUS_MALFORMED, "a netlink protocol has more groups than any could have");
	guest_copy(bytes, groups, size);
	message_put(message, ATTRIBUTE_GROUPS, bytes, size);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ask_request *request = row->rows->context;
	const struct netlink_sock *nlk = row->object;
	const struct sock *socket = &nlk->sk;
	struct netlink_head head = {
		FAMILY_NETLINK, (u8)socket->sk_type, (u8)socket->sk_protocol, socket->__sk_common.skc_state,
		nlk->portid,	nlk->dst_portid,     nlk->dst_group,	      0,
		{0, 0}};
	struct ask_message message;

	if (socket->__sk_common.skc_net.net != net_subject())
		return;
	head.inode = (u32)socket_inode(socket);
	socket_cookie(socket, head.cookie);
	message_begin(&message, row->seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	if (request->show & SHOW_GROUPS)
		put_groups(&message, nlk);
	if (request->show & SHOW_MEMINFO)
		socket_put_memory(&message, ATTRIBUTE_MEMINFO, socket);
	if (request->show & SHOW_FLAGS)
		message_put_u32(&message, ATTRIBUTE_FLAGS,
				(nlk->cb_running ? IS_DUMPING : 0) | (nlk->flags & FLAGS_SHOWN));
	message_end(&message);
}

/* Those of the table, then those that hear groups and aren't in the list of hashed sockets (sk_hashed()),
 * in which netlink has none: a socket that hears groups is told twice, as the kernel does. */
static void show_listener(void *argument)
{
	const struct row *row = argument;
	const struct sock *socket = row->object;

	if (socket->__sk_common.skc_node.pprev == NULL)
		show_row(argument);
}

void ask_netlink_sockets(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};
	struct rows listeners = {.seq = seq, .show = show_listener, .missing = "a socket is missing"};
	struct ask_request request;

	ask_request_copy(&request);
	rows.context = listeners.context = &request;
	for (u32 protocol = 0; protocol < NETLINK_PROTOCOL_COUNT; protocol++) {
		if (request.protocol != PROTOCOL_ALL && request.protocol != protocol)
			continue;
		netlink_sockets_show(&rows, protocol);
		rows_show_list(&listeners, READ_ONCE(netlink_protocol(protocol)->mc_list.first),
			       field_offset(struct sock, __sk_common.skc_bind_node));
	}
}
