/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about a network device that both netlink and ioctl() tell. Guest C. */
#ifndef GUEST_ASK_LINK_H
#define GUEST_ASK_LINK_H

#include "guest/proc/devices.h"

enum {
	LINK_ADDRESS_SIZE_MAX = 32, /* MAX_ADDR_LEN (include/linux/netdevice.h) */
};

/* dev_get_flags() (net/core/dev.c): IFF_… */
GUEST_C u32 link_flags(const struct net_device *dev);
/* The hardware address; its size. */
GUEST_C u32 link_address(const struct net_device *dev, u8 ret_address[LINK_ADDRESS_SIZE_MAX]);

#endif
