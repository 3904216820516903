/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process can have: open files, mapped files, mounts, namespaces, locks. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/processes.h"

enum {
	FILE_SIZE = 20000,
	MAP_SIZE = 64 * 1024,
	LARGE_MAP_SIZE = 8 << 20,
	DESCRIPTOR_HIGH = 500,
	OPTIONS_SIZE = 128,
	/* What C libraries of some years ago don't have (uapi/linux/fanotify.h of 7.2). */
	MARK_EVICTABLE = 0x200,
	MARK_IGNORE = 0x400,
	MARK_NAMESPACE = 0x110,
	REPORT_MOUNT = 0x4000,
	MOUNT_ATTACHED = 0x01000000,
};

/* A new file of FILE_SIZE bytes. */
static int make_file(const char *path)
{
	static const char bytes[FILE_SIZE] = "content";
	int fd = must(open(path, O_RDWR | O_CREAT | O_TRUNC, 0640), path);

	must((int)write(fd, bytes, sizeof bytes), path);
	return fd;
}

/* A group of each kind, each with marks of its own; what a kernel doesn't have yet is left out. */
static void watch_by_fanotify(void)
{
	const uint64_t closed = FAN_CLOSE_WRITE;

	zoo_name("fanotify");
	make_file("/tmp/plain");
	int group = must(fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_MARKS, O_RDONLY | O_NOATIME),
			 "fanotify");

	must(fanotify_mark(group, FAN_MARK_ADD, closed, AT_FDCWD, "/tmp"), "fanotify");
	must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, closed, AT_FDCWD,
			   "/tmp/plain"),
	     "fanotify");
	must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, closed, AT_FDCWD, "/proc"), "fanotify");
	must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, closed | FAN_EVENT_ON_CHILD, AT_FDCWD, "/sys"),
	     "fanotify");
	fanotify_mark(group, FAN_MARK_ADD | MARK_EVICTABLE, closed, AT_FDCWD, "/dev");
	fanotify_mark(group, FAN_MARK_ADD | MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, closed, AT_FDCWD, "/run");
	group = must(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_NONBLOCK, 0), "fanotify");
	if (access("/mnt/disk", F_OK) == 0)
		must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_DELETE | FAN_ONDIR, AT_FDCWD,
				   "/mnt/disk"),
		     "fanotify");
	group = fanotify_init(REPORT_MOUNT, 0);
	if (group >= 0)
		must(fanotify_mark(group, FAN_MARK_ADD | MARK_NAMESPACE, MOUNT_ATTACHED, AT_FDCWD, "/proc/self/ns/mnt"),
		     "fanotify");
}

static void open_files(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x1122334455667788};
	int ends[2];

	zoo_name("open files");
	make_file("/tmp/plain");
	make_file("/tmp/odd name\twith\nall\\of it");
	make_file("/tmp/removed");
	unlink("/tmp/removed");
	make_file("/dev/shm/memory");
	must(open("/tmp/plain", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC), "open");
	must(open("/tmp", O_RDONLY | O_DIRECTORY | O_PATH), "open");
	must(pipe2(ends, O_NONBLOCK), "pipe");
	must(mkfifo("/tmp/fifo", 0600) < 0 && errno != EEXIST ? -1 : 0, "mkfifo");
	must(open("/tmp/fifo", O_RDWR), "fifo");
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll");
	must(eventfd(17, EFD_SEMAPHORE), "eventfd");
	int timer = must(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
	const struct itimerspec when = {{0, 0}, {100000, 0}};
	must(timerfd_settime(timer, 0, &when, NULL), "timerfd");
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(signalfd(-1, &set, 0), "signalfd");
	int watcher = must(inotify_init1(0), "inotify");
	must(inotify_add_watch(watcher, "/tmp", IN_CREATE | IN_DELETE), "inotify");
	must(inotify_add_watch(watcher, "/proc/self", IN_ALL_EVENTS | IN_EXCL_UNLINK), "inotify");
	if (access("/mnt/disk", F_OK) == 0)
		must(inotify_add_watch(watcher, "/mnt/disk", IN_OPEN | IN_ONESHOT), "inotify");
	must(inotify_add_watch(watcher, "/sys/kernel", IN_DELETE_SELF), "inotify");
	must((int)syscall(SYS_pidfd_open, 1, 0), "pidfd");
	must(memfd_create("a memfd", MFD_ALLOW_SEALING), "memfd");
	must(open("/proc/self/ns/net", O_RDONLY), "ns/net");
	must(open("/proc/self/status", O_RDONLY), "status");
	must(open("/dev/null", O_RDWR), "null");
	must(dup2(0, DESCRIPTOR_HIGH) < 0 && errno != EMFILE ? -1 : 0, "dup2");
}

static void ipc(void)
{
	struct {
		long type;
		char text[20];
	} message = {7, "a message"};
	struct sembuf raise = {.sem_num = 1, .sem_op = 1};

	zoo_name("ipc");
	int segment = must(shmget(0x1234, MAP_SIZE, IPC_CREAT | 0640), "shmget");
	char *memory = shmat(segment, NULL, 0);
	if (memory == (void *)-1)
		fail("shmat");
	memset(memory, 1, MAP_SIZE / 4);
	must(shmget(IPC_PRIVATE, MAP_SIZE, IPC_CREAT | 0600), "shmget");
	int queue = must(msgget(0x77, IPC_CREAT | 0666), "msgget");
	must(msgsnd(queue, &message, sizeof message.text, 0), "msgsnd");
	int set = must(semget(IPC_PRIVATE, 3, IPC_CREAT | 0600), "semget");
	must(semop(set, &raise, 1), "semop");
}

static void mapped(void)
{
	zoo_name("mapped");
	int file = make_file("/tmp/mapped file"), gone = make_file("/tmp/mapped, removed");
	unlink("/tmp/mapped, removed");
	if (mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED ||
	    mmap(NULL, FILE_SIZE - 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, gone, 4096) == MAP_FAILED)
		fail("mmap");
	char *shared = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *private = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *large = mmap(NULL, LARGE_MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || private == MAP_FAILED || large == MAP_FAILED)
		fail("mmap");
	memset(shared, 1, MAP_SIZE / 2);
	memset(private, 2, MAP_SIZE / 2);
	madvise(large, LARGE_MAP_SIZE, MADV_HUGEPAGE);
	memset(large, 3, LARGE_MAP_SIZE);
	must(mprotect(private, 4096, PROT_NONE), "mprotect");
	must(mlock(shared, 4096), "mlock");
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, private, MAP_SIZE, "a name");
	if (sbrk(MAP_SIZE) == (void *)-1)
		fail("brk");
}

static void locks(void)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};

	zoo_name("locks");
	int file = make_file("/tmp/locked");
	must(fcntl(file, F_SETLK, &range), "F_SETLK");
	must(flock(must(open("/tmp/locked", O_RDONLY), "open"), LOCK_SH), "flock");
	range = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100};
	must(fcntl(must(open("/tmp/locked", O_RDWR), "open"), F_OFD_SETLK, &range), "F_OFD_SETLK");
	int leased = make_file("/tmp/leased");
	must(close(leased), "close");
	must(fcntl(must(open("/tmp/leased", O_RDONLY), "open"), F_SETLEASE, F_RDLCK), "F_SETLEASE");
	/* One that waits for the others. */
	if (must(fork(), "fork") == 0) {
		struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		zoo_name("waits for a lock");
		fcntl(must(open("/tmp/locked", O_RDWR), "open"), F_SETLKW, &all);
		for (;;)
			pause();
	}
	usleep(50 * 1000);
}

/* Runs a program that is gone, in a directory that is gone. */
static void removed(void)
{
	zoo_directory("/tmp/removed here");
	must(chdir("/tmp/removed here"), "chdir");
	must(rmdir("/tmp/removed here"), "rmdir");
	int from = must(open("/bin/busybox", O_RDONLY | O_CLOEXEC), "busybox");
	int to = must(open("/tmp/removed program", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), "create");
	char block[MAP_SIZE];
	ssize_t got;

	while ((got = read(from, block, sizeof block)) > 0)
		must((int)write(to, block, (size_t)got), "write");
	close(to);
	if (must(fork(), "fork") == 0) {
		execl("/tmp/removed program", "sleep", "100000", NULL);
		fail("exec");
	}
	usleep(200 * 1000);
	must(unlink("/tmp/removed program"), "unlink");
	zoo_name("removed");
}

static void jailed(void)
{
	zoo_name("in chroot");
	zoo_directory("/tmp/jail");
	zoo_directory("/tmp/jail/deep");
	must(chroot("/tmp/jail"), "chroot");
	must(chdir("/deep"), "chdir");
}

static void bind_mounts(void)
{
	zoo_name("mounts");
	zoo_leave_mounts();
	zoo_directory("/tmp/bound to");
	zoo_directory("/tmp/bound to/a \\ b");
	must(mount("/tmp/bound to/a \\ b", "/tmp/bound to", NULL, MS_BIND, NULL), "bind");
	must(mount("none", "/tmp/bound to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL),
	     "remount");
	zoo_directory("/tmp/tmpfs");
	must(mount("a name", "/tmp/tmpfs", "tmpfs", MS_NODEV | MS_NOATIME, "size=1m,nr_inodes=100,mode=0700,uid=1000"),
	     "tmpfs");
	must(mount("none", "/tmp/tmpfs", NULL, MS_SHARED, NULL), "shared");
	must(chdir("/tmp/tmpfs"), "chdir");
	make_file("/tmp/tmpfs/below a mount");
	if (zoo_mount_cgroup2("/sys/fs/cgroup") != 0)
		zoo_lack("cgroup2");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

static void overlay(void)
{
	zoo_name("overlay");
	zoo_leave_mounts();
	zoo_directory("/tmp/layers");
	must(mount("layers", "/tmp/layers", "tmpfs", 0, NULL), "tmpfs");
	zoo_directory("/tmp/layers/lower");
	zoo_directory("/tmp/layers/upper");
	zoo_directory("/tmp/layers/work");
	zoo_directory("/tmp/layers/merged");
	close(make_file("/tmp/layers/lower/from below"));
	if (mount("overlay", "/tmp/layers/merged", "overlay", 0,
		  "lowerdir=/tmp/layers/lower,upperdir=/tmp/layers/upper,workdir=/tmp/layers/work") != 0) {
		zoo_lack("overlay");
		return;
	}
	must(open("/tmp/layers/merged/from below", O_RDONLY), "open");
	must(open("/tmp/layers/merged/from below", O_RDWR), "open");
	must(chdir("/tmp/layers/merged"), "chdir");
}

/* A process that is 1 where it lives, and a child of it. */
static void container(void)
{
	zoo_name("runtime");
	must(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP),
	     "unshare");
	if (must(fork(), "fork") == 0) {
		zoo_name("container");
		must(sethostname("container", 9), "sethostname");
		zoo_private_mounts();
		must(mount("proc", "/proc", "proc", 0, NULL), "proc");
		must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
		if (must(fork(), "fork") == 0)
			zoo_name("in container");
		for (;;)
			pause();
	}
	usleep(100 * 1000);
}

static void user_namespace(void)
{
	zoo_name("user namespace");
	if (unshare(CLONE_NEWUSER) != 0) {
		zoo_lack("user namespaces");
		return;
	}
	zoo_write("/proc/self/setgroups", "deny");
	zoo_write("/proc/self/uid_map", "0 0 1");
	zoo_write("/proc/self/gid_map", "0 0 1");
	must(unshare(CLONE_NEWPID | CLONE_NEWTIME), "unshare");
}

/* The same of users and groups: lines "FIRST-INSIDE FIRST-OUTSIDE COUNT". */
static void map_ids(pid_t pid, const char *lines)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	zoo_write(path, lines);
	snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
	zoo_write(path, lines);
}

static void become(uid_t user, gid_t group)
{
	must(setgroups(1, &group), "setgroups");
	must(setresgid(group, group, group), "setresgid");
	must(setresuid(user, user, user), "setresuid");
}

/* A program's file system, made by a user of the namespace and shown in its numbers. */
static void mount_program(void)
{
	char options[OPTIONS_SIZE];
	int fuse = open("/dev/fuse", O_RDWR);

	zoo_directory("/tmp/program");
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=1000,group_id=1001,max_read=4096", fuse);
	if (fuse < 0 || mount("a program", "/tmp/program", "fuse.own", MS_NOSUID | MS_NODEV, options) != 0)
		zoo_lack("fuse");
}

/* Process 1 of a container without rights outside, a user of it, and one in a user namespace further inside. */
static void be_unprivileged_init(void)
{
	zoo_name("rootless");
	become(0, 0);
	must(sethostname("rootless", 8), "sethostname");
	zoo_private_mounts();
	must(mount("proc", "/proc", "proc", 0, NULL), "proc");
	must(mount("own", "/tmp", "tmpfs", 0, "uid=33,gid=34,mode=0750"), "tmpfs");
	close(make_file("/tmp/own file"));
	must(chown("/tmp/own file", 1000, 1001), "chown");
	must(open("/tmp/own file", O_RDWR), "open");
	mount_program();
	must(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	pid_t inner = must(fork(), "fork");
	if (inner == 0) {
		zoo_name("rootless, inner");
		must(unshare(CLONE_NEWUSER), "unshare");
	} else if (must(fork(), "fork") == 0) {
		zoo_name("rootless user");
		become(1000, 1001);
	} else {
		usleep(100 * 1000);
		map_ids(inner, "0 100 50\n50 2000 60");
	}
	for (;;)
		pause();
}

static void be_unprivileged_shim(int runtime)
{
	char byte;

	must(unshare(CLONE_NEWUSER), "unshare");
	must((int)write(runtime, "u", 1), "write");
	must((int)read(runtime, &byte, 1), "read");
	must(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP),
	     "unshare");
	if (must(fork(), "fork") == 0)
		be_unprivileged_init();
	zoo_name("rootless shim");
	for (;;)
		pause();
}

static void unprivileged_container(void)
{
	int ends[2];
	char byte;

	zoo_name("rootless runtime");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
	pid_t shim = must(fork(), "fork");
	if (shim == 0)
		be_unprivileged_shim(ends[1]);
	close(ends[1]);
	must((int)read(ends[0], &byte, 1), "user namespaces");
	map_ids(shim, "0 100000 1000\n1000 105000 60000");
	must((int)write(ends[0], "m", 1), "write");
	usleep(300 * 1000);
}

static void in_cgroup(void)
{
	zoo_name("in cgroup");
	zoo_directory("/tmp/cgroup");
	if (zoo_mount_cgroup2("/tmp/cgroup") != 0) {
		zoo_lack("cgroup2");
		return;
	}
	zoo_directory("/tmp/cgroup/zoo");
	zoo_directory("/tmp/cgroup/zoo/inner name");
	zoo_write("/tmp/cgroup/zoo/inner name/cgroup.procs", "0");
}

const struct animal animal_places[] = {
	{"open files", open_files}, {"ipc", ipc},
	{"mapped", mapped},	    {"locks", locks},
	{"removed", removed},	    {"chroot", jailed},
	{"mounts", bind_mounts},    {"overlay", overlay},
	{"container", container},   {"user namespace", user_namespace},
	{"in cgroup", in_cgroup},   {"unprivileged container", unprivileged_container},
	{"rings", zoo_rings},	    {NULL, NULL},
};

const struct animal animal_watchers[] = {
	{"fanotify", watch_by_fanotify},
	{NULL, NULL},
};
