/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens sockets of every kind, in every state that can be held, and holds
 * them in the background: what the pseudo files are compared over.
 *
 * TIME_WAIT and orphaned FIN_WAIT2 last a minute by nature; all else stays for
 * hours, or until the process is killed.
 */
#include "lab/guest/sockets.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/network.h"

enum { COUNT_MAX = 50000, DESCRIPTORS_BESIDES = 1024 };

struct wanted {
	bool chosen; /* something in particular: not the zoo */
	bool has_sctp, has_families;
	unsigned int tcp_count, udp_count, unix_count;
	uint16_t tcp_port; /* and the next one: another run's sockets have others */
};

void fail(const char *what)
{
	fprintf(stderr, "sockets: %s: %s\n", what, strerror(errno));
	exit(1);
}

void zoo_skip(const char *what)
{
	fprintf(stderr, "sockets: this kernel has no %s\n", what);
}

void zoo_option(int fd, int level, int name, int value)
{
	must(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

int zoo_socket(int family, int type, int protocol)
{
	int fd = must(socket(family, type | SOCK_CLOEXEC, protocol), "socket");

	zoo_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return fd;
}

socklen_t zoo_address(int family, const char *address, uint16_t port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	bool is_v6 = family == AF_INET6;

	if (inet_pton(family, address, is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1) {
		errno = EINVAL;
		fail(address);
	}
	memcpy(ret_address, is_v6 ? (void *)&v6 : (void *)&v4, is_v6 ? sizeof v6 : sizeof v4);
	return is_v6 ? sizeof v6 : sizeof v4;
}

void zoo_bind(int fd, int family, const char *address, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t size = zoo_address(family, address, port, &storage);

	must(bind(fd, (struct sockaddr *)&storage, size), "bind");
}

void zoo_connect(int fd, int family, const char *address, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t size = zoo_address(family, address, port, &storage);

	must(connect(fd, (struct sockaddr *)&storage, size), "connect");
}

int zoo_listen(int family, const char *address, uint16_t port, int backlog)
{
	int fd = zoo_socket(family, SOCK_STREAM, 0);

	zoo_bind(fd, family, address, port);
	must(listen(fd, backlog), "listen");
	return fd;
}

static void open_all(const struct wanted *wanted)
{
	struct rlimit limit = {.rlim_cur = 2 * COUNT_MAX + DESCRIPTORS_BESIDES,
			       .rlim_max = 2 * COUNT_MAX + DESCRIPTORS_BESIDES};

	must(setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	if (!wanted->chosen) {
		network_make_tap();
		zoo_tcp_stuck(network_make_tun());
		zoo_datagrams();
		zoo_local();
		zoo_groups();
		zoo_tcp(); /* last: some of these states end by themselves */
	}
	if (wanted->has_sctp)
		zoo_sctp();
	if (wanted->has_families)
		zoo_families();
	zoo_many_tcp(wanted->tcp_count, wanted->tcp_port);
	zoo_many_udp(wanted->udp_count);
	zoo_many_unix(wanted->unix_count);
}

/* The child holds the sockets; the parent says when they are there. */
static int run(const struct wanted *wanted)
{
	int ready[2];
	char byte;

	must(pipe2(ready, O_CLOEXEC), "pipe");
	if (must(fork(), "fork") > 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			return 1;
		puts("ready");
		return 0;
	}
	setsid();
	signal(SIGPIPE, SIG_IGN);
	open_all(wanted);
	must((int)write(ready[1], "r", 1), "write");
	close(ready[0]);
	close(ready[1]);
	int null_fd = must(open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null");

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
	for (;;)
		pause();
}

static unsigned int count(const struct argp_state *state, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || value > COUNT_MAX)
		argp_error(state, "a number up to %d, please, not \"%s\"", COUNT_MAX, text);
	return (unsigned int)value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct wanted *wanted = state->input;

	switch (key) {
	case 's': wanted->has_sctp = true; break;
	case 'p': wanted->tcp_port = (uint16_t)count(state, argument); return 0;
	case 'f': wanted->has_families = true; break;
	case 't': wanted->tcp_count = count(state, argument); break;
	case 'u': wanted->udp_count = count(state, argument); break;
	case 'x': wanted->unix_count = count(state, argument); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	wanted->chosen = true;
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp_option options[] = {
		{"families", 'f', NULL, 0, "vsock, XDP and MPTCP sockets instead", 0},
		{"sctp", 's', NULL, 0, "SCTP sockets instead", 0},
		{"tcp", 't', "N", 0, "N TCP sockets instead, in connected pairs", 0},
		{"port", 'p', "P", 0, "these at port P of 127.0.0.1 (7200), and the next one", 0},
		{"udp", 'u', "N", 0, "N UDP sockets instead", 0},
		{"unix", 'x', "N", 0, "N UNIX sockets instead", 0},
		{},
	};
	const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Open sockets of every kind and state, print `ready', and hold them in the background.",
	};
	struct wanted wanted = {.tcp_port = 7200};

	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
		return 2;
	return run(&wanted);
}
