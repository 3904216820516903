/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/sockets.h"

static void send_to(int family, const char *address, uint16_t port, const char *text, int protocol)
{
	struct sockaddr_storage to;
	socklen_t size = zoo_address(family, address, port, &to);
	int fd = zoo_socket(family, SOCK_DGRAM, protocol);

	must((int)sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, size), "sendto");
	close(fd);
}

static void make_udp(int protocol, uint16_t port)
{
	int fd = zoo_socket(AF_INET, SOCK_DGRAM, protocol);

	zoo_bind(fd, AF_INET, "0.0.0.0", port);
	send_to(AF_INET, "127.0.0.1", port, "unread", protocol);
	zoo_connect(zoo_socket(AF_INET, SOCK_DGRAM, protocol), AF_INET, "127.0.0.1", port);
	for (int i = 0; i < 2; i++) {
		fd = zoo_socket(AF_INET, SOCK_DGRAM, protocol);
		zoo_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		zoo_bind(fd, AF_INET, "127.0.0.1", (uint16_t)(port + 1));
	}
	fd = zoo_socket(AF_INET6, SOCK_DGRAM, protocol);
	zoo_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	zoo_bind(fd, AF_INET6, "::", port);
	send_to(AF_INET6, "::1", port, "unread, too", protocol);
	zoo_bind(zoo_socket(AF_INET6, SOCK_DGRAM, protocol), AF_INET6, "::", (uint16_t)(port + 2));
	zoo_connect(zoo_socket(AF_INET6, SOCK_DGRAM, protocol), AF_INET6, "::1", port);
}

/* More datagrams than fit: the drops are counted. */
static void overflow_udp(void)
{
	int fd = zoo_socket(AF_INET, SOCK_DGRAM, 0);

	zoo_option(fd, SOL_SOCKET, SO_RCVBUF, 1); /* the kernel's least */
	zoo_bind(fd, AF_INET, "127.0.0.1", 7310);
	for (int i = 0; i < 64; i++)
		send_to(AF_INET, "127.0.0.1", 7310, "one of many", 0);
}

static void make_raw(void)
{
	int fd = zoo_socket(AF_INET, SOCK_RAW, 253); /* for experiments: RFC 3692 */

	zoo_bind(fd, AF_INET, "127.0.0.1", 0);
	zoo_connect(zoo_socket(AF_INET, SOCK_RAW, 254), AF_INET, "127.0.0.1", 0);
	zoo_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	zoo_bind(zoo_socket(AF_INET6, SOCK_RAW, 253), AF_INET6, "::1", 0);
	zoo_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
}

/* Ping sockets are for groups in a range that is empty at first. */
static void make_ping(void)
{
	FILE *range = fopen("/proc/sys/net/ipv4/ping_group_range", "we");
	int fd;

	if (range == NULL || fputs("0 0\n", range) == EOF || fclose(range) != 0) {
		zoo_skip("ping sockets");
		return;
	}
	fd = zoo_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	zoo_bind(fd, AF_INET, "127.0.0.1", 7320);
	fd = zoo_socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	zoo_bind(fd, AF_INET6, "::1", 7321);
}

void zoo_datagrams(void)
{
	int fd;

	make_udp(0, 7300);
	overflow_udp();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDPLITE);
	if (fd < 0)
		zoo_skip("UDP-Lite");
	else
		make_udp(IPPROTO_UDPLITE, 7330);
	must(seteuid(TESTER_UID), "seteuid");
	zoo_bind(zoo_socket(AF_INET, SOCK_DGRAM, 0), AF_INET, "127.0.0.3", 7340);
	must(seteuid(0), "seteuid");
	make_raw();
	make_ping();
}

static int unix_socket(int type)
{
	return must(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "UNIX socket");
}

/* `name_size` bytes of the name as they are: an abstract one begins with NUL. */
static socklen_t unix_address(const char *name, size_t name_size, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, name, name_size);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_size);
}

static int unix_bound(int type, const char *name, size_t name_size)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(name, name_size, &address);
	int fd = unix_socket(type);

	if (name[0] != '\0')
		unlink(name);
	must(bind(fd, (struct sockaddr *)&address, size), "bind a UNIX socket");
	return fd;
}

static int unix_connected(int type, const char *name, size_t name_size)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(name, name_size, &address);
	int fd = unix_socket(type);

	must(connect(fd, (struct sockaddr *)&address, size), "connect a UNIX socket");
	return fd;
}

#define WITH_SIZE(text) (text), sizeof(text) - 1

static void make_unix_listener(int type, const char *name, size_t name_size)
{
	int listener = unix_bound(type, name, name_size), fd;

	must(listen(listener, 4), "listen");
	fd = unix_connected(type, name, name_size);
	must(accept(listener, NULL, NULL), "accept");
	must((int)send(fd, "unread", 6, 0), "send");
	unix_connected(type, name, name_size); /* waits in the listener's queue */
}

static void make_unix(void)
{
	int ends[2];
	char long_name[sizeof((struct sockaddr_un *)NULL)->sun_path] = "/tmp/";

	make_unix_listener(SOCK_STREAM, WITH_SIZE("/tmp/stream.sock"));
	make_unix_listener(SOCK_SEQPACKET, WITH_SIZE("/tmp/seqpacket.sock"));
	make_unix_listener(SOCK_STREAM, WITH_SIZE("\0abstract"));
	unix_bound(SOCK_DGRAM, WITH_SIZE("/tmp/dgram.sock"));
	must((int)send(unix_connected(SOCK_DGRAM, WITH_SIZE("/tmp/dgram.sock")), "unread", 6, 0), "send");
	/* Names are bytes: NULs and a line's end inside, 108 of them, none left on disk. */
	unix_bound(SOCK_DGRAM, WITH_SIZE("\0with\0nul and\nnewline"));
	memset(long_name + 5, 'x', sizeof long_name - 5);
	unix_bound(SOCK_STREAM, long_name, sizeof long_name);
	unix_bound(SOCK_STREAM, WITH_SIZE("/tmp/removed.sock"));
	unlink("/tmp/removed.sock");
	unix_socket(SOCK_STREAM);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), "socketpair");
	must(shutdown(ends[0], SHUT_RDWR), "shutdown");
}

static void make_packet(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("lo")};
	int fd = must(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "packet socket");

	must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind a packet socket");
	must(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP)), "packet socket");
	must(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "packet socket");
}

static int netlink_bound(int protocol, uint32_t port_id, uint32_t groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = port_id, .nl_groups = groups};
	int fd = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "netlink socket");

	must(bind(fd, (const struct sockaddr *)&address, sizeof address), "bind a netlink socket");
	return fd;
}

/* A request whose answer nobody reads. */
static void ask_netlink(int fd)
{
	const struct {
		struct nlmsghdr header;
		struct rtgenmsg body;
	} request = {
		.header = {.nlmsg_len = sizeof request,
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.rtgen_family = AF_UNSPEC},
	};

	must((int)send(fd, &request, sizeof request, 0), "send to netlink");
}

static void make_netlink(void)
{
	int fd;

	netlink_bound(NETLINK_ROUTE, 0x7000, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_ROUTE);
	fd = netlink_bound(NETLINK_ROUTE, 0x7001, 0);
	zoo_option(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEXTHOP); /* beyond the first 32 */
	netlink_bound(NETLINK_KOBJECT_UEVENT, 0x7002, 1);
	netlink_bound(NETLINK_GENERIC, 0x7003, 0);
	ask_netlink(netlink_bound(NETLINK_ROUTE, 0x7004, 0));
}

void zoo_local(void)
{
	make_unix();
	must(seteuid(TESTER_UID), "seteuid");
	unix_bound(SOCK_DGRAM, WITH_SIZE("\0of the tester"));
	must(seteuid(0), "seteuid");
	make_packet();
	make_netlink();
}

void zoo_many_udp(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		zoo_bind(zoo_socket(AF_INET, SOCK_DGRAM, 0), AF_INET, "127.0.0.1", 0);
}

void zoo_many_unix(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char name[32];
		int size = snprintf(name, sizeof name, "%cmany-%u", '\0', i);

		unix_bound(SOCK_DGRAM, name, (size_t)size);
	}
}
