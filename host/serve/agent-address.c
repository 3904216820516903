/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/agent-address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/report.h"
#include "host/serve/shared-memory.h"
#include "wire/smi.h"

enum { TCP_CONNECT_S = 5 };

static const struct {
	const char *prefix;
	enum agent_address_kind kind;
	bool can_share, has_port;
} kinds[] = {
	{"unix:", AGENT_ADDRESS_UNIX, true, false},	 {"stream:", AGENT_ADDRESS_UNIX, false, false},
	{"tcp:", AGENT_ADDRESS_TCP, false, true},	 {"vsock:", AGENT_ADDRESS_VSOCK, false, true},
	{"serial:", AGENT_ADDRESS_SERIAL, false, false}, {"ivshmem:", AGENT_ADDRESS_IVSHMEM, false, false},
	{SMI_TARGET, AGENT_ADDRESS_SMM, false, false},
};

static status no_address(const char *text, const char *role)
{
	return report(STATUS_USAGE,
		      "\"%s\" is no place of the %s: give unix:PATH, stream:PATH, tcp:HOST:PORT, vsock:CID:PORT, "
		      "serial:PATH[,PATH...]%s",
		      text, role, strcmp(role, "agent") == 0 ? ", ivshmem:[PCI-ADDRESS] or smm:" : "");
}

/* "HOST:PORT", "[v6]:PORT" */
static bool split_port(struct agent_address *address)
{
	char *colon = strrchr(address->place, ':');
	size_t size = colon != NULL ? (size_t)(colon - address->place) : 0;

	if (size == 0 || colon[1] == 0 || strlen(colon + 1) >= sizeof address->port)
		return false;
	memcpy(address->port, colon + 1, strlen(colon + 1) + 1);
	*colon = 0;
	if (address->place[0] == '[' && address->place[size - 1] == ']') {
		memmove(address->place, address->place + 1, size - 2);
		address->place[size - 2] = 0;
	}
	return address->place[0] != 0;
}

status agent_address_parse(const char *text, const char *role, struct agent_address *ret_address)
{
	struct agent_address address = {.role = role, .kind = AGENT_ADDRESS_UNIX, .can_share = true};
	const char *place = strchr(text, '/') != NULL ? text : "";
	bool has_port = false;

	if (strlen(text) >= sizeof address.text)
		return no_address(text, role);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			continue;
		place = text + strlen(kinds[i].prefix);
		address.kind = kinds[i].kind;
		address.can_share = kinds[i].can_share;
		has_port = kinds[i].has_port;
	}
	address.is_serial = address.kind == AGENT_ADDRESS_SERIAL;
	snprintf(address.text, sizeof address.text, "%s", text);
	snprintf(address.place, sizeof address.place, "%s", place);
	if (address.kind == AGENT_ADDRESS_IVSHMEM) {
		/* A grantor has no memory to share. */
		if (strcmp(role, "agent") != 0)
			return no_address(text, role);
	} else if (address.kind == AGENT_ADDRESS_SMM) {
		if (strcmp(role, "agent") != 0 || place[0] != 0)
			return no_address(text, role);
	} else if (address.place[0] == 0 || (has_port && !split_port(&address)))
		return no_address(text, role);
	*ret_address = address;
	return STATUS_OK;
}

static status failed(const struct agent_address *address, int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENODEV:
	case ENXIO:
	case ETIMEDOUT:
		return report(STATUS_MISSING, "no %s listens at %s (%s): start bartizan-%s%s", address->role,
			      address->text, strerror(error), address->role,
			      strcmp(address->role, "agent") == 0 ? " serve" : "");
	case EBUSY:
		return report(STATUS_DENIED,
			      "%s is in use: it carries one enclave at a time, also where a program runs another; "
			      "serial:PATH,PATH has a port for each, and an "
			      "agent at a unix:, tcp: or vsock: address serves many",
			      address->text);
	case EACCES:
	case EPERM:
		return report(STATUS_DENIED, "can't connect to the %s at %s: %s", address->role, address->text,
			      strerror(error));
	default:
		return report(STATUS_IO, "can't connect to the %s at %s: %s", address->role, address->text,
			      strerror(error));
	}
}

static status connect_to(const struct agent_address *address, const void *where, socklen_t size, int family,
			 int *ret_file)
{
	int file = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (file >= 0 && connect(file, where, size) == 0) {
		*ret_file = file;
		return STATUS_OK;
	}
	int error = errno;
	if (file >= 0)
		close(file);
	return failed(address, error);
}

static status connect_unix(const struct agent_address *address, int *ret_file)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};

	if (strlen(address->place) >= sizeof where.sun_path)
		return report(STATUS_USAGE, "the path of the socket %s is longer than %zu bytes", address->place,
			      sizeof where.sun_path - 1);
	memcpy(where.sun_path, address->place, strlen(address->place) + 1);
	return connect_to(address, &where, sizeof where, AF_UNIX, ret_file);
}

static status connect_vsock(const struct agent_address *address, int *ret_file)
{
	char *place_end, *port_end;
	unsigned long cid = strtoul(address->place, &place_end, 10), port = strtoul(address->port, &port_end, 10);

	if (*place_end != 0 || *port_end != 0 || cid > UINT32_MAX || port > UINT32_MAX)
		return no_address(address->text, address->role);
	const struct sockaddr_vm where = {
		.svm_family = AF_VSOCK, .svm_cid = (unsigned int)cid, .svm_port = (unsigned int)port};
	return connect_to(address, &where, sizeof where, AF_VSOCK, ret_file);
}

/* connect() obeys the time to send (socket(7)); without, nobody there takes minutes. */
static int connect_in_time(int file, const struct addrinfo *at)
{
	struct timeval time = {.tv_sec = TCP_CONNECT_S};

	(void)!setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
	int result = connect(file, at->ai_addr, at->ai_addrlen);
	int error = result != 0 && errno == EINPROGRESS ? ETIMEDOUT : errno;
	time.tv_sec = 0;
	(void)!setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
	errno = error;
	return result;
}

static status connect_tcp(const struct agent_address *address, int *ret_file)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int file = -1, error = getaddrinfo(address->place, address->port, &hints, &found);

	if (error != 0)
		return report(STATUS_MISSING, "no host for the %s at %s: %s", address->role, address->text,
			      gai_strerror(error));
	for (const struct addrinfo *at = found; at != NULL && file < 0; at = at->ai_next) {
		file = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (file < 0 || connect_in_time(file, at) == 0)
			continue;
		error = errno;
		close(file);
		file = -1;
	}
	freeaddrinfo(found);
	if (file < 0)
		return failed(address, error);
	/* A request is one write, an answer one: nothing to gain from waiting. */
	(void)!setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	*ret_file = file;
	return STATUS_OK;
}

/* Or -1 and errno; EBUSY: somebody else uses it. A virtio port says so by itself, and a terminal with TIOCEXCL, but not
 * to root, nor to who opens it before that. */
static int open_own(const char *place)
{
	int file = open(place, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (file < 0 || flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return file;
	close(file);
	errno = EBUSY;
	return -1;
}

/* Of several ports the first that nobody uses; or -1 and errno. */
static int open_free_port(const struct agent_address *address)
{
	char places[AGENT_ADDRESS_SIZE], *rest = places, *place;
	int file = -1;

	memcpy(places, address->place, sizeof places);
	errno = EBUSY;
	while (file < 0 && errno == EBUSY && (place = strsep(&rest, ",")) != NULL)
		file = open_own(place);
	return file;
}

static status open_port(const struct agent_address *address, int *ret_file)
{
	int file = open_free_port(address);
	struct termios mode;

	if (file < 0)
		return failed(address, errno);
	/* Not all ports are terminals; those that are must not change our bytes. */
	if (tcgetattr(file, &mode) == 0) {
		cfmakeraw(&mode);
		(void)!tcsetattr(file, TCSANOW, &mode);
		(void)!ioctl(file, TIOCEXCL);
	}
	*ret_file = file;
	return STATUS_OK;
}

status agent_address_connect(const struct agent_address *address, int *ret_file)
{
	switch (address->kind) {
	case AGENT_ADDRESS_UNIX: return connect_unix(address, ret_file);
	case AGENT_ADDRESS_TCP: return connect_tcp(address, ret_file);
	case AGENT_ADDRESS_VSOCK: return connect_vsock(address, ret_file);
	case AGENT_ADDRESS_SERIAL: return open_port(address, ret_file);
	case AGENT_ADDRESS_IVSHMEM: return shared_memory_open(address->place, ret_file);
	case AGENT_ADDRESS_SMM: *ret_file = -1; return STATUS_OK;
	}
	return report(STATUS_INTERNAL, "no such kind of address");
}
