/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rows of sockets have in common. Functions that the kernel defines where its
 * headers don't show it are written once more here. */
#ifndef GUEST_HEADERS_SOCKET_H
#define GUEST_HEADERS_SOCKET_H

#include "guest/headers/common.h"

#include <net/sock.h>

#include "guest/proc/pointer.h"

enum {
	/* No table of Linux has more buckets, unless its command line asks for more:
	 * guest/proc/socket.h says where that comes from. */
	SOCKET_BUCKET_COUNT_MAX = 1 << 22,
};

/* sock_i_ino() (net/core/sock.c), without the lock: nobody changes our copies. */
GUEST_C unsigned long socket_inode_number(const struct sock *sk);
/* sock_i_uid(), and from_kuid_munged() (kernel/user_namespace.c) in the initial user
 * namespace, whose map is the identity. */
GUEST_C uid_t socket_owner(const struct sock *sk);

/* jiffies_to_clock_t() (kernel/time/time.c), and of the ticks from now to `expires`. */
GUEST_C clock_t clock_of(unsigned long ticks);
GUEST_C clock_t clock_until(unsigned long expires);

/* seq_sk_match(), as the initial network namespace sees it. Ends the boundary where the socket is in none. */
GUEST_C bool socket_matches(const struct sock *sk);

/* Buckets of a table by its mask; ends the boundary where it can't be one. */
GUEST_C unsigned int bucket_count(unsigned int mask);

#endif
