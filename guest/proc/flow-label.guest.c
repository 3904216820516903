/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/ip6_flowlabel (ip6fl_seq_show(), net/ipv6/ip6_flowlabel.c, 5.10 to 7.2). */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"

#include "guest/kernel/guestc-types-begin.h"

struct ipv6_txoptions {
	u16 opt_nflen;
};

struct ip6_flowlabel {
	struct ip6_flowlabel *next;
	__be32 label;
	atomic_t users;
	struct in6_addr dst;
	struct ipv6_txoptions *opt;
	unsigned long linger, expires;
	u8 share;
	union {
		struct pid *pid;
		kuid_t uid;
	} owner;
	struct net *fl_net;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	LIST_COUNT = 256, /* FL_HASH_MASK + 1 */
	/* IPV6_FL_S_… (uapi/linux/in6.h). */
	SHARED_PROCESS = 2,
	SHARED_USER = 3,
};

extern struct ip6_flowlabel *fl_ht[LIST_COUNT];

static int owner_of(const struct ip6_flowlabel *label)
{
	if (label->share == SHARED_PROCESS)
		return (int)pid_shown(label->owner.pid);
	return label->share == SHARED_USER ? (int)user_id_shown(label->owner.uid.val) : 0;
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ip6_flowlabel *label = row->object;
	const struct ticks *ticks = row->rows->context;
	s64 hz = (s64)ticks_hz(ticks);
	unsigned char address[16];

	if (label->fl_net != net_subject())
		return;
	seq_printf(row->seq, "%05X %-1d %-6d %-6d %-6lld %-8lld ", ntohl(label->label), label->share, owner_of(label),
		   label->users.counter, (s64)label->linger / hz, (s64)(label->expires - ticks->now) / hz);
	guest_copy(address, &label->dst, sizeof address);
	for (u32 i = 0; i < sizeof address; i++)
		seq_printf(row->seq, "%02x", address[i]);
	seq_printf(row->seq, " %-4d\n", label->opt != NULL ? label->opt->opt_nflen : 0);
}

void ip6_flowlabel_show(struct seq *seq)
{
	struct ticks ticks;
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a label is missing", .context = &ticks};

	ticks_read(&ticks);
	seq_puts(seq, "Label S Owner  Users  Linger Expires  Dst                              Opt\n");
	for (u32 i = 0; i < LIST_COUNT; i++) {
		const struct ip6_flowlabel *label = READ_ONCE(fl_ht[i]);
		struct row_loop loop = ROW_LOOP;

		for (; label != NULL; label = READ_ONCE(label->next)) {
			row_loop_check(&loop, label);
			rows_show(&rows, label);
		}
	}
}
