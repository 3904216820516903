/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program asked by a netlink message, for the guest C that answers it.
 * The numbers are the program's; each answer takes of them what it knows.
 */
#ifndef GUEST_ASK_REQUEST_H
#define GUEST_ASK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

struct ask_request {
	uint32_t sequence, port; /* to be repeated in the answer */
	uint8_t family; /* AF_…; AF_UNSPEC: all */
	uint8_t extensions; /* inet_diag_req_v2.idiag_ext */
	uint16_t protocol; /* of sockets: IPPROTO_… */
	uint32_t states; /* bits of 1 << state */
	uint32_t show; /* unix, netlink, packet and XDP sockets: UDIAG_SHOW_… and the like */
	uint32_t table; /* routes: RTA_TABLE; 0: all. Of one family: STATUS_MISSING where it has no such table */
	uint16_t source_port, destination_port; /* sockets, big-endian; 0: all */
	bool is_proxy; /* neighbours: those that the target answers for (NTF_PROXY), instead */
};

/* The request that is being answered. */
GUEST_NATIVE void ask_request_copy(struct ask_request *ret_request);

#endif
