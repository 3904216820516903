/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lab/guest/fail.h"

enum { PACKET_SIZE_MAX = 2048, HOPS = 64, WAIT_MS = 10000 };

static uint32_t sum_words(const void *bytes, size_t size, uint32_t sum)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(byte[i] << 8 | byte[i + 1]);
	return sum;
}

/* RFC 1071; `sum` of big-endian words. */
static uint16_t fold(uint32_t sum)
{
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static struct tcphdr make_header(const struct peer *peer, uint8_t flags)
{
	size_t address_size = peer->is_v6 ? 16 : 4;
	struct tcphdr tcp = {
		.th_sport = htons(peer->port),
		.th_dport = htons(peer->kernel_port),
		.th_seq = htonl(peer->next),
		.th_ack = (flags & PEER_ACK) != 0 ? htonl(peer->expected) : 0,
		.th_off = sizeof tcp / 4,
		.th_flags = flags,
		.th_win = htons(peer->window),
	};
	uint32_t sum = IPPROTO_TCP + sizeof tcp;

	sum = sum_words(peer->address, address_size, sum);
	sum = sum_words(peer->kernel_address, address_size, sum);
	tcp.th_sum = fold(sum_words(&tcp, sizeof tcp, sum));
	return tcp;
}

static size_t add_v4(const struct peer *peer, uint8_t *packet)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof ip / 4,
		.tot_len = htons(sizeof ip + sizeof(struct tcphdr)),
		.ttl = HOPS,
		.protocol = IPPROTO_TCP,
	};

	memcpy(&ip.saddr, peer->address, sizeof ip.saddr);
	memcpy(&ip.daddr, peer->kernel_address, sizeof ip.daddr);
	ip.check = fold(sum_words(&ip, sizeof ip, 0));
	memcpy(packet, &ip, sizeof ip);
	return sizeof ip;
}

static size_t add_v6(const struct peer *peer, uint8_t *packet)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6U << 28),
		.ip6_plen = htons(sizeof(struct tcphdr)),
		.ip6_nxt = IPPROTO_TCP,
		.ip6_hops = HOPS,
	};

	memcpy(&ip.ip6_src, peer->address, sizeof ip.ip6_src);
	memcpy(&ip.ip6_dst, peer->kernel_address, sizeof ip.ip6_dst);
	memcpy(packet, &ip, sizeof ip);
	return sizeof ip;
}

void peer_send(struct peer *peer, uint8_t flags)
{
	const struct tcphdr tcp = make_header(peer, flags);
	uint8_t packet[sizeof(struct ip6_hdr) + sizeof tcp];
	size_t size = peer->is_v6 ? add_v6(peer, packet) : add_v4(peer, packet);

	memcpy(packet + size, &tcp, sizeof tcp);
	size += sizeof tcp;
	if (write(peer->tun_fd, packet, size) != (ssize_t)size)
		fail("write to the tun device");
	if ((flags & (PEER_SYN | PEER_FIN)) != 0)
		peer->next++;
}

/* Is it a TCP segment of this connection? Then where, and how long with data? */
static bool find_segment(const struct peer *peer, const uint8_t *packet, size_t size, struct tcphdr *ret_tcp,
			 size_t *ret_data_size)
{
	size_t header_size = peer->is_v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
	struct tcphdr tcp;

	if (size < header_size + sizeof tcp || packet[0] >> 4 != (peer->is_v6 ? 6 : 4))
		return false;
	/* Our own kernel sends no IP options; the protocol's place differs. */
	if (packet[peer->is_v6 ? 6 : 9] != IPPROTO_TCP)
		return false;
	memcpy(&tcp, packet + header_size, sizeof tcp);
	if (tcp.th_sport != htons(peer->kernel_port) || tcp.th_dport != htons(peer->port) ||
	    size < header_size + (size_t)tcp.th_off * 4)
		return false;
	*ret_tcp = tcp;
	*ret_data_size = size - header_size - (size_t)tcp.th_off * 4;
	return true;
}

void peer_receive(struct peer *peer, uint8_t flags)
{
	struct pollfd readable = {.fd = peer->tun_fd, .events = POLLIN};
	uint8_t packet[PACKET_SIZE_MAX];
	struct tcphdr tcp;
	size_t data_size;

	for (;;) {
		ssize_t size;

		if (poll(&readable, 1, WAIT_MS) != 1) {
			errno = ETIMEDOUT;
			fail("the kernel's TCP segment");
		}
		size = read(peer->tun_fd, packet, sizeof packet);
		if (size < 0)
			fail("read from the tun device");
		if (find_segment(peer, packet, (size_t)size, &tcp, &data_size) && (tcp.th_flags & flags) == flags)
			break;
	}
	peer->expected = ntohl(tcp.th_seq) + (uint32_t)data_size;
	if ((tcp.th_flags & (PEER_SYN | PEER_FIN)) != 0)
		peer->expected++;
}
