/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/serve/confine.h"
#include "base/checked.h"
#include "base/report.h"
#include "kmod/bartizan.h"

/* Allowed whatever their arguments are: they act on what is open already, on our own memory
 * and threads, or only look. */
static const int plain_calls[] = {
	/* connections, rings, log */
	SCMP_SYS(accept4),
	SCMP_SYS(connect),
	SCMP_SYS(shutdown),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(fcntl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(memfd_create),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(futex),
	/* targets: processes, their files and their memory */
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(getdents64),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	/* our own memory, threads and time */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getuid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	/* our socket, at the end; in a directory that isn't ours any more it fails */
	SCMP_SYS(unlink),
};

static int allow(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition);
}

static int allow_question(scmp_filter_ctx filter, int file, unsigned long question)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)file),
				SCMP_A1(SCMP_CMP_EQ, question));
}

/* The module's device says where RAM is, and how the kernel's addresses are translated. */
static int allow_devices(scmp_filter_ctx filter, const int devices[], size_t device_count)
{
	int error = 0;

	for (size_t i = 0; i < device_count; i++) {
		error |= allow_question(filter, devices[i], BARTIZAN_REGISTERS);
		error |= allow_question(filter, devices[i], BARTIZAN_NEXT_RAM);
	}
	return error;
}

/* Allowed with these arguments only. Returns 0, or one of the calls' errors. */
static int allow_restricted(scmp_filter_ctx filter)
{
	const uint64_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
	int error = 0;

	error |= allow(filter, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
	error |= allow(filter, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0));
	/* QMP, and a serial port's socket. */
	error |= allow(filter, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	/* No new code. */
	error |= allow(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	error |= allow(filter, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Threads, not processes. clone3's flags are out of a filter's reach: the C library
	 * falls back to clone. */
	error |= allow(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* stdio asks whether it writes to a terminal. */
	for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
		error |= allow_question(filter, file, TCGETS);
	/* Reading limits, and abort(). */
	error |= allow(filter, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
	error |= allow(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return error;
}

static void filter_cleanup(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

status confine_calls(const int devices[], size_t device_count)
{
	__attribute__((cleanup(filter_cleanup))) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < ARRAY_COUNT(plain_calls) && error == 0; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
	if (error == 0)
		error = allow_restricted(filter);
	if (error == 0)
		error = allow_devices(filter, devices, device_count);
	if (error == 0)
		error = seccomp_load(filter);
	if (error != 0)
		return report(STATUS_IO, "can't filter system calls: %s", strerror(error < 0 ? -error : EIO));
	return STATUS_OK;
}
