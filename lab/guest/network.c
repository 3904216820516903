/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lab/guest/fail.h"

/* <linux/ipv6.h>, which clashes with the C library's headers. */
struct interface_address_v6 {
	struct in6_addr address;
	uint32_t prefix_bits;
	int interface;
};

static struct sockaddr_in address_v4(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
		errno = EINVAL;
		fail(text);
	}
	return address;
}

enum { ADDRESS_WAIT_US = 10000, ADDRESS_WAIT_COUNT_MAX = 2000 };

static int open_device(const char *name, short flags)
{
	struct ifreq request = {.ifr_flags = (short)(flags | IFF_NO_PI)};
	int fd;

	/* devtmpfs has it where the module is there; nothing else makes it. */
	mkdir("/dev/net", 0755);
	if (mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200)) != 0 && errno != EEXIST)
		fail("mknod /dev/net/tun");
	fd = must(open("/dev/net/tun", O_RDWR | O_CLOEXEC), "open /dev/net/tun");
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	must(ioctl(fd, TUNSETIFF, &request), "TUNSETIFF");
	return fd;
}

static void set_v4(int fd, const char *name, const char *address, const char *mask)
{
	struct sockaddr_in value = address_v4(address);
	struct ifreq request = {};

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	memcpy(&request.ifr_addr, &value, sizeof value);
	must(ioctl(fd, SIOCSIFADDR, &request), "SIOCSIFADDR");
	value = address_v4(mask);
	memcpy(&request.ifr_netmask, &value, sizeof value);
	must(ioctl(fd, SIOCSIFNETMASK, &request), "SIOCSIFNETMASK");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	must(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

/* The kernel lets nobody bind to an address before its workqueue has looked at
 * it (net/ipv6/addrconf.c, addrconf_dad_work), which on a busy machine takes a
 * while. */
static void wait_until_usable(int fd, const struct in6_addr *address)
{
	const struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = *address};

	for (int i = 0; i < ADDRESS_WAIT_COUNT_MAX; i++) {
		if (bind(fd, (const struct sockaddr *)&name, sizeof name) == 0)
			return;
		if (errno != EADDRNOTAVAIL)
			fail("bind to the new IPv6 address");
		usleep(ADDRESS_WAIT_US);
	}
	fail("the new IPv6 address doesn't come into use");
}

static void set_v6(const char *name, const char *address)
{
	int fd = must(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	struct interface_address_v6 request = {.prefix_bits = 64, .interface = (int)if_nametoindex(name)};

	inet_pton(AF_INET6, address, &request.address);
	must(ioctl(fd, SIOCSIFADDR, &request), "SIOCSIFADDR for IPv6");
	wait_until_usable(fd, &request.address);
	close(fd);
}

int network_make_tun(void)
{
	int fd = open_device("lab0", IFF_TUN), control_fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	set_v4(control_fd, "lab0", NETWORK_TUN_V4, "255.255.255.0");
	set_v6("lab0", NETWORK_TUN_V6);
	close(control_fd);
	return fd;
}

static void add_neighbour(int fd)
{
	const struct sockaddr_in address = address_v4(NETWORK_TAP_GATEWAY_V4);
	struct arpreq request = {
		.arp_flags = ATF_PERM | ATF_COM,
		.arp_ha = {.sa_family = ARPHRD_ETHER, .sa_data = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01}},
		.arp_dev = "lab1",
	};

	memcpy(&request.arp_pa, &address, sizeof address);
	must(ioctl(fd, SIOCSARP, &request), "SIOCSARP");
}

static void add_route(int fd, const char *to, const char *mask, const char *gateway, unsigned short flags)
{
	const struct sockaddr_in destination = address_v4(to), netmask = address_v4(mask), next = address_v4(gateway);
	struct rtentry route = {.rt_flags = RTF_UP | flags, .rt_metric = 8};

	memcpy(&route.rt_dst, &destination, sizeof destination);
	memcpy(&route.rt_genmask, &netmask, sizeof netmask);
	memcpy(&route.rt_gateway, &next, sizeof next);
	if (ioctl(fd, SIOCADDRT, &route) != 0 && errno != EEXIST)
		fail("SIOCADDRT");
}

int network_make_tap(void)
{
	int fd = open_device("lab1", IFF_TAP), control_fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct sockaddr_in nobody = address_v4("198.51.100.77");

	set_v4(control_fd, "lab1", NETWORK_TAP_V4, "255.255.255.0");
	add_neighbour(control_fd);
	add_route(control_fd, "203.0.113.0", "255.255.255.0", NETWORK_TAP_GATEWAY_V4, RTF_GATEWAY);
	add_route(control_fd, "203.0.113.7", "255.255.255.255", "0.0.0.0", RTF_HOST | RTF_REJECT);
	/* Nobody answers: an unresolved neighbour. */
	nobody.sin_port = htons(9);
	sendto(control_fd, "?", 1, 0, (struct sockaddr *)&nobody, sizeof nobody);
	close(control_fd);
	return fd;
}
