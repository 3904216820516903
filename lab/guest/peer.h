/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other machine of a TCP connection, played by us on a tun device: it
 * answers only as far as we want, so that connections stop in states in which
 * they otherwise stay for an instant. RFC 9293, section 3.3.2, has the states.
 */
#ifndef LAB_GUEST_PEER_H
#define LAB_GUEST_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PEER_FIN = 0x01, PEER_SYN = 0x02, PEER_ACK = 0x10 };

/* One connection, seen from the other machine. */
struct peer {
	int tun_fd;
	bool is_v6;
	uint8_t address[16], kernel_address[16]; /* 4 bytes are used without is_v6 */
	uint16_t port, kernel_port;
	uint32_t next; /* the number of the next byte that we send */
	uint32_t expected; /* the number of the next byte that the kernel sends */
	uint16_t window;
};

/* Send a segment without data. */
void peer_send(struct peer *peer, uint8_t flags);
/* Wait for a segment of this connection with all these flags; its bytes count
 * as received, but the kernel hears of that only by the next peer_send(). */
void peer_receive(struct peer *peer, uint8_t flags);

#endif
