/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/unix (unix_seq_show(), net/unix/af_unix.c). */
#include "guest/proc/ahead.h"
#include "guest/proc/pointer.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
#include "guest/proc/types/unix.h"

enum {
	/* UNIX_HASH_SIZE of the table in a namespace, twice that of the one
	 * table before: 512 lists in all kernels. */
	UNIX_LIST_COUNT = 512,
	/* A name as long as sun_path, and the NUL that unix_mkname() adds. */
	UNIX_NAME_LENGTH_MAX = 2 + 108 + 1,
	/* The state that the row shows (enum socket_state, linux/net.h). */
	SHOW_UNCONNECTED = 1,
	SHOW_CONNECTING = 2,
	SHOW_CONNECTED = 3,
	SHOW_DISCONNECTING = 4,
	STATE_ESTABLISHED = 1, /* TCP_… (net/tcp_states.h) */
	STATE_LISTEN = 10,
	/* __SO_ACCEPTCON (linux/net.h). */
	FLAG_ACCEPTS = 1 << 16,
};

extern struct hlist_head unix_socket_table[UNIX_LIST_COUNT];

static int shown_state(const struct sock *sk)
{
	bool established = sk->__sk_common.skc_state == STATE_ESTABLISHED;

	if (sk->sk_socket != NULL)
		return established ? SHOW_CONNECTED : SHOW_UNCONNECTED;
	return established ? SHOW_CONNECTING : SHOW_DISCONNECTING;
}

/* Names may hold any byte: NULs are shown as '@', the rest as it is. An
 * abstract name starts with a NUL and has no end mark. */
static void show_name(struct seq *seq, const struct unix_address *address)
{
	const char *path = (const char *)address->name + field_offset(struct sockaddr_un, sun_path);
	char name[UNIX_NAME_LENGTH_MAX];
	int length = address->len;

	if (length < 2 || length > UNIX_NAME_LENGTH_MAX)
		guest_fail(STATUS_MALFORMED, "a unix socket's name is longer than names can be");
	length -= (int)field_offset(struct sockaddr_un, sun_path);
	guest_copy(name, path, (size_t)length);
	seq_putc(seq, ' ');
	if (length > 0 && name[0] != '\0')
		length--;
	for (int i = 0; i < length; i++)
		seq_putc(seq, name[i] != '\0' ? name[i] : '@');
}

bool unix_socket_is_in_net(const struct sock *socket)
{
	/* One table for all namespaces, or one in each. */
	return field_exists(struct net, unx.table) || socket->__sk_common.skc_net.net == net_subject();
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct sock *sk = row->object;
	const struct unix_address *address = ((const struct unix_sock *)sk)->addr;
	struct seq *seq = row->seq;
	char pointer[POINTER_TEXT_SIZE];

	if (!unix_socket_is_in_net(sk))
		return;
	pointer_text_restricted(pointer, sk);
	seq_printf(seq, "%s: %08X %08X %08X %04X %02X %5llu", pointer, sk->__sk_common.skc_refcnt.refs.counter, 0,
		   sk->__sk_common.skc_state == STATE_LISTEN ? FLAG_ACCEPTS : 0, sk->sk_type, shown_state(sk),
		   socket_inode(sk));
	if (address != NULL)
		show_name(seq, address);
	seq_putc(seq, '\n');
}

/* As the walk, and what a row reads. */
static void lists_ahead(void)
{
	AHEAD_ARRAY_HERE (type_size(struct hlist_head), UNIX_LIST_COUNT)
		AHEAD_CHAIN_HERE (struct sock, __sk_common.skc_node, ~0ull) {
			AHEAD_TAKE(struct sock, __sk_common.skc_refcnt);
			AHEAD_TAKE(struct sock, __sk_common.skc_state);
			AHEAD_TAKE(struct sock, __sk_common.skc_net);
			AHEAD_TAKE(struct sock, sk_type);
			AHEAD_TAKE(struct sock, sk_socket);
			socket_owner_ahead();
			AHEAD_FOLLOW (struct unix_sock, addr) {
				AHEAD_TAKE(struct unix_address, len);
				ahead_take((s64)field_offset(struct unix_address, name), UNIX_NAME_LENGTH_MAX);
			}
		}
}

static void unix_ahead(void *unused)
{
	pointer_ahead();
	if (field_exists(struct net, unx.table)) {
		AHEAD_START (net_subject())
			AHEAD_FOLLOW (struct net, unx.table.buckets)
				lists_ahead();
	} else {
		AHEAD_START (unix_socket_table)
			lists_ahead();
	}
}

void unix_sockets_show(struct rows *rows)
{
	const struct hlist_head *lists =
		field_exists(struct net, unx.table) ? net_subject()->unx.table.buckets : unix_socket_table;

	rows_show_table(rows, lists, UNIX_LIST_COUNT, field_offset(struct sock, __sk_common.skc_node));
}

void unix_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing", .in_parts = true};

	ahead(unix_ahead, NULL, (u64)net_subject() | AHEAD_KEY_UNIX);
	seq_puts(seq, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	unix_sockets_show(&rows);
}
