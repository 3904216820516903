/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix sockets (include/net/af_unix.h, include/linux/un.h). */
#ifndef GUEST_PROC_TYPES_UNIX_H
#define GUEST_PROC_TYPES_UNIX_H

#include "guest/proc/types/dentry.h"
#include "guest/proc/types/sock.h"

#include "guest/kernel/guestc-types-begin.h"

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len; /* of the name, sun_family included */
	struct sockaddr_un name[1];
};

/* In sk_buff.cb. */
struct unix_skb_parms {
	u32 consumed;
};

struct scm_stat {
	atomic_t nr_fds;
};

struct unix_sock {
	struct sock sk;
	struct scm_stat scm_stat;
	struct unix_address *addr;
	struct sock *peer;
	struct path path; /* of the file that it is bound to */
	int inq_len; /* from 6.17: bytes to be read from a stream */
};

#include "guest/kernel/guestc-types-end.h"

#endif
