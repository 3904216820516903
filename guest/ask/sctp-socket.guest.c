/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for SCTP: sctp_diag_dump() (net/sctp/diag.c, 5.11 to 7.2), from its hash tables of endpoints and
 * of associations. What an association tells of itself (struct sctp_info) isn't followed: said, where it was asked for.
 */
#include "guest/ask/inet-message.h"
#include "guest/ask/sctp-socket.h"
#include "guest/proc/list-check.h"
#include "guest/proc/sctp.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/netdevice.h"
#include "guest/proc/types/tcp.h"

enum {
	FAMILY_ANY = 0,
	STATE_CLOSE = 7,
	TIMER_RETRANSMIT = 4, /* SCTP_EVENT_TIMEOUT_T3_RTX */
	ADDRESS_SIZE = 28, /* union sctp_addr: a sockaddr_in6 */
	ADDRESS_ROOM = 128, /* struct sockaddr_storage */
	MEMORY_RECEIVED = 0, /* SK_MEMINFO_RMEM_ALLOC */
	MEMORY_SENT = 2, /* SK_MEMINFO_WMEM_ALLOC */
};

/* What the sockets of a dump share. */
struct dump {
	struct ask_request request;
	struct ticks ticks;
};

static bool is_wanted_port(u16 wanted, u16 port)
{
	return wanted == 0 || wanted == port;
}

static bool is_wanted(const struct dump *dump, const struct sock *socket)
{
	u8 family = dump->request.family;

	return sctp_is_in_subject(socket) && (family == FAMILY_ANY || family == socket->__sk_common.skc_family);
}

/* inet_diag_msg_sctpladdrs_fill() */
static void put_local_addresses(struct ask_message *message, const struct list_head *addresses)
{
	struct guest_bound bound = GUEST_BOUND(SCTP_ADDRESSES_MAX, "SCTP addresses");
	const struct sctp_sockaddr_entry *entry;
	u32 start = message_nest(message, ATTRIBUTE_LOCALS);

	list_for_each_entry (entry, addresses, list) {
		u8 bytes[ADDRESS_ROOM] = {0};

		guest_bound(&bound);
		guest_copy(bytes, &entry->a, ADDRESS_SIZE);
		message_fixed(message, bytes, sizeof bytes);
	}
	message_nest_end(message, start);
}

/* inet_diag_msg_sctpaddrs_fill() */
static void put_remote_addresses(struct ask_message *message, const struct sctp_association *association)
{
	struct guest_bound bound = GUEST_BOUND(SCTP_ADDRESSES_MAX, "SCTP addresses");
	const struct sctp_transport *transport;
	u32 start = message_nest(message, ATTRIBUTE_PEERS);

	list_for_each_entry (transport, &association->peer.transport_addr_list, transports) {
		u8 bytes[ADDRESS_ROOM] = {0};

		guest_bound(&bound);
		guest_copy(bytes, &transport->ipaddr, ADDRESS_SIZE);
		message_fixed(message, bytes, sizeof bytes);
	}
	message_nest_end(message, start);
}

/* SK_MEMINFO_…: what an association has of its own, where its endpoint shares nothing out. */
static void put_memory(struct ask_message *message, const struct sock *socket,
		       const struct sctp_association *association)
{
	u32 memory[SOCKET_MEMORY_COUNT];

	socket_memory_get(socket, memory);
	if (association != NULL && association->ep->sndbuf_policy != 0)
		memory[MEMORY_SENT] = (u32)association->sndbuf_used;
	if (association != NULL && association->ep->rcvbuf_policy != 0)
		memory[MEMORY_RECEIVED] = (u32)association->rmem_alloc.counter;
	message_put(message, ATTRIBUTE_SKMEMINFO, memory, sizeof memory);
}

/* What stands behind the head, of an association, or (NULL) of the socket alone. */
static void put_rest(struct ask_message *message, const struct dump *dump, const struct sock *socket,
		     const struct sctp_bind_addr *local, const struct sctp_association *association)
{
	inet_put_attributes(message, &dump->request, socket);
	if (inet_asks_for(&dump->request, ATTRIBUTE_SKMEMINFO))
		put_memory(message, socket, association);
	if (inet_asks_for(&dump->request, ATTRIBUTE_INFO))
		seq_fault(message->seq, "what an SCTP socket tells of itself isn't shown");
	put_local_addresses(message, &local->address_list);
	if (association != NULL && inet_asks_for(&dump->request, ATTRIBUTE_CONGESTION))
		message_put_string(message, ATTRIBUTE_CONGESTION, "reno");
	if (association != NULL)
		put_remote_addresses(message, association);
	message_end(message);
}

static void put_socket(const struct dump *dump, struct seq *seq, const struct sctp_endpoint *endpoint)
{
	const struct sock *socket = endpoint->base.sk;
	struct ask_message message;
	struct inet_head head;

	inet_head_init(&head, socket);
	head.receive_queue = socket->sk_ack_backlog;
	head.send_queue = socket->sk_max_ack_backlog;
	head.uid = socket_uid(socket);
	head.inode = (u32)socket_inode(socket);
	message_begin(&message, seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	put_rest(&message, dump, socket, &endpoint->base.bind_addr, NULL);
}

/* Of a sockaddr_in or sockaddr_in6. */
static void address_copy(__be32 ret_address[4], const union sctp_addr *from, bool is_v6)
{
	u32 words[ADDRESS_SIZE / 4];

	guest_copy(words, from, sizeof words);
	memset(ret_address, 0, 4 * sizeof *ret_address);
	memcpy(ret_address, is_v6 ? &words[2] : &words[1], is_v6 ? 4 * sizeof *words : sizeof *words);
}

static void set_timer(struct inet_head *head, const struct dump *dump, const struct sctp_association *association)
{
	const struct timer_list *timer = &association->peer.primary_path->T3_rtx_timer;

	if (timer->entry.pprev == NULL)
		return;
	head->timer = TIMER_RETRANSMIT;
	head->retransmits = (u8)association->rtx_data_chunks;
	head->expires_ms = ticks_until_ms(&dump->ticks, timer->expires);
}

/* inet_diag_msg_sctpasoc_fill() */
static void put_association(const struct dump *dump, struct seq *seq, const struct sctp_association *association)
{
	const struct sock *socket = association->base.sk;
	const struct sctp_transport *primary = association->peer.primary_path;
	const struct list_head *first = association->base.bind_addr.address_list.next;
	bool is_v6 = socket->__sk_common.skc_family == FAMILY_INET6;
	const struct dst_entry *route = primary->dst;
	struct ask_message message;
	struct inet_head head;

	inet_head_init(&head, socket);
	if (first == &association->base.bind_addr.address_list)
		guest_fail(STATUS_MALFORMED, "an SCTP association has no address of its own");
	head.state = (u8)association->state;
	head.local_port = htons(association->base.bind_addr.port);
	head.remote_port = htons(association->peer.port);
	head.device = route != NULL ? (u32)route->dev->ifindex : 0;
	address_copy(head.local, &container_of(first, struct sctp_sockaddr_entry, list)->a, is_v6);
	address_copy(head.remote, &primary->ipaddr, is_v6);
	set_timer(&head, dump, association);
	head.receive_queue = (u32)association->rmem_alloc.counter;
	head.send_queue = (u32)association->sndbuf_used;
	head.uid = socket_uid(socket);
	head.inode = (u32)socket_inode(socket);
	message_begin(&message, seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	put_rest(&message, dump, socket, &association->base.bind_addr, association);
}

/* sctp_ep_dump() */
static void show_endpoint(void *argument)
{
	const struct row *row = argument;
	const struct dump *dump = row->rows->context;
	const struct sctp_endpoint *endpoint = row->object;
	const struct sock *socket = endpoint->base.sk;
	const u32 at_rest = 1u << SOCKET_STATE_LISTEN | 1u << STATE_CLOSE;

	/* Those come with their associations. */
	if ((dump->request.states & ~at_rest) != 0 && READ_ONCE(endpoint->asocs.next) != &endpoint->asocs)
		return;
	if (is_wanted(dump, socket) && is_wanted_port(dump->request.source_port, htons(socket->__sk_common.skc_num)) &&
	    is_wanted_port(dump->request.destination_port, socket->__sk_common.skc_dport))
		put_socket(dump, row->seq, endpoint);
}

/* sctp_sock_dump(): a socket with all its associations, where the first of them is met. */
static void show_first(const void *context, struct seq *seq, const struct sctp_association *association)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "SCTP associations");
	const struct dump *dump = context;
	const struct sctp_endpoint *endpoint = association->ep;
	bool is_head_shown = false;

	if (!list_leads_to(&endpoint->asocs, &endpoint->asocs, &association->asocs))
		guest_fail(STATUS_MALFORMED, "an SCTP association isn't in its socket's list of them");
	if (READ_ONCE(endpoint->asocs.next) != &association->asocs || !is_wanted(dump, association->base.sk))
		return;
	list_for_each_entry (association, &endpoint->asocs, asocs) {
		guest_bound(&bound);
		if (!is_wanted_port(dump->request.source_port, htons(association->base.bind_addr.port)) ||
		    !is_wanted_port(dump->request.destination_port, htons(association->peer.port)))
			continue;
		if (!is_head_shown)
			put_socket(dump, seq, endpoint);
		is_head_shown = true;
		put_association(dump, seq, association);
	}
}

void ask_sctp_sockets(struct seq *seq, const struct ask_request *request)
{
	struct dump dump = {.request = *request};
	struct rows rows = {.seq = seq, .show = show_endpoint, .missing = "an endpoint is missing", .context = &dump};
	const u32 listens = 1u << SOCKET_STATE_LISTEN, at_rest = listens | 1u << STATE_CLOSE;
	int list;

	ticks_read(&dump.ticks);
	if ((request->states & listens) != 0)
		sctp_endpoints_show(&rows, &list);
	if ((request->states & ~at_rest) != 0)
		sctp_associations_show(seq, &dump, show_first);
}
