/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "agent/serve/clock.h"
#include "agent/serve/log.h"
#include "agent/serve/shared-ring.h"
#include "base/report.h"

enum {
	BACKLOG = 64,
	/* Each is the check of a signature, some 0.1 ms: 2 % of a core, whoever sends them. */
	REVOCATIONS_PER_SECOND = 200,
	/* A peer that is quiet for so long is asked whether it is there, so often; and what it doesn't acknowledge ends
	 * the connection. */
	KEEPALIVE_S = 60,
	KEEPALIVE_COUNT = 2,
	VANISHED_MS = 90000,
};

static status cannot(const char *place, const char *what)
{
	int error = errno;

	return report(error == EACCES || error == EPERM ? STATUS_DENIED : STATUS_IO, "can't %s %s: %s", what, place,
		      strerror(error));
}

static bool unix_address(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof ret_address->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(ret_address->sun_path, path, strlen(path) + 1);
	return true;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address;
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (file >= 0 && unix_address(path, &address) &&
	    connect(file, (const struct sockaddr *)&address, sizeof address) == 0)
		return file;
	int error = errno;
	if (file >= 0)
		close(file);
	errno = error;
	return -1;
}

/* A socket that nobody listens on any more was left by an agent that was killed. */
static status remove_stale(const char *path)
{
	struct stat found;

	if (lstat(path, &found) != 0)
		return STATUS_OK;
	if (!S_ISSOCK(found.st_mode))
		return report(STATUS_USAGE, "%s exists and is no socket", path);
	int file = connect_unix(path);
	if (file >= 0) {
		close(file);
		return report(STATUS_USAGE, "another process listens at %s already", path);
	}
	return unlink(path) == 0 || errno == ENOENT ? STATUS_OK : cannot(path, "remove the stale socket");
}

static void make_directory_of(const char *path)
{
	char directory[sizeof((struct sockaddr_un){0}).sun_path];
	const char *slash = strrchr(path, '/');

	/* Only the last level, ours alone: a wrong path is told when binding. */
	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof directory)
		return;
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	(void)!mkdir(directory, 0755);
}

static status listen_unix(struct listener *listener, mode_t mode)
{
	struct sockaddr_un address;

	if (!unix_address(listener->place, &address))
		return report(STATUS_USAGE, "the socket's path %s is longer than %zu bytes", listener->place,
			      sizeof address.sun_path - 1);
	make_directory_of(listener->place);
	TRY(remove_stale(listener->place));
	listener->file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->file < 0)
		return cannot(listener->place, "make a socket for");
	mode_t before = umask(0777);
	int result = bind(listener->file, (const struct sockaddr *)&address, sizeof address);
	umask(before);
	if (result != 0 || chmod(listener->place, mode) != 0 || listen(listener->file, BACKLOG) != 0)
		return cannot(listener->place, "listen at");
	return STATUS_OK;
}

/* "PORT" is on loopback; "ADDRESS:PORT", "[v6]:PORT". Names aren't looked up. */
static status resolve(const char *place, struct addrinfo **ret_found)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(place, ':'), *port = colon != NULL ? colon + 1 : place;
	char host[64] = "127.0.0.1";

	if (colon != NULL) {
		size_t size = (size_t)(colon - place);
		bool in_brackets = size >= 2 && place[0] == '[' && colon[-1] == ']';

		snprintf(host, sizeof host, "%.*s", (int)(in_brackets ? size - 2 : size),
			 in_brackets ? place + 1 : place);
	}
	if (getaddrinfo(host, port, &hints, ret_found) != 0)
		return report(STATUS_USAGE, "\"%s\" is no address to listen at: give PORT or ADDRESS:PORT, in numbers",
			      place);
	return STATUS_OK;
}

static status listen_tcp(struct listener *listener)
{
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound = {0};
	socklen_t size = sizeof bound;

	TRY(resolve(listener->place, &found));
	listener->file = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->file < 0) {
		freeaddrinfo(found);
		return cannot(listener->place, "make a socket for");
	}
	(void)!setsockopt(listener->file, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	int result = bind(listener->file, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (result != 0 || listen(listener->file, BACKLOG) != 0 ||
	    getsockname(listener->file, (struct sockaddr *)&bound, &size) != 0)
		return cannot(listener->place, "listen at TCP");
	/* The port lies at the same place in IPv4's and IPv6's address. */
	listener->port = ntohs(((const struct sockaddr_in *)&bound)->sin_port);
	return STATUS_OK;
}

static status listen_vsock(struct listener *listener)
{
	char *end;
	unsigned long port = strtoul(listener->place, &end, 10);

	if (end == listener->place || *end != 0 || port > UINT32_MAX)
		return report(STATUS_USAGE, "\"%s\" is no vsock port", listener->place);
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = (unsigned int)port};
	listener->file = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->file < 0 || bind(listener->file, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener->file, BACKLOG) != 0)
		return cannot(listener->place, "listen at vsock port");
	listener->port = (uint32_t)port;
	return STATUS_OK;
}

static status open_serial(struct listener *listener)
{
	struct termios mode;
	struct stat found;

	if (stat(listener->place, &found) == 0 && S_ISSOCK(found.st_mode))
		return STATUS_OK; /* connected to when needed, and again when it went away */
	listener->file = open(listener->place, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (listener->file < 0)
		return cannot(listener->place, "open the serial port");
	if (tcgetattr(listener->file, &mode) == 0) {
		cfmakeraw(&mode);
		(void)!tcsetattr(listener->file, TCSANOW, &mode);
		(void)!ioctl(listener->file, TIOCEXCL);
	}
	return STATUS_OK;
}

static status open_listener(struct listener *listener, const struct serve_settings *settings)
{
	switch (listener->kind) {
	case LISTENER_UNIX: return listen_unix(listener, settings->socket_mode);
	case LISTENER_TCP: return listen_tcp(listener);
	case LISTENER_VSOCK: return listen_vsock(listener);
	case LISTENER_SERIAL: return open_serial(listener);
	case LISTENER_IVSHMEM: return shared_ring_map(listener->place, &listener->shared);
	}
	return report(STATUS_INTERNAL, "no such kind of listener");
}

status listener_init(struct listener *listener, enum listener_kind kind, const char *place,
		     const struct serve_settings *settings)
{
	*listener = (struct listener){.kind = kind, .place = place, .file = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
	/* A second's worth at once: many programs may be started together. */
	bucket_init(&listener->handshakes, settings->handshakes_per_second, settings->handshakes_per_second,
		    clock_ns());
	log_limit_init(&listener->log_limit);
	bucket_init(&listener->revocations, REVOCATIONS_PER_SECOND, REVOCATIONS_PER_SECOND, clock_ns());
	status result = open_listener(listener, settings);
	if (result != STATUS_OK && listener->file >= 0)
		close(listener->file);
	return result;
}

void listener_deinit(struct listener *listener)
{
	if (listener->file >= 0)
		close(listener->file);
	if (listener->shared != NULL)
		shared_ring_unmap(listener->shared);
	/* Not ours to remove any more where privileges are gone: the next start does it. */
	if (listener->kind == LISTENER_UNIX)
		(void)!unlink(listener->place);
}

bool listener_take_handshake(struct listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	bool taken = bucket_take(&listener->handshakes, clock_ns());
	pthread_mutex_unlock(&listener->lock);
	return taken;
}

bool listener_take_revocation(struct listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	bool taken = bucket_take(&listener->revocations, clock_ns());
	pthread_mutex_unlock(&listener->lock);
	return taken;
}

bool listener_is_port(const struct listener *listener)
{
	return listener->kind == LISTENER_SERIAL || listener->kind == LISTENER_IVSHMEM;
}

/* A machine that vanished says nothing: by this its connection ends nevertheless. (vsock has no such thing: the
 * host's kernel ends what a VM had when that ends.) */
static void expect_life(int file)
{
	(void)!setsockopt(file, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
	(void)!setsockopt(file, IPPROTO_TCP, TCP_KEEPIDLE, &(int){KEEPALIVE_S}, sizeof(int));
	(void)!setsockopt(file, IPPROTO_TCP, TCP_KEEPINTVL, &(int){KEEPALIVE_S / 4}, sizeof(int));
	(void)!setsockopt(file, IPPROTO_TCP, TCP_KEEPCNT, &(int){KEEPALIVE_COUNT}, sizeof(int));
	(void)!setsockopt(file, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){VANISHED_MS}, sizeof(unsigned));
}

int listener_accept(const struct listener *listener)
{
	int file = accept4(listener->file, NULL, NULL, SOCK_CLOEXEC);

	if (file < 0 || listener->kind != LISTENER_TCP)
		return file;
	(void)!setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	expect_life(file);
	return file;
}

int listener_open_port(const struct listener *listener)
{
	return listener->file >= 0 ? fcntl(listener->file, F_DUPFD_CLOEXEC, 0) : connect_unix(listener->place);
}

void listener_tell_trouble(int error, int *told_error)
{
	if (error != *told_error && error != ENOENT && error != ECONNREFUSED && error != 0)
		log_write(LOG_PRIORITY_WARNING, "can't connect to it: %s; tried again until it works", strerror(error));
	*told_error = error;
}
