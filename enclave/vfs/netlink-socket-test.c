/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "enclave/runtime/fault.h"
#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/fake-proc.h"
#include "enclave/vfs/sockets.h"

enum { LINK_COUNT = 40, LINK_SIZE = NLMSG_LENGTH(sizeof(struct ifinfomsg)) + 512 };

static uint8_t links[LINK_COUNT][LINK_SIZE];

/* A dump of links 1 to LINK_COUNT, named "l1"…, each with 512 bytes behind. */
static int setup(void **state)
{
	hostile_init();
	for (int i = 0; i < LINK_COUNT; i++) {
		const struct nlmsghdr head = {
			.nlmsg_len = LINK_SIZE, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_MULTI};
		const struct ifinfomsg link = {.ifi_index = i + 1};
		const struct rtattr name = {.rta_len = RTA_LENGTH(5), .rta_type = IFLA_IFNAME};

		memset(links[i], 0, LINK_SIZE);
		memcpy(links[i], &head, sizeof head);
		memcpy(links[i] + NLMSG_HDRLEN, &link, sizeof link);
		memcpy(links[i] + NLMSG_LENGTH(sizeof link), &name, sizeof name);
		snprintf((char *)links[i] + NLMSG_LENGTH(sizeof link) + RTA_LENGTH(0), 5, "l%d", i + 1);
	}
	fake_dump = links;
	fake_dump_size = sizeof links;
	fake_dump_fault = NULL;
	fake_dump_missing = false;
	return 0;
}

static struct file *open_route(void)
{
	struct file *file;

	assert_int_equal(netlink_socket_open(0, NETLINK_ROUTE, &file), 0);
	return file;
}

static void send_link_request(struct file *file, uint16_t type, uint16_t flags, int index)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} request = {.head = {.nlmsg_len = sizeof request, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 7},
		     .link = {.ifi_index = index}};

	assert_int_equal(netlink_socket_send(file, &request, sizeof request), sizeof request);
}

/* The error that an NLMSG_ERROR or NLMSG_DONE has. */
static int error_of(const uint8_t *message)
{
	int error;

	memcpy(&error, message + NLMSG_HDRLEN, sizeof error);
	return error;
}

static void a_dump_comes_in_whole_messages_and_ends_with_its_outcome(void **state)
{
	struct file *file = open_route();
	uint8_t buffer[16384];
	struct nlmsghdr head = {0};
	size_t whole, count = 0;
	bool done = false;

	send_link_request(file, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0);
	while (!done) {
		long size = netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole);

		assert_true(size > 0 && (size_t)size == whole && whole <= 8192);
		for (long at = 0; at < size; at += NLMSG_ALIGN(head.nlmsg_len)) {
			memcpy(&head, buffer + at, sizeof head);
			assert_in_range(head.nlmsg_len, sizeof head, (size_t)(size - at));
			if (head.nlmsg_type == NLMSG_DONE) {
				assert_int_equal(error_of(buffer + at), 0);
				assert_int_equal(head.nlmsg_seq, 7);
				done = true;
			} else {
				count++;
			}
		}
	}
	assert_int_equal(count, LINK_COUNT);
	assert_int_equal(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole), -EAGAIN);
	file_release(file);
}

static void a_peek_takes_nothing_and_a_small_buffer_is_told_so(void **state)
{
	struct file *file = open_route();
	uint8_t small[16], again[16];
	size_t whole;

	send_link_request(file, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0);
	assert_int_equal(netlink_socket_receive(file, small, sizeof small, 1, &whole), sizeof small);
	assert_true(whole > sizeof small);
	assert_int_equal(netlink_socket_receive(file, again, sizeof again, 0, &whole), sizeof again);
	assert_memory_equal(small, again, sizeof small);
	file_release(file);
}

static void one_link_is_found_by_its_index(void **state)
{
	struct file *file = open_route();
	uint8_t buffer[8192];
	struct nlmsghdr head;
	size_t whole;

	send_link_request(file, RTM_GETLINK, NLM_F_REQUEST, 3);
	assert_int_equal(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole), LINK_SIZE);
	memcpy(&head, buffer, sizeof head);
	assert_int_equal(head.nlmsg_flags & NLM_F_MULTI, 0);
	assert_string_equal((char *)buffer + NLMSG_LENGTH(sizeof(struct ifinfomsg)) + RTA_LENGTH(0), "l3");
	send_link_request(file, RTM_GETLINK, NLM_F_REQUEST, LINK_COUNT + 1);
	assert_true(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole) > 0);
	assert_int_equal(error_of(buffer), -ENODEV);
	file_release(file);
}

static void a_dump_that_is_not_whole_ends_with_an_error(void **state)
{
	struct file *file = open_route();
	uint8_t buffer[8192];
	long size, last = 0;
	size_t whole;

	fake_dump_size = LINK_SIZE;
	fake_dump_fault = "a device is missing";
	send_link_request(file, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0);
	while ((size = netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole)) > 0)
		last = size;
	assert_int_equal(error_of(buffer + last - NLMSG_LENGTH(sizeof(int))), -EIO);
	assert_true(runtime_fault_noted());
	file_release(file);
}

static void assert_refused(struct file *file, uint16_t type, const char *said)
{
	uint8_t buffer[8192];
	size_t whole;

	send_link_request(file, type, NLM_F_REQUEST | NLM_F_ACK, 1);
	assert_true(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole) > 0);
	assert_int_equal(error_of(buffer), -EPERM);
	assert_non_null(strstr(hostile.last_message, said));
	assert_non_null(strstr(hostile.last_message, "which would change the target"));
}

/* A dump of routes, as iproute2 asks for it: NUL bytes follow the message. */
struct routes_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attribute;
	uint32_t table;
	char rest[64];
};

static const struct routes_request routes_request = {
	.head = {.nlmsg_len = offsetof(struct routes_request, rest),
		 .nlmsg_type = RTM_GETROUTE,
		 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	.route = {.rtm_family = AF_INET},
	.attribute = {RTA_LENGTH(sizeof(uint32_t)), RTA_TABLE},
	.table = 999,
};

/* The outcome of the first datagram, which is an error or ends a dump; what else waits is thrown away. */
static int outcome_of(struct file *file, const void *request, size_t size, uint16_t type)
{
	uint8_t first[32768], more[32768];
	struct nlmsghdr head;
	size_t whole;

	assert_int_equal(netlink_socket_send(file, request, size), size);
	assert_true(netlink_socket_receive(file, first, sizeof first, 0, &whole) > 0);
	while (netlink_socket_receive(file, more, sizeof more, 0, &whole) > 0)
		;
	memcpy(&head, first, sizeof head);
	assert_int_equal(head.nlmsg_type, type);
	return error_of(first);
}

static void only_a_strict_socket_asks_for_one_table(void **state)
{
	struct file *file = open_route();
	int on = 1;

	assert_int_equal(netlink_socket_send(file, &routes_request, sizeof routes_request), sizeof routes_request);
	assert_int_equal(fake_dump_asked, ASK_ROUTES4);
	assert_int_equal(fake_dump_request.table, 0);
	assert_int_equal(netlink_socket_set_option(file, NETLINK_GET_STRICT_CHK, &on, 1), -EINVAL);
	assert_int_equal(netlink_socket_set_option(file, NETLINK_GET_STRICT_CHK, &on, sizeof on), 0);
	assert_int_equal(netlink_socket_send(file, &routes_request, sizeof routes_request), sizeof routes_request);
	assert_int_equal(fake_dump_request.table, 999);
	file_release(file);
}

/* In the message that ends a dump, as from a kernel: iproute2 takes an absent main table from nothing else. */
static void a_table_that_is_not_there_ends_the_dump(void **state)
{
	struct file *file = open_route();

	fake_dump_missing = true;
	assert_int_equal(outcome_of(file, &routes_request, sizeof routes_request, NLMSG_DONE), -ENOENT);
	file_release(file);
}

static void exceptions_from_routes_are_refused_by_name(void **state)
{
	struct routes_request request = routes_request;
	struct file *file = open_route();

	request.route.rtm_flags = RTM_F_CLONED;
	assert_int_equal(outcome_of(file, &request, sizeof request, NLMSG_ERROR), -EOPNOTSUPP);
	assert_non_null(strstr(hostile.last_message, "exceptions from routes"));
	file_release(file);
}

static void families_have_their_own_answer_or_are_refused_by_name(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		int dump; /* −1: refused */
	} cases[] = {{RTM_GETROUTE, RTNL_FAMILY_IPMR, ASK_MULTICAST_ROUTES},
		     {RTM_GETROUTE, RTNL_FAMILY_IP6MR, ASK_MULTICAST_ROUTES},
		     {RTM_GETROUTE, AF_MPLS, -1},
		     {RTM_GETRULE, RTNL_FAMILY_IPMR, ASK_RULES},
		     {RTM_GETRULE, RTNL_FAMILY_IP6MR, ASK_RULES},
		     {RTM_GETRULE, AF_BRIDGE, -1},
		     {RTM_GETNEIGH, AF_INET6, ASK_NEIGHBOURS},
		     {RTM_GETNEIGH, AF_BRIDGE, -1},
		     {RTM_GETADDR, AF_BRIDGE, -1},
		     {RTM_GETLINK, AF_BRIDGE, -1}};
	struct routes_request request = routes_request;
	struct file *file = open_route();
	char said[64];

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		request.head.nlmsg_type = cases[i].type;
		request.route.rtm_family = cases[i].family;
		if (cases[i].dump >= 0) {
			assert_int_equal(netlink_socket_send(file, &request, sizeof request), sizeof request);
			assert_int_equal(fake_dump_asked, cases[i].dump);
			assert_int_equal(fake_dump_request.family, cases[i].family);
			continue;
		}
		snprintf(said, sizeof said, "message type %u of the address family %u,", cases[i].type,
			 cases[i].family);
		file_release(file);
		file = open_route();
		assert_int_equal(outcome_of(file, &request, sizeof request, NLMSG_ERROR), -EOPNOTSUPP);
		assert_non_null(strstr(hostile.last_message, said));
	}
	file_release(file);
}

static void proxies_are_asked_for_by_a_flag_that_stands_alone(void **state)
{
	struct {
		struct nlmsghdr head;
		struct ndmsg neighbour;
	} request = {.head = {.nlmsg_len = sizeof request,
			      .nlmsg_type = RTM_GETNEIGH,
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	static const uint8_t flags[] = {0, NTF_PROXY, NTF_PROXY | NTF_ROUTER};
	struct file *file = open_route();

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		request.neighbour.ndm_flags = flags[i];
		assert_int_equal(netlink_socket_send(file, &request, sizeof request), sizeof request);
		assert_int_equal(fake_dump_request.is_proxy, flags[i] == NTF_PROXY);
	}
	request.head.nlmsg_flags = NLM_F_REQUEST; /* `ip neigh get`: a lookup */
	assert_int_equal(netlink_socket_send(file, &request, sizeof request), sizeof request);
	assert_non_null(strstr(hostile.last_message, "for message type 30, which isn't answered"));
	file_release(file);
}

/* Two dumps and a change in one send(): three answers, of which none shares a datagram with another. */
static void each_of_several_requests_is_answered(void **state)
{
	struct routes_request requests[3] = {routes_request, routes_request, routes_request};
	uint8_t bytes[3 * sizeof requests[0]], buffer[32768];
	struct file *file = open_route();
	uint32_t each = routes_request.head.nlmsg_len, sequence = 0;
	size_t whole;
	long size;

	for (uint32_t i = 0; i < 3; i++) {
		requests[i].head.nlmsg_seq = i + 1;
		requests[i].head.nlmsg_type = i == 2 ? RTM_DELROUTE : RTM_GETROUTE;
		memcpy(bytes + (size_t)i * each, &requests[i], each);
	}
	fake_dump_size = LINK_SIZE;
	assert_int_equal(netlink_socket_send(file, bytes, 3 * (size_t)each), 3 * (size_t)each);
	assert_non_null(strstr(hostile.last_message, "for message type 25, which would change the target"));
	while ((size = netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole)) > 0) {
		struct nlmsghdr last;
		size_t last_size = sequence == 2 ? NLMSG_LENGTH(sizeof(struct nlmsgerr)) : NLMSG_LENGTH(sizeof(int));

		memcpy(&last, buffer + size - last_size, sizeof last);
		assert_int_equal(last.nlmsg_seq, ++sequence);
		assert_int_equal(last.nlmsg_type, sequence == 3 ? NLMSG_ERROR : NLMSG_DONE);
		assert_int_equal(error_of(buffer + size - last_size), sequence == 3 ? -EPERM : 0);
	}
	assert_int_equal(sequence, 3);
	file_release(file);
}

/* Of rtnetlink four types each begin at a multiple of four: NEW, DEL, GET, SET (uapi/linux/rtnetlink.h). */
static void what_would_change_the_target_is_refused(void **state)
{
	struct file *file = open_route();
	char said[64];

	for (uint16_t type = RTM_BASE; type <= RTM_MAX; type++) {
		if (type % 4 == RTM_GETLINK % 4)
			continue;
		snprintf(said, sizeof said, "(protocol 0) for message type %u,", type);
		assert_refused(file, type, said);
	}
	file_release(file);
	assert_int_equal(netlink_socket_open(0, NETLINK_SOCK_DIAG, &file), 0);
	assert_refused(file, SOCK_DESTROY, "(protocol 4) for message type 21,");
	file_release(file);
}

/* What is asked for sockets of this family and, of internet sockets, protocol; beyond 255 it is an attribute's. */
static void send_sockets_request(struct file *file, uint8_t family, uint32_t protocol)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 inet;
		struct nlattr attribute;
		uint32_t protocol;
	} request = {
		.head = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_DUMP},
		.inet = {.sdiag_family = family, .sdiag_protocol = (uint8_t)protocol},
		.attribute = {sizeof request.attribute + sizeof protocol, INET_DIAG_REQ_PROTOCOL},
		.protocol = protocol};

	assert_int_equal(netlink_socket_send(file, &request, sizeof request), sizeof request);
}

static void sockets_of_each_family_have_their_own_answer(void **state)
{
	static const struct {
		uint8_t family;
		uint32_t protocol;
		enum ask_dump what;
	} cases[] = {{AF_INET, IPPROTO_TCP, ASK_INET_SOCKETS},
		     {AF_INET6, IPPROTO_MPTCP, ASK_INET_SOCKETS},
		     {AF_INET, IPPROTO_SCTP, ASK_OTHER_SOCKETS},
		     {AF_INET, IPPROTO_DCCP, ASK_OTHER_SOCKETS},
		     {AF_VSOCK, 0, ASK_VSOCK_SOCKETS},
		     {AF_XDP, 0, ASK_XDP_SOCKETS},
		     {AF_TIPC, 0, ASK_OTHER_SOCKETS},
		     {AF_SMC, 0, ASK_OTHER_SOCKETS},
		     {AF_PACKET, 0, ASK_PACKET_SOCKETS}};
	struct file *file;
	uint8_t buffer[32768];
	size_t whole;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(netlink_socket_open(0, NETLINK_SOCK_DIAG, &file), 0);
		fake_dump_missing = false;
		send_sockets_request(file, cases[i].family, cases[i].protocol);
		assert_int_equal(fake_dump_asked, cases[i].what);
		file_release(file);
		assert_int_equal(netlink_socket_open(0, NETLINK_SOCK_DIAG, &file), 0);
		fake_dump_missing = true;
		send_sockets_request(file, cases[i].family, cases[i].protocol);
		assert_true(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole) > 0);
		assert_int_equal(error_of(buffer), -ENOENT);
		file_release(file);
	}
}

static void requests_that_are_cut_are_errors(void **state)
{
	const struct nlmsghdr head = {.nlmsg_len = sizeof head, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_DUMP};
	const struct nlmsghdr long_head = {.nlmsg_len = 4096, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_DUMP};
	struct file *file = open_route();
	uint8_t buffer[8192];
	size_t whole;

	assert_int_equal(netlink_socket_send(file, &head, 4), -EINVAL);
	assert_int_equal(netlink_socket_send(file, &long_head, sizeof long_head), -EINVAL);
	assert_int_equal(netlink_socket_send(file, &head, sizeof head), sizeof head);
	assert_true(netlink_socket_receive(file, buffer, sizeof buffer, 0, &whole) > 0);
	assert_int_equal(error_of(buffer), -EINVAL);
	file_release(file);
	assert_int_equal(netlink_socket_open(0, NETLINK_AUDIT, &file), -EPROTONOSUPPORT);
}

static void interfaces_are_the_targets(void **state)
{
	/* All of uapi/linux/sockios.h. */
	static const unsigned long setters[] = {
		SIOCSIFLINK,	SIOCSIFFLAGS,  SIOCSIFADDR,	   SIOCSIFDSTADDR, SIOCSIFBRDADDR,
		SIOCSIFNETMASK, SIOCSIFMETRIC, SIOCSIFMEM,	   SIOCSIFMTU,	   SIOCSIFNAME,
		SIOCSIFHWADDR,	SIOCSIFENCAP,  SIOCSIFSLAVE,	   SIOCADDMULTI,   SIOCDELMULTI,
		SIOCSIFPFLAGS,	SIOCDIFADDR,   SIOCSIFHWBROADCAST, SIOCSIFTXQLEN,
	};
	struct ifreq request = {.ifr_name = "lo"};
	struct file *file;
	char said[64];

	assert_int_equal(inet_socket_open(0, &file), 0);
	assert_int_equal(file->ops->ioctl(file, SIOCGIFMTU, &request), 0);
	assert_int_equal(request.ifr_mtu, 65536);
	assert_int_equal(file->ops->ioctl(file, SIOCGIFFLAGS, &request), 0);
	assert_int_equal((unsigned short)request.ifr_flags, 0x49);
	assert_int_equal(file->ops->ioctl(file, SIOCGIFADDR, &request), -EADDRNOTAVAIL);
	for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
		snprintf(said, sizeof said, "ioctl %#lx", setters[i]);
		assert_int_equal(file->ops->ioctl(file, setters[i], &request), -EOPNOTSUPP);
		assert_non_null(strstr(hostile.last_message, said));
	}
	assert_false(runtime_fault_noted());
	assert_int_equal(file->ops->ioctl(file, SIOCGIFSLAVE, &request), -EOPNOTSUPP);
	assert_true(runtime_fault_noted());
	assert_int_equal(file->ops->ioctl(file, 0x5401 /* TCGETS */, &request), -EINVAL);
	strcpy(request.ifr_name, "none"); /* lint: allow unsafe-call: four letters */
	assert_int_equal(file->ops->ioctl(file, SIOCGIFMTU, &request), -ENODEV);
	file_release(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: no fault is noted yet. */
		cmocka_unit_test_setup(interfaces_are_the_targets, setup),
		cmocka_unit_test_setup(a_dump_comes_in_whole_messages_and_ends_with_its_outcome, setup),
		cmocka_unit_test_setup(a_peek_takes_nothing_and_a_small_buffer_is_told_so, setup),
		cmocka_unit_test_setup(one_link_is_found_by_its_index, setup),
		cmocka_unit_test_setup(a_dump_that_is_not_whole_ends_with_an_error, setup),
		cmocka_unit_test_setup(what_would_change_the_target_is_refused, setup),
		cmocka_unit_test_setup(only_a_strict_socket_asks_for_one_table, setup),
		cmocka_unit_test_setup(a_table_that_is_not_there_ends_the_dump, setup),
		cmocka_unit_test_setup(exceptions_from_routes_are_refused_by_name, setup),
		cmocka_unit_test_setup(families_have_their_own_answer_or_are_refused_by_name, setup),
		cmocka_unit_test_setup(proxies_are_asked_for_by_a_flag_that_stands_alone, setup),
		cmocka_unit_test_setup(each_of_several_requests_is_answered, setup),
		cmocka_unit_test_setup(sockets_of_each_family_have_their_own_answer, setup),
		cmocka_unit_test_setup(requests_that_are_cut_are_errors, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
