/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/network.h"
#include "lab/guest/peer.h"
#include "lab/guest/sockets.h"

enum {
	/* The most that TCP_SYNCNT takes; with the timer's cap of 120 s: hours. */
	RETRIES = 127,
	PATIENCE_MS = 24 * 3600 * 1000,
	FIRST_NUMBER = 0x10000000,
	WINDOW = 8192,
	STATE_WAIT_MS = 10000,
};

struct pair {
	int client, server;
};

static struct pair make_pair(int listener, int family, const char *address, uint16_t port)
{
	struct pair pair = {.client = zoo_socket(family, SOCK_STREAM, 0)};

	zoo_connect(pair.client, family, address, port);
	pair.server = must(accept(listener, NULL, NULL), "accept");
	return pair;
}

static void send_text(int fd, const char *text)
{
	must((int)send(fd, text, strlen(text), MSG_NOSIGNAL), "send");
}

/* A state is there some time after what led to it. */
static void wait_for_state(int fd, int state)
{
	for (int waited_ms = 0; waited_ms < STATE_WAIT_MS; waited_ms++) {
		struct tcp_info info = {};
		socklen_t size = sizeof info;

		must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
		if (info.tcpi_state == state)
			return;
		usleep(1000);
	}
	errno = ETIMEDOUT;
	fail("a TCP state");
}

static void make_states(int listener, int family, const char *address, uint16_t port)
{
	struct pair pair = make_pair(listener, family, address, port);

	make_pair(listener, family, address, port); /* ESTABLISHED, quiet */
	send_text(pair.client, "unread"); /* ESTABLISHED, bytes in the server's queue */

	pair = make_pair(listener, family, address, port);
	zoo_option(pair.server, SOL_SOCKET, SO_PRIORITY, 4);
	zoo_option(pair.server, IPPROTO_IP, IP_FREEBIND, 1);
	zoo_option(pair.client, IPPROTO_IP, IP_RECVERR, 1);
	zoo_option(pair.client, SOL_SOCKET, SO_KEEPALIVE, 1); /* ESTABLISHED with a keepalive timer */
	must(shutdown(pair.server, SHUT_RD), "shutdown");

	pair = make_pair(listener, family, address, port);
	must(shutdown(pair.client, SHUT_WR), "shutdown"); /* FIN_WAIT2 and CLOSE_WAIT, both held open */
	wait_for_state(pair.client, TCP_FIN_WAIT2);

	pair = make_pair(listener, family, address, port);
	send_text(pair.client, "last words");
	close(pair.client); /* FIN_WAIT2 without a process (a minute), CLOSE_WAIT with unread bytes */
	wait_for_state(pair.server, TCP_CLOSE_WAIT);

	pair = make_pair(listener, family, address, port);
	zoo_option(pair.server, SOL_SOCKET, SO_MARK, 0x2a);
	close(pair.server); /* first the server, then the client: TIME_WAIT at the server's (a minute) */
	wait_for_state(pair.client, TCP_CLOSE_WAIT);
	close(pair.client);
}

static void make_listeners(void)
{
	int fd;

	/* One connection that nobody accepted yet. */
	zoo_listen(AF_INET, "127.0.0.1", 7001, 5);
	zoo_connect(zoo_socket(AF_INET, SOCK_STREAM, 0), AF_INET, "127.0.0.1", 7001);
	/* Two sockets, one port. */
	for (int i = 0; i < 2; i++) {
		fd = zoo_socket(AF_INET, SOCK_STREAM, 0);
		zoo_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		zoo_bind(fd, AF_INET, "0.0.0.0", 7002);
		must(listen(fd, 1), "listen");
	}
	fd = zoo_socket(AF_INET6, SOCK_STREAM, 0);
	zoo_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	zoo_bind(fd, AF_INET6, "::", 7003);
	must(listen(fd, 7), "listen");
	must(seteuid(TESTER_UID), "seteuid");
	zoo_listen(AF_INET, "127.0.0.2", 7004, 1);
	zoo_listen(AF_INET6, "::1", 7004, 1);
	must(seteuid(0), "seteuid");
	/* Bound, but no more: in no list of /proc/net. */
	zoo_bind(zoo_socket(AF_INET, SOCK_STREAM, 0), AF_INET, "127.0.0.1", 7005);
}

void zoo_tcp(void)
{
	int v4 = zoo_listen(AF_INET, "0.0.0.0", 7000, 64), v6 = zoo_listen(AF_INET6, "::", 7006, 64);

	make_listeners();
	make_states(v4, AF_INET, "127.0.0.1", 7000);
	make_states(v6, AF_INET6, "::1", 7006);
	/* IPv4 on an IPv6 socket, at both ends. */
	make_pair(v6, AF_INET, "127.0.0.1", 7006);
	make_pair(v6, AF_INET6, "::ffff:127.0.0.1", 7006);
}

/* Begin to connect to an address behind the tun device. */
static int begin(struct peer *peer, const char *address)
{
	int family = peer->is_v6 ? AF_INET6 : AF_INET, fd = zoo_socket(family, SOCK_STREAM, 0);
	struct sockaddr_storage to, from = {};
	socklen_t size = zoo_address(family, address, peer->port, &to), from_size = sizeof from;

	zoo_option(fd, IPPROTO_TCP, TCP_SYNCNT, RETRIES);
	must(fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	if (connect(fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)
		fail("connect");
	must(getsockname(fd, (struct sockaddr *)&from, &from_size), "getsockname");
	/* The port stands at the same place in both families. */
	peer->kernel_port = ntohs(((struct sockaddr_in *)&from)->sin_port);
	return fd;
}

/* A connection to the other machine, as far as ESTABLISHED. */
static int establish(struct peer *peer)
{
	int fd = begin(peer, peer->is_v6 ? NETWORK_TUN_PEER_V6 : NETWORK_TUN_PEER_V4);

	/* As long as the socket is held, it goes on trying for that long. */
	zoo_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, PATIENCE_MS);
	peer_receive(peer, PEER_SYN);
	peer_send(peer, PEER_SYN | PEER_ACK);
	wait_for_state(fd, TCP_ESTABLISHED);
	return fd;
}

static struct peer make_peer(int tun_fd, bool is_v6, uint16_t port)
{
	struct peer peer = {
		.tun_fd = tun_fd, .is_v6 = is_v6, .port = port, .next = FIRST_NUMBER + port, .window = WINDOW};
	int family = is_v6 ? AF_INET6 : AF_INET;

	inet_pton(family, is_v6 ? NETWORK_TUN_PEER_V6 : NETWORK_TUN_PEER_V4, peer.address);
	inet_pton(family, is_v6 ? NETWORK_TUN_V6 : NETWORK_TUN_V4, peer.kernel_address);
	return peer;
}

static void stick_in_closing_states(int tun_fd, bool is_v6)
{
	struct peer peer = make_peer(tun_fd, is_v6, 7100);
	int fd = establish(&peer);

	must(shutdown(fd, SHUT_WR), "shutdown"); /* its FIN is never acknowledged */
	wait_for_state(fd, TCP_FIN_WAIT1);

	peer = make_peer(tun_fd, is_v6, 7101);
	fd = establish(&peer);
	uint32_t before = peer.expected;

	must(shutdown(fd, SHUT_WR), "shutdown");
	peer_receive(&peer, PEER_FIN);
	peer.expected = before; /* both close, and our FIN doesn't acknowledge theirs */
	peer_send(&peer, PEER_FIN | PEER_ACK);
	wait_for_state(fd, TCP_CLOSING);

	peer = make_peer(tun_fd, is_v6, 7102);
	fd = establish(&peer);
	peer_send(&peer, PEER_FIN | PEER_ACK);
	wait_for_state(fd, TCP_CLOSE_WAIT);
	must(shutdown(fd, SHUT_WR), "shutdown");
	wait_for_state(fd, TCP_LAST_ACK);
}

static void stick_in_opening_states(int tun_fd, bool is_v6)
{
	struct peer peer = make_peer(tun_fd, is_v6, 7110);
	int listener;

	begin(&peer, is_v6 ? NETWORK_TUN_SILENT_V6 : NETWORK_TUN_SILENT_V4); /* SYN_SENT */

	/* Two that are NEW_SYN_RECV: the third segment never comes. */
	listener = zoo_listen(is_v6 ? AF_INET6 : AF_INET, is_v6 ? NETWORK_TUN_V6 : NETWORK_TUN_V4, 7111, 16);
	zoo_option(listener, IPPROTO_TCP, TCP_SYNCNT, RETRIES);
	zoo_option(listener, SOL_SOCKET, SO_MARK, 0x2b); /* its requests', too */
	for (uint16_t port = 7112; port < 7114; port++) {
		peer = make_peer(tun_fd, is_v6, port);
		peer.kernel_port = 7111;
		peer_send(&peer, PEER_SYN);
		peer_receive(&peer, PEER_SYN | PEER_ACK);
	}
}

void zoo_tcp_stuck(int tun_fd)
{
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct peer peer = make_peer(tun_fd, is_v6, 7120);

		stick_in_opening_states(tun_fd, is_v6);
		stick_in_closing_states(tun_fd, is_v6);
		send_text(establish(&peer), "never acknowledged"); /* the retransmission timer runs */
		peer = make_peer(tun_fd, is_v6, 7121);
		peer.window = 0;
		send_text(establish(&peer), "no room"); /* the window probe's timer runs */
	}
}

void zoo_many_tcp(unsigned int count, uint16_t port)
{
	int listener;

	if (count == 0)
		return;
	listener = zoo_listen(AF_INET, "127.0.0.1", port, 64);
	for (unsigned int made = 1; made + 1 < count; made += 2)
		make_pair(listener, AF_INET, "127.0.0.1", port);
	if (count % 2 == 0)
		zoo_listen(AF_INET, "127.0.0.1", (uint16_t)(port + 1), 1);
}
