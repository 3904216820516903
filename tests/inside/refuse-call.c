/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that refuses the backend `sgx` one of its system calls, or evicts all of its enclave's pages there:
 *
 *   refuse-call NUMBER ERRNO PROGRAM ARGUMENTS…
 *   refuse-call NUMBER evict:PAGES PROGRAM ARGUMENTS…
 *   refuse-call evict PAGES
 *
 * The program runs under a seccomp filter that asks this process about the calls which load an enclave: the device
 * opened for reading and writing, its ioctls, address space reserved, pages of it mapped. The one with that number,
 * counted from 1, fails with that errno, all others happen. ERRNO 0: it isn't made, and said to have succeeded; ERRNO
 * "kill": the program is killed there instead (SIGKILL), before the call is made. Number
 * 0 refuses none. How many calls there were goes to standard error ("refuse-call: N calls"), and which was refused; the
 * exit code is the program's, or 128 and its signal.
 *
 * With evict:PAGES the program's writes count, too, which it makes while it runs, and before call NUMBER (0: before
 * each) an enclave of so many pages is made, and left: Linux takes them from whoever has not used his for the longest.
 * More than twice the EPC's pages take all of everybody: pages that were used since Linux last looked stay the first
 * time (6.1, arch/x86/kernel/cpu/sgx/main.c, sgx_reclaimer_age()). `refuse-call evict PAGES` does that alone, once.
 */
#include <asm/sgx.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KILL = -1, /* in place of an errno */
	EVICT = -2,
	PAGE = 4096,
	SGX_IOCTLS = 0xa4, /* asm/sgx.h: SGX_MAGIC */
	RESERVED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	PLACED = MAP_SHARED | MAP_FIXED,
};

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* Where they differ, go on so many instructions further. */
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, (what))

/* Without the first three: writes aren't asked about. */
enum { OF_WRITES = 3 };
static struct sock_filter filter[] = {
	LOAD(nr),
	UNLESS(SYS_write, 1),
	GIVE(SECCOMP_RET_USER_NOTIF),
	LOAD(nr),
	UNLESS(SYS_ioctl, 4),
	LOAD(args[1]),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
	UNLESS(SGX_IOCTLS << 8, 1),
	GIVE(SECCOMP_RET_USER_NOTIF),
	LOAD(nr),
	UNLESS(SYS_openat, 3),
	LOAD(args[2]),
	UNLESS(O_RDWR | O_CLOEXEC, 1),
	GIVE(SECCOMP_RET_USER_NOTIF),
	LOAD(nr),
	UNLESS(SYS_mmap, 5),
	LOAD(args[3]),
	UNLESS(RESERVED, 1),
	GIVE(SECCOMP_RET_USER_NOTIF),
	UNLESS(PLACED, 1),
	GIVE(SECCOMP_RET_USER_NOTIF),
	GIVE(SECCOMP_RET_ALLOW),
};

static void fail(const char *what)
{
	fprintf(stderr, "refuse-call: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static void send_file(int socket, int file)
{
	char control[CMSG_SPACE(sizeof file)] = {0}, byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &file, sizeof file);
	if (sendmsg(socket, &message, 0) != 1)
		fail("sendmsg");
}

static int receive_file(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	int file;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL)
		fail("recvmsg");
	memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof file);
	return file;
}

/* SDM 3D, "SGX Enclave Control Structure": 32 MiB from `base` on, 64-bit, x87 and SSE. */
static void *make_secs(uint64_t base)
{
	static _Alignas(PAGE) uint64_t secs[PAGE / 8];

	secs[0] = 32 << 20;
	secs[1] = base;
	secs[2] = 1; /* an SSA frame's pages; MISCSELECT */
	secs[6] = 4; /* ATTRIBUTES */
	secs[7] = 3;
	return secs;
}

/* Take `pages` of the EPC for an enclave of nobody's, and give them back. */
static void evict(uint64_t pages)
{
	static const struct {
		uint64_t flags, reserved[7];
	} __attribute__((aligned(64))) readable = {.flags = 0x203};
	static _Alignas(PAGE) uint8_t zeros[PAGE];
	struct sgx_enclave_create create = {.src = (uint64_t)make_secs(UINT64_C(32) << 30)};
	int device = open("/dev/sgx_enclave", O_RDWR | O_CLOEXEC);

	if (device < 0 || ioctl(device, SGX_IOC_ENCLAVE_CREATE, &create) != 0)
		fail("an enclave to evict others");
	for (uint64_t page = 0; page < pages; page++) {
		struct sgx_enclave_add_pages add = {
			.src = (uint64_t)zeros, .offset = page * PAGE, .length = PAGE, .secinfo = (uint64_t)&readable};

		if (ioctl(device, SGX_IOC_ENCLAVE_ADD_PAGES, &add) != 0)
			fail("a page to evict others");
	}
	close(device);
}

static void run(int socket, char **command, int skipped)
{
	const struct sock_fprog program = {.len = (unsigned short)(sizeof filter / sizeof filter[0] - (size_t)skipped),
					   .filter = filter + skipped};
	long listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("no_new_privs");
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		fail("seccomp");
	send_file(socket, (int)listener);
	close((int)listener);
	close(socket);
	execv(command[0], command);
	fail(command[0]);
}

static const char *name_of(const struct seccomp_data *call)
{
	static char text[64];

	if (call->nr == SYS_ioctl)
		snprintf(text, sizeof text, "ioctl 0x%llx", call->args[1]);
	else
		snprintf(text, sizeof text, "%s",
			 call->nr == SYS_mmap	 ? "mmap"
			 : call->nr == SYS_write ? "write"
						 : "open");
	return text;
}

/* False: the program has ended, or the call is nobody's any more. */
static int answer(int listener, int is_refused, int error, uint64_t pages)
{
	struct seccomp_notif question = {0};
	struct seccomp_notif_resp reply = {0};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
		return 0;
	reply.id = question.id;
	if (is_refused && error == KILL) {
		fprintf(stderr, "refuse-call: killed at %s\n", name_of(&question.data));
		return kill((pid_t)question.pid, SIGKILL) == 0;
	}
	if (is_refused && error == EVICT) {
		fprintf(stderr, "refuse-call: evicted at %s\n", name_of(&question.data));
		evict(pages);
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else if (is_refused) {
		fprintf(stderr, "refuse-call: refused %s with %d\n", name_of(&question.data), error);
		reply.error = -error;
		/* mmap()'s success is the address that was asked for. */
		reply.val = error == 0 && question.data.nr == SYS_mmap ? (long long)question.data.args[0] : 0;
	} else {
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply) == 0;
}

static long read_error(const char *text, uint64_t *pages)
{
	*pages = 0;
	if (strncmp(text, "evict:", 6) == 0) {
		*pages = strtoul(text + 6, NULL, 10);
		return EVICT;
	}
	return strcmp(text, "kill") == 0 ? KILL : strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	int sockets[2], listener, status;
	long number, error, count = 0;
	struct pollfd waiting;
	uint64_t pages;
	pid_t child;

	if (argc == 3 && strcmp(argv[1], "evict") == 0) {
		evict(strtoul(argv[2], NULL, 10));
		return 0;
	}

	if (argc < 4) {
		fprintf(stderr, "usage: refuse-call NUMBER ERRNO|kill|evict:PAGES PROGRAM ARGUMENTS… | refuse-call "
				"evict PAGES\n");
		return 2;
	}
	number = strtol(argv[1], NULL, 10);
	error = read_error(argv[2], &pages);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		fail("socketpair");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		run(sockets[1], argv + 3, error == EVICT ? 0 : OF_WRITES);
	close(sockets[1]);
	listener = receive_file(sockets[0]);
	waiting = (struct pollfd){.fd = listener, .events = POLLIN};
	while (poll(&waiting, 1, -1) == 1 && (waiting.revents & POLLIN))
		if (answer(listener, count + 1 == number || (number == 0 && error == EVICT), (int)error, pages))
			count++;
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	fprintf(stderr, "refuse-call: %ld calls\n", count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
