/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that refuses the backend `sgx` one of its system calls: refuse-call NUMBER ERRNO PROGRAM ARGUMENTS…
 *
 * The program runs under a seccomp filter that asks this process about the calls which load an enclave: the device
 * opened for reading and writing, its ioctls, address space reserved, pages of it mapped. The one with that number,
 * counted from 1, fails with that errno, all others happen. ERRNO 0: it isn't made, and said to have succeeded; ERRNO
 * "kill": the program is killed there instead (SIGKILL), before the call is made. Number
 * 0 refuses none. How many calls there were goes to standard error ("refuse-call: N calls"), and which was refused; the
 * exit code is the program's, or 128 and its signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
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
	SGX_IOCTLS = 0xa4, /* asm/sgx.h: SGX_MAGIC */
	RESERVED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	PLACED = MAP_SHARED | MAP_FIXED,
};

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* Where they differ, go on so many instructions further. */
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, (what))

static struct sock_filter filter[] = {
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

static void run(int socket, char **command)
{
	const struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
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
		snprintf(text, sizeof text, "%s", call->nr == SYS_mmap ? "mmap" : "open");
	return text;
}

/* False: the program has ended, or the call is nobody's any more. */
static int answer(int listener, int is_refused, int error)
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
	if (is_refused) {
		fprintf(stderr, "refuse-call: refused %s with %d\n", name_of(&question.data), error);
		reply.error = -error;
		/* mmap()'s success is the address that was asked for. */
		reply.val = error == 0 && question.data.nr == SYS_mmap ? (long long)question.data.args[0] : 0;
	} else {
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply) == 0;
}

int main(int argc, char **argv)
{
	int sockets[2], listener, status;
	long number, error, count = 0;
	struct pollfd waiting;
	pid_t child;

	if (argc < 4) {
		fprintf(stderr, "usage: refuse-call NUMBER ERRNO PROGRAM ARGUMENTS…\n");
		return 2;
	}
	number = strtol(argv[1], NULL, 10);
	error = strcmp(argv[2], "kill") == 0 ? KILL : strtol(argv[2], NULL, 10);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		fail("socketpair");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		run(sockets[1], argv + 3);
	close(sockets[1]);
	listener = receive_file(sockets[0]);
	waiting = (struct pollfd){.fd = listener, .events = POLLIN};
	while (poll(&waiting, 1, -1) == 1 && (waiting.revents & POLLIN))
		if (answer(listener, count + 1 == number, (int)error))
			count++;
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	fprintf(stderr, "refuse-call: %ld calls\n", count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
