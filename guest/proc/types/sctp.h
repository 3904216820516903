/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCTP (include/net/sctp/structs.h). */
#ifndef GUEST_PROC_TYPES_SCTP_H
#define GUEST_PROC_TYPES_SCTP_H

#include "guest/proc/types/rhashtable.h"
#include "guest/proc/types/sock.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

struct sockaddr_in {
	u16 sin_family;
};

union sctp_addr {
	struct sockaddr_in v4;
};

struct sctp_sockaddr_entry {
	struct list_head list;
	union sctp_addr a;
	u8 valid;
};

struct sctp_bind_addr {
	u16 port;
	struct list_head address_list;
};

struct sctp_ep_common {
	u32 type;
	struct sock *sk;
	struct sctp_bind_addr bind_addr;
};

struct sctp_endpoint {
	struct sctp_ep_common base;
	struct hlist_node node;
	struct list_head asocs;
	u32 sndbuf_policy, rcvbuf_policy;
};

struct sctp_stream {
	u16 outcnt, incnt;
};

struct sctp_association;
struct dst_entry;

struct sctp_transport {
	struct rhlist_head node;
	struct list_head transports;
	union sctp_addr ipaddr, saddr;
	struct sctp_association *asoc;
	struct timer_list hb_timer, T3_rtx_timer;
	struct dst_entry *dst;
	unsigned long rto;
	u16 pathmaxrxt;
	int state;
};

struct sctp_association {
	struct sctp_ep_common base;
	struct list_head asocs; /* of its endpoint's */
	struct sctp_endpoint *ep;
	int assoc_id;
	struct {
		struct list_head transport_addr_list;
		struct sctp_transport *primary_path;
		union sctp_addr primary_addr;
		u16 port;
	} peer;
	int state, max_retrans, shutdown_retries, sndbuf_used;
	u16 init_retries;
	unsigned long hbinterval;
	u32 rtx_data_chunks;
	atomic_t rmem_alloc;
	struct sctp_stream stream;
};

struct sctp_sock {
	u32 type;
};

struct sctp_hashbucket {
	struct hlist_head chain;
};

struct sctp_globals {
	struct sctp_hashbucket *ep_hashtable;
	struct rhltable transport_hashtable;
	int ep_hashsize;
};

#include "guest/kernel/guestc-types-end.h"

#endif
