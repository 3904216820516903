/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that questions about the target go through: datagram sockets for
 * SIOCGIF…, netlink for dumps. Nothing is ever sent anywhere. Results are those of
 * system calls.
 */
#ifndef ENCLAVE_VFS_SOCKETS_H
#define ENCLAVE_VFS_SOCKETS_H

#include <stddef.h>

#include "enclave/vfs/file.h"

/* A datagram socket: it knows the ioctls of interfaces, and nothing else. */
long inet_socket_open(int flags, struct file **ret_file);
/* AF_NETLINK. -EPROTONOSUPPORT for other protocols than NETLINK_ROUTE and NETLINK_SOCK_DIAG. */
long netlink_socket_open(int flags, int protocol, struct file **ret_file);

/* fstat() of any of them: of the device that the target's sockets are of. -EIO, -ENOMEM. */
long socket_stat(struct file *file, struct stat *ret_stat);

/* The netlink socket behind a descriptor. -EBADF, -ENOTSOCK (no socket), -EOPNOTSUPP (another kind). */
long netlink_socket_of(int fd, struct file **ret_file);
/* The port that getsockname() tells. */
unsigned netlink_socket_port(const struct file *file);
/* Set an option of SOL_NETLINK: what it asks for holds already, or (NETLINK_GET_STRICT_CHK) is kept. -EINVAL: its
 * value is too short. */
long netlink_socket_set_option(struct file *file, int name, const void *value, size_t size);
/* One request or several: their answers wait to be received, one behind the other. ≥ 0: bytes taken. -EINVAL: none;
 * -ENOBUFS: too much waits. */
long netlink_socket_send(struct file *file, const void *request, size_t size);
/* The next datagram of the answer, which is taken off unless `peek`; `ret_whole_size` is what it
 * has. -EAGAIN: nothing waits (nothing ever will: whoever would wait gets this). */
long netlink_socket_receive(struct file *file, void *buffer, size_t size, int peek, size_t *ret_whole_size);

#endif
