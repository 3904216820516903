/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETNEIGH: neigh_fill_info() (net/core/neighbour.c, 5.10 to 7.2); or pneigh_fill_info(),
 * where proxies are asked for. */
#include "guest/ask/dumps.h"
#include "guest/ask/link.h"
#include "guest/ask/message.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/neigh.h"

enum {
	RTM_NEWNEIGH = 28,
	FAMILY_ANY = 0,
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 10,
	ATTRIBUTE_DST = 1, /* NDA_… (uapi/linux/neighbour.h) */
	ATTRIBUTE_LLADDR,
	ATTRIBUTE_CACHEINFO,
	ATTRIBUTE_PROBES,
	ATTRIBUTE_PROTOCOL = 12,
	ATTRIBUTE_FLAGS_EXT = 15,
	FLAGS_EXT_SHIFT = 16,
	FLAG_PROXY = 8, /* NTF_PROXY */
	TYPE_UNICAST = 1, /* RTN_UNICAST (uapi/linux/rtnetlink.h) */
	STATE_NOARP = 0x40,
	STATES_VALID = 0x80 | 0x40 | 0x02 | 0x10 | 0x04 | 0x08,
	KEY_SIZE_MAX = 16,
	SHIFT_MAX = 22, /* as in guest/proc/arp.guest.c */
	PROXY_LIST_COUNT = 16, /* PNEIGH_HASHMASK + 1 */
};

/* struct ndmsg */
struct neighbour_head {
	u8 family, pad1;
	u16 pad2;
	int device;
	u16 state;
	u8 flags, type;
};

/* struct nda_cacheinfo */
struct cache_info {
	u32 confirmed, used, updated, references;
};

struct context {
	struct ticks ticks;
	const struct net *net;
	u8 family;
	bool is_proxy;
	u32 key_size;
};

static struct cache_info cache_of(const struct context *context, const struct neighbour *n)
{
	const struct ticks *ticks = &context->ticks;

	return (struct cache_info){
		(u32)ticks_to_clock(ticks, ticks->now - n->confirmed), (u32)ticks_to_clock(ticks, ticks->now - n->used),
		(u32)ticks_to_clock(ticks, ticks->now - n->updated), (u32)n->refcnt.refs.counter - 1};
}

static void show_neighbour(void *argument)
{
	const struct row *row = argument;
	const struct context *context = row->rows->context;
	const struct neighbour *n = row->object;
	const struct net_device *dev = n->dev;
	u32 flags = n->flags;
	struct neighbour_head head = {.family = context->family,
				      .device = dev->ifindex,
				      .state = n->nud_state,
				      .flags = (u8)flags,
				      .type = n->type};
	struct cache_info cache = cache_of(context, n);
	struct ask_message message;
	u8 bytes[LINK_ADDRESS_SIZE_MAX];
	u32 size = dev->addr_len;

	/* One table for all namespaces; and entries that nobody has tried yet aren't shown. */
	if (dev->nd_net.net != context->net || (n->nud_state & ~STATE_NOARP) == 0)
		return;
	if (size > sizeof bytes)
		guest_fail(STATUS_MALFORMED, "a device's hardware address is longer than any can be");
	message_begin(&message, row->seq, RTM_NEWNEIGH);
	message_fixed(&message, &head, sizeof head);
	guest_copy(bytes, n->primary_key, context->key_size);
	message_put(&message, ATTRIBUTE_DST, bytes, context->key_size);
	if (head.state & STATES_VALID) {
		guest_copy(bytes, n->ha, size);
		message_put(&message, ATTRIBUTE_LLADDR, bytes, size);
	}
	message_put_u32(&message, ATTRIBUTE_PROBES, (u32)n->probes.counter);
	message_put(&message, ATTRIBUTE_CACHEINFO, &cache, sizeof cache);
	if (n->protocol != 0)
		message_put_u8(&message, ATTRIBUTE_PROTOCOL, n->protocol);
	if (flags >> FLAGS_EXT_SHIFT != 0)
		message_put_u32(&message, ATTRIBUTE_FLAGS_EXT, flags >> FLAGS_EXT_SHIFT);
	message_end(&message);
}

static void show_proxy(void *argument)
{
	const struct row *row = argument;
	const struct context *context = row->rows->context;
	const struct pneigh_entry *entry = row->object;
	u32 flags = entry->flags;
	struct neighbour_head head = {.family = context->family,
				      .device = entry->dev != NULL ? entry->dev->ifindex : 0,
				      .flags = (u8)flags | FLAG_PROXY,
				      .type = TYPE_UNICAST};
	struct ask_message message;
	u8 key[KEY_SIZE_MAX];

	if (entry->net.net != context->net)
		return;
	message_begin(&message, row->seq, RTM_NEWNEIGH);
	message_fixed(&message, &head, sizeof head);
	guest_copy(key, entry->key, context->key_size);
	message_put(&message, ATTRIBUTE_DST, key, context->key_size);
	if (entry->protocol != 0)
		message_put_u8(&message, ATTRIBUTE_PROTOCOL, entry->protocol);
	if (flags >> FLAGS_EXT_SHIFT != 0)
		message_put_u32(&message, ATTRIBUTE_FLAGS_EXT, flags >> FLAGS_EXT_SHIFT);
	message_end(&message);
}

static void show_proxies(struct rows *rows, const struct neigh_table *table)
{
	for (u32 i = 0; i < PROXY_LIST_COUNT; i++)
		rows_show_list(rows, READ_ONCE(table->phash_buckets[i]), field_offset(struct pneigh_entry, next));
}

static void show_neighbours(struct rows *rows, const struct neigh_table *table)
{
	const struct neigh_hash_table *hash = READ_ONCE(table->nht);
	u32 shift = hash->hash_shift;

	if (shift > SHIFT_MAX)
		guest_fail(STATUS_MALFORMED, "a table of neighbours is larger than any kernel's");
	if (field_exists(struct neigh_hash_table, hash_heads)) {
		rows_show_table(rows, hash->hash_heads, 1u << shift, field_offset(struct neighbour, hash));
		return;
	}
	for (u32 i = 0; i < 1u << shift; i++)
		rows_show_list(rows, READ_ONCE(hash->hash_buckets[i]), field_offset(struct neighbour, next));
}

static void show_table(struct rows *rows, struct context *context, const struct neigh_table *table, u8 family)
{
	context->family = family;
	context->key_size = family == FAMILY_IPV4 ? 4 : KEY_SIZE_MAX;
	if (context->is_proxy)
		show_proxies(rows, table);
	else
		show_neighbours(rows, table);
}

void ask_neighbours(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_neighbour, .missing = "a neighbour is missing"};
	struct ask_request request;
	struct context context;

	ask_request_copy(&request);
	context.is_proxy = request.is_proxy;
	if (request.is_proxy)
		rows.show = show_proxy;
	ticks_read(&context.ticks);
	context.net = net_subject();
	rows.context = &context;
	if (request.family == FAMILY_ANY || request.family == FAMILY_IPV4)
		show_table(&rows, &context, &arp_tbl, FAMILY_IPV4);
	if ((request.family == FAMILY_ANY || request.family == FAMILY_IPV6) && symbol_exists(nd_tbl))
		show_table(&rows, &context, &nd_tbl, FAMILY_IPV6);
}
