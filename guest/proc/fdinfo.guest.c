/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/fdinfo (fs/proc/fd.c; show_fdinfo() of fs/eventfd.c, eventpoll.c,
 * signalfd.c, timerfd.c, kernel/fork.c, fs/pidfs.c, net/unix/af_unix.c,
 * drivers/tty/tty_io.c, pty.c; 5.10 to 7.2). */
#include "guest/proc/cpus.h"
#include "guest/proc/devices.h"
#include "guest/proc/fault.h"
#include "guest/proc/fdinfo.h"
#include "guest/proc/file.h"
#include "guest/proc/lock.h"
#include "guest/proc/mention.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"
#include "guest/proc/tree.h"
#include "guest/proc/types/fuse.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/types/signal.h"
#include "guest/proc/types/tty.h"
#include "guest/proc/types/unix.h"

#include "guest/kernel/guestc-types-begin.h"

struct eventfd_ctx {
	u64 count;
	unsigned int flags;
	int id;
};

struct epoll_filefd {
	struct file *file;
	int fd;
};

struct epoll_event {
	u32 events;
	u64 data;
};

struct epitem {
	struct rb_node rbn;
	struct epoll_filefd ffd;
	struct epoll_event event;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct eventpoll {
	struct rb_root_cached rbr;
};

struct signalfd_ctx {
	sigset_t sigmask;
};

struct timerqueue_node {
	s64 expires;
};

struct hrtimer_clock_base {
	int clockid;
};

struct hrtimer {
	struct timerqueue_node node;
	struct hrtimer_clock_base *base; /* of the CPU, or an array's */
};

struct alarm {
	struct timerqueue_node node;
};

struct tty_file_private {
	struct tty_struct *tty;
};

struct tun_struct {
	struct net_device *dev;
};

struct tun_file {
	struct tun_struct *tun;
};

struct timerfd_ctx {
	struct {
		struct hrtimer tmr;
		struct alarm alarm; /* in the same place */
	} t;
	s64 tintv;
	u64 ticks;
	int clockid;
	unsigned short settime_flags;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	OPEN_CLOSE_ON_EXEC = 02000000, /* O_CLOEXEC */
	EVENTFD_SEMAPHORE = 1,
	CLOCK_REALTIME_ID = 0,
	CLOCK_MONOTONIC_ID = 1,
	CLOCK_BOOTTIME_ID = 7,
	CLOCK_REALTIME_ALARM_ID = 8,
	CLOCK_BOOTTIME_ALARM_ID = 9,
	STATE_ESTABLISHED = 1, /* TCP_… (net/tcp_states.h) */
	STATE_LISTEN = 10,
	TYPE_DATAGRAM = 2, /* SOCK_DGRAM */
	NANOSECONDS = 1000000000,
};

extern const char eventfd_show_fdinfo[];
extern const char ep_show_fdinfo, signalfd_show_fdinfo, timerfd_show, pidfd_show_fdinfo, inotify_show_fdinfo,
	fanotify_show_fdinfo, sock_show_fdinfo, unix_show_fdinfo[], bpf_prog_show_fdinfo, bpf_map_show_fdinfo,
	bpf_link_show_fdinfo, io_uring_show_fdinfo, userfaultfd_show_fdinfo, tty_show_fdinfo, pty_show_fdinfo,
	proc_fdinfo_permission, proc_fdinfo_access_allowed;

static void show_eventfd(struct seq *seq, const struct file *file)
{
	const struct eventfd_ctx *event = file->private_data;

	seq_printf(seq, "eventfd-count: %16llx\n", event->count);
	/* It came with a text that is one string (6.4), and later (6.5) grew. */
	seq_printf(seq, "eventfd-id: %d\n", event->id);
	if (code_mentions(eventfd_show_fdinfo, "eventfd-count: %16llx\neventfd-id: %d\neventfd-semaphore"))
		seq_printf(seq, "eventfd-semaphore: %d\n", (event->flags & EVENTFD_SEMAPHORE) != 0);
}

/* Ordered by file and number: a walk that goes back has been led astray. */
static void show_epoll(struct seq *seq, const struct file *file)
{
	const struct eventpoll *poll = file->private_data;
	struct tree_walk walk;
	const struct rb_node *node;
	u64 last_file = 0;
	int last_fd = -1;

	tree_walk_start(&walk, &poll->rbr.rb_root);
	while ((node = tree_walk_next(&walk)) != NULL) {
		const struct epitem *item = container_of(node, struct epitem, rbn);
		const struct file *watched = item->ffd.file;

		if ((u64)watched < last_file || ((u64)watched == last_file && item->ffd.fd <= last_fd))
			guest_fail(STATUS_MALFORMED, "the tree of an epoll isn't in order");
		last_file = (u64)watched;
		last_fd = item->ffd.fd;
		u64 data;
		guest_copy(&data, &item->event.data, sizeof data); /* not aligned */
		seq_printf(seq, "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%lx sdev:%x\n", item->ffd.fd,
			   item->event.events, data, watched->f_pos, watched->f_inode->i_ino,
			   watched->f_inode->i_sb->s_dev);
	}
}

static void show_signals(struct seq *seq, const struct file *file)
{
	const struct signalfd_ctx *signals = file->private_data;

	/* It keeps those that it leaves out. */
	seq_printf(seq, "sigmask:\t%016lx\n", ~signals->sigmask.sig[0]);
}

/* What a clock that timers can have shows. */
static s64 clock_now(int clock)
{
	const struct timekeeper *timekeeper = timekeeper_core();
	s64 monotonic = timekeeper_monotonic(timekeeper);

	switch (clock) {
	case CLOCK_MONOTONIC_ID: return monotonic;
	case CLOCK_REALTIME_ID:
	case CLOCK_REALTIME_ALARM_ID: return monotonic + timekeeper->offs_real;
	case CLOCK_BOOTTIME_ID:
	case CLOCK_BOOTTIME_ALARM_ID: return monotonic + timekeeper->offs_boot;
	default: guest_fail(STATUS_MALFORMED, "a timer of a clock that none can have");
	}
}

/* timerfd_get_remaining(). Where it ends is said in its own clock for an alarm,
 * else in that of the queue it is in: one that was set from now on, by the
 * time of day, is among those of the monotonic clock. */
static s64 timer_left(const struct timerfd_ctx *timer)
{
	bool is_alarm = timer->clockid == CLOCK_REALTIME_ALARM_ID || timer->clockid == CLOCK_BOOTTIME_ALARM_ID;
	s64 left, now = clock_now(timer->clockid);

	if (is_alarm)
		left = timer->t.alarm.node.expires - now;
	else
		left = timer->t.tmr.node.expires - clock_now(timer->t.tmr.base->clockid);
	return left < 0 ? 0 : left;
}

static void show_timer(struct seq *seq, const struct file *file)
{
	const struct timerfd_ctx *timer = file->private_data;
	s64 left = timer_left(timer), interval = timer->tintv;

	seq_printf(seq, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", timer->clockid, timer->ticks,
		   timer->settime_flags);
	seq_printf(seq, "it_value: (%llu, %llu)\nit_interval: (%llu, %llu)\n", (u64)left / NANOSECONDS,
		   (u64)left % NANOSECONDS, (u64)interval / NANOSECONDS, (u64)interval % NANOSECONDS);
}

/* unix_count_nr_fds(): what is in flight to connections that aren't accepted
 * yet. */
static int count_waiting(const struct sock *listener)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "connections to be accepted");
	const struct sk_buff *end = (const struct sk_buff *)&listener->sk_receive_queue, *buffer;
	int count = 0;

	for (buffer = READ_ONCE(listener->sk_receive_queue.next); buffer != end; buffer = READ_ONCE(buffer->next)) {
		guest_bound(&bound);
		count += ((const struct unix_sock *)buffer->sk)->scm_stat.nr_fds.counter;
	}
	return count;
}

/* unix_show_fdinfo(), the one family that says something. Older kernels say
 * 0 of a listener, and nothing but code tells them apart. */
static void show_socket(struct seq *seq, const struct file *file)
{
	const struct socket *socket = file->private_data;
	const struct sock *sock = socket->sk;
	const struct unix_sock *unix_socket = (const struct unix_sock *)sock;
	int count = 0;

	if (!symbol_exists(unix_show_fdinfo) || (u64)socket->ops->show_fdinfo != (u64)unix_show_fdinfo || sock == NULL)
		return;
	u8 state = sock->__sk_common.skc_state;
	if (state == STATE_LISTEN)
		count = count_waiting(sock);
	else if (socket->type == TYPE_DATAGRAM || state == STATE_ESTABLISHED)
		count = unix_socket->scm_stat.nr_fds.counter;
	seq_printf(seq, "scm_fds: %u\n", (u32)count);
}

#define IS_FUNCTION(pointer, function) (symbol_exists(function) && (u64)(pointer) == (u64) & (function))

/* tty_show_fdinfo(): what the terminal's driver adds, which most don't. */
static void show_terminal(struct seq *seq, const struct file *file)
{
	const struct tty_struct *tty = ((const struct tty_file_private *)file->private_data)->tty;
	const void *function = tty == NULL || tty->ops == NULL ? NULL : tty->ops->show_fdinfo;
	char name[SYMBOL_NAME_SIZE];

	if (function == NULL)
		return;
	if (IS_FUNCTION(function, pty_show_fdinfo)) {
		seq_printf(seq, "tty-index:\t%d\n", tty->index);
		return;
	}
	symbol_text(function, name);
	seq_fault(seq, "what %s() writes is missing", name);
}

/* tun_chr_show_fdinfo() (drivers/net/tun.c, usually a module). */
static void show_tun(struct seq *seq, const struct file *file)
{
	const struct tun_struct *tun = READ_ONCE(((const struct tun_file *)file->private_data)->tun);
	char name[DEVICE_NAME_SIZE] = "";

	if (tun != NULL)
		device_name(tun->dev, name);
	seq_printf(seq, "iff:\t%s\n", name);
}

/* fuse_dev_show_fdinfo() (fs/fuse/dev.c), from 6.18 or so. */
static void show_fuse(struct seq *seq, const struct file *file)
{
	const struct fuse_dev *device = READ_ONCE(file->private_data);
	const struct fuse_conn *connection;

	if (device == NULL)
		return;
	if (field_exists(struct fuse_dev, chan)) {
		const struct fuse_chan *channel = READ_ONCE(device->chan);

		connection = (u64)channel > 1 ? channel->conn : NULL;
	} else {
		connection = READ_ONCE(device->fc);
	}
	if ((u64)connection > 1)
		seq_printf(seq, "fuse_connection:\t%u\n", connection->dev);
}

/* What modules have, usually. */
static void show_by_name(struct seq *seq, const struct file *file)
{
	char name[SYMBOL_NAME_SIZE];

	symbol_text(file->f_op->show_fdinfo, name);
	if ((strcmp(name, "tun_chr_show_fdinfo [tun]") == 0 || strcmp(name, "tun_chr_show_fdinfo") == 0) &&
	    type_exists(struct tun_file))
		show_tun(seq, file);
	else if ((strcmp(name, "fuse_dev_show_fdinfo") == 0 || strcmp(name, "fuse_dev_show_fdinfo [fuse]") == 0) &&
		 type_exists(struct fuse_dev))
		show_fuse(seq, file);
	else
		seq_fault(seq, "what %s() writes is missing", name);
}

static bool show_bpf(struct seq *seq, const struct file *file)
{
	const void *function = file->f_op->show_fdinfo;

	if (IS_FUNCTION(function, bpf_prog_show_fdinfo))
		fdinfo_bpf_program_show(seq, file);
	else if (IS_FUNCTION(function, bpf_map_show_fdinfo))
		fdinfo_bpf_map_show(seq, file);
	else if (IS_FUNCTION(function, bpf_link_show_fdinfo))
		fdinfo_bpf_link_show(seq, file);
	else
		return false;
	return true;
}

static void show_own(struct seq *seq, const struct file *file)
{
	const void *function = file->f_op->show_fdinfo;

	if (function == NULL)
		return;
	if (IS_FUNCTION(function, sock_show_fdinfo))
		show_socket(seq, file);
	else if (symbol_exists(eventfd_show_fdinfo) && (u64)function == (u64)eventfd_show_fdinfo)
		show_eventfd(seq, file);
	else if (IS_FUNCTION(function, ep_show_fdinfo))
		show_epoll(seq, file);
	else if (IS_FUNCTION(function, signalfd_show_fdinfo))
		show_signals(seq, file);
	else if (IS_FUNCTION(function, timerfd_show))
		show_timer(seq, file);
	else if (IS_FUNCTION(function, tty_show_fdinfo))
		show_terminal(seq, file);
	else if (IS_FUNCTION(function, inotify_show_fdinfo))
		fdinfo_inotify_show(seq, file);
	else if (IS_FUNCTION(function, fanotify_show_fdinfo))
		fdinfo_fanotify_show(seq, file);
	else if (IS_FUNCTION(function, pidfd_show_fdinfo))
		fdinfo_pidfd_show(seq, file);
	else if (IS_FUNCTION(function, io_uring_show_fdinfo))
		fdinfo_uring_show(seq, file);
	else if (IS_FUNCTION(function, userfaultfd_show_fdinfo))
		fdinfo_userfault_show(seq, file);
	else if (!show_bpf(seq, file))
		show_by_name(seq, file);
}

bool pid_fd_exists(const char *path)
{
	const struct files_struct *files = READ_ONCE(task_subject()->files);

	return files != NULL && file_find(files, subject_number()) != NULL;
}

void pid_fdinfo_show(struct seq *seq)
{
	const struct file *file = file_subject();
	const struct files_struct *files = task_subject()->files;
	const struct mount *mount = container_of(file->f_path.mnt, struct mount, mnt);
	u32 flags = file->f_flags;

	if (file_bit(files->fdt->close_on_exec, subject_number()))
		flags |= OPEN_CLOSE_ON_EXEC;
	seq_printf(seq, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%i\n", file->f_pos, flags, mount->mnt_id);
	/* These came with it (5.14). */
	if (symbol_exists(proc_fdinfo_permission) || symbol_exists(proc_fdinfo_access_allowed))
		seq_printf(seq, "ino:\t%lu\n", file->f_inode->i_ino);
	locks_of_file_show(seq, file, files);
	show_own(seq, file);
}
