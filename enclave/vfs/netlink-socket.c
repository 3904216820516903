/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink (netlink(7)): dumps of NETLINK_ROUTE and NETLINK_SOCK_DIAG about the
 * target. Requests that would change something are refused and named.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/vm_sockets_diag.h>
#include <linux/xdp_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/reader.h"
#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/vfs/sockets.h"
#include "enclave/vfs/target.h"
#include "guest/ask/ask.h"

enum {
	/* The kernel's own dumps come in pieces of this size (NLMSG_GOODSIZE); the
	 * buffers of old programs have 8 KiB at least. */
	DATAGRAM_SIZE_MAX = 8192,
};

struct netlink_socket {
	struct file file; /* must be first */
	int protocol;
	uint32_t port;
	/* The answer that waits, and how far it was taken. */
	uint8_t *answer;
	size_t answer_size, answer_taken;
};

static long socket_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	size_t whole;

	return netlink_socket_receive(file, buffer, size, 0, &whole);
}

static long socket_write(struct file *file, const void *buffer, size_t size)
{
	return netlink_socket_send(file, buffer, size);
}

static long socket_seek(struct file *file, int64_t offset, int whence)
{
	return -ESPIPE;
}

static void socket_close(struct file *file)
{
	free(((struct netlink_socket *)file)->answer);
}

static const struct file_ops netlink_ops = {
	.read = socket_read,
	.write = socket_write,
	.seek = socket_seek,
	.stat = socket_stat,
	.close = socket_close,
};

long netlink_socket_open(int flags, int protocol, struct file **ret_file)
{
	static uint32_t next_port = 1;
	struct netlink_socket *netlink;
	long result;

	if (protocol != NETLINK_ROUTE && protocol != NETLINK_SOCK_DIAG)
		return -EPROTONOSUPPORT;
	netlink = calloc(1, sizeof *netlink);
	if (netlink == NULL)
		return -ENOMEM;
	result = file_init(&netlink->file, &netlink_ops, O_RDWR | flags, NULL);
	if (result < 0) {
		free(netlink);
		return result;
	}
	netlink->protocol = protocol;
	netlink->port = next_port++;
	*ret_file = &netlink->file;
	return 0;
}

long netlink_socket_of(int fd, struct file **ret_file)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	if (file->ops != &netlink_ops)
		return -EOPNOTSUPP;
	*ret_file = file;
	return 0;
}

unsigned netlink_socket_port(const struct file *file)
{
	return ((const struct netlink_socket *)file)->port;
}

/* ---- the answer */

/* Takes over `messages`. */
static void set_answer(struct netlink_socket *netlink, uint8_t *messages, size_t size)
{
	free(netlink->answer);
	netlink->answer = messages;
	netlink->answer_size = size;
	netlink->answer_taken = 0;
}

/* The message that ends a dump: its outcome. */
static void write_done(uint8_t *at, const struct nlmsghdr *request, uint32_t port, int error)
{
	const struct nlmsghdr head = {.nlmsg_len = NLMSG_LENGTH(sizeof error),
				      .nlmsg_type = NLMSG_DONE,
				      .nlmsg_flags = NLM_F_MULTI,
				      .nlmsg_seq = request->nlmsg_seq,
				      .nlmsg_pid = port};

	memcpy(at, &head, sizeof head);
	memcpy(at + sizeof head, &error, sizeof error);
}

/* An NLMSG_ERROR: 0 is an acknowledgement. */
static long answer_error(struct netlink_socket *netlink, const struct nlmsghdr *request, int error)
{
	const struct nlmsghdr head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
				      .nlmsg_type = NLMSG_ERROR,
				      .nlmsg_seq = request->nlmsg_seq,
				      .nlmsg_pid = netlink->port};
	const struct nlmsgerr body = {.error = error, .msg = *request};
	uint8_t *message = malloc(head.nlmsg_len);

	if (message == NULL)
		return -ENOMEM;
	memcpy(message, &head, sizeof head);
	memcpy(message + sizeof head, &body, sizeof body);
	set_answer(netlink, message, head.nlmsg_len);
	return 0;
}

/* A dump's messages and what ends them: an error where they aren't whole. */
static long answer_dump(struct netlink_socket *netlink, const struct nlmsghdr *request, struct proc_text *messages)
{
	size_t size = messages->size + NLMSG_LENGTH(sizeof(int));
	uint8_t *whole = realloc(messages->data, size);

	if (whole == NULL)
		return target_refusal(STATUS_NO_MEMORY, "an answer by netlink");
	messages->data = NULL;
	if (messages->fault != NULL) {
		runtime_fault_note();
		(void)!report(STATUS_MALFORMED, "an answer by netlink isn't whole: %s", messages->fault);
	}
	write_done(whole + messages->size, request, netlink->port, messages->fault != NULL ? -EIO : 0);
	set_answer(netlink, whole, size);
	return 0;
}

/* The message of a dump that is asked for by itself: a link, by index or name. */
struct wanted_link {
	int index;
	char name[16];
};

static bool is_wanted(const uint8_t *message, uint32_t size, const struct wanted_link *wanted)
{
	struct ifinfomsg link;
	struct span name;
	struct reader reader;
	struct rtattr attribute;

	memcpy(&link, message + NLMSG_HDRLEN, sizeof link);
	if (wanted->index != 0)
		return link.ifi_index == wanted->index;
	reader_init(&reader, (struct span){message + NLMSG_LENGTH(sizeof link), size - NLMSG_LENGTH(sizeof link)});
	/* Our own message: IFLA_IFNAME stands first. */
	return reader_copy(&reader, &attribute, sizeof attribute) == STATUS_OK && attribute.rta_type == IFLA_IFNAME &&
	       attribute.rta_len > RTA_LENGTH(0) &&
	       reader_bytes(&reader, attribute.rta_len - RTA_LENGTH(0), &name) == STATUS_OK &&
	       strncmp((const char *)name.data, wanted->name, sizeof wanted->name) == 0;
}

static long answer_link(struct netlink_socket *netlink, const struct nlmsghdr *request, struct proc_text *messages,
			const struct wanted_link *wanted)
{
	uint8_t *bytes = (uint8_t *)messages->data;
	struct nlmsghdr head;

	for (size_t at = 0; at < messages->size; at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, bytes + at, sizeof head);
		if (!is_wanted(bytes + at, head.nlmsg_len, wanted))
			continue;
		head.nlmsg_flags = 0;
		memmove(bytes, bytes + at, head.nlmsg_len);
		memcpy(bytes, &head, sizeof head);
		messages->data = NULL;
		set_answer(netlink, bytes, head.nlmsg_len);
		return 0;
	}
	return answer_error(netlink, request, -ENODEV);
}

/* ---- requests */

static long refuse(struct netlink_socket *netlink, const struct nlmsghdr *request)
{
	/* RTM_GET… are 2 mod 4. */
	bool acts = (netlink->protocol == NETLINK_ROUTE && (request->nlmsg_type & 3) != 2) ||
		    (netlink->protocol == NETLINK_SOCK_DIAG && request->nlmsg_type == SOCK_DESTROY);
	int error = acts ? -EPERM : -EOPNOTSUPP;

	(void)!report(STATUS_DENIED, "the program asked by netlink (protocol %d) for message type %u, %s; it got %s",
		      netlink->protocol, request->nlmsg_type,
		      acts ? "which would change the target" : "which isn't answered about it", strerror(-error));
	if (!acts)
		runtime_fault_note();
	return answer_error(netlink, request, error);
}

static long run_dump(struct netlink_socket *netlink, const struct nlmsghdr *request, enum ask_dump what,
		     const struct ask_request *ask, const struct wanted_link *wanted)
{
	struct guest_kernel *kernel;
	struct proc_text messages;
	long outcome;

	char name[64];

	/* Questions for other families and protocols are of the same look. */
	snprintf(name, sizeof name, "netlink %u %u %u %u", netlink->protocol, (unsigned)what, ask->family,
		 ask->protocol);
	status result = target_kernel_to_read(name, &kernel);
	if (result == STATUS_OK)
		result = ask_dump(kernel, what, ask, &messages);
	/* As from a kernel that has no such module: programs go to /proc/net then. */
	if (result == STATUS_MISSING)
		return answer_error(netlink, request, -ENOENT);
	if (result != STATUS_OK)
		return answer_error(netlink, request, (int)target_refusal(result, name));
	outcome = wanted != NULL ? answer_link(netlink, request, &messages, wanted)
				 : answer_dump(netlink, request, &messages);
	proc_text_deinit(&messages);
	return outcome;
}

/* IFLA_IFNAME or IFLA_ALT_IFNAME of a request for one link. */
static void read_name(struct reader *reader, struct wanted_link *wanted)
{
	struct rtattr attribute;
	struct span name;

	while (reader_copy(reader, &attribute, sizeof attribute) == STATUS_OK && attribute.rta_len >= RTA_LENGTH(0) &&
	       reader_bytes(reader, attribute.rta_len - RTA_LENGTH(0), &name) == STATUS_OK) {
		if ((attribute.rta_type == IFLA_IFNAME || attribute.rta_type == IFLA_ALT_IFNAME) &&
		    name.size <= sizeof wanted->name)
			memcpy(wanted->name, name.data, name.size);
		if (reader_skip(reader, RTA_ALIGN(attribute.rta_len) - attribute.rta_len) != STATUS_OK)
			return;
	}
}

/* One address family, or both. A route to one address (`ip route get`) is the result of a lookup, which a kernel runs.
 */
static long ask_routes(struct netlink_socket *netlink, const struct nlmsghdr *request, const struct ask_request *ask)
{
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return refuse(netlink, request);
	switch (ask->family) {
	case AF_UNSPEC: return run_dump(netlink, request, ASK_ROUTES, ask, NULL);
	case AF_INET: return run_dump(netlink, request, ASK_ROUTES4, ask, NULL);
	case AF_INET6: return run_dump(netlink, request, ASK_ROUTES6, ask, NULL);
	default: return refuse(netlink, request);
	}
}

static long ask_route(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct ask_request ask = {.sequence = request->nlmsg_seq, .port = netlink->port};
	struct wanted_link wanted = {0};
	struct ifinfomsg link;

	if (reader_u8(body, &ask.family) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	switch (request->nlmsg_type) {
	case RTM_GETADDR: return run_dump(netlink, request, ASK_ADDRESSES, &ask, NULL);
	case RTM_GETNEIGH: return run_dump(netlink, request, ASK_NEIGHBOURS, &ask, NULL);
	case RTM_GETRULE: return run_dump(netlink, request, ASK_RULES, &ask, NULL);
	case RTM_GETROUTE: return ask_routes(netlink, request, &ask);
	case RTM_GETLINK: break;
	default: return refuse(netlink, request);
	}
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		return run_dump(netlink, request, ASK_LINKS, &ask, NULL);
	link.ifi_family = ask.family;
	if (reader_copy(body, (uint8_t *)&link + 1, sizeof link - 1) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	wanted.index = link.ifi_index;
	read_name(body, &wanted);
	return run_dump(netlink, request, ASK_LINKS, &ask, &wanted);
}

static long ask_unix(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct unix_diag_req unix_request;

	if (reader_copy(body, &unix_request, sizeof unix_request) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	const struct ask_request ask = {.sequence = request->nlmsg_seq,
					.port = netlink->port,
					.states = unix_request.udiag_states,
					.show = unix_request.udiag_show};
	return run_dump(netlink, request, ASK_UNIX_SOCKETS, &ask, NULL);
}

static long ask_packet(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct packet_diag_req packet;

	if (reader_copy(body, &packet, sizeof packet) != STATUS_OK || packet.sdiag_protocol != 0)
		return answer_error(netlink, request, -EINVAL);
	const struct ask_request ask = {
		.sequence = request->nlmsg_seq, .port = netlink->port, .show = packet.pdiag_show};
	return run_dump(netlink, request, ASK_PACKET_SOCKETS, &ask, NULL);
}

static long ask_netlink(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct netlink_diag_req netlink_request;

	if (reader_copy(body, &netlink_request, sizeof netlink_request) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	if (netlink_request.sdiag_protocol != NDIAG_PROTO_ALL && netlink_request.sdiag_protocol >= MAX_LINKS)
		return answer_error(netlink, request, -ENOENT);
	const struct ask_request ask = {.sequence = request->nlmsg_seq,
					.port = netlink->port,
					.protocol = netlink_request.sdiag_protocol,
					.show = netlink_request.ndiag_show};
	return run_dump(netlink, request, ASK_NETLINK_SOCKETS, &ask, NULL);
}

static enum ask_dump sockets_of(uint32_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_RAW:
	case IPPROTO_MPTCP: return ASK_INET_SOCKETS;
	default: return ASK_OTHER_SOCKETS;
	}
}

/* INET_DIAG_REQ_PROTOCOL: protocols with numbers beyond a byte (MPTCP) are asked for by an attribute, which counts
 * instead of the fixed part's. */
static uint32_t read_protocol(struct reader *body, uint8_t protocol)
{
	struct nlattr attribute;
	struct span value;
	uint32_t number;

	while (reader_copy(body, &attribute, sizeof attribute) == STATUS_OK && attribute.nla_len >= NLA_HDRLEN &&
	       reader_bytes(body, attribute.nla_len - (size_t)NLA_HDRLEN, &value) == STATUS_OK) {
		if (attribute.nla_type == INET_DIAG_REQ_PROTOCOL && value.size == sizeof number) {
			memcpy(&number, value.data, sizeof number);
			return number;
		}
		if (reader_skip(body, NLA_ALIGN(attribute.nla_len) - (size_t)attribute.nla_len) != STATUS_OK)
			break;
	}
	return protocol;
}

static long ask_inet(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct inet_diag_req_v2 inet;

	if (reader_copy(body, &inet, sizeof inet) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	uint32_t protocol = read_protocol(body, inet.sdiag_protocol);
	if (protocol > UINT16_MAX)
		return answer_error(netlink, request, -ENOENT);
	const struct ask_request ask = {.sequence = request->nlmsg_seq,
					.port = netlink->port,
					.family = inet.sdiag_family,
					.protocol = (uint16_t)protocol,
					.extensions = inet.idiag_ext,
					.states = inet.idiag_states,
					.source_port = inet.id.idiag_sport,
					.destination_port = inet.id.idiag_dport};
	return run_dump(netlink, request, sockets_of(protocol), &ask, NULL);
}

static long ask_vsock(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct vsock_diag_req vsock;

	if (reader_copy(body, &vsock, sizeof vsock) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	const struct ask_request ask = {
		.sequence = request->nlmsg_seq, .port = netlink->port, .states = vsock.vdiag_states};
	return run_dump(netlink, request, ASK_VSOCK_SOCKETS, &ask, NULL);
}

static long ask_xdp(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct xdp_diag_req xdp;

	if (reader_copy(body, &xdp, sizeof xdp) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	const struct ask_request ask = {.sequence = request->nlmsg_seq, .port = netlink->port, .show = xdp.xdiag_show};
	return run_dump(netlink, request, ASK_XDP_SOCKETS, &ask, NULL);
}

static long ask_sockets(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct reader family_reader = *body;
	uint8_t family;

	/* The form before Linux 3.3; `ss` asks for DCCP by it, which kernels from 6.16 on don't have. */
	if (request->nlmsg_type == TCPDIAG_GETSOCK || request->nlmsg_type == DCCPDIAG_GETSOCK)
		return answer_error(netlink, request, -ENOENT);
	if (request->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return refuse(netlink, request);
	if (reader_u8(&family_reader, &family) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	switch (family) {
	case AF_INET:
	case AF_INET6: return ask_inet(netlink, request, body);
	case AF_UNIX: return ask_unix(netlink, request, body);
	case AF_PACKET: return ask_packet(netlink, request, body);
	case AF_NETLINK: return ask_netlink(netlink, request, body);
	case AF_VSOCK: return ask_vsock(netlink, request, body);
	case AF_XDP: return ask_xdp(netlink, request, body);
	default: break;
	}
	const struct ask_request ask = {.sequence = request->nlmsg_seq, .port = netlink->port, .family = family};
	return run_dump(netlink, request, ASK_OTHER_SOCKETS, &ask, NULL);
}

long netlink_socket_send(struct file *file, const void *bytes, size_t size)
{
	struct netlink_socket *netlink = (struct netlink_socket *)file;
	struct nlmsghdr request;
	struct reader reader;
	long result;

	reader_init(&reader, (struct span){bytes, size});
	if (reader_copy(&reader, &request, sizeof request) != STATUS_OK || request.nlmsg_len < sizeof request ||
	    request.nlmsg_len > size)
		return -EINVAL;
	reader_init(&reader,
		    (struct span){(const uint8_t *)bytes + sizeof request, request.nlmsg_len - sizeof request});
	result = netlink->protocol == NETLINK_ROUTE ? ask_route(netlink, &request, &reader)
						    : ask_sockets(netlink, &request, &reader);
	return result < 0 ? result : (long)size;
}

/* Whole messages from where the answer was taken, as many as one datagram holds. */
static size_t next_datagram(const struct netlink_socket *netlink)
{
	size_t size = 0;

	while (netlink->answer_taken + size < netlink->answer_size) {
		struct nlmsghdr head;

		memcpy(&head, netlink->answer + netlink->answer_taken + size, sizeof head);
		size_t message = NLMSG_ALIGN(head.nlmsg_len);
		if (size != 0 && size + message > DATAGRAM_SIZE_MAX)
			break;
		size += message;
	}
	size_t left = netlink->answer_size - netlink->answer_taken;
	return size < left ? size : left;
}

long netlink_socket_receive(struct file *file, void *buffer, size_t size, int peek, size_t *ret_whole_size)
{
	struct netlink_socket *netlink = (struct netlink_socket *)file;
	size_t whole = next_datagram(netlink), part = whole < size ? whole : size;

	if (whole == 0)
		return -EAGAIN;
	memcpy(buffer, netlink->answer + netlink->answer_taken, part);
	if (!peek)
		netlink->answer_taken += whole;
	*ret_whole_size = whole;
	return (long)part;
}
