/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETRULE: fib_nl_fill_rule() (net/core/fib_rules.c), fib4_rule_fill(), fib6_rule_fill(),
 * ipmr_rule_fill(), ip6mr_rule_fill() (no addresses), 5.10 to 7.2. */
#include "guest/ask/dumps.h"
#include "guest/ask/message.h"
#include "guest/proc/rows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/fib6.h"
#include "guest/proc/types/net.h"

enum {
	RTM_NEWRULE = 32,
	FAMILY_ANY = 0,
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 10,
	RULE_DST = 1, /* FRA_… (uapi/linux/fib_rules.h) */
	RULE_SRC,
	RULE_IIFNAME,
	RULE_GOTO,
	RULE_PRIORITY = 6,
	RULE_FWMARK = 10,
	RULE_FLOW,
	RULE_TUN_ID,
	RULE_SUPPRESS_IFGROUP,
	RULE_SUPPRESS_PREFIXLEN,
	RULE_TABLE,
	RULE_FWMASK,
	RULE_OIFNAME,
	RULE_L3MDEV = 19,
	RULE_UID_RANGE,
	RULE_PROTOCOL,
	RULE_IP_PROTO,
	RULE_SPORT_RANGE,
	RULE_DPORT_RANGE,
	RULE_DSCP,
	RULE_FLOWLABEL,
	RULE_FLOWLABEL_MASK,
	RULE_SPORT_MASK,
	RULE_DPORT_MASK,
	RULE_DSCP_MASK,
	DSCP_SHIFT = 2, /* in the field that was called type of service */
	ACTION_GOTO = 2, /* FR_ACT_GOTO */
	FLAG_UNRESOLVED = 4, /* FIB_RULE_… */
	FLAG_IIF_DETACHED = 8,
	FLAG_OIF_DETACHED = 16,
	TABLE_COMPAT = 252,
	OPS_COUNT_MAX = 64, /* a family's, each in the namespace once */
	NAME_SIZE = 16,
	ADDRESS_SIZE = 16,
};

/* struct fib_rule_hdr */
struct rule_head {
	u8 family, destination_size, source_size, tos, table, reserved1, reserved2, action;
	u32 flags;
};

struct context {
	u8 family;
};

static void put_name(struct ask_message *message, u16 type, const char *there)
{
	char name[NAME_SIZE];

	guest_string_copy(name, sizeof name, there);
	if (name[0] != '\0')
		message_put_string(message, type, name);
}

static bool is_set(const char *name)
{
	return name[0] != '\0';
}

static u32 flags_of(const struct fib_rule *rule)
{
	u32 flags = rule->flags;

	if (rule->action == ACTION_GOTO && rule->ctarget == NULL)
		flags |= FLAG_UNRESOLVED;
	if (is_set(rule->iifname) && rule->iifindex == -1)
		flags |= FLAG_IIF_DETACHED;
	if (is_set(rule->oifname) && rule->oifindex == -1)
		flags |= FLAG_OIF_DETACHED;
	return flags;
}

static void put_range(struct ask_message *message, u16 type, const struct fib_rule_port_range *range)
{
	const u16 ports[2] = {range->start, range->end};

	if (ports[0] != 0 && ports[1] != 0)
		message_put(message, type, ports, sizeof ports);
}

static void put_ports(struct ask_message *message, const struct fib_rule *rule)
{
	put_range(message, RULE_SPORT_RANGE, &rule->sport_range);
	put_range(message, RULE_DPORT_RANGE, &rule->dport_range);
	if (field_exists(struct fib_rule, sport_mask) && rule->sport_mask != 0)
		message_put_u16(message, RULE_SPORT_MASK, rule->sport_mask);
	if (field_exists(struct fib_rule, dport_mask) && rule->dport_mask != 0)
		message_put_u16(message, RULE_DPORT_MASK, rule->dport_mask);
}

static void put_selectors(struct ask_message *message, const struct fib_rule *rule)
{
	const u64 tunnel = rule->tun_id;
	const u32 users[2] = {rule->uid_range.start.val, rule->uid_range.end.val};

	if (rule->pref != 0)
		message_put_u32(message, RULE_PRIORITY, rule->pref);
	if (rule->mark != 0)
		message_put_u32(message, RULE_FWMARK, rule->mark);
	if (rule->mark_mask != 0 || rule->mark != 0)
		message_put_u32(message, RULE_FWMASK, rule->mark_mask);
	if (rule->target != 0)
		message_put_u32(message, RULE_GOTO, rule->target);
	if (tunnel != 0)
		message_put(message, RULE_TUN_ID, &tunnel, sizeof tunnel);
	if (rule->l3mdev != 0)
		message_put_u8(message, RULE_L3MDEV, rule->l3mdev);
	if (users[0] != (u32)-1 && users[1] != (u32)-1 && (users[0] != 0 || users[1] != (u32)-2))
		message_put(message, RULE_UID_RANGE, users, sizeof users);
	put_ports(message, rule);
	if (rule->ip_proto != 0)
		message_put_u8(message, RULE_IP_PROTO, rule->ip_proto);
	if (rule->suppress_ifgroup != -1)
		message_put_u32(message, RULE_SUPPRESS_IFGROUP, (u32)rule->suppress_ifgroup);
}

static void put_address4(struct ask_message *message, u16 type, u32 size, __be32 address)
{
	if (size != 0)
		message_put_u32(message, type, address);
}

static void put_address6(struct ask_message *message, u16 type, const struct rt6key *key)
{
	u8 bytes[ADDRESS_SIZE];

	if (key->plen == 0)
		return;
	guest_copy(bytes, &key->addr, sizeof bytes);
	message_put(message, type, bytes, sizeof bytes);
}

/* fib4_rule_fill() */
static void put_ipv4(struct ask_message *message, const struct fib4_rule *rule)
{
	put_address4(message, RULE_DST, rule->dst_len, rule->dst);
	put_address4(message, RULE_SRC, rule->src_len, rule->src);
	if (field_exists(struct fib4_rule, tclassid) && rule->tclassid != 0)
		message_put_u32(message, RULE_FLOW, rule->tclassid);
}

/* fib6_rule_fill() */
static void put_ipv6(struct ask_message *message, const struct fib6_rule *rule)
{
	put_address6(message, RULE_DST, &rule->dst);
	put_address6(message, RULE_SRC, &rule->src);
	if (field_exists(struct fib6_rule, flowlabel_mask) && rule->flowlabel_mask != 0) {
		message_put_u32(message, RULE_FLOWLABEL, rule->flowlabel);
		message_put_u32(message, RULE_FLOWLABEL_MASK, rule->flowlabel_mask);
	}
}

/* The type of service, or the whole of DSCP: what a rule is for says which of the two. */
struct service {
	u8 tos, mask;
	bool is_dscp, has_mask;
};

static struct service service4(const struct fib4_rule *rule)
{
	struct service service = {0};

	service.tos = field_exists(struct fib4_rule, dscp) ? rule->dscp : rule->tos;
	service.is_dscp = field_exists(struct fib4_rule, dscp_full) && rule->dscp_full != 0;
	service.has_mask = field_exists(struct fib4_rule, dscp_mask);
	if (service.has_mask)
		service.mask = rule->dscp_mask;
	return service;
}

static struct service service6(const struct fib6_rule *rule)
{
	struct service service = {0};

	service.tos = field_exists(struct fib6_rule, dscp) ? rule->dscp : rule->tclass;
	service.is_dscp = field_exists(struct fib6_rule, dscp_full) && rule->dscp_full != 0;
	service.has_mask = field_exists(struct fib6_rule, dscp_mask);
	if (service.has_mask)
		service.mask = rule->dscp_mask;
	return service;
}

static void put_service(struct ask_message *message, struct service service)
{
	if (!service.is_dscp)
		return;
	message_put_u8(message, RULE_DSCP, service.tos >> DSCP_SHIFT);
	if (service.has_mask)
		message_put_u8(message, RULE_DSCP_MASK, service.mask >> DSCP_SHIFT);
}

static void put_of_family(struct ask_message *message, const struct fib_rule *rule, u8 family)
{
	if (family == FAMILY_IPV4) {
		put_service(message, service4((const struct fib4_rule *)rule));
		put_ipv4(message, (const struct fib4_rule *)rule);
	} else if (family == FAMILY_IPV6) {
		put_service(message, service6((const struct fib6_rule *)rule));
		put_ipv6(message, (const struct fib6_rule *)rule);
	}
}

static u8 tos_of(struct service service)
{
	return service.is_dscp ? 0 : service.tos;
}

static void set_of_family(struct rule_head *head, const struct fib_rule *rule)
{
	const struct fib4_rule *rule4 = (const struct fib4_rule *)rule;
	const struct fib6_rule *rule6 = (const struct fib6_rule *)rule;

	if (head->family == FAMILY_IPV4) {
		head->destination_size = rule4->dst_len;
		head->source_size = rule4->src_len;
		head->tos = tos_of(service4(rule4));
	} else if (head->family == FAMILY_IPV6) {
		head->destination_size = (u8)rule6->dst.plen;
		head->source_size = (u8)rule6->src.plen;
		head->tos = tos_of(service6(rule6));
	}
}

static void show_rule(void *argument)
{
	const struct row *row = argument;
	const struct context *context = row->rows->context;
	const struct fib_rule *rule = row->object;
	struct rule_head head = {.family = context->family,
				 .table = rule->table < 256 ? (u8)rule->table : TABLE_COMPAT,
				 .action = rule->action,
				 .flags = flags_of(rule)};
	struct ask_message message;

	set_of_family(&head, rule);
	message_begin(&message, row->seq, RTM_NEWRULE);
	message_fixed(&message, &head, sizeof head);
	message_put_u32(&message, RULE_TABLE, rule->table);
	message_put_u32(&message, RULE_SUPPRESS_PREFIXLEN, (u32)rule->suppress_prefixlen);
	message_put_u8(&message, RULE_PROTOCOL, rule->proto);
	put_name(&message, RULE_IIFNAME, rule->iifname);
	put_name(&message, RULE_OIFNAME, rule->oifname);
	put_selectors(&message, rule);
	put_of_family(&message, rule, context->family);
	message_end(&message);
}

static void show_rules(struct rows *rows, const struct fib_rules_ops *ops)
{
	struct row_loop loop = ROW_LOOP;
	const struct fib_rule *rule;

	list_for_each_entry (rule, &ops->rules_list, list) {
		row_loop_check(&loop, rule);
		rows_show(rows, rule);
	}
}

/* fib_nl_dumprule(): the families' rules in the order in which they were registered. Other families' (DECnet's
 * before 6.1) are asked for by nobody. */
void ask_rules(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_rule, .missing = "a rule is missing"};
	struct guest_bound bound = GUEST_BOUND(OPS_COUNT_MAX, "families of rules");
	const struct net *net = net_subject();
	const struct fib_rules_ops *ops;
	struct ask_request request;
	struct context context;
	bool is_found = false;

	ask_request_copy(&request);
	rows.context = &context;
	list_for_each_entry (ops, &net->rules_ops, list) {
		guest_bound(&bound);
		context.family = (u8)ops->family;
		if (request.family != FAMILY_ANY && request.family != context.family)
			continue;
		is_found = true;
		show_rules(&rows, ops);
	}
	if (!is_found && request.family != FAMILY_ANY)
		guest_fail(STATUS_MISSING, "no rules of this family");
}
