/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zoo of sockets that `sockets` opens, by kind. All of them stay open
 * until the process ends: nothing here is ever closed unless that is the point. */
#ifndef LAB_GUEST_SOCKETS_H
#define LAB_GUEST_SOCKETS_H

#include <stdint.h>
#include <sys/socket.h>

enum { TESTER_UID = 1000 };

/* Say on stderr that this kernel doesn't have it. */
void zoo_skip(const char *what);

/* An IPv4 or IPv6 socket of any protocol, SO_REUSEADDR set. */
int zoo_socket(int family, int type, int protocol);
/* Bind to an address in text form ("::", "127.0.0.1") and a port. */
void zoo_bind(int fd, int family, const char *address, uint16_t port);
/* Connect, waiting for it. */
void zoo_connect(int fd, int family, const char *address, uint16_t port);
/* Fill in an address; returns its size. */
socklen_t zoo_address(int family, const char *address, uint16_t port, struct sockaddr_storage *ret_address);
/* A listening TCP socket. */
int zoo_listen(int family, const char *address, uint16_t port, int backlog);
/* Set an integer option that must exist. */
void zoo_option(int fd, int level, int name, int value);

/* TCP in every state that loopback can hold. */
void zoo_tcp(void);
/* TCP in the states that need a silent or half-answering other machine. */
void zoo_tcp_stuck(int tun_fd);
/* UDP, UDP-Lite, raw, ping. */
void zoo_datagrams(void);
/* UNIX, packet, netlink. */
void zoo_local(void);
/* Multicast, anycast, flow labels; lab0 and lab1 must be there. */
void zoo_groups(void);

/* SCTP: of both styles and families, with more than one address, connected and not. */
void zoo_sctp(void);
/* vsock (looped back), XDP and MPTCP, as far as the kernel has them. */
void zoo_families(void);

/* `count` TCP sockets in /proc/net/tcp: a listener at `port`, connected pairs, and one
 * more listener, at the next port, where that is odd. */
void zoo_many_tcp(unsigned int count, uint16_t port);
void zoo_many_udp(unsigned int count);
void zoo_many_unix(unsigned int count);

#endif
