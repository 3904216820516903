/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C, of this mode and of guest/headers: whose a socket is that isn't shown. */
#ifndef GUEST_PROC_SOCKET_NAMESPACE_H
#define GUEST_PROC_SOCKET_NAMESPACE_H

#include "guest/kernel/guest-call.h"

struct net;

/* A socket of another namespace isn't shown; one whose namespace is none must not vanish for that: fails. */
GUEST_C void socket_check_namespace(const struct net *net);

#endif
