/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dumps that netlink has: guest C, each run like the generator of a pseudo
 * file (guest/proc/node.h), with the request in ask_request_copy(). */
#ifndef GUEST_ASK_DUMPS_H
#define GUEST_ASK_DUMPS_H

#include "guest/kernel/guest-call.h"

struct seq;

void ask_links(struct seq *seq); /* RTM_GETLINK */
void ask_addresses(struct seq *seq); /* RTM_GETADDR */
void ask_routes(struct seq *seq); /* RTM_GETROUTE */
GUEST_C void ask_routes4(struct seq *seq);
GUEST_C void ask_routes6(struct seq *seq);
GUEST_C void ask_multicast_routes(struct seq *seq);
void ask_neighbours(struct seq *seq); /* RTM_GETNEIGH */
void ask_rules(struct seq *seq); /* RTM_GETRULE */
void ask_inet_sockets(struct seq *seq);
void ask_unix_sockets(struct seq *seq);
void ask_packet_sockets(struct seq *seq);
void ask_netlink_sockets(struct seq *seq);
void ask_vsock_sockets(struct seq *seq);
void ask_xdp_sockets(struct seq *seq);
void ask_other_sockets(struct seq *seq);

#endif
