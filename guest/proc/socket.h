/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of all internet protocols share: facts about a socket, the
 * columns of a row, and the walk over a hash table of sockets.
 */
#ifndef GUEST_PROC_SOCKET_H
#define GUEST_PROC_SOCKET_H

#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/sock.h"

struct inet_connection_sock;

enum {
	FAMILY_INET = 2, /* AF_INET */
	FAMILY_INET6 = 10, /* AF_INET6 */
};

/* from_kuid_munged() in the initial user namespace, whose map is the identity:
 * only the invalid id is replaced. */
GUEST_C u32 user_id_shown(u32 uid);

/* sock_i_uid() or, where that has gone, sk_uid(). */
GUEST_C u32 socket_uid(const struct sock *socket);
/* sock_i_ino(). */
GUEST_C u64 socket_inode(const struct sock *socket);
/* sk_drops_read(). */
GUEST_C u32 socket_drops(const struct sock *socket);

/* The columns that all rows begin with. */
struct socket_line {
	u32 number;
	int number_width;
	bool is_v6;
	u32 local[4], remote[4]; /* as in memory; [0] alone for IPv4 */
	u32 local_port, remote_port;
	u32 state, tx_queue, rx_queue;
	u32 timer; /* which one runs: /proc/net/tcp's "tr" */
	u64 timer_clock; /* when, in hundredths of a second */
	u32 retransmits, uid;
	int timeout;
	u64 inode;
	int references;
	const void *socket;
};

/* Number, addresses, ports, state, references and address of `common`. */
GUEST_C void socket_line_init(struct socket_line *line, const struct sock_common *common, u32 number, int number_width);
GUEST_C void socket_line_print(struct seq *seq, const struct socket_line *line);

/* For plans (guest/proc/ahead.h), below a step whose base is the socket: what
 * socket_line_init() reads for this family, what socket_uid(), socket_inode() and
 * socket_drops() do. */
GUEST_C void socket_line_ahead(u32 family);
GUEST_C void socket_owner_ahead(void);
GUEST_C void socket_drops_ahead(void);
/* Only sockets of this family; of any, where it is 0. */
#define AHEAD_OF_FAMILY(family) \
	AHEAD_BELOW (ahead_condition(struct sock, __sk_common.skc_family, family, (family) == 0 ? 0 : ~0ull, false))
struct socket_walk;

/* Of which sockets a plan is. */
struct sockets_question {
	u32 family; /* 0: any */
	u32 key; /* enum ahead_key */
	void (*more)(u32 family); /* struct socket_walk's `ahead`, or NULL */
};
/* Run the plan that `describe` makes of a struct sockets_question: first for both families, as programs
 * read both of their files; where so many came that they aren't here any more, for this one alone. Where the walk
 * has an `ahead` of its own it is netlink's, which asks for the families by themselves. */
GUEST_C void sockets_ahead(void (*describe)(void *question), u32 key, const struct socket_walk *walk);
/* What `more` says, if there is one. */
GUEST_C void sockets_more_ahead(const struct sockets_question *question);
/* Roots of a plan: what lies apart from the sockets. */
GUEST_C void socket_facts_ahead(void);

enum {
	/* Sockets in one file. SEQ_SIZE_MAX holds fewer rows. */
	SOCKET_COUNT_MAX = 1 << 20,
	/* Buckets of one table. Linux makes at most 512 Ki by itself
	 * (net/ipv4/tcp.c, alloc_large_system_hash()); thash_entries= on its
	 * command line may ask for more. */
	SOCKET_BUCKET_COUNT_MAX = 1 << 22,
	/* Buckets that may be unreadable before a table is given up: with
	 * that many there is nothing to show. */
	SOCKET_BAD_BUCKET_COUNT_MAX = 1000,
};

/* What follows a chain's last node. */
enum socket_chain_end {
	SOCKET_CHAIN_ENDS_NULL, /* nodes are skc_node */
	SOCKET_CHAIN_ENDS_ODD, /* nodes are skc_nulls_node */
	SOCKET_CHAIN_ENDS_EITHER, /* one or the other, by the kernel's age */
};

struct socket_row;

/* One file's walk. */
struct socket_walk {
	struct seq *seq;
	u32 family;
	enum socket_chain_end chain_end;
	/* What the odd ends of chains have added to their bucket. */
	u32 nulls_base;
	/* Called in its own error boundary with a struct socket_row for each
	 * socket of the family in the initial network namespace. */
	void (*show)(void *row);
	/* What `show` reads of a struct sock besides what /proc's files do, for plans: below a step whose base is
	 * the socket (guest/proc/ahead.h). NULL: nothing. */
	void (*ahead)(u32 family);
	const void *context; /* the file's own */
	u32 row_count; /* rows so far: those of the next row's `index` */
	u32 step_count;
	u32 bad_bucket_count;
	u32 table_count; /* walked, or under way */
};

struct socket_row {
	struct socket_walk *walk;
	const struct sock *socket; /* or what looks like one: a request, a time-wait */
	u32 index, bucket;
};

/* Walk `bucket_count` chains, the first at `first_bucket`, one every
 * `bucket_size` bytes. One walk to a file: it may be made in parts (seq_begins()). What can't be read is left out and
 * said with seq_fault(). */
GUEST_C void socket_table_walk(struct socket_walk *walk, const void *first_bucket, u64 bucket_size, u64 bucket_count);

/* All sockets of the walk's family, of one protocol, in the kernel's order: seq, family, show and
 * context are the caller's, the rest is set here. */
GUEST_C void tcp_sockets_walk(struct socket_walk *walk);
GUEST_C void udp_sockets_walk(struct socket_walk *walk, bool is_lite);
GUEST_C void raw_sockets_walk(struct socket_walk *walk);

/* A row for each Unix socket of the table; not all of them need be of the namespace. */
GUEST_C void unix_sockets_show(struct rows *rows);
GUEST_C bool unix_socket_is_in_net(const struct sock *socket);

struct netlink_table;
enum {
	NETLINK_PROTOCOL_COUNT = 32, /* MAX_LINKS (uapi/linux/netlink.h) */
};
/* A row for each netlink socket of a protocol's hash table, of all namespaces. What can't be read is said. */
GUEST_C void netlink_sockets_show(struct rows *rows, u32 protocol);
GUEST_C const struct netlink_table *netlink_protocol(u32 protocol);

/* Which of its timers runs next for a TCP socket. */
struct tcp_timer {
	u32 kind; /* /proc/net/tcp's "tr"; 0: none */
	u32 retransmits; /* what the timer counts */
	u64 expires; /* jiffies */
};
GUEST_C void tcp_timer_get(const struct inet_connection_sock *connection, struct tcp_timer *ret_timer);

/* mask + 1, checked: a power of two, at most SOCKET_BUCKET_COUNT_MAX. */
GUEST_C u64 socket_bucket_count(u32 mask);

#endif
