/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/sctp/assocs, eps and remaddr: net/sctp/proc.c, and how addresses
 * are compared and printed: net/sctp/protocol.c, ipv6.c; 5.10 to 7.2. Before
 * 5.11 nothing says how the module's structures look. */
#include "guest/proc/pointer.h"
#include "guest/proc/rhashtable.h"
#include "guest/proc/sctp.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"

enum {
	TYPE_ASSOCIATION = 1, /* SCTP_EP_TYPE_ASSOCIATION */
	/* Lists of endpoints: 64 in all of these kernels (sctp_init()). */
	ENDPOINT_LISTS_MAX = 1 << 16,
	LINK_LOCAL_MASK = 0xc0ff, /* fe80::/10, as in memory */
	LINK_LOCAL = 0x80fe,
	MAPPED = 0xffff0000, /* ::ffff:0:0/96's third word, as in memory */
};

extern const struct sctp_globals sctp_globals; /* where it is built in */

static const struct sctp_globals *find_globals(void)
{
	if (!type_exists(struct sctp_association) || !type_exists(struct sctp_globals))
		return NULL;
	return symbol_exists(sctp_globals) ? &sctp_globals : (const void *)module_symbol_find("sctp_globals");
}

bool sctp_is_known(void)
{
	return find_globals() != NULL;
}

static const struct sctp_globals *globals(void)
{
	const struct sctp_globals *found = find_globals();

	if (found == NULL)
		guest_fail(STATUS_UNSUPPORTED, "sctp is a module whose types the kernel doesn't keep");
	return found;
}

/* A load takes some 150 bytes of code, wherever it stands: here it stands once. */
static __attribute__((noinline)) int number(const int *field)
{
	return READ_ONCE(*field);
}

static __attribute__((noinline)) u16 half(const u16 *field)
{
	return READ_ONCE(*field);
}

static __attribute__((noinline)) const void *pointer(const void *field)
{
	return READ_ONCE(*(const void *const *)field);
}

/* What programs give a kernel, and so the same in each (netinet/in.h): a sockaddr_in6, or a sockaddr_in. */
struct address {
	u16 family, port;
	u32 v4; /* of IPv6 the flow */
	u32 v6[4], scope;
};

static __attribute__((noinline)) void show_address(struct seq *seq, const union sctp_addr *from)
{
	struct address address;
	const u8 *bytes = (const u8 *)&address.v4;

	guest_copy(&address, from, sizeof address);
	if (address.family == FAMILY_INET) {
		seq_printf(seq, "%u.%u.%u.%u ", bytes[0], bytes[1], bytes[2], bytes[3]);
		return;
	}
	if (address.family != FAMILY_INET6)
		guest_fail(STATUS_MALFORMED, "an SCTP address is of another family than IPv4 and IPv6");
	bytes = (const u8 *)address.v6;
	for (int i = 0; i < 16; i += 2)
		seq_printf(seq, "%02x%02x%c", bytes[i], bytes[i + 1], i == 14 ? ' ' : ':');
}

/* ::ffff:A.B.C.D of an IPv4 address. */
static bool is_mapped(const struct address *address, const struct address *v4)
{
	return address->v6[0] == 0 && address->v6[1] == 0 && address->v6[2] == MAPPED && address->v6[3] == v4->v4;
}

/* sctp_v6_cmp_addr() of two that are both IPv6. */
static bool are_same_v6(const struct address *a, const struct address *b)
{
	if (memcmp(a->v6, b->v6, sizeof a->v6) != 0)
		return false;
	bool is_local = (a->v6[0] & LINK_LOCAL_MASK) == LINK_LOCAL;

	return !is_local || a->scope == 0 || b->scope == 0 || a->scope == b->scope;
}

/* cmp_addr() of the first one's family. */
static __attribute__((noinline)) bool are_same(const union sctp_addr *first, const union sctp_addr *second)
{
	struct address a, b;

	guest_copy(&a, first, sizeof a);
	guest_copy(&b, second, sizeof b);
	bool is_v6 = a.family == FAMILY_INET6;
	if (a.port != b.port)
		return false;
	if (a.family != b.family)
		return is_v6 && b.family == FAMILY_INET && is_mapped(&a, &b);
	return is_v6 ? are_same_v6(&a, &b) : a.v4 == b.v4;
}

static void show_local_addresses(struct seq *seq, const struct sctp_ep_common *common)
{
	struct guest_bound bound = GUEST_BOUND(SCTP_ADDRESSES_MAX, "SCTP addresses");
	const union sctp_addr *primary = NULL;
	const struct sctp_sockaddr_entry *entry;

	if (common->type == TYPE_ASSOCIATION)
		primary = &container_of(common, struct sctp_association, base)->peer.primary_path->saddr;
	list_for_each_entry (entry, &common->bind_addr.address_list, list) {
		guest_bound(&bound);
		if (entry->valid == 0)
			continue;
		if (primary != NULL && are_same(&entry->a, primary))
			seq_putc(seq, '*');
		show_address(seq, &entry->a);
	}
}

static void show_remote_addresses(struct seq *seq, const struct sctp_association *association)
{
	struct guest_bound bound = GUEST_BOUND(SCTP_ADDRESSES_MAX, "SCTP addresses");
	const struct sctp_transport *transport;

	list_for_each_entry (transport, &association->peer.transport_addr_list, transports) {
		guest_bound(&bound);
		if (are_same(&transport->ipaddr, &association->peer.primary_addr))
			seq_putc(seq, '*');
		show_address(seq, &transport->ipaddr);
	}
}

bool sctp_is_in_subject(const struct sock *sock)
{
	return pointer(&sock->__sk_common.skc_net.net) == net_subject();
}

/* "%8pK ": with a width of its own, a pointer has no leading zeroes. */
static __attribute__((noinline)) void show_pointer(struct seq *seq, const void *pointer)
{
	char text[POINTER_TEXT_SIZE];
	u32 first = 0;

	pointer_text_restricted(text, pointer);
	while (text[first] == '0' && text[first + 1] != '\0')
		first++;
	seq_printf(seq, "%8s ", &text[first]);
}

static void show_endpoint(void *argument)
{
	const struct row *row = argument;
	const struct sctp_endpoint *endpoint = row->object;
	const struct sock *sock = pointer(&endpoint->base.sk);

	if (!sctp_is_in_subject(sock))
		return;
	show_pointer(row->seq, endpoint);
	show_pointer(row->seq, sock);
	seq_printf(row->seq, "%-3d %-3d %-4d %-5d %5u %5llu ", (int)((const struct sctp_sock *)sock)->type,
		   sock->__sk_common.skc_state, *(const int *)row->rows->context, endpoint->base.bind_addr.port,
		   socket_uid(sock), socket_inode(sock));
	show_local_addresses(row->seq, &endpoint->base);
	seq_putc(row->seq, '\n');
}

void sctp_endpoints_show(struct rows *rows, int *list)
{
	const struct sctp_globals *sctp = globals();
	const char *lists = (const char *)sctp->ep_hashtable;
	int count = sctp->ep_hashsize;

	if (count < 0 || count > ENDPOINT_LISTS_MAX)
		guest_fail(STATUS_MALFORMED, "the hash table of SCTP's endpoints is larger than any could be");
	for (*list = 0; *list < count; ++*list) {
		const struct sctp_hashbucket *bucket =
			(const void *)(lists + (u64)*list * type_size(struct sctp_hashbucket));

		rows_show_table(rows, &bucket->chain, 1, field_offset(struct sctp_endpoint, node));
	}
}

void sctp_eps_show(struct seq *seq)
{
	int list = 0;
	struct rows rows = {.seq = seq, .show = show_endpoint, .missing = "an endpoint is missing", .context = &list};

	globals();
	seq_puts(seq, " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n");
	sctp_endpoints_show(&rows, &list);
}

static void show_association(const void *context, struct seq *seq, const struct sctp_association *association)
{
	const struct sock *sock = pointer(&association->base.sk);

	show_pointer(seq, association);
	show_pointer(seq, sock);
	seq_printf(seq, "%-3d %-3d %-2d %-4d %4d %8d %8d %7u %5llu %-5d %5d  ",
		   number((const int *)&((const struct sctp_sock *)sock)->type), sock->__sk_common.skc_state,
		   number(&association->state), 0, number(&association->assoc_id), number(&association->sndbuf_used),
		   number(&association->rmem_alloc.counter), socket_uid(sock), socket_inode(sock),
		   half(&association->base.bind_addr.port), half(&association->peer.port));
	show_local_addresses(seq, &association->base);
	seq_puts(seq, "<-> ");
	show_remote_addresses(seq, association);
	seq_printf(seq, "\t%8llu %5d %5d %4d %4d %4d %8d %8d %8d %8d %8d\n", (u64)pointer(&association->hbinterval),
		   half(&association->stream.incnt), half(&association->stream.outcnt),
		   number(&association->max_retrans), half(&association->init_retries),
		   number(&association->shutdown_retries), number((const int *)&association->rtx_data_chunks),
		   number(&sock->sk_wmem_alloc.refs.counter), number(&sock->sk_wmem_queued), number(&sock->sk_sndbuf),
		   number(&sock->sk_rcvbuf));
}

static void show_remote(const void *context, struct seq *seq, const struct sctp_association *association)
{
	struct guest_bound bound = GUEST_BOUND(SCTP_ADDRESSES_MAX, "SCTP addresses");
	const struct sctp_transport *transport;

	list_for_each_entry (transport, &association->peer.transport_addr_list, transports) {
		guest_bound(&bound);
		show_address(seq, &transport->ipaddr);
		seq_printf(seq, " %d %d %llu %d 0 0 %d\n", number(&association->assoc_id),
			   pointer(&transport->hb_timer.entry.pprev) != NULL, (u64)pointer(&transport->rto),
			   half(&transport->pathmaxrxt), number(&transport->state));
	}
}

/* Is it the path at which its association is shown? One that is no path of the association would hide it. */
static bool is_primary(const struct sctp_association *association, const struct sctp_transport *transport)
{
	const struct sctp_transport *primary = pointer(&association->peer.primary_path);

	if (pointer(&primary->asoc) != association)
		guest_fail(STATUS_MALFORMED, "the primary path of an SCTP association is another one's");
	return primary == transport;
}

struct visit {
	void (*show)(const void *context, struct seq *seq, const struct sctp_association *association);
	const void *context;
};

/* sctp_transport_get_next(): each association at its primary path; transports to one address follow each other. */
static void show_transports(void *argument)
{
	struct row_loop loop = ROW_LOOP;
	const struct row *row = argument;
	const struct visit *visit = row->rows->context;
	const struct rhlist_head *node = &((const struct sctp_transport *)row->object)->node;

	for (; node != NULL; node = READ_ONCE(node->next)) {
		const struct sctp_transport *transport = container_of(node, struct sctp_transport, node);
		const struct sctp_association *association = pointer(&transport->asoc);

		row_loop_check(&loop, node);
		if (!sctp_is_in_subject(pointer(&association->base.sk)) || !is_primary(association, transport))
			continue;
		visit->show(visit->context, row->seq, association);
	}
}

void sctp_associations_show(struct seq *seq, const void *context,
			    void (*show)(const void *context, struct seq *seq,
					 const struct sctp_association *association))
{
	struct visit visit = {show, context};
	struct rows rows = {
		.seq = seq, .show = show_transports, .missing = "an association is missing", .context = &visit};

	rows_show_rhashtable(&rows, &globals()->transport_hashtable.ht, field_offset(struct sctp_transport, node));
}

void sctp_assocs_show(struct seq *seq)
{
	seq_puts(seq, " ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT "
		      "RPORT LADDRS <-> RADDRS HBINT INS OUTS MAXRT T1X T2X RTXC wmema wmemq sndbuf rcvbuf\n");
	sctp_associations_show(seq, NULL, show_association);
}

void sctp_remaddr_show(struct seq *seq)
{
	seq_puts(seq, "ADDR ASSOC_ID HB_ACT RTO MAX_PATH_RTX REM_ADDR_RTX START STATE\n");
	sctp_associations_show(seq, NULL, show_remote);
}
