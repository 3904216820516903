/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network for the guest that leads nowhere: a tun device whose other end is
 * us, a tap device with neighbours and routes. */
#ifndef LAB_GUEST_NETWORK_H
#define LAB_GUEST_NETWORK_H

/* Addresses for documentation: RFC 5737, RFC 3849. */
#define NETWORK_TUN_V4 "192.0.2.1"
#define NETWORK_TUN_PEER_V4 "192.0.2.2"
#define NETWORK_TUN_SILENT_V4 "192.0.2.99"
#define NETWORK_TUN_V6 "2001:db8:1::1"
#define NETWORK_TUN_PEER_V6 "2001:db8:1::2"
#define NETWORK_TUN_SILENT_V6 "2001:db8:1::99"
#define NETWORK_TAP_V4 "198.51.100.1"
#define NETWORK_TAP_GATEWAY_V4 "198.51.100.254"

/* Make the tun device "lab0" with its addresses; the descriptor is its other end. */
int network_make_tun(void);
/* Make the tap device "lab1" with an address, a permanent and an unanswered
 * neighbour, a route by way of the first, and one that rejects. */
int network_make_tap(void);

#endif
