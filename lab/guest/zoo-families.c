/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of families and protocols that few programs use: vsock, XDP, MPTCP, DCCP, SMC. */
#include <errno.h>
#include <linux/if_xdp.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/sockets.h"

enum {
	PORT = 7500,
	FRAME_SIZE = 4096,
	FRAMES_SIZE = 16 * FRAME_SIZE,
	RING_SIZE = 64,
};

/* Does the kernel have it? */
static bool is_there(int family, int type, int protocol, const char *name)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0) {
		zoo_skip(name);
		return false;
	}
	close(fd);
	return true;
}

static void vsock(int type, unsigned int port)
{
	const struct sockaddr_vm any = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
	const struct sockaddr_vm here = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = port};
	int listener = must(socket(AF_VSOCK, type | SOCK_CLOEXEC, 0), "socket");
	int caller = must(socket(AF_VSOCK, type | SOCK_CLOEXEC, 0), "socket");

	must(bind(listener, (const struct sockaddr *)&any, sizeof any), "bind");
	must(listen(listener, 4), "listen");
	must(connect(caller, (const struct sockaddr *)&here, sizeof here), "connect");
	must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
}

static void ring(int fd, int which)
{
	const int size = RING_SIZE;

	must(setsockopt(fd, SOL_XDP, which, &size, sizeof size), "setsockopt of a ring");
}

/* One that is bound to the loopback device, with all of its rings, and one that isn't. */
static void xdp(void)
{
	void *frames = mmap(NULL, FRAMES_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct xdp_umem_reg umem = {
		.addr = (uintptr_t)frames, .len = FRAMES_SIZE, .chunk_size = FRAME_SIZE, .headroom = 64};
	const struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex("lo")};
	int fd = must(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), "socket");

	must(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof umem), "XDP_UMEM_REG");
	ring(fd, XDP_UMEM_FILL_RING);
	ring(fd, XDP_UMEM_COMPLETION_RING);
	ring(fd, XDP_RX_RING);
	ring(fd, XDP_TX_RING);
	must(bind(fd, (const struct sockaddr *)&address, sizeof address), "bind");
	must(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), "socket");
}

static void mptcp(int family, const char *address, uint16_t port)
{
	int listener = zoo_socket(family, SOCK_STREAM, IPPROTO_MPTCP);

	zoo_bind(listener, family, address, port);
	must(listen(listener, 4), "listen");
	int caller = zoo_socket(family, SOCK_STREAM, IPPROTO_MPTCP);

	zoo_connect(caller, family, address, port);
	must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
	must((int)send(caller, "unread", 6, 0), "send");
	/* One that waits in the listener's queue, and one of TCP alone. */
	zoo_connect(zoo_socket(family, SOCK_STREAM, IPPROTO_MPTCP), family, address, port);
	zoo_connect(zoo_socket(family, SOCK_STREAM, 0), family, address, port);
}

static void dccp(void)
{
	int listener = zoo_socket(AF_INET, SOCK_DCCP, IPPROTO_DCCP);

	zoo_bind(listener, AF_INET, "127.0.0.1", PORT + 4);
	must(listen(listener, 4), "listen");
}

static void smc(void)
{
	int listener = must(socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	zoo_bind(listener, AF_INET, "127.0.0.1", PORT + 5);
	must(listen(listener, 4), "listen");
}

void zoo_families(void)
{
	if (is_there(AF_VSOCK, SOCK_STREAM, 0, "vsock"))
		vsock(SOCK_STREAM, PORT);
	if (is_there(AF_VSOCK, SOCK_SEQPACKET, 0, "vsock of packets"))
		vsock(SOCK_SEQPACKET, PORT + 1);
	if (is_there(AF_XDP, SOCK_RAW, 0, "XDP sockets"))
		xdp();
	if (is_there(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, "MPTCP")) {
		mptcp(AF_INET, "127.0.0.1", PORT + 2);
		mptcp(AF_INET6, "::1", PORT + 3);
	}
	if (is_there(AF_INET, SOCK_DCCP, IPPROTO_DCCP, "DCCP"))
		dccp();
	if (is_there(AF_SMC, SOCK_STREAM, 0, "SMC"))
		smc();
}
