/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETROUTE for AF_INET: fib_dump_info() (net/ipv4/fib_semantics.c), table by table
 * as inet_dump_fib() goes (net/ipv4/fib_frontend.c), 5.10 to 7.2. */
#include "guest/ask/dumps.h"
#include "guest/ask/route-message.h"
#include "guest/proc/fib.h"
#include "guest/proc/rows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

enum { FAMILY_IPV4 = 2 };

/* What the routes of a leaf share. */
struct leaf {
	const struct fib_table *table;
	u32 key; /* in our byte order */
};

static u32 hop_count(const struct fib_info *info)
{
	int count = info->fib_nhs;

	if (count < 0 || count > ROUTE_HOP_COUNT_MAX)
		guest_fail(STATUS_LIMIT, "a route has more next hops than a message holds");
	return (u32)count;
}

static u32 put_hops(struct ask_message *message, const struct fib_info *info)
{
	u32 count = hop_count(info), nest;

	if (info->nh != NULL) {
		const struct fib_nh_common *hop = fib_first_hop(info);

		message_put_u32(message, ROUTE_NH_ID, info->nh->id);
		if (info->nh->is_group)
			seq_fault(message->seq, "the hops of a group of next hops aren't told one by one");
		return hop != NULL ? route_put_hop(message, hop, FAMILY_IPV4) : 0;
	}
	if (count == 1)
		return route_put_hop(message, &info->fib_nh[0].nh_common, FAMILY_IPV4);
	nest = message_nest(message, ROUTE_MULTIPATH);
	for (u32 i = 0; i < count; i++) {
		const struct fib_nh *hops = (const struct fib_nh *)info->fib_nh;

		route_put_one_of_hops(message, &hops[i].nh_common, FAMILY_IPV4);
	}
	message_nest_end(message, nest);
	return 0;
}

static u8 tos_of(const struct fib_alias *alias)
{
	return field_exists(struct fib_alias, fa_tos) ? alias->fa_tos : alias->fa_dscp;
}

static void put_route(struct seq *seq, const struct leaf *leaf, const struct fib_alias *alias,
		      const struct fib_info *info)
{
	u32 table = leaf->table->tb_id;
	struct route_head head = {.family = FAMILY_IPV4,
				  .destination_size = (u8)(FIB_KEY_BITS - alias->fa_slen),
				  .tos = tos_of(alias),
				  .table = table < 256 ? (u8)table : ROUTE_TABLE_COMPAT,
				  .protocol = info->fib_protocol,
				  .scope = info->fib_scope,
				  .type = alias->fa_type};
	struct ask_message message;

	message_begin(&message, seq, RTM_NEWROUTE);
	message_fixed(&message, &head, sizeof head);
	message_put_u32(&message, ROUTE_TABLE, table);
	if (head.destination_size != 0)
		message_put_u32(&message, ROUTE_DST, htonl(leaf->key));
	if (info->fib_priority != 0)
		message_put_u32(&message, ROUTE_PRIORITY, info->fib_priority);
	route_put_metrics(&message, info->fib_metrics);
	if (info->fib_prefsrc != 0)
		message_put_u32(&message, ROUTE_PREFSRC, info->fib_prefsrc);
	route_set_flags(&message, put_hops(&message, info));
	message_end(&message);
}

static void show_route(void *argument)
{
	const struct row *row = argument;
	const struct fib_alias *alias = row->object;
	const struct leaf *leaf = row->rows->context;

	/* A leaf may hold routes of the local table too: the two share a trie. */
	if (alias->tb_id != leaf->table->tb_id)
		return;
	if (alias->fa_slen > FIB_KEY_BITS)
		guest_fail(STATUS_MALFORMED, "a route's prefix is longer than an address");
	put_route(row->seq, leaf, alias, alias->fa_info);
}

struct table_rows {
	struct rows *rows;
	const struct fib_table *table;
};

static void show_leaf(void *context, const struct key_vector *vector, u32 depth)
{
	const struct table_rows *table_rows = context;
	struct rows *rows = table_rows->rows;
	struct leaf leaf = {table_rows->table, vector->key};

	if (vector->bits != 0)
		return;
	rows->context = &leaf;
	rows_show_list(rows, READ_ONCE(vector->leaf.first), field_offset(struct fib_alias, fa_list));
	rows->context = NULL;
}

void ask_routes4(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_route, .missing = "a route is missing"};
	const struct hlist_head *lists = net_subject()->ipv4.fib_table_hash;
	struct ask_request request;
	struct fib_table *table;
	bool is_found = false;

	ask_request_copy(&request);
	for (u32 i = 0; i < fib_list_count(); i++)
		hlist_for_each_entry (table, &lists[i], tb_hlist) {
			if (request.table != 0 && request.table != table->tb_id)
				continue;
			is_found = true;
			fib_trie_walk(table, show_leaf, &(struct table_rows){&rows, table});
		}
	route_check_table(&request, is_found);
}
