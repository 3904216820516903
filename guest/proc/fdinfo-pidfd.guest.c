/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process a pidfd stands for: kernel/fork.c (before 6.9), fs/pidfs.c, to 7.2. */
#include "guest/proc/fdinfo.h"
#include "guest/proc/task.h"
#include "guest/proc/types/pid.h"

enum {
	PID_LEVEL_MAX = 32, /* MAX_PID_NS_LEVEL */
};

extern const char pidfs_file_operations;

static const struct pid *pid_of(const struct file *file)
{
	if (symbol_exists(pidfs_file_operations) && (u64)file->f_op == (u64)&pidfs_file_operations)
		return file->f_inode->i_private;
	return file->private_data;
}

void fdinfo_pidfd_show(struct seq *seq, const struct file *file)
{
	const struct pid *pid = pid_of(file);
	u32 number;

	if (READ_ONCE(pid->tasks[0].first) == NULL) {
		seq_puts(seq, "Pid:\t-1\nNSpid:\t-1\n");
		return;
	}
	number = pid_shown(pid);
	seq_printf(seq, "Pid:\t%u\nNSpid:\t%u", number, number);
	if (number != 0 && pid->level > PID_LEVEL_MAX)
		guest_fail(STATUS_MALFORMED, "a process is in more PID namespaces than any could be");
	for (u32 i = task_view()->level + 1; number != 0 && i <= pid->level; i++)
		seq_printf(seq, "\t%d", pid->numbers[i].nr);
	seq_putc(seq, '\n');
}
