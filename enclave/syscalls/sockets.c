/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets: only such as ask about the target. Nothing leaves here by one. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/sockets.h"

enum {
	/* UIO_MAXIOV (uapi/linux/uio.h) */
	PART_COUNT_MAX = 1024,
	REQUEST_SIZE_MAX = 65536,
};

static long install(struct file *file, int flags)
{
	long result = descriptor_install(file, 0, (flags & SOCK_CLOEXEC) != 0);

	if (result < 0)
		file_release(file);
	return result;
}

/* Programs open a socket to ask about interfaces, and try address families in
 * turn: those exist. Its type makes no difference, as it reaches nobody. */
long call_socket(const long *a)
{
	int type = (int)a[1] & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), flags = (int)a[1] & SOCK_NONBLOCK;
	struct file *file;
	long result = -EAFNOSUPPORT;

	if (a[0] == AF_NETLINK && (type == SOCK_RAW || type == SOCK_DGRAM))
		result = netlink_socket_open(flags, (int)a[2], &file);
	else if ((a[0] == AF_INET || a[0] == AF_INET6 || a[0] == AF_UNIX || a[0] == AF_PACKET) &&
		 (type == SOCK_DGRAM || (type == SOCK_STREAM && a[0] != AF_PACKET)))
		result = inet_socket_open(flags, &file);
	return result < 0 ? result : install(file, (int)a[1]);
}

/* A netlink socket's own address is its port; there is nothing to bind. */
long call_bind(const long *a)
{
	struct file *file;
	long result = netlink_socket_of((int)a[0], &file);

	return result == -EOPNOTSUPP ? syscall_refuse(SYS_bind, result) : result;
}

/* C libraries try where a datagram would go, to sort a name's addresses: nowhere is reached from here. */
long call_connect(const long *a)
{
	struct file *file;
	long result = descriptor_file((int)a[0], &file);

	if (result < 0)
		return result;
	if (file->ops->stat != socket_stat)
		return -ENOTSOCK;
	return -ENETUNREACH;
}

long call_getsockname(const long *a)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};
	socklen_t *size = (socklen_t *)a[2];
	struct file *file;
	long result = netlink_socket_of((int)a[0], &file);

	if (result < 0)
		return result;
	name.nl_pid = netlink_socket_port(file);
	memcpy((void *)a[1], &name, *size < sizeof name ? *size : sizeof name);
	*size = sizeof name;
	return 0;
}

/* Sizes of buffers and the like are taken, as all that they ask for holds. */
long call_setsockopt(const long *a)
{
	struct file *file;
	long result = netlink_socket_of((int)a[0], &file);

	if (result < 0)
		return result;
	if (a[1] == SOL_NETLINK)
		return netlink_socket_set_option(file, (int)a[2], (const void *)a[3], (size_t)a[4]);
	return a[1] == SOL_SOCKET ? 0 : -ENOPROTOOPT;
}

static long send_bytes(long number, int fd, const void *bytes, size_t size)
{
	struct file *file;
	long result = netlink_socket_of(fd, &file);

	if (result == -EOPNOTSUPP)
		return syscall_refuse(number, result);
	return result < 0 ? result : netlink_socket_send(file, bytes, size);
}

long call_sendto(const long *a)
{
	return send_bytes(SYS_sendto, (int)a[0], (const void *)a[1], (size_t)a[2]);
}

long call_sendmsg(const long *a)
{
	static uint8_t request[REQUEST_SIZE_MAX];
	const struct msghdr *message = (const struct msghdr *)a[1];
	size_t size = 0;
	/* An int in musl, a size_t in glibc. */
	size_t part_count = (size_t)message->msg_iovlen;

	if (part_count > PART_COUNT_MAX)
		return -EMSGSIZE;
	for (size_t i = 0; i < part_count; i++) {
		const struct iovec *part = &message->msg_iov[i];

		if (part->iov_len > sizeof request - size)
			return -EMSGSIZE;
		memcpy(request + size, part->iov_base, part->iov_len);
		size += part->iov_len;
	}
	return send_bytes(SYS_sendmsg, (int)a[0], request, size);
}

static void put_sender(void *name, socklen_t room, socklen_t *ret_size)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (name != NULL)
		memcpy(name, &kernel, room < sizeof kernel ? room : sizeof kernel);
	*ret_size = sizeof kernel;
}

long call_recvfrom(const long *a)
{
	struct file *file;
	size_t whole;
	long result = netlink_socket_of((int)a[0], &file);

	if (result >= 0)
		result = netlink_socket_receive(file, (void *)a[1], (size_t)a[2], (a[3] & MSG_PEEK) != 0, &whole);
	if (result < 0)
		return result;
	if (a[4] != 0 && a[5] != 0)
		put_sender((void *)a[4], *(socklen_t *)a[5], (socklen_t *)a[5]);
	return a[3] & MSG_TRUNC ? (long)whole : result;
}

/* Into the first part alone: a datagram's buffer is one (libnetlink, libmnl). */
long call_recvmsg(const long *a)
{
	struct msghdr *message = (struct msghdr *)a[1];
	struct file *file;
	size_t whole;
	long result = netlink_socket_of((int)a[0], &file);

	if (result >= 0 && message->msg_iovlen < 1)
		return -EINVAL;
	if (result >= 0)
		result = netlink_socket_receive(file, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len,
						(a[2] & MSG_PEEK) != 0, &whole);
	if (result < 0)
		return result;
	put_sender(message->msg_name, message->msg_namelen, &message->msg_namelen);
	message->msg_controllen = 0;
	message->msg_flags = whole > (size_t)result ? MSG_TRUNC : 0;
	return a[2] & MSG_TRUNC ? (long)whole : result;
}
