/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols and what their sockets use (include/net/sock.h,
 * include/net/inet_frag.h). */
#ifndef GUEST_PROC_TYPES_PROTO_H
#define GUEST_PROC_TYPES_PROTO_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/netlink.h"

#include "guest/kernel/guestc-types-begin.h"

struct module;
struct kmem_cache;

struct proto {
	unsigned int inuse_idx;
	long *memory_allocated; /* an atomic_long_t; NULL: not counted */
	int *per_cpu_fw_alloc; /* from 6.0 */
	struct percpu_counter *sockets_allocated;
	unsigned long *memory_pressure;
	int max_header;
	struct kmem_cache *slab;
	unsigned int obj_size;
	struct module *owner;
	char name[32];
	struct list_head node; /* in proto_list */
	/* Methods, of which only the existence is asked. */
	void *close, *connect, *disconnect, *accept, *ioctl, *init, *destroy, *shutdown, *setsockopt, *getsockopt,
		*sendmsg, *recvmsg, *sendpage, *bind, *backlog_rcv, *hash, *unhash, *get_port, *enter_memory_pressure;
};

/* Fragments waiting for their packet to be complete. */
struct fqdir {
	struct rhashtable rhashtable;
	atomic_long_t mem;
};

#include "guest/kernel/guestc-types-end.h"

extern struct proto tcp_prot, udp_prot, udplite_prot, raw_prot;
extern struct proto tcpv6_prot, udpv6_prot, udplitev6_prot, rawv6_prot;

#endif
