/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/sys/net whose handlers compute what they show:
 * net/core/sysctl_net_core.c, net/ipv4/sysctl_net_ipv4.c, net/core/neighbour.c,
 * net/ipv6/, net/netfilter/nf_log.c, net/sctp/sysctl.c, net/mptcp/ctrl.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/sysctl.h"
#include "guest/proc/task.h"

#include "guest/kernel/guestc-types-begin.h"

struct sk_buff {
	int len;
};

struct skb_shared_info {
	u8 nr_frags;
};

struct Qdisc_ops {
	char id[16];
};

struct tcp_congestion_ops {
	struct list_head list;
	u32 flags;
	char name[16];
};

struct tcp_ulp_ops {
	struct list_head list;
	char name[16];
};

struct mptcp_sched_ops {
	char name[16];
	struct list_head list;
};

struct mptcp_pm_ops {
	char name[16];
	struct list_head list;
};

typedef struct {
	u64 key[2];
} siphash_key_t;

struct tcp_fastopen_context {
	siphash_key_t key[2];
	int num;
};

/* One number before 6.8 or so two. */
struct local_ports {
	u32 range[2];
};

struct ping_group_range {
	u32 range[2];
};

struct sysctl_fib_multipath_hash_seed {
	u32 user_seed;
};

struct inet_hashinfo___sysctl {
	u32 ehash_mask;
	bool pernet;
};

struct udp_table___sysctl {
	u32 mask;
};

struct inet_timewait_death_row___sysctl {
	struct inet_hashinfo___sysctl *hashinfo;
};

struct netns_ipv4___sysctl {
	struct inet_timewait_death_row___sysctl tcp_death_row;
	struct udp_table___sysctl *udp_table;
	struct tcp_congestion_ops *tcp_congestion_control;
	struct tcp_fastopen_context *tcp_fastopen_ctx;
	struct local_ports ip_local_ports;
	struct ping_group_range ping_group_range;
	struct sysctl_fib_multipath_hash_seed sysctl_fib_multipath_hash_seed;
};

struct nf_logger {
	const char *name;
};

struct netns_nf {
	const struct nf_logger *nf_loggers[1];
};

struct netns_core___sysctl {
	struct cpumask *rps_default_mask;
};

struct netns_sctp {
	const char *sctp_hmac_alg; /* before 6.17 or so; then: */
	int cookie_auth_enable;
};

struct net___sysctl {
	struct netns_ipv4___sysctl ipv4;
	struct netns_nf nf;
	struct netns_core___sysctl core;
	struct netns_sctp sctp;
};

struct rps_sock_flow_table {
	u32 mask;
};

struct net_hotdata___sysctl {
	struct rps_sock_flow_table *rps_sock_flow_table;
};

struct softnet_data {
	void *flow_limit;
};

struct static_key___net {
	atomic_t enabled;
};

struct ipv6_stable_secret {
	bool initialized;
	struct in6_addr secret;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	NAME_SIZE = 64,
	LIST_COUNT_MAX = 1 << 10,
	FRAME_SIZE = 1514, /* ETH_FRAME_LEN */
	CACHE_LINE = 64,
	CONGESTION_UNRESTRICTED = 1, /* TCP_CONG_NON_RESTRICTED */
	FASTOPEN_KEY_COUNT_MAX = 2,
	/* NETDEV_RSS_KEY_LEN, of newest kernels and before. */
	RSS_KEY_SIZE = 256,
	RSS_KEY_SIZE_OLD = 52,
	PROTOCOL_FAMILY_COUNT_MAX = 64,
};

extern const struct Qdisc_ops *default_qdisc_ops;
extern const char init_net[];
extern struct list_head tcp_cong_list, tcp_ulp_list, mptcp_sched_list, mptcp_pm_list;
extern struct rps_sock_flow_table *rps_sock_flow_table;
extern struct net_hotdata___sysctl net_hotdata;
extern struct softnet_data softnet_data; /* per CPU */
extern struct static_key___net nf_hooks_lwtunnel_enabled;
extern u8 netdev_rss_key[];

static const struct net___sysctl *net(void)
{
	return (const struct net___sysctl *)net_subject();
}

static bool is(const struct sysctl *sysctl, const char *handler)
{
	return strcmp(sysctl->handler, handler) == 0;
}

static void show_int(struct sysctl *sysctl, s64 value)
{
	seq_printf(sysctl->seq, "%lld\n", value);
}

static void show_name(struct sysctl *sysctl, const char *name)
{
	char text[NAME_SIZE];

	if (guest_string_copy(text, sizeof text, name) == sizeof text)
		guest_fail(STATUS_MALFORMED, "a name in /proc/sys/net has no end");
	seq_printf(sysctl->seq, "%s\n", text);
}

/* Names of a list's entries, on one line. */
static void show_list(struct sysctl *sysctl, const struct list_head *head, u64 list_offset, u64 name_offset,
		      bool (*is_shown)(const void *entry))
{
	struct guest_bound bound = GUEST_BOUND(LIST_COUNT_MAX, "names in /proc/sys/net");
	const struct list_head *node;
	bool any = false;
	char text[NAME_SIZE];

	for (node = READ_ONCE(head->next); node != head; node = READ_ONCE(node->next)) {
		const char *entry = (const char *)node - list_offset;

		guest_bound(&bound);
		if (is_shown != NULL && !is_shown(entry))
			continue;
		if (guest_string_copy(text, sizeof text, entry + name_offset) == sizeof text)
			guest_fail(STATUS_MALFORMED, "a name in /proc/sys/net has no end");
		if (any)
			seq_putc(sysctl->seq, ' ');
		seq_puts(sysctl->seq, text);
		any = true;
	}
	seq_putc(sysctl->seq, '\n');
}

static bool is_unrestricted(const void *entry)
{
	return (((const struct tcp_congestion_ops *)entry)->flags & CONGESTION_UNRESTRICTED) != 0;
}

/* %*pb: words of 32 bits in hexadecimal, the highest first. */
static void show_mask(struct sysctl *sysctl, const unsigned long *bits)
{
	u32 count = min(nr_cpu_ids, (u32)GUEST_CPU_COUNT_MAX);
	u32 words = (count + 31) / 32, top = count % 32 == 0 ? 32 : count % 32;

	for (u32 i = words; i-- > 0;) {
		u32 word = bits != NULL ? (u32)(bits[i / 2] >> (i % 2 * 32)) : 0;

		seq_printf(sysctl->seq, "%0*x%s", (int)(i == words - 1 ? (top + 3) / 4 : 8), word, i != 0 ? "," : "\n");
	}
}

static void show_flow_limit(struct sysctl *sysctl)
{
	unsigned long bits[GUEST_CPU_COUNT_MAX / 64] = {0};
	u32 cpu;

	for_each_possible_cpu (cpu)
		if (per_cpu_ptr(&softnet_data, cpu)->flow_limit != NULL)
			bits[cpu / 64] |= 1ul << (cpu % 64);
	show_mask(sysctl, bits);
}

static void show_flow_entries(struct sysctl *sysctl)
{
	const struct rps_sock_flow_table *table = NULL;

	if (symbol_exists(rps_sock_flow_table))
		table = rps_sock_flow_table;
	else if (field_exists(struct net_hotdata___sysctl, rps_sock_flow_table))
		table = net_hotdata.rps_sock_flow_table;
	else
		guest_fail(STATUS_UNSUPPORTED, "where this kernel keeps the table of flows isn't known");
	show_int(sysctl, table != NULL ? (s64)table->mask + 1 : 0);
}

static void show_rss_key(struct sysctl *sysctl)
{
	/* The variable is as long as the key. */
	bool is_long = symbol_start((u64)&netdev_rss_key[RSS_KEY_SIZE - 1]) == symbol_start((u64)netdev_rss_key);

	for (u32 i = 0; i < (is_long ? RSS_KEY_SIZE : RSS_KEY_SIZE_OLD); i++)
		seq_printf(sysctl->seq, i != 0 ? ":%02x" : "%02x", netdev_rss_key[i]);
	seq_putc(sysctl->seq, '\n');
}

static void show_fastopen_keys(struct sysctl *sysctl)
{
	const struct tcp_fastopen_context *context = net()->ipv4.tcp_fastopen_ctx;
	u32 count = context != NULL ? (u32)context->num : 0;

	if (count > FASTOPEN_KEY_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "more keys of TCP Fast Open than there can be");
	if (count == 0)
		seq_puts(sysctl->seq, "00000000-00000000-00000000-00000000");
	for (u32 i = 0; i < count; i++) {
		u32 words[4];

		guest_copy(words, (const char *)context->key + i * sizeof words, sizeof words);
		seq_printf(sysctl->seq, "%s%08x-%08x-%08x-%08x", i != 0 ? "," : "", words[0], words[1], words[2],
			   words[3]);
	}
	seq_putc(sysctl->seq, '\n');
}

static void show_ports(struct sysctl *sysctl)
{
	const u32 *range = net()->ipv4.ip_local_ports.range;

	if (field_size(struct local_ports, range) == sizeof(u32))
		seq_printf(sysctl->seq, "%u\t%u\n", range[0] & 0xffff, range[0] >> 16);
	else
		seq_printf(sysctl->seq, "%d\t%d\n", (int)range[0], (int)range[1]);
}

static void show_groups(struct sysctl *sysctl)
{
	const u32 *range = net()->ipv4.ping_group_range.range;

	seq_printf(sysctl->seq, "%d\t%d\n", (int)range[0], (int)range[1]);
}

static bool is_initial(void)
{
	return (const char *)net_subject() == init_net;
}

static void show_tcp_table(struct sysctl *sysctl)
{
	const struct inet_hashinfo___sysctl *info = net()->ipv4.tcp_death_row.hashinfo;
	bool shared = !is_initial() && field_exists(struct inet_hashinfo___sysctl, pernet) && !info->pernet;
	s64 count = (s64)info->ehash_mask + 1;

	show_int(sysctl, shared ? -count : count);
}

static void show_udp_table(struct sysctl *sysctl)
{
	const struct net___sysctl *initial = (const void *)init_net;
	s64 count = (s64)net()->ipv4.udp_table->mask + 1;

	show_int(sysctl, !is_initial() && net()->ipv4.udp_table == initial->ipv4.udp_table ? -count : count);
}

static u64 aligned(u64 size)
{
	return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* proc_unres_qlen(): bytes as packets of full size (SKB_TRUESIZE()). */
static void show_queue(struct sysctl *sysctl)
{
	u64 packet = FRAME_SIZE + aligned(type_size(struct sk_buff)) + aligned(type_size(struct skb_shared_info));

	show_int(sysctl, *(const s32 *)sysctl->entry->data / (s64)packet);
}

static bool ends_with_ms(const char *name)
{
	char text[NAME_SIZE];
	u64 size = guest_string_copy(text, sizeof text, name);

	return size > 3 && size < sizeof text && memcmp(text + size - 3, "_ms", 3) == 0;
}

/* ndisc_ifinfo_sysctl_change(), neigh_proc_base_reachable_time(). */
static void show_neighbour_time(struct sysctl *sysctl)
{
	const struct ctl_table *entry = sysctl->entry;
	enum sysctl_number kind = SYSCTL_JIFFIES;

	if (ends_with_ms(entry->procname))
		kind = SYSCTL_JIFFIES_MS;
	else if (strcmp(entry->procname, "retrans_time") == 0)
		kind = SYSCTL_INT;
	sysctl_show_numbers(sysctl->seq, kind, entry->data, (u64)entry->maxlen);
}

static void show_logger(struct sysctl *sysctl)
{
	u64 family = (u64)sysctl->entry->extra1;
	const struct nf_logger *const *loggers = net()->nf.nf_loggers;

	if (family >= field_size(struct netns_nf, nf_loggers) / sizeof(void *))
		guest_fail(STATUS_MALFORMED, "a logger's family is beyond the table of them");
	if (loggers[family] == NULL)
		seq_puts(sysctl->seq, "NONE\n");
	else
		show_name(sysctl, loggers[family]->name);
}

static void show_secret(struct sysctl *sysctl)
{
	const struct ipv6_stable_secret *secret = sysctl->entry->data;
	u8 bytes[16];

	if (!secret->initialized) {
		seq_fault(sysctl->seq, "the target itself answers with EIO: no secret is set");
		return;
	}
	guest_copy(bytes, &secret->secret, sizeof bytes);
	for (u32 i = 0; i < 16; i += 2)
		seq_printf(sysctl->seq, "%02x%02x%c", bytes[i], bytes[i + 1], i == 14 ? '\n' : ':');
}

static void show_cookie_algorithm(struct sysctl *sysctl)
{
	if (!field_exists(struct netns_sctp, sctp_hmac_alg))
		seq_puts(sysctl->seq, net()->sctp.cookie_auth_enable != 0 ? "sha256\n" : "none\n");
	else if (net()->sctp.sctp_hmac_alg == NULL)
		seq_puts(sysctl->seq, "none\n");
	else
		show_name(sysctl, net()->sctp.sctp_hmac_alg);
}

static bool show_names(struct sysctl *sysctl)
{
	u64 tcp_list = field_offset(struct tcp_congestion_ops, list),
	    tcp_name = field_offset(struct tcp_congestion_ops, name);

	if (is(sysctl, "set_default_qdisc"))
		show_name(sysctl, default_qdisc_ops->id);
	else if (is(sysctl, "proc_tcp_congestion_control"))
		show_name(sysctl, net()->ipv4.tcp_congestion_control->name);
	else if (is(sysctl, "proc_tcp_available_congestion_control"))
		show_list(sysctl, &tcp_cong_list, tcp_list, tcp_name, NULL);
	else if (is(sysctl, "proc_allowed_congestion_control"))
		show_list(sysctl, &tcp_cong_list, tcp_list, tcp_name, is_unrestricted);
	else if (is(sysctl, "proc_tcp_available_ulp"))
		show_list(sysctl, &tcp_ulp_list, field_offset(struct tcp_ulp_ops, list),
			  field_offset(struct tcp_ulp_ops, name), NULL);
	else if (is(sysctl, "proc_available_schedulers"))
		show_list(sysctl, &mptcp_sched_list, field_offset(struct mptcp_sched_ops, list),
			  field_offset(struct mptcp_sched_ops, name), NULL);
	else if (is(sysctl, "proc_available_path_managers"))
		show_list(sysctl, &mptcp_pm_list, field_offset(struct mptcp_pm_ops, list),
			  field_offset(struct mptcp_pm_ops, name), NULL);
	else if (is(sysctl, "proc_scheduler") || is(sysctl, "proc_path_manager"))
		show_name(sysctl, sysctl->entry->data);
	else if (is(sysctl, "nf_log_proc_dostring"))
		show_logger(sysctl);
	else if (is(sysctl, "proc_sctp_do_hmac_alg"))
		show_cookie_algorithm(sysctl);
	else
		return false;
	return true;
}

static bool show_neighbours(struct sysctl *sysctl)
{
	if (is(sysctl, "neigh_proc_dointvec_unres_qlen"))
		show_queue(sysctl);
	else if (is(sysctl, "ndisc_ifinfo_sysctl_change") || is(sysctl, "neigh_proc_base_reachable_time"))
		show_neighbour_time(sysctl);
	else if (is(sysctl, "addrconf_sysctl_stable_secret"))
		show_secret(sysctl);
	else
		return false;
	return true;
}

bool sysctl_show_special_net(struct sysctl *sysctl)
{
	if (is(sysctl, "rps_default_mask_sysctl"))
		show_mask(sysctl, (const unsigned long *)net()->core.rps_default_mask);
	else if (is(sysctl, "flow_limit_cpu_sysctl"))
		show_flow_limit(sysctl);
	else if (is(sysctl, "rps_sock_flow_sysctl"))
		show_flow_entries(sysctl);
	else if (is(sysctl, "proc_do_rss_key"))
		show_rss_key(sysctl);
	else if (is(sysctl, "proc_tcp_fastopen_key"))
		show_fastopen_keys(sysctl);
	else if (is(sysctl, "ipv4_local_port_range"))
		show_ports(sysctl);
	else if (is(sysctl, "ipv4_ping_group_range"))
		show_groups(sysctl);
	else if (is(sysctl, "proc_tcp_ehash_entries"))
		show_tcp_table(sysctl);
	else if (is(sysctl, "proc_udp_hash_entries"))
		show_udp_table(sysctl);
	else if (is(sysctl, "proc_fib_multipath_hash_seed"))
		show_int(sysctl, net()->ipv4.sysctl_fib_multipath_hash_seed.user_seed);
	else if (is(sysctl, "nf_hooks_lwtunnel_sysctl_handler"))
		show_int(sysctl, nf_hooks_lwtunnel_enabled.enabled.counter > 0);
	else
		return show_names(sysctl) || show_neighbours(sysctl);
	return true;
}
