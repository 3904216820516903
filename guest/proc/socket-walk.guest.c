/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over a hash table of sockets, in the kernel's order. */
#include "guest/proc/fault.h"
#include "guest/proc/socket-namespace.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"

enum {
	/* How often a chain that ends as another one does is read: the kernel
	 * starts again without end, until writers leave it alone. */
	CHAIN_TRY_COUNT_MAX = 4,
	/* Of a file that is made in parts: a part begins with one of so many. A few rows each. */
	PIECE_BUCKET_COUNT = 64,
};

struct chain {
	struct socket_walk *walk;
	const void *head;
	u32 bucket;
};

static bool chain_ends(const struct socket_walk *walk, const void *node)
{
	if (GUEST_IS_NULLS(node))
		return walk->chain_end != SOCKET_CHAIN_ENDS_NULL;
	return node == NULL && walk->chain_end != SOCKET_CHAIN_ENDS_ODD;
}

/* The odd end of a chain says whose it is (INIT_HLIST_NULLS_HEAD()): a socket
 * that was freed and reused while its chain was read leads into another one,
 * past the rest of its own (Documentation/RCU/rculist_nulls.rst). */
static bool ends_as_its_own(const struct chain *chain, const void *node)
{
	return !GUEST_IS_NULLS(node) || (u64)node >> 1 == (u64)chain->walk->nulls_base + chain->bucket;
}

/* Heads and nodes of both kinds of list have one shape, and skc_node and
 * skc_nulls_node are one place in the socket (a union), on every kernel. */
static const void *chain_first(const void *head)
{
	return READ_ONCE(((const struct hlist_head *)head)->first);
}

static const void *chain_next(const void *node)
{
	return READ_ONCE(((const struct hlist_node *)node)->next);
}

/* Another namespace, or none? A socket of none works in the guest all the same
 * (net_eq() just compares), and must not vanish here without a word. */
void socket_check_namespace(const struct net *net)
{
	u64 word;

	if ((u64)net % sizeof word != 0 || (u64)net >> 63 == 0)
		guest_fail(STATUS_MALFORMED, "a socket's network namespace isn't at an address of the kernel");
	guest_copy(&word, net, sizeof word);
}

/* seq_sk_match() */
static void show_if_it_belongs(void *argument)
{
	struct socket_row *row = argument;
	const struct sock_common *common = &row->socket->__sk_common;

	if (common->skc_family != row->walk->family)
		return;
	const struct net *net = common->skc_net.net;
	if (net != net_subject()) {
		socket_check_namespace(net);
		return;
	}
	row->walk->row_count++;
	row->walk->show(row);
}

/* Of a target that has ended nothing more can be read. */
static void fail_if_gone(status outcome)
{
	if (outcome == STATUS_GONE)
		guest_fail(STATUS_GONE, "the target has ended");
}

static void row_show(struct chain *chain, const void *node)
{
	struct socket_walk *walk = chain->walk;
	struct socket_row row = {
		.walk = walk,
		.socket = container_of(node, const struct sock, __sk_common.skc_node),
		.index = walk->row_count,
		.bucket = chain->bucket,
	};
	size_t size = seq_size(walk->seq);

	status outcome = guest_try(show_if_it_belongs, &row);
	if (outcome == STATUS_OK)
		return;
	seq_rewind(walk->seq, size);
	fail_if_gone(outcome);
	proc_fault(walk->seq, "a socket is missing", (u64)row.socket);
}

/* In a boundary of its own. A chain that comes back to a node is found by
 * Brent's method, after at most three times round. */
static void chain_walk(void *argument)
{
	struct chain *chain = argument;
	struct socket_walk *walk = chain->walk;
	const void *node = chain_first(chain->head), *landmark = node;
	u64 steps = 0, lap = 1;

	while (!chain_ends(walk, node)) {
		if (walk->step_count++ == SOCKET_COUNT_MAX)
			guest_fault_limit("sockets of a hash table");
		row_show(chain, node);
		node = chain_next(node);
		if (node == landmark)
			guest_fail(STATUS_MALFORMED, "a hash chain comes back to itself");
		if (++steps == lap) {
			landmark = node;
			lap *= 2;
			steps = 0;
		}
	}
	if (!ends_as_its_own(chain, node))
		guest_fail(STATUS_TORN, "a hash chain ends as another one does");
}

/* A walk that strayed into another chain starts again, without the rows that
 * it has shown: what the target's memory holds may have changed meanwhile. What
 * is kept of it doesn't change before the next file, so that a few times are
 * enough; the last one's rows stay. */
static status chain_walk_again(struct chain *chain)
{
	struct socket_walk *walk = chain->walk;
	size_t size = seq_size(walk->seq);
	u32 row_count = walk->row_count;
	status outcome = guest_try(chain_walk, chain);

	for (int i = 1; i < CHAIN_TRY_COUNT_MAX && outcome == STATUS_TORN; i++) {
		seq_rewind(walk->seq, size);
		walk->row_count = row_count;
		outcome = guest_try(chain_walk, chain);
	}
	return outcome;
}

/* Where the places of the next table's buckets begin (seq_begins()). */
static u64 table_places(struct socket_walk *walk)
{
	if (walk->table_count == 0)
		walk->row_count = seq_start_count(walk->seq);
	return (u64)++walk->table_count << 32;
}

/* The bucket that the part begins with: what is in those before isn't even read. */
static u64 first_wanted(const struct socket_walk *walk, u64 places, u64 bucket_count)
{
	u64 start = seq_start_place(walk->seq);

	if (start <= places)
		return 0;
	return start - places < bucket_count ? start - places : bucket_count;
}

void socket_table_walk(struct socket_walk *walk, const void *first_bucket, u64 bucket_size, u64 bucket_count)
{
	u64 places = table_places(walk), i = first_wanted(walk, places, bucket_count);

	for (; i < bucket_count; i++) {
		if (i % PIECE_BUCKET_COUNT == 0 && !seq_begins(walk->seq, places + i, walk->row_count))
			return;
		struct chain chain = {
			.walk = walk,
			.head = (const char *)first_bucket + i * bucket_size,
			.bucket = (u32)i,
		};
		status outcome = chain_walk_again(&chain);
		if (outcome == STATUS_OK)
			continue;
		fail_if_gone(outcome);
		proc_fault(walk->seq, "the rest of a bucket is missing", (u64)chain.head);
		if (walk->step_count > SOCKET_COUNT_MAX || ++walk->bad_bucket_count > SOCKET_BAD_BUCKET_COUNT_MAX)
			guest_fail(STATUS_LIMIT, "the rest of the hash table is given up");
	}
}

u64 socket_bucket_count(u32 mask)
{
	u64 count = (u64)mask + 1;

	if ((count & mask) != 0 || count > SOCKET_BUCKET_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a hash table's mask isn't one that Linux makes");
	return count;
}
