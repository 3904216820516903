/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix sockets (include/net/af_unix.h, include/linux/un.h). */
#ifndef GUEST_PROC_TYPES_UNIX_H
#define GUEST_PROC_TYPES_UNIX_H

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

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
};

#include "guest/kernel/guestc-types-end.h"

#endif
