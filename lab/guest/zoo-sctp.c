/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCTP: of both styles and families, with more than one address. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/sockets.h"

enum {
	PORT = 7400,
	ADD_ADDRESS =
		100, /* SCTP_SOCKOPT_BINDX_ADD (linux/sctp.h, which the C library's headers can't stand beside them) */
};

static void add_address(int fd, const char *address, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t size = zoo_address(AF_INET, address, port, &storage);

	must(setsockopt(fd, IPPROTO_SCTP, ADD_ADDRESS, &storage, size), "SCTP_SOCKOPT_BINDX_ADD");
}

static int listen_at(int family, int type, const char *address, uint16_t port)
{
	int fd = zoo_socket(family, type, IPPROTO_SCTP);

	zoo_bind(fd, family, address, port);
	if (family == AF_INET)
		add_address(fd, "127.0.0.2", port);
	must(listen(fd, 4), "listen");
	return fd;
}

static int connect_to(int family, int type, const char *address, uint16_t port)
{
	int fd = zoo_socket(family, type, IPPROTO_SCTP);

	zoo_connect(fd, family, address, port);
	return fd;
}

/* Of many to many: the first message makes the association. */
static void send_first(int family, const char *address, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t size = zoo_address(family, address, port, &storage);
	int fd = zoo_socket(family, SOCK_SEQPACKET, IPPROTO_SCTP);

	must((int)sendto(fd, "unread", 6, 0, (struct sockaddr *)&storage, size), "sendto");
}

void zoo_sctp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);

	if (fd < 0) {
		zoo_skip("SCTP");
		return;
	}
	close(fd);
	int listener = listen_at(AF_INET, SOCK_STREAM, "127.0.0.1", PORT);

	fd = connect_to(AF_INET, SOCK_STREAM, "127.0.0.1", PORT);
	must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
	must((int)send(fd, "unread", 6, 0), "send");
	connect_to(AF_INET, SOCK_STREAM, "127.0.0.2", PORT); /* waits in the listener's queue */
	listen_at(AF_INET6, SOCK_SEQPACKET, "::1", PORT + 1);
	send_first(AF_INET6, "::1", PORT + 1);
	listen_at(AF_INET6, SOCK_STREAM, "::", PORT + 2);
	connect_to(AF_INET, SOCK_STREAM, "127.0.0.1", PORT + 2);
	connect_to(AF_INET6, SOCK_STREAM, "::1", PORT + 2);
	must(seteuid(TESTER_UID), "seteuid");
	zoo_bind(zoo_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP), AF_INET, "127.0.0.1", PORT + 3);
	must(seteuid(0), "seteuid");
}
