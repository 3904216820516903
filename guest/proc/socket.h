/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of all internet protocols share: facts about a socket, the
 * columns of a row, and the walk over a hash table of sockets.
 */
#ifndef GUEST_PROC_SOCKET_H
#define GUEST_PROC_SOCKET_H

#include "guest/proc/seq.h"
#include "guest/proc/types/sock.h"

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
	const void *context; /* the file's own */
	u32 row_count; /* rows so far: those of the next row's `index` */
	u32 step_count;
	u32 bad_bucket_count;
};

struct socket_row {
	struct socket_walk *walk;
	const struct sock *socket; /* or what looks like one: a request, a time-wait */
	u32 index, bucket;
};

/* Walk `bucket_count` chains, the first at `first_bucket`, one every
 * `bucket_size` bytes. What can't be read is left out and said with
 * seq_fault(). */
GUEST_C void socket_table_walk(struct socket_walk *walk, const void *first_bucket, u64 bucket_size, u64 bucket_count);

/* mask + 1, checked: a power of two, at most SOCKET_BUCKET_COUNT_MAX. */
GUEST_C u64 socket_bucket_count(u32 mask);

#endif
