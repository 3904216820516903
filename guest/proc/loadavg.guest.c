/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/loadavg and /proc/cmdline: fs/proc/loadavg.c, fs/proc/cmdline.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/pid.h"

enum {
	LOAD_SHIFT = 11, /* FSHIFT (include/linux/sched/loadavg.h) */
	LOAD_ONE = 1 << LOAD_SHIFT,
	COMMAND_LINE_SIZE = 4096, /* two of arch/x86's COMMAND_LINE_SIZE: bootconfig adds to it */
};

extern unsigned long avenrun[];
extern int nr_threads;
extern char *saved_command_line;

static void show_average(struct seq *seq, u64 value)
{
	value += LOAD_ONE / 200;
	seq_printf(seq, "%llu.%02llu ", value >> LOAD_SHIFT, (value & (LOAD_ONE - 1)) * 100 >> LOAD_SHIFT);
}

void loadavg_show(struct seq *seq)
{
	for (u32 i = 0; i < 3; i++)
		show_average(seq, avenrun[i]);
	seq_printf(seq, "%u/%d %d\n", cpus_running_tasks(), nr_threads, (int)READ_ONCE(task_view()->idr.idr_next) - 1);
}

void cmdline_show(struct seq *seq)
{
	char line[COMMAND_LINE_SIZE];
	u64 size = guest_string_copy(line, sizeof line, saved_command_line);

	if (size == sizeof line)
		guest_fail(STATUS_MALFORMED, "the kernel's command line is longer than any");
	seq_write(seq, line, size);
	seq_putc(seq, '\n');
}
