/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files of /proc/net: connector (drivers/connector/connector.c), psched (net/sched/sch_api.c),
 * netfilter/nf_log (net/netfilter/nf_log.c), 5.10 to 7.2. */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

#include "guest/kernel/guestc-types-begin.h"

struct cb_id {
	u32 idx, val;
};

struct cn_callback_id {
	unsigned char name[32];
	struct cb_id id;
};

struct cn_callback_entry {
	struct list_head callback_entry;
	struct cn_callback_id id;
};

struct cn_queue_dev {
	struct list_head queue_list;
};

struct cn_dev {
	struct cn_queue_dev *cbdev;
};

struct nf_logger {
	const char *name;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	CALLBACK_COUNT_MAX = 1 << 16,
	NAME_SIZE = 64,
	FAMILY_COUNT_MAX = 64, /* NFPROTO_NUMPROTO is 13 in 5.10, 11 in 7.2 */
	LOG_TYPE_COUNT = 2, /* NF_LOG_TYPE_MAX */
	POINTER_SIZE = 8,
	NSEC_PER_USEC = 1000,
	PSCHED_TICK_NS = 1 << 6, /* PSCHED_TICKS2NS(1) (net/pkt_sched.h) */
	PSCHED_TICKS = 1000000,
	NSEC_PER_SEC = 1000000000,
};

extern struct cn_dev cdev;
extern unsigned int hrtimer_resolution;
extern struct nf_logger *loggers[LOG_TYPE_COUNT]; /* as many for each family */

static void show_callback(void *argument)
{
	const struct row *row = argument;
	const struct cn_callback_entry *entry = row->object;
	char name[NAME_SIZE];

	guest_string_copy(name, sizeof name, (const char *)entry->id.name);
	seq_printf(row->seq, "%-15s %u:%u\n", name, entry->id.id.idx, entry->id.id.val);
}

void connector_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_callback, .missing = "a callback is missing"};
	struct guest_bound bound = GUEST_BOUND(CALLBACK_COUNT_MAX, "callbacks");
	const struct cn_callback_entry *entry;

	seq_puts(seq, "Name            ID\n");
	list_for_each_entry (entry, &cdev.cbdev->queue_list, callback_entry) {
		guest_bound(&bound);
		rows_show(&rows, entry);
	}
}

void psched_show(struct seq *seq)
{
	u32 resolution = hrtimer_resolution;

	if (resolution == 0)
		guest_fail(STATUS_MALFORMED, "timers without a resolution");
	seq_printf(seq, "%08x %08x %08x %08x\n", NSEC_PER_USEC, PSCHED_TICK_NS, PSCHED_TICKS,
		   NSEC_PER_SEC / resolution);
}

static void show_name(struct seq *seq, const struct nf_logger *logger)
{
	char name[NAME_SIZE];

	guest_string_copy(name, sizeof name, logger->name);
	seq_puts(seq, name);
}

static void show_loggers(struct seq *seq, struct nf_logger *const *of_family)
{
	const struct nf_logger *first = READ_ONCE(of_family[0]), *second = READ_ONCE(of_family[1]);

	if (first != NULL) {
		show_name(seq, first);
		if (second != NULL)
			seq_puts(seq, ",");
	}
	if (second != NULL)
		show_name(seq, second);
	seq_puts(seq, ")\n");
}

void nf_log_show(struct seq *seq)
{
	u64 count = field_size(struct netns_nf, nf_loggers) / POINTER_SIZE;
	struct nf_logger *const *chosen = net_subject()->nf.nf_loggers;

	if (count > FAMILY_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "more families than netfilter has");
	for (u64 i = 0; i < count; i++) {
		const struct nf_logger *logger = READ_ONCE(chosen[i]);

		seq_printf(seq, "%2llu ", i);
		if (logger == NULL)
			seq_puts(seq, "NONE");
		else
			show_name(seq, logger);
		seq_puts(seq, " (");
		show_loggers(seq, &loggers[i * LOG_TYPE_COUNT]);
	}
}
