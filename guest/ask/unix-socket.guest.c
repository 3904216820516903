/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for AF_UNIX: sk_diag_fill() (net/unix/diag.c, 5.10 to 7.2). */
#include "guest/ask/dumps.h"
#include "guest/ask/socket-message.h"
#include "guest/proc/rows.h"
#include "guest/proc/types/unix.h"

enum {
	FAMILY_UNIX = 1,
	TYPE_STREAM = 1,
	TYPE_SEQPACKET = 5,
	/* UDIAG_SHOW_… (uapi/linux/unix_diag.h) */
	SHOW_NAME = 1 << 0,
	SHOW_VFS = 1 << 1,
	SHOW_PEER = 1 << 2,
	SHOW_RQLEN = 1 << 4,
	SHOW_MEMINFO = 1 << 5,
	SHOW_UID = 1 << 6,
	/* UNIX_DIAG_… */
	ATTRIBUTE_NAME = 0,
	ATTRIBUTE_VFS,
	ATTRIBUTE_PEER,
	ATTRIBUTE_RQLEN = 4,
	ATTRIBUTE_MEMINFO,
	ATTRIBUTE_SHUTDOWN,
	ATTRIBUTE_UID,
	NAME_LENGTH_MAX = 2 + 108 + 1, /* as in guest/proc/unix.guest.c */
	QUEUE_LENGTH_MAX = 1 << 20, /* messages of one queue; a socket's buffer holds fewer */
};

/* struct unix_diag_msg */
struct unix_head {
	u8 family, type, state, pad;
	u32 inode;
	u32 cookie[2];
};

static u64 message_length(const struct sk_buff *buffer)
{
	const struct unix_skb_parms *parameters = (const struct unix_skb_parms *)&buffer->cb;

	return buffer->len - parameters->consumed;
}

/* unix_inq_len() (net/unix/af_unix.c) */
static u32 bytes_to_read(const struct sock *socket)
{
	const struct sk_buff *head = (const struct sk_buff *)&socket->sk_receive_queue;
	const struct sk_buff *buffer = READ_ONCE(socket->sk_receive_queue.next);
	struct guest_bound bound = GUEST_BOUND(QUEUE_LENGTH_MAX, "a unix socket's queue");
	u64 sum = 0;

	if (socket->sk_type == TYPE_STREAM && field_exists(struct unix_sock, inq_len))
		return (u32)((const struct unix_sock *)socket)->inq_len;
	if (socket->sk_type != TYPE_STREAM && socket->sk_type != TYPE_SEQPACKET)
		return buffer != head ? buffer->len : 0;
	for (; buffer != head; buffer = READ_ONCE(buffer->next)) {
		guest_bound(&bound);
		sum += message_length(buffer);
	}
	return (u32)sum;
}

static void put_queue(struct ask_message *message, const struct sock *socket)
{
	u32 queue[2];

	if (socket->__sk_common.skc_state == SOCKET_STATE_LISTEN) {
		queue[0] = socket->sk_receive_queue.qlen;
		queue[1] = socket->sk_max_ack_backlog;
	} else {
		queue[0] = bytes_to_read(socket);
		queue[1] = (u32)socket->sk_wmem_alloc.refs.counter - 1;
	}
	message_put(message, ATTRIBUTE_RQLEN, queue, sizeof queue);
}

static void put_name(struct ask_message *message, const struct sock *socket)
{
	const struct unix_address *address = ((const struct unix_sock *)socket)->addr;
	u32 skip = (u32)field_offset(struct sockaddr_un, sun_path);
	char name[NAME_LENGTH_MAX];
	int length;

	if (address == NULL)
		return;
	length = address->len;
	if (length < (int)skip || length > NAME_LENGTH_MAX)
		guest_fail(STATUS_MALFORMED, "a unix socket's name is longer than names can be");
	guest_copy(name, (const char *)address->name + skip, (u32)length - skip);
	message_put(message, ATTRIBUTE_NAME, name, (u32)length - skip);
}

static void put_peer(struct ask_message *message, const struct sock *socket)
{
	const struct sock *peer = ((const struct unix_sock *)socket)->peer;

	if (peer != NULL)
		message_put_u32(message, ATTRIBUTE_PEER, (u32)socket_inode(peer));
}

static void put_file(struct ask_message *message, const struct sock *socket)
{
	const struct dentry *dentry = ((const struct unix_sock *)socket)->path.dentry;

	if (dentry == NULL)
		return;
	const u32 file[2] = {(u32)dentry->d_inode->i_ino, dentry->d_sb->s_dev};
	message_put(message, ATTRIBUTE_VFS, file, sizeof file);
}

static void put_socket(struct seq *seq, const struct ask_request *request, const struct sock *socket, u32 inode)
{
	struct unix_head head = {FAMILY_UNIX, (u8)socket->sk_type, socket->__sk_common.skc_state, 0, inode, {0, 0}};
	struct ask_message message;

	socket_cookie(socket, head.cookie);
	message_begin(&message, seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	if (request->show & SHOW_NAME)
		put_name(&message, socket);
	if (request->show & SHOW_VFS)
		put_file(&message, socket);
	if (request->show & SHOW_PEER)
		put_peer(&message, socket);
	if (request->show & SHOW_RQLEN)
		put_queue(&message, socket);
	if (request->show & SHOW_MEMINFO)
		socket_put_memory(&message, ATTRIBUTE_MEMINFO, socket);
	message_put_u8(&message, ATTRIBUTE_SHUTDOWN, (u8)socket->sk_shutdown);
	if (request->show & SHOW_UID)
		message_put_u32(&message, ATTRIBUTE_UID, socket_uid(socket));
	message_end(&message);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ask_request *request = row->rows->context;
	const struct sock *socket = row->object;
	u32 state = socket->__sk_common.skc_state, inode;

	if (!unix_socket_is_in_net(socket) || state > 31 || (request->states >> state & 1) == 0)
		return;
	/* One that nobody has accepted yet has none, and isn't shown. */
	inode = (u32)socket_inode(socket);
	if (inode != 0)
		put_socket(row->seq, request, socket, inode);
}

void ask_unix_sockets(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};
	struct ask_request request;

	ask_request_copy(&request);
	rows.context = &request;
	unix_sockets_show(&rows);
}
