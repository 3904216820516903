/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a system has that was started by an init such as systemd, and that has people on it: its mounts, their
 * terminals, timers of all clocks, programs that the kernel runs for services. */
#include <errno.h>
#include <fcntl.h>
#include <linux/auto_fs.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/processes.h"

enum {
	FAR = 100000, /* seconds */
	EXPIRE_SECONDS = 700,
	OPTIONS_SIZE = 128,
};

struct mount_point {
	const char *path, *type, *options;
	unsigned long flags;
};

/* What systemd mounts, with its options (src/shared/mount-setup.c, units/….mount), and an administrator's. What is
 * one for the whole kernel shows these options wherever else it is mounted. */
static void init_mounts(void)
{
	enum { USUAL = MS_NOSUID | MS_NOEXEC | MS_NODEV };
	static const struct mount_point points[] = {
		{"/sys/kernel/security", "securityfs", NULL, USUAL},
		{"/sys/fs/cgroup", "cgroup2", ZOO_CGROUP2_OPTIONS, USUAL},
		{"/sys/fs/pstore", "pstore", "kmsg_bytes=20000", USUAL},
		{"/sys/fs/bpf", "bpf", "mode=0700", USUAL},
		{"/sys/kernel/debug", "debugfs", "mode=0750,gid=4", USUAL},
		{"/sys/kernel/tracing", "tracefs", "mode=0750,gid=4", USUAL},
		{"/sys/kernel/config", "configfs", NULL, USUAL},
		{"/sys/fs/fuse/connections", "fusectl", NULL, USUAL},
		{"/proc/sys/fs/binfmt_misc", "binfmt_misc", NULL, USUAL},
		{"/tmp/mqueue", "mqueue", NULL, USUAL},
		{"/tmp/hugepages", "hugetlbfs", "pagesize=2M,mode=0770,size=16M,min_size=0,nr_inodes=9",
		 MS_NOSUID | MS_NODEV},
		{"/tmp/pts", "devpts", "gid=5,mode=0620,ptmxmode=0666,max=90,newinstance", MS_NOSUID | MS_NOEXEC},
		{"/tmp/credentials", "ramfs", "mode=0700", USUAL},
		{"/tmp/proc", "proc", "hidepid=invisible,gid=4", USUAL},
	};

	zoo_name("init's mounts");
	zoo_leave_mounts();
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		mkdir(points[i].path, 0755);
		if (mount(points[i].type, points[i].path, points[i].type, points[i].flags, points[i].options) != 0 &&
		    errno != EBUSY)
			zoo_lack(points[i].path);
	}
}

/* A directory whose file system is mounted when somebody goes there. */
static void automount(void)
{
	static const char path[] = "/tmp/automount";
	char options[OPTIONS_SIZE];
	unsigned long seconds = EXPIRE_SECONDS;
	int ends[2];

	zoo_name("automount");
	zoo_leave_mounts();
	zoo_directory(path);
	must(pipe2(ends, O_CLOEXEC), "pipe");
	snprintf(options, sizeof options, "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1], getpgrp());
	if (mount("systemd-1", path, "autofs", 0, options) != 0) {
		zoo_lack("autofs");
		return;
	}
	int root = must(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
	must(ioctl(root, AUTOFS_IOC_SETTIMEOUT, &seconds), "AUTOFS_IOC_SETTIMEOUT");
	close(root);
}

/* Both ends of one, and one that has a driver of another kind. */
static void terminals(void)
{
	zoo_name("terminals");
	int master = must(posix_openpt(O_RDWR | O_NOCTTY), "ptmx");

	must(grantpt(master), "grantpt");
	must(unlockpt(master), "unlockpt");
	must(open(ptsname(master), O_RDWR | O_NOCTTY), "pts");
	must(posix_openpt(O_RDWR | O_NOCTTY), "ptmx");
	if (open("/dev/tty1", O_RDWR | O_NOCTTY) < 0)
		zoo_lack("/dev/tty1");
}

/* A timer that ends in FAR seconds, or at that of its clock. */
static void set_timer(clockid_t clock, int flags, time_t interval)
{
	struct itimerspec when = {{interval, 5}, {FAR, 0}};
	struct timespec now = {0};
	int timer = must(timerfd_create(clock, TFD_CLOEXEC), "timerfd");

	if (flags & TFD_TIMER_ABSTIME)
		/* Not by the vDSO: the guest's own look maps that, too, and would change what it sees of who shares it.
		 */
		must((int)syscall(SYS_clock_gettime, clock, &now), "clock");
	when.it_value.tv_sec += now.tv_sec;
	must(timerfd_settime(timer, flags, &when, NULL), "timerfd");
}

static void timers(void)
{
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM,
					   CLOCK_BOOTTIME_ALARM};

	zoo_name("timer files"); /* process-values.c has "timers", of another kind */
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		set_timer(clocks[i], 0, 0);
		set_timer(clocks[i], TFD_TIMER_ABSTIME, 70);
		must(timerfd_create(clocks[i], 0), "timerfd");
	}
	set_timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 0);
}

static int bpf(enum bpf_cmd command, union bpf_attr *question)
{
	return (int)syscall(SYS_bpf, command, question, sizeof *question);
}

/* One that lets everything pass. */
static int load_program(enum bpf_prog_type type)
{
	static const struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
					       {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr question = {.prog_type = type,
				   .insn_cnt = sizeof code / sizeof *code,
				   .insns = (uintptr_t)code,
				   .license = (uintptr_t)"GPL"};

	return must(bpf(BPF_PROG_LOAD, &question), "BPF_PROG_LOAD");
}

static int make_map(enum bpf_map_type type, uint32_t value_size, uint32_t flags)
{
	union bpf_attr question = {.map_type = type,
				   .key_size = type == BPF_MAP_TYPE_LPM_TRIE ? 8 : 4,
				   .value_size = value_size,
				   .max_entries = 1000,
				   .map_flags = flags};

	return must(bpf(BPF_MAP_CREATE, &question), "BPF_MAP_CREATE");
}

/* One with a few elements. Of a trie a key is how many bits count, and these. */
static void fill_map(int map)
{
	enum { COUNT = 5, VALUE_SIZE_MAX = 1024 /* of each CPU, too */ };
	uint64_t value[VALUE_SIZE_MAX / 8] = {0};

	for (uint32_t i = 1; i <= COUNT; i++) {
		uint32_t key[2] = {i, i << 7};
		union bpf_attr question = {.map_fd = (uint32_t)map, .key = (uintptr_t)key, .value = (uintptr_t)value};

		must(bpf(BPF_MAP_UPDATE_ELEM, &question), "BPF_MAP_UPDATE_ELEM");
	}
}

static void make_tables(void)
{
	fill_map(make_map(BPF_MAP_TYPE_HASH, 24, BPF_F_NO_PREALLOC));
	fill_map(make_map(BPF_MAP_TYPE_HASH, 20, 0));
	fill_map(make_map(BPF_MAP_TYPE_PERCPU_HASH, 12, 0));
	fill_map(make_map(BPF_MAP_TYPE_PERCPU_HASH, 12, BPF_F_NO_PREALLOC));
	fill_map(make_map(BPF_MAP_TYPE_LRU_HASH, 16, 0));
	fill_map(make_map(BPF_MAP_TYPE_LRU_PERCPU_HASH, 16, 0));
	fill_map(make_map(BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC));
}

/* What was counted of it stays then. */
static void run_counted(int program)
{
	static const char packet[64];
	union bpf_attr question = {.test = {.prog_fd = (uint32_t)program,
					    .data_size_in = sizeof packet,
					    .data_in = (uintptr_t)packet,
					    .repeat = 7}};

	zoo_write("/proc/sys/kernel/bpf_stats_enabled", "1");
	must(bpf(BPF_PROG_TEST_RUN, &question), "BPF_PROG_TEST_RUN");
	zoo_write("/proc/sys/kernel/bpf_stats_enabled", "0");
}

/* Programs, maps and a link as systemd holds for services. */
static void kernel_programs(void)
{
	zoo_name("bpf");
	zoo_leave_mounts();
	/* Before 5.11 maps and programs count as locked memory. */
	must(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), "RLIMIT_MEMLOCK");
	zoo_directory("/tmp/cgroup of bpf");
	must(zoo_mount_cgroup2("/tmp/cgroup of bpf"), "cgroup2");
	zoo_directory("/tmp/cgroup of bpf/service");
	int cgroup = must(open("/tmp/cgroup of bpf/service", O_RDONLY | O_DIRECTORY), "cgroup");
	int program = load_program(BPF_PROG_TYPE_CGROUP_SKB);
	union bpf_attr link = {.link_create = {.prog_fd = (uint32_t)program,
					       .target_fd = (uint32_t)cgroup,
					       .attach_type = BPF_CGROUP_INET_EGRESS}};

	must(bpf(BPF_LINK_CREATE, &link), "BPF_LINK_CREATE");
	load_program(BPF_PROG_TYPE_CGROUP_DEVICE);
	run_counted(load_program(BPF_PROG_TYPE_SOCKET_FILTER));
	make_map(BPF_MAP_TYPE_ARRAY, 24, 0);
	make_map(BPF_MAP_TYPE_ARRAY, 24, BPF_F_MMAPABLE);
	make_map(BPF_MAP_TYPE_PERCPU_ARRAY, 20, 0);
	make_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 0);
	make_tables();
}

const struct animal animal_inits[] = {
	{"init's mounts", init_mounts}, {"automount", automount}, {"terminals", terminals},
	{"timer files", timers},	{"bpf", kernel_programs}, {NULL, NULL},
};
