/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for AF_VSOCK: vsock_diag_dump() (net/vmw_vsock/diag.c, 5.10 to 7.2). */
#include "guest/ask/dumps.h"
#include "guest/ask/socket-message.h"
#include "guest/proc/list-check.h"
#include "guest/proc/protocols.h"
#include "guest/proc/row-loop.h"
#include "guest/proc/rows.h"
#include "guest/proc/socket-namespace.h"
#include "guest/proc/socket.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"

#include "guest/kernel/guestc-types-begin.h"

/* What programs give a kernel (uapi/linux/vm_sockets.h). */
struct sockaddr_vm {
	u32 svm_port, svm_cid;
};

struct vsock_sock {
	struct sock sk;
	struct sockaddr_vm local_addr, remote_addr;
	struct list_head bound_table, connected_table;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	FAMILY_VSOCK = 40,
	LIST_COUNT = 251, /* VSOCK_HASH_SIZE (include/net/af_vsock.h); one more of those without an address */
};

/* struct vsock_diag_msg */
struct vsock_head {
	u8 family, type, state, shutdown;
	u32 local_cid, local_port, remote_cid, remote_port, inode;
	u32 cookie[2];
};

extern const struct list_head vsock_bind_table, vsock_connected_table; /* where it is built in */

/* One dump: the request, and where those that are bound were looked for. */
struct dump {
	struct ask_request request;
	const struct list_head *bound;
};

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ask_request *request = &((const struct dump *)row->rows->context)->request;
	const struct vsock_sock *vsock = row->object;
	const struct sock *socket = &vsock->sk;
	u32 state = socket->__sk_common.skc_state;
	struct ask_message message;

	if (socket->__sk_common.skc_net.net != net_subject()) {
		socket_check_namespace(socket->__sk_common.skc_net.net);
		return;
	}
	if (state > 31 || (request->states >> state & 1) == 0)
		return;
	struct vsock_head head = {
		FAMILY_VSOCK,
		(u8)socket->sk_type,
		(u8)state,
		(u8)socket->sk_shutdown,
		vsock->local_addr.svm_cid,
		vsock->local_addr.svm_port,
		vsock->remote_addr.svm_cid,
		vsock->remote_addr.svm_port,
		(u32)socket_inode(socket),
		{0, 0},
	};
	socket_cookie(socket, head.cookie);
	message_begin(&message, row->seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	message_end(&message);
}

/* Of those in the table of connections: the ones that are bound, too, came before. */
static void show_accepted(void *argument)
{
	const struct row *row = argument;
	const struct vsock_sock *vsock = row->object;
	const struct dump *dump = row->rows->context;

	if (READ_ONCE(vsock->bound_table.next) == &vsock->bound_table ||
	    !list_leads_to(dump->bound, &dump->bound[LIST_COUNT], &vsock->bound_table))
		show_row(argument);
}

static void show_lists(struct rows *rows, const struct list_head *lists, u32 count, u64 node_offset)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "vsock's sockets");
	const struct list_head *node;

	for (u32 i = 0; i < count; i++) {
		struct row_loop loop = ROW_LOOP;

		for (node = READ_ONCE(lists[i].next); node != &lists[i]; node = READ_ONCE(node->next)) {
			guest_bound(&bound);
			row_loop_check(&loop, node);
			rows_show(rows, (const char *)node - node_offset);
		}
	}
}

/* Without its types (before 5.11) nothing is known but whether there are any. */
static void say_if_any(const struct list_head *lists, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		if (READ_ONCE(lists[i].next) != &lists[i])
			guest_fail(STATUS_UNSUPPORTED,
				   "the target has vsock sockets, which aren't shown: the kernel doesn't "
				   "keep their module's types");
	}
}

void ask_vsock_sockets(struct seq *seq)
{
	const struct list_head *bound, *connected;
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};
	struct dump dump;

	bound = symbol_exists(vsock_bind_table) ? &vsock_bind_table
						: (const void *)module_symbol_find("vsock_bind_table");
	connected = symbol_exists(vsock_connected_table) ? &vsock_connected_table
							 : (const void *)module_symbol_find("vsock_connected_table");
	/* By the tables: whether the protocol is registered has nothing to do with what they hold. */
	if (bound == NULL && connected == NULL && protocol_find("AF_VSOCK") == NULL)
		guest_fail(STATUS_MISSING, "the target's kernel has no vsock");
	if (bound == NULL || connected == NULL)
		guest_fail(STATUS_UNSUPPORTED, "where this kernel keeps vsock's sockets isn't known");
	if (!type_exists(struct vsock_sock)) {
		say_if_any(bound, LIST_COUNT + 1);
		say_if_any(connected, LIST_COUNT);
		return;
	}
	ask_request_copy(&dump.request);
	dump.bound = bound;
	rows.context = &dump;
	show_lists(&rows, bound, LIST_COUNT + 1, field_offset(struct vsock_sock, bound_table));
	rows.show = show_accepted;
	show_lists(&rows, connected, LIST_COUNT, field_offset(struct vsock_sock, connected_table));
}
