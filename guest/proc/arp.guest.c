/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/arp (net/ipv4/arp.c; the order: net/core/neighbour.c). */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/neigh.h"

enum {
	/* The table doubles when it is full; neighbours are limited by
	 * gc_thresh3, which no guest sets beyond this. */
	NEIGH_SHIFT_MAX = 22,
	PROXY_LIST_COUNT = 16, /* PNEIGH_HASHMASK + 1 */
	/* As many bytes as fit into arp_format_neigh_entry()'s buffer. */
	HARDWARE_SHOWN_MAX = 9,
	/* NUD_… (uapi/linux/neighbour.h); NUD_VALID (net/neighbour.h): all of
	 * PERMANENT, NOARP, REACHABLE, PROBE, STALE, DELAY. */
	STATE_NOARP = 0x40,
	STATE_PERMANENT = 0x80,
	STATES_VALID = 0x80 | 0x40 | 0x02 | 0x10 | 0x04 | 0x08,
	/* ATF_… (uapi/linux/if_arp.h). */
	FLAG_COMPLETE = 0x02,
	FLAG_PERMANENT = 0x04,
	FLAG_PUBLISHED = 0x08,
};

static void show_address(struct seq *seq, const void *key)
{
	unsigned char ip[4];
	int width;

	guest_copy(ip, key, sizeof ip);
	width = 3;
	for (int i = 0; i < 4; i++)
		width += ip[i] > 99 ? 3 : ip[i] > 9 ? 2 : 1;
	seq_printf(seq, "%d.%d.%d.%d%*s ", ip[0], ip[1], ip[2], ip[3], 16 - width, "");
}

static u32 shown_flags(u8 state)
{
	if (state & STATE_PERMANENT)
		return FLAG_PERMANENT | FLAG_COMPLETE;
	return state & STATES_VALID ? FLAG_COMPLETE : 0;
}

static void show_neighbour(void *argument)
{
	const struct row *row = argument;
	const struct neighbour *n = row->object;
	const struct net_device *dev = n->dev;
	unsigned char bytes[HARDWARE_SHOWN_MAX];
	char hardware[3 * HARDWARE_SHOWN_MAX + 1] = "", name[DEVICE_NAME_SIZE];
	int count = min((int)dev->addr_len, (int)HARDWARE_SHOWN_MAX);

	if (dev->nd_net.net != net_subject() || (n->nud_state & ~STATE_NOARP) == 0)
		return;
	guest_copy(bytes, n->ha, sizeof bytes);
	for (int i = 0; i < count; i++) {
		hardware[3 * i] = "0123456789abcdef"[bytes[i] >> 4];
		hardware[3 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
		hardware[3 * i + 2] = i + 1 < count ? ':' : '\0';
	}
	device_name(dev, name);
	show_address(row->seq, n->primary_key);
	seq_printf(row->seq, "0x%-10x0x%-10x%-17s     *        %s\n", dev->type, shown_flags(n->nud_state), hardware,
		   name);
}

static void show_proxy(void *argument)
{
	const struct row *row = argument;
	const struct pneigh_entry *entry = row->object;
	char name[DEVICE_NAME_SIZE] = "*";
	u32 type = 0;

	if (entry->net.net != net_subject())
		return;
	if (entry->dev != NULL) {
		type = entry->dev->type;
		device_name(entry->dev, name);
	}
	show_address(row->seq, entry->key);
	seq_printf(row->seq, "0x%-10x0x%-10x%s     *        %s\n", type, FLAG_PUBLISHED | FLAG_PERMANENT,
		   "00:00:00:00:00:00", name);
}

static void show_neighbours(struct rows *rows)
{
	const struct neigh_hash_table *table = READ_ONCE(arp_tbl.nht);
	u32 shift = table->hash_shift;

	if (shift > NEIGH_SHIFT_MAX)
		guest_fail(STATUS_MALFORMED, "the ARP table is larger than any could be");
	if (field_exists(struct neigh_hash_table, hash_heads)) {
		rows_show_table(rows, table->hash_heads, 1u << shift, field_offset(struct neighbour, hash));
		return;
	}
	for (u32 i = 0; i < 1u << shift; i++) {
		struct row_loop loop = ROW_LOOP;
		const struct neighbour *n = READ_ONCE(table->hash_buckets[i]);

		for (; n != NULL; n = READ_ONCE(n->next)) {
			row_loop_check(&loop, n);
			rows_show(rows, n);
		}
	}
}

static void show_proxies(struct rows *rows)
{
	for (int i = 0; i < PROXY_LIST_COUNT; i++) {
		struct row_loop loop = ROW_LOOP;
		const struct pneigh_entry *entry = READ_ONCE(arp_tbl.phash_buckets[i]);

		for (; entry != NULL; entry = READ_ONCE(entry->next)) {
			row_loop_check(&loop, entry);
			rows_show(rows, entry);
		}
	}
}

void arp_show(struct seq *seq)
{
	struct rows neighbours = {.seq = seq, .show = show_neighbour, .missing = "an entry is missing"};
	struct rows proxies = {.seq = seq, .show = show_proxy, .missing = "a proxy entry is missing"};

	seq_puts(seq, "IP address       HW type     Flags       HW address            Mask     Device\n");
	show_neighbours(&neighbours);
	show_proxies(&proxies);
}
