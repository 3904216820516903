/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink (netlink(7)): dumps of NETLINK_ROUTE and NETLINK_SOCK_DIAG about the
 * target. Requests that would change something are refused and named.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
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
	/* Answers that wait to be received: hundreds of thousands of sockets. */
	ANSWER_SIZE_MAX = 1 << 28,
};

struct netlink_socket {
	struct file file; /* must be first */
	int protocol;
	uint32_t port;
	bool is_strict; /* NETLINK_GET_STRICT_CHK: dumps are filtered as they say */
	/* The answers that wait, one behind the other, and how far they were taken. */
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

long netlink_socket_set_option(struct file *file, int name, const void *value, size_t size)
{
	int number;

	if (name != NETLINK_GET_STRICT_CHK)
		return 0;
	if (size < sizeof number)
		return -EINVAL;
	memcpy(&number, value, sizeof number);
	((struct netlink_socket *)file)->is_strict = number != 0;
	return 0;
}

/* ---- the answer */

/* Behind what waits already. Takes over `messages`; their size is a multiple of NLMSG_ALIGNTO. */
static long add_answer(struct netlink_socket *netlink, uint8_t *messages, size_t size)
{
	size_t left = netlink->answer_size - netlink->answer_taken;
	uint8_t *both = left == 0 ? messages : left > ANSWER_SIZE_MAX ? NULL : malloc(left + size);

	if (both == NULL) {
		free(messages);
		return -ENOBUFS;
	}
	if (left != 0) {
		memcpy(both, netlink->answer + netlink->answer_taken, left);
		memcpy(both + left, messages, size);
		free(messages);
	}
	free(netlink->answer);
	netlink->answer = both;
	netlink->answer_size = left + size;
	netlink->answer_taken = 0;
	return 0;
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
	return add_answer(netlink, message, head.nlmsg_len);
}

/* A dump that couldn't begin: without a message. */
static long answer_done(struct netlink_socket *netlink, const struct nlmsghdr *request, int error)
{
	uint8_t *message = malloc(NLMSG_LENGTH(sizeof error));

	if (message == NULL)
		return -ENOMEM;
	write_done(message, request, netlink->port, error);
	return add_answer(netlink, message, NLMSG_LENGTH(sizeof error));
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
	return add_answer(netlink, whole, size);
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
		return add_answer(netlink, bytes, NLMSG_ALIGN(head.nlmsg_len));
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

/* A question of a kind that is answered, but for this. */
static long refuse_part(struct netlink_socket *netlink, const struct nlmsghdr *request, const char *what)
{
	(void)!report(STATUS_DENIED,
		      "the program asked by netlink for %s, which isn't answered about the target; it got %s", what,
		      strerror(EOPNOTSUPP));
	runtime_fault_note();
	return answer_error(netlink, request, -EOPNOTSUPP);
}

static long refuse_family(struct netlink_socket *netlink, const struct nlmsghdr *request, uint8_t family)
{
	char what[64];

	snprintf(what, sizeof what, "message type %u of the address family %u", request->nlmsg_type, family);
	return refuse_part(netlink, request, what);
}

static bool is_dump(const struct nlmsghdr *request)
{
	return (request->nlmsg_flags & NLM_F_DUMP) != 0;
}

/* What the target's kernel hasn't got: no such protocol (programs go to /proc/net then), table or rules. */
static long answer_missing(struct netlink_socket *netlink, const struct nlmsghdr *request, enum ask_dump what)
{
	if (netlink->protocol != NETLINK_ROUTE)
		return answer_error(netlink, request, -ENOENT);
	return answer_done(netlink, request, what == ASK_RULES ? -EAFNOSUPPORT : -ENOENT);
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
	if (result == STATUS_MISSING)
		return answer_missing(netlink, request, what);
	if (result != STATUS_OK)
		return answer_error(netlink, request, (int)target_refusal(result, name));
	outcome = wanted != NULL ? answer_link(netlink, request, &messages, wanted)
				 : answer_dump(netlink, request, &messages);
	proc_text_deinit(&messages);
	return outcome;
}

/* The next attribute of a request (struct rtattr and struct nlattr are of one shape); false: there is no more. */
static bool next_attribute(struct reader *reader, uint16_t *ret_type, struct span *ret_value)
{
	struct rtattr attribute;

	if (reader_align(reader, RTA_ALIGNTO) != STATUS_OK ||
	    reader_copy(reader, &attribute, sizeof attribute) != STATUS_OK || attribute.rta_len < RTA_LENGTH(0) ||
	    reader_bytes(reader, attribute.rta_len - RTA_LENGTH(0), ret_value) != STATUS_OK)
		return false;
	*ret_type = attribute.rta_type & NLA_TYPE_MASK;
	return true;
}

/* The number in the attribute of a type; `otherwise` where there is none. */
static uint32_t read_number(struct reader *reader, uint16_t wanted, uint32_t otherwise)
{
	struct span value;
	uint32_t number;
	uint16_t type;

	while (next_attribute(reader, &type, &value))
		if (type == wanted && value.size == sizeof number) {
			memcpy(&number, value.data, sizeof number);
			return number;
		}
	return otherwise;
}

/* IFLA_IFNAME or IFLA_ALT_IFNAME of a request for one link. */
static void read_name(struct reader *reader, struct wanted_link *wanted)
{
	struct span name;
	uint16_t type;

	while (next_attribute(reader, &type, &name))
		if ((type == IFLA_IFNAME || type == IFLA_ALT_IFNAME) && name.size <= sizeof wanted->name)
			memcpy(wanted->name, name.data, name.size);
}

/* The request's other fields say which routes: heeded by a kernel where the socket is strict. Those of protocols,
 * types and devices aren't here, nor is the answer marked as filtered by them: programs filter it themselves. */
static long ask_routes(struct netlink_socket *netlink, const struct nlmsghdr *request, struct ask_request *ask,
		       struct reader *body)
{
	struct rtmsg route = {.rtm_family = ask->family};

	/* `ip route get`: the result of a lookup, which a kernel runs. */
	if (!is_dump(request))
		return refuse(netlink, request);
	if (reader_copy(body, (uint8_t *)&route + 1, sizeof route - 1) == STATUS_OK) {
		if (route.rtm_flags & RTM_F_CLONED)
			return refuse_part(netlink, request, "exceptions from routes (`ip route show cache`)");
		if (route.rtm_flags & RTM_F_PREFIX)
			return refuse_part(netlink, request, "the routes of prefixes alone");
		if (netlink->is_strict)
			ask->table = read_number(body, RTA_TABLE, route.rtm_table);
	} else if (netlink->is_strict) {
		return answer_done(netlink, request, -EINVAL);
	}
	switch (ask->family) {
	case AF_UNSPEC: return run_dump(netlink, request, ASK_ROUTES, ask, NULL);
	case AF_INET: return run_dump(netlink, request, ASK_ROUTES4, ask, NULL);
	case AF_INET6: return run_dump(netlink, request, ASK_ROUTES6, ask, NULL);
	case RTNL_FAMILY_IPMR:
	case RTNL_FAMILY_IP6MR: return run_dump(netlink, request, ASK_MULTICAST_ROUTES, ask, NULL);
	default: return refuse_family(netlink, request, ask->family);
	}
}

/* NTF_PROXY, and nothing else in its place: the addresses that the target answers for. */
static long ask_neighbours(struct netlink_socket *netlink, const struct nlmsghdr *request, struct ask_request *ask,
			   struct reader *body)
{
	struct ndmsg neighbour;

	if (reader_copy(body, (uint8_t *)&neighbour + 1, sizeof neighbour - 1) == STATUS_OK)
		ask->is_proxy = neighbour.ndm_flags == NTF_PROXY;
	return run_dump(netlink, request, ASK_NEIGHBOURS, ask, NULL);
}

/* All of them, or one by its index or name. */
static long ask_link(struct netlink_socket *netlink, const struct nlmsghdr *request, const struct ask_request *ask,
		     struct reader *body)
{
	struct wanted_link wanted = {0};
	struct ifinfomsg link;

	if (is_dump(request))
		return ask->family == AF_BRIDGE ? refuse_family(netlink, request, ask->family)
						: run_dump(netlink, request, ASK_LINKS, ask, NULL);
	if (reader_copy(body, (uint8_t *)&link + 1, sizeof link - 1) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	wanted.index = link.ifi_index;
	read_name(body, &wanted);
	return run_dump(netlink, request, ASK_LINKS, ask, &wanted);
}

static bool is_internet(uint8_t family)
{
	return family == AF_UNSPEC || family == AF_INET || family == AF_INET6;
}

/* RTM_GETADDR, RTM_GETNEIGH, RTM_GETRULE: only dumps, and only of what these have of the internet's families. */
static long ask_internet(struct netlink_socket *netlink, const struct nlmsghdr *request, struct ask_request *ask,
			 struct reader *body)
{
	bool is_rule_of_multicast = request->nlmsg_type == RTM_GETRULE &&
				    (ask->family == RTNL_FAMILY_IPMR || ask->family == RTNL_FAMILY_IP6MR);

	if (!is_dump(request))
		return refuse(netlink, request);
	if (!is_internet(ask->family) && !is_rule_of_multicast)
		return refuse_family(netlink, request, ask->family);
	if (request->nlmsg_type == RTM_GETNEIGH)
		return ask_neighbours(netlink, request, ask, body);
	return run_dump(netlink, request, request->nlmsg_type == RTM_GETADDR ? ASK_ADDRESSES : ASK_RULES, ask, NULL);
}

static long ask_route(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct ask_request ask = {.sequence = request->nlmsg_seq, .port = netlink->port};

	if (reader_u8(body, &ask.family) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	switch (request->nlmsg_type) {
	case RTM_GETADDR:
	case RTM_GETNEIGH:
	case RTM_GETRULE: return ask_internet(netlink, request, &ask, body);
	case RTM_GETROUTE: return ask_routes(netlink, request, &ask, body);
	case RTM_GETLINK: return ask_link(netlink, request, &ask, body);
	default: return refuse(netlink, request);
	}
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

static long ask_inet(struct netlink_socket *netlink, const struct nlmsghdr *request, struct reader *body)
{
	struct inet_diag_req_v2 inet;

	if (reader_copy(body, &inet, sizeof inet) != STATUS_OK)
		return answer_error(netlink, request, -EINVAL);
	/* Protocols with numbers beyond a byte (MPTCP) are asked for by an attribute, which counts instead. */
	uint32_t protocol = read_number(body, INET_DIAG_REQ_PROTOCOL, inet.sdiag_protocol);
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
	/* Not a dump: one socket by its addresses or number, a lookup. */
	if (request->nlmsg_type != SOCK_DIAG_BY_FAMILY || !is_dump(request))
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

/* One message after the other, as netlink_rcv_skb() does: what follows the last one and is none is left alone. */
long netlink_socket_send(struct file *file, const void *bytes, size_t size)
{
	struct netlink_socket *netlink = (struct netlink_socket *)file;
	struct nlmsghdr request;
	struct reader left, body;
	struct span span;
	long result;

	reader_init(&left, (struct span){bytes, size});
	for (size_t count = 0;; count++) {
		if (reader_copy(&left, &request, sizeof request) != STATUS_OK || request.nlmsg_len < sizeof request ||
		    reader_bytes(&left, request.nlmsg_len - sizeof request, &span) != STATUS_OK)
			return count == 0 ? -EINVAL : (long)size;
		reader_init(&body, span);
		result = netlink->protocol == NETLINK_ROUTE ? ask_route(netlink, &request, &body)
							    : ask_sockets(netlink, &request, &body);
		if (result < 0)
			return result;
		if (reader_align(&left, NLMSG_ALIGNTO) != STATUS_OK)
			return (long)size;
	}
}

/* A message that ends an answer: another one's begins in a datagram of its own, as a kernel's does. */
static bool ends_answer(const struct nlmsghdr *head)
{
	return head->nlmsg_type == NLMSG_DONE || (head->nlmsg_flags & NLM_F_MULTI) == 0;
}

/* Whole messages from where the answer was taken, as many as one datagram holds. */
static size_t next_datagram(const struct netlink_socket *netlink)
{
	size_t left = netlink->answer_size - netlink->answer_taken, size = 0;
	struct nlmsghdr head = {.nlmsg_flags = NLM_F_MULTI};

	while (size < left && !ends_answer(&head)) {
		memcpy(&head, netlink->answer + netlink->answer_taken + size, sizeof head);
		size_t message = NLMSG_ALIGN(head.nlmsg_len);
		if (size != 0 && size + message > DATAGRAM_SIZE_MAX)
			break;
		size += message;
	}
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
