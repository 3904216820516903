/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multicast with chosen sources, anycast, flow labels, routes of multicast: what few programs use. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/mroute.h>
#include <linux/mroute6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/network.h"
#include "lab/guest/sockets.h"

/* RFC 4607: groups that are of one source each. RFC 5737, 3849: addresses for documentation. */
#define GROUP_V4 "232.1.2.3"
#define GROUP_ANY_V4 "239.1.2.3"
#define SOURCE_V4 "203.0.113.9"
#define GROUP_V6 "ff3e::8000:1"
#define SOURCE_V6 "2001:db8:9::9"
#define ANYCAST_V6 "2001:db8:1::42"

static void set(int fd, int level, int name, const void *value, socklen_t size, const char *what)
{
	must(setsockopt(fd, level, name, value, size), what);
}

static struct in_addr v4(const char *text)
{
	struct sockaddr_storage address;

	zoo_address(AF_INET, text, 0, &address);
	return ((struct sockaddr_in *)&address)->sin_addr;
}

static struct in6_addr v6(const char *text)
{
	struct sockaddr_storage address;

	zoo_address(AF_INET6, text, 0, &address);
	return ((struct sockaddr_in6 *)&address)->sin6_addr;
}

/* From one source only; from all but one. */
static void join_groups(void)
{
	const struct ip_mreq_source only = {v4(GROUP_V4), v4(NETWORK_TUN_V4), v4(SOURCE_V4)};
	const struct ip_mreqn all = {v4(GROUP_ANY_V4), v4(NETWORK_TUN_V4), 0};
	const struct ip_mreq_source but = {v4(GROUP_ANY_V4), v4(NETWORK_TUN_V4), v4(SOURCE_V4)};
	struct group_source_req only_v6 = {.gsr_interface = if_nametoindex("lab0")};
	int fd = zoo_socket(AF_INET, SOCK_DGRAM, 0);

	set(fd, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &only, sizeof only, "IP_ADD_SOURCE_MEMBERSHIP");
	set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &all, sizeof all, "IP_ADD_MEMBERSHIP");
	set(fd, IPPROTO_IP, IP_BLOCK_SOURCE, &but, sizeof but, "IP_BLOCK_SOURCE");
	fd = zoo_socket(AF_INET6, SOCK_DGRAM, 0);
	zoo_address(AF_INET6, GROUP_V6, 0, &only_v6.gsr_group);
	zoo_address(AF_INET6, SOURCE_V6, 0, &only_v6.gsr_source);
	set(fd, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, &only_v6, sizeof only_v6, "MCAST_JOIN_SOURCE_GROUP");
}

static void join_anycast(void)
{
	const struct ipv6_mreq request = {v6(ANYCAST_V6), if_nametoindex("lab0")};

	set(zoo_socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, IPV6_JOIN_ANYCAST, &request, sizeof request,
	    "IPV6_JOIN_ANYCAST");
}

/* struct in6_flowlabel_req (uapi/linux/in6.h), which the C library hasn't. */
struct label_request {
	struct in6_addr to;
	uint32_t label;
	uint8_t action, share;
	uint16_t flags, expires, linger;
	uint32_t reserved;
};

enum {
	FLOW_LABEL_MANAGER = 32, /* IPV6_FLOWLABEL_MGR */
	LABEL_CREATE = 1, /* IPV6_FL_F_CREATE */
	LABEL_EXCLUSIVE = 1, /* IPV6_FL_S_… */
	LABEL_OF_PROCESS = 2,
	LABEL_OF_USER = 3,
	LABEL_SECONDS = 3600,
};

static void take_label(uint32_t label, uint8_t share)
{
	const struct label_request request = {.to = v6(NETWORK_TUN_PEER_V6),
					      .label = htonl(label),
					      .share = share,
					      .flags = LABEL_CREATE,
					      .expires = LABEL_SECONDS,
					      .linger = 60};

	set(zoo_socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, FLOW_LABEL_MANAGER, &request, sizeof request,
	    "IPV6_FLOWLABEL_MGR");
}

static void route_multicast(void)
{
	const int on = 1;
	const struct vifctl tun = {.vifc_vifi = 0, .vifc_threshold = 1, .vifc_lcl_addr = v4(NETWORK_TUN_V4)};
	const struct vifctl tap = {.vifc_vifi = 2, .vifc_threshold = 1, .vifc_lcl_addr = v4(NETWORK_TAP_V4)};
	const struct mfcctl route = {.mfcc_origin = v4(SOURCE_V4),
				     .mfcc_mcastgrp = v4(GROUP_ANY_V4),
				     .mfcc_parent = 0,
				     .mfcc_ttls = {0, 0, 7}};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_IGMP);

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, MRT_INIT, &on, sizeof on) != 0) {
		zoo_skip("multicast routes");
		return;
	}
	set(fd, IPPROTO_IP, MRT_ADD_VIF, &tun, sizeof tun, "MRT_ADD_VIF");
	set(fd, IPPROTO_IP, MRT_ADD_VIF, &tap, sizeof tap, "MRT_ADD_VIF");
	set(fd, IPPROTO_IP, MRT_ADD_MFC, &route, sizeof route, "MRT_ADD_MFC");
}

static void route_multicast6(void)
{
	const int on = 1;
	const struct mif6ctl tun = {
		.mif6c_mifi = 0, .vifc_threshold = 1, .mif6c_pifi = (uint16_t)if_nametoindex("lab0")};
	const struct mif6ctl tap = {
		.mif6c_mifi = 1, .vifc_threshold = 1, .mif6c_pifi = (uint16_t)if_nametoindex("lab1")};
	struct mf6cctl route = {.mf6cc_parent = 0};
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, MRT6_INIT, &on, sizeof on) != 0) {
		zoo_skip("multicast routes of IPv6");
		return;
	}
	set(fd, IPPROTO_IPV6, MRT6_ADD_MIF, &tun, sizeof tun, "MRT6_ADD_MIF");
	set(fd, IPPROTO_IPV6, MRT6_ADD_MIF, &tap, sizeof tap, "MRT6_ADD_MIF");
	route.mf6cc_origin.sin6_addr = v6(SOURCE_V6);
	route.mf6cc_mcastgrp.sin6_addr = v6("ff0e::1:2");
	IF_SET(1, &route.mf6cc_ifset);
	set(fd, IPPROTO_IPV6, MRT6_ADD_MFC, &route, sizeof route, "MRT6_ADD_MFC");
}

void zoo_groups(void)
{
	join_anycast();
	take_label(0x12345, LABEL_EXCLUSIVE);
	take_label(0x23456, LABEL_OF_PROCESS);
	take_label(0x34567, LABEL_OF_USER);
	route_multicast();
	route_multicast6();
	/* Last: the kernel shows sources from the first device on whose newest group has some. */
	join_groups();
}
