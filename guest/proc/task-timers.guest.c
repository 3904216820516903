/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/timers, timens_offsets: fs/proc/base.c, show_timer(); kernel/time/namespace.c; 5.10 to 7.2. */
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/namespace.h"
#include "guest/proc/types/timer.h"

enum {
	/* include/uapi/asm-generic/siginfo.h */
	SIGEV_NONE = 1,
	SIGEV_THREAD = 2,
	SIGEV_THREAD_ID = 4,
};

static const char *notification(int notify)
{
	switch (notify & ~SIGEV_THREAD_ID) {
	case 0: return "signal";
	case SIGEV_NONE: return "none";
	case SIGEV_THREAD: return "thread";
	default: guest_fail(STATUS_MALFORMED, "a timer notifies in a way that doesn't exist");
	}
}

static const struct sigqueue *signal_of(const struct k_itimer *timer)
{
	const struct k_itimer___newer *newer = (const void *)timer;

	if (field_size(struct k_itimer, sigq) == sizeof(void *))
		return timer->sigq;
	return &newer->sigq;
}

static void show(struct seq *seq, const struct k_itimer *timer)
{
	const struct sigqueue *signal = signal_of(timer);

	seq_printf(seq, "ID: %d\n", timer->it_id);
	seq_printf(seq, "signal: %d/%016llx\n", signal->info.si_signo,
		   (u64)signal->info._sifields._rt._sigval.sival_ptr);
	seq_printf(seq, "notify: %s/%s.%d\n", notification(timer->it_sigev_notify),
		   (timer->it_sigev_notify & SIGEV_THREAD_ID) != 0 ? "tid" : "pid",
		   (s32)pid_number_in(timer->it_pid, task_view()));
	seq_printf(seq, "ClockID: %d\n", timer->it_clock);
}

void task_timers_show(struct seq *seq)
{
	const struct signal_struct *shared = task_subject()->signal;
	const struct signal_struct___newer *newer = (const void *)shared;
	struct row_loop loop = ROW_LOOP;
	const struct k_itimer *timer;
	const struct k_itimer___newer *newer_timer;

	if (field_size(struct signal_struct, posix_timers) == type_size(struct list_head)) {
		list_for_each_entry (timer, &shared->posix_timers, list) {
			row_loop_check(&loop, timer);
			show(seq, timer);
		}
	} else {
		hlist_for_each_entry (newer_timer, &newer->posix_timers, list) {
			row_loop_check(&loop, newer_timer);
			show(seq, (const void *)newer_timer);
		}
	}
}

/* proc_timens_show_offsets() */
void task_timens_offsets_show(struct seq *seq)
{
	const struct nsproxy *spaces = task_subject()->nsproxy;

	if (spaces == NULL)
		return; /* as the kernel: the task is ending */
	const struct timens_offsets *offsets = &spaces->time_ns_for_children->offsets;
	seq_printf(seq, "%-10s %10lld %9ld\n", "monotonic", offsets->monotonic.tv_sec, offsets->monotonic.tv_nsec);
	seq_printf(seq, "%-10s %10lld %9ld\n", "boottime", offsets->boottime.tv_sec, offsets->boottime.tv_nsec);
}
