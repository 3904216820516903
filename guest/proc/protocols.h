/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sockets of a protocol use. */
#ifndef GUEST_PROC_PROTOCOLS_H
#define GUEST_PROC_PROTOCOLS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/proto.h"

/* Sockets in use in the initial namespace (sock_prot_inuse_get()). */
GUEST_C int protocol_sockets_in_use(const struct proto *protocol);
/* The registered protocol of that name, as /proc/net/protocols lists it; NULL: there is none. */
GUEST_C const struct proto *protocol_find(const char *name);
/* Pages that all its sockets hold (proto_memory_allocated()). */
GUEST_C s64 protocol_memory(const struct proto *protocol);

#endif
