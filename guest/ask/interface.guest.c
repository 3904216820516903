/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIOCGIF…: dev_ioctl() (net/core/dev_ioctl.c), devinet_ioctl() and inet_gifconf()
 * (net/ipv4/devinet.c), 5.10 to 7.2. */
#include "guest/ask/interface.h"

#include "guest/ask/link.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/inetdevice.h"

enum {
	ADDRESS_COUNT_MAX = 1 << 16, /* as in address.guest.c */
	FAMILY_IPV4 = 2,
};

static void map_get(const struct net_device *dev, struct ask_interface *interface)
{
	interface->map_start = dev->mem_start;
	interface->map_end = dev->mem_end;
	interface->map_base = (u16)dev->base_addr;
	interface->map_irq = (u8)dev->irq;
	interface->map_dma = dev->dma;
	interface->map_port = dev->if_port;
}

static void address_get(const struct in_ifaddr *ifa, struct ask_interface *interface)
{
	interface->has_address = true;
	interface->address = ifa->ifa_local;
	interface->peer = ifa->ifa_address;
	interface->broadcast = ifa->ifa_broadcast;
	interface->mask = ifa->ifa_mask;
}

static bool label_is(const struct in_ifaddr *ifa, const char *name)
{
	char label[ASK_INTERFACE_NAME_SIZE];

	guest_string_copy(label, sizeof label, ifa->ifa_label);
	return strcmp(label, name) == 0;
}

/* devinet_ioctl(): the first address with the label. */
static void addresses_get(const struct net_device *dev, struct ask_interface *interface)
{
	const struct in_device *in_dev = dev->ip_ptr;
	struct guest_bound bound = GUEST_BOUND(ADDRESS_COUNT_MAX, "a device's IPv4 addresses");

	if (in_dev == NULL)
		return;
	for (const struct in_ifaddr *ifa = READ_ONCE(in_dev->ifa_list); ifa != NULL; ifa = READ_ONCE(ifa->ifa_next)) {
		guest_bound(&bound);
		if (label_is(ifa, interface->name)) {
			address_get(ifa, interface);
			return;
		}
	}
}

/* Is it the device that was asked for? */
static bool is_named(const struct net_device *dev, const struct ask_interface *interface)
{
	char name[DEVICE_NAME_SIZE];
	u32 size = 0;

	if (interface->index != 0)
		return dev->ifindex == interface->index;
	/* The part before the colon is the device's. */
	while (size < ASK_INTERFACE_NAME_SIZE && interface->name[size] != '\0' && interface->name[size] != ':')
		size++;
	device_name(dev, name);
	return strlen(name) == size && memcmp(name, interface->name, size) == 0;
}

static void look_at(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	struct ask_interface *interface = (struct ask_interface *)row->rows->context;

	if (interface->is_found || !is_named(dev, interface))
		return;
	if (interface->index != 0)
		device_name(dev, interface->name);
	interface->index = dev->ifindex;
	interface->type = dev->type;
	interface->flags = link_flags(dev);
	interface->mtu = dev->mtu;
	interface->queue_length = dev->tx_queue_len;
	interface->hardware_address_size = link_address(dev, interface->hardware_address);
	map_get(dev, interface);
	addresses_get(dev, interface);
	interface->is_found = true;
}

void ask_interface_run(void *argument)
{
	struct ask_interface *interface = argument;
	struct rows rows = {.show = look_at, .context = interface, .missing = "a device is missing"};

	interface->is_found = interface->has_address = false;
	devices_show(&rows);
}

/* struct ifreq with a struct sockaddr_in. */
struct interface_request {
	char name[ASK_INTERFACE_NAME_SIZE];
	u16 family, port;
	u32 address;
	u8 zero[16];
};

static_assert(sizeof(struct interface_request) == 40, "struct ifreq");

static void show_addresses(void *argument)
{
	const struct row *row = argument;
	const struct in_device *in_dev = ((const struct net_device *)row->object)->ip_ptr;
	struct guest_bound bound = GUEST_BOUND(ADDRESS_COUNT_MAX, "a device's IPv4 addresses");

	if (in_dev == NULL)
		return;
	for (const struct in_ifaddr *ifa = READ_ONCE(in_dev->ifa_list); ifa != NULL; ifa = READ_ONCE(ifa->ifa_next)) {
		struct interface_request request = {.family = FAMILY_IPV4, .address = ifa->ifa_local};

		guest_bound(&bound);
		guest_string_copy(request.name, sizeof request.name, ifa->ifa_label);
		seq_write(row->seq, &request, sizeof request);
	}
}

void ask_interfaces(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_addresses, .missing = "a device's addresses are missing"};

	devices_show(&rows);
}
