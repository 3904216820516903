/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/softnet_stat (net/core/net-procfs.c, 5.10 to 7.2). */
#include "guest/proc/cpus.h"
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct sk_buff_head {
	u32 qlen;
};

struct sd_flow_limit {
	u32 count : 32;
};

struct numa_drop_counters {
	atomic_t drops0, drops1;
};

struct softnet_data {
	unsigned int processed, time_squeeze, received_rps;
	atomic_t dropped; /* a bare word in older kernels: take its address; before 6.18: */
	struct numa_drop_counters drop_counters;
	struct sd_flow_limit *flow_limit;
	struct sk_buff_head input_pkt_queue, process_queue;
};

#include "guest/kernel/guestc-types-end.h"

extern struct softnet_data softnet_data;
extern const char softnet_seq_show[];

static u32 dropped(const struct softnet_data *data)
{
	u32 count;

	if (field_exists(struct softnet_data, drop_counters))
		return (u32)data->drop_counters.drops0.counter + (u32)data->drop_counters.drops1.counter;
	guest_copy(&count, &data->dropped, sizeof count);
	return count;
}

void softnet_stat_show(struct seq *seq)
{
	bool has_both = code_mentions(softnet_seq_show, "%08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x "
							"%08x %08x %08x\n");
	u32 cpu;

	for_each_online_cpu(cpu)
	{
		const struct softnet_data *data = per_cpu_ptr(&softnet_data, cpu);
		const struct sd_flow_limit *limit = NULL;
		u32 waiting = data->input_pkt_queue.qlen, processed = data->process_queue.qlen;

		if (field_exists(struct softnet_data, flow_limit))
			limit = READ_ONCE(data->flow_limit);
		seq_printf(seq,
			   "%08x %08x %08x 00000000 00000000 00000000 00000000 00000000 00000000 %08x %08x %08x %08x",
			   data->processed, dropped(data), data->time_squeeze, data->received_rps,
			   limit != NULL ? (u32)limit->count : 0, waiting + processed, cpu);
		if (has_both)
			seq_printf(seq, " %08x %08x", waiting, processed);
		seq_putc(seq, '\n');
	}
}
