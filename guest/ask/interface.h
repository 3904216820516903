/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SIOCGIF… tell of a network device. */
#ifndef GUEST_ASK_INTERFACE_H
#define GUEST_ASK_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ASK_INTERFACE_NAME_SIZE = 16, /* IFNAMSIZ */
	ASK_HARDWARE_ADDRESS_SIZE = 32, /* MAX_ADDR_LEN */
};

struct ask_interface {
	/* The question: by index where it isn't 0, else by name. A name "eth0:1" names an
	 * address of eth0 by its label. */
	int32_t index;
	char name[ASK_INTERFACE_NAME_SIZE];
	/* The answer; nothing but is_found where it is false. */
	bool is_found;
	bool has_address; /* an IPv4 address with this label, or the first */
	uint16_t type; /* ARPHRD_… */
	uint32_t flags; /* IFF_… */
	uint32_t mtu, queue_length, hardware_address_size;
	uint8_t hardware_address[ASK_HARDWARE_ADDRESS_SIZE];
	uint32_t address, peer, broadcast, mask; /* big-endian */
	uint64_t map_start, map_end;
	uint16_t map_base;
	uint8_t map_irq, map_dma, map_port;
};

/* Guest C, run with guest_call(). */
void ask_interface_run(void *interface);
/* Guest C, run as a generator: struct ifreq (name and struct sockaddr_in, 40 bytes
 * each) for every IPv4 address of every device, as SIOCGIFCONF tells them. */
struct seq;
void ask_interfaces(struct seq *seq);

#endif
