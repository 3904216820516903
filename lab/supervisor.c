/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/firmware.h"
#include "lab/last-words.h"
#include "lab/place.h"
#include "lab/qemu.h"
#include "lab/record.h"
#include "lab/relay.h"
#include "lab/scope.h"

enum { MESSAGE_SIZE_MAX = 16384, BACKLOG = 64, MS_PER_SECOND = 1000, END_MS_MAX = 5000 };

struct supervisor {
	const struct supervisor_setup *setup;
	int ready_fd; /* to the process that waits in supervisor_start(); -1: told */
	int lock_fd;
	int signal_fd;
	pid_t qemu; /* 0: none, or ended and reaped */
	int64_t start_ms; /* on the clock below */
	struct relay relay;
};

/* Time goes on while the machine is suspended: a VM's lifetime, too. */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

/* Faults until the VM is ready go to whoever started it. */
static void tell_starter(void *context, status fault, const char *message)
{
	const struct supervisor *supervisor = context;

	dprintf(supervisor->ready_fd >= 0 ? supervisor->ready_fd : STDERR_FILENO, "%d %s\n", (int)fault, message);
}

static status open_listener(const char *machine_path, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	SCOPED_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int size = snprintf(address.sun_path, sizeof address.sun_path, "%s/exec", machine_path);

	if (size < 0 || (size_t)size >= sizeof address.sun_path)
		return report(STATUS_USAGE, "%s is too long for a socket's path: set a shorter XDG_RUNTIME_DIR",
			      machine_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
		return report(STATUS_IO, "can't listen on %s: %s", address.sun_path, strerror(errno));
	*ret_fd = scope_keep_fd(&fd);
	return STATUS_OK;
}

/* In the new process. The signal comes also if the supervisor is killed. */
static void become_qemu(const struct words *words, int exec_fd, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	fcntl(exec_fd, F_SETFD, 0);
	execvp(words->items[0], words->items);
	fprintf(stderr, "can't run %s: %s: install qemu-system-x86\n", words->items[0], strerror(errno));
	_exit(1);
}

static status start_qemu(struct supervisor *supervisor, int exec_fd)
{
	const struct supervisor_setup *setup = supervisor->setup;
	SCOPED_FREE char *kernel_path = NULL;
	pid_t parent = getpid();
	struct words words = {};

	if (asprintf(&kernel_path, "%s/vmlinuz", setup->kernel_directory) < 0)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	const struct qemu_setup qemu = {
		.options = setup->options,
		.accelerator = setup->accelerator,
		.kernel_path = kernel_path,
		.initramfs_path = setup->initramfs_path,
		.state_path = setup->machine_path,
		.exec_fd = exec_fd,
	};
	status result = qemu_words(&qemu, &words);

	if (result == STATUS_OK) {
		supervisor->qemu = fork();
		if (supervisor->qemu == 0)
			become_qemu(&words, exec_fd, parent);
		if (supervisor->qemu < 0)
			result = report(STATUS_IO, "fork: %s", strerror(errno));
	}
	words_deinit(&words);
	return result;
}

static status write_record(const struct supervisor *supervisor)
{
	const struct supervisor_setup *setup = supervisor->setup;
	const struct lab_options *options = setup->options;
	struct lab_machine machine = {
		.qemu = supervisor->qemu,
		.memory_mib = options->memory_mib,
		.cpu_count = options->cpu_count,
	};

	snprintf(machine.name, sizeof machine.name, "%s", options->name);
	snprintf(machine.kernel, sizeof machine.kernel, "%s", strrchr(setup->kernel_directory, '/') + 1);
	snprintf(machine.accelerator, sizeof machine.accelerator, "%s", setup->accelerator);
	if (!options->no_qmp)
		snprintf(machine.qmp_path, sizeof machine.qmp_path, "%s/qmp", setup->machine_path);
	return record_write(setup->machine_path, &machine);
}

/* What is left of a VM of this name that was killed: all but our lock. */
static void remove_leftovers(const char *machine_path)
{
	static const char *const files[] = {
		"exec", "qmp", "vm.json", "vm.json.new", "serial.log", "lab.log", FIRMWARE_OWN_VARIABLES, FIRMWARE_LOG};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		SCOPED_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", machine_path, files[i]) >= 0)
			unlink(path);
	}
}

/* stdin is nothing; stdout and stderr, ours and QEMU's, are a log. */
static status redirect(const char *machine_path)
{
	SCOPED_FREE char *path = NULL;
	SCOPED_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	SCOPED_FD int log_fd = -1;

	if (asprintf(&path, "%s/lab.log", machine_path) < 0)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (null_fd < 0 || log_fd < 0)
		return report(STATUS_IO, "can't open %s: %s", path, strerror(errno));
	dup2(null_fd, STDIN_FILENO);
	dup2(log_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	return STATUS_OK;
}

static status open_signals(int *ret_fd)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	*ret_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd >= 0 ? STATUS_OK : report(STATUS_IO, "signalfd: %s", strerror(errno));
}

static status start(struct supervisor *supervisor)
{
	const struct supervisor_setup *setup = supervisor->setup;
	SCOPED_FD int listen_fd = -1, exec_fd = -1;
	int ends[2];

	TRY(place_lock(setup->machine_path, &supervisor->lock_fd));
	remove_leftovers(setup->machine_path);
	TRY(redirect(setup->machine_path));
	TRY(open_signals(&supervisor->signal_fd));
	TRY(open_listener(setup->machine_path, &listen_fd));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return report(STATUS_IO, "socketpair: %s", strerror(errno));
	exec_fd = ends[1];
	relay_init(&supervisor->relay, ends[0], scope_keep_fd(&listen_fd));
	if (setup->options->firmware != NULL)
		TRY(firmware_prepare(setup->options->firmware, setup->machine_path));
	TRY(start_qemu(supervisor, exec_fd));
	return write_record(supervisor);
}

/* In lab.log, which is our stderr, for whoever asks why the VM ended. */
static void note_end(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		fprintf(stderr, "QEMU was ended by signal %d (%s)\n", WTERMSIG(wait_status),
			strsignal(WTERMSIG(wait_status)));
	else
		fprintf(stderr, "QEMU ended with %d\n", WEXITSTATUS(wait_status));
}

/* SIGCHLD: has QEMU ended? Anything else: end. */
static status handle_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	int wait_status;

	while (read(supervisor->signal_fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD)
			return STATUS_END;
	if (supervisor->qemu > 0 && waitpid(supervisor->qemu, &wait_status, WNOHANG) == supervisor->qemu) {
		supervisor->qemu = 0;
		note_end(wait_status);
		return STATUS_GONE;
	}
	return STATUS_OK;
}

static void tell_ready(struct supervisor *supervisor)
{
	dprintf(supervisor->ready_fd, "0 ready\n");
	scope_close(&supervisor->ready_fd);
	supervisor->ready_fd = -1;
}

/* Wait for something to happen. STATUS_END: the VM's time is over. */
static status wait_for_events(struct supervisor *supervisor)
{
	enum { OWNER, STARTER, SIGNALS, OWN_COUNT };
	const struct lab_options *options = supervisor->setup->options;
	unsigned int seconds = supervisor->ready_fd >= 0 ? options->boot_seconds : options->lifetime_seconds;
	int64_t left_ms = supervisor->start_ms + (int64_t)seconds * MS_PER_SECOND - now_ms();
	struct pollfd polls[OWN_COUNT + RELAY_POLL_COUNT_MAX] = {
		[OWNER] = {.fd = supervisor->setup->owner_fd, .events = POLLIN},
		[STARTER] = {.fd = supervisor->ready_fd}, /* POLLERR: nobody reads it any more */
		[SIGNALS] = {.fd = supervisor->signal_fd, .events = POLLIN},
	};
	nfds_t count = OWN_COUNT + relay_watch(&supervisor->relay, polls + OWN_COUNT);

	if (left_ms <= 0)
		return supervisor->ready_fd >= 0
			       ? report(STATUS_LIMIT, "the guest didn't answer within %u s", options->boot_seconds)
			       : STATUS_END;
	if (poll(polls, count, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) < 0 && errno != EINTR)
		return report(STATUS_IO, "poll: %s", strerror(errno));
	if (polls[OWNER].revents != 0 || polls[STARTER].revents != 0)
		return STATUS_END;
	return STATUS_OK;
}

/* QEMU has closed its end and is going: its exit, the reason, comes as a signal, soon or never. */
static status await_end(struct supervisor *supervisor)
{
	struct pollfd signals = {.fd = supervisor->signal_fd, .events = POLLIN};

	if (poll(&signals, 1, END_MS_MAX) > 0)
		(void)!handle_signals(supervisor);
	return STATUS_GONE;
}

static status serve(struct supervisor *supervisor)
{
	status result;

	for (;;) {
		TRY(wait_for_events(supervisor));
		TRY(handle_signals(supervisor));
		result = relay_step(&supervisor->relay);
		if (result == STATUS_GONE)
			return await_end(supervisor);
		TRY(result);
		if (supervisor->relay.ready && supervisor->ready_fd >= 0)
			tell_ready(supervisor);
	}
}

static void explain(const struct supervisor *supervisor, status result)
{
	if (supervisor->ready_fd < 0 || supervisor->lock_fd < 0)
		return;
	if (result == STATUS_GONE)
		dprintf(supervisor->ready_fd, "%d QEMU ended before the guest answered\n", STATUS_GONE);
	struct last_words words;

	last_words_init(supervisor->setup->machine_path, &words);
	last_words_write(&words, supervisor->ready_fd);
	last_words_deinit(&words);
}

static void stop(struct supervisor *supervisor)
{
	int wait_status;

	if (supervisor->qemu > 0) {
		kill(supervisor->qemu, SIGKILL);
		while (waitpid(supervisor->qemu, &wait_status, 0) < 0 && errno == EINTR)
			;
	}
	relay_deinit(&supervisor->relay);
	if (supervisor->lock_fd >= 0)
		place_remove(supervisor->setup->machine_path);
}

/* Whatever this process inherited (a test's pipes, say) isn't its business:
 * somebody may wait for their end. */
static void close_inherited(int first_kept, int second_kept)
{
	unsigned int low = (unsigned int)(first_kept < second_kept ? first_kept : second_kept);
	unsigned int high = (unsigned int)(first_kept < second_kept ? second_kept : first_kept);

	if (first_kept < 0 || second_kept < 0)
		low = high;
	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

static void supervise(const struct supervisor_setup *setup, int ready_fd)
{
	struct supervisor supervisor = {
		.setup = setup, .ready_fd = ready_fd, .lock_fd = -1, .signal_fd = -1, .start_ms = now_ms()};
	status result;

	relay_init(&supervisor.relay, -1, -1);
	report_sink_set(tell_starter, &supervisor);
	close_inherited(ready_fd, setup->owner_fd);
	umask(077);
	if (chdir("/") != 0)
		fprintf(stderr, "bartizan: chdir /: %s\n", strerror(errno));
	result = start(&supervisor);
	if (result == STATUS_OK)
		result = serve(&supervisor);
	explain(&supervisor, result);
	stop(&supervisor);
	_exit(result == STATUS_END ? 0 : 1);
}

/* "STATUS text…": the first line says how it went. */
static status read_answer(int fd)
{
	char text[MESSAGE_SIZE_MAX];
	size_t size = 0;
	ssize_t got;
	char *message;
	long code;

	while (size < sizeof text - 1 &&
	       ((got = read(fd, text + size, sizeof text - 1 - size)) > 0 || (got < 0 && errno == EINTR)))
		size += got > 0 ? (size_t)got : 0;
	text[size] = '\0';
	code = strtol(text, &message, 10);
	if (message == text)
		return report(STATUS_IO, "the VM's supervisor died");
	if (code == STATUS_OK)
		return STATUS_OK;
	while (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	/* A console's tail is longer than what report() takes. */
	message += *message == ' ';
	char *rest = strchr(message, '\n');

	if (rest != NULL)
		*rest++ = '\0';
	status fault = report((status)code, "%s", message);

	if (rest != NULL)
		fprintf(stderr, "%s\n", rest);
	return status_is_fault(fault) ? fault : STATUS_IO;
}

status supervisor_start(const struct supervisor_setup *setup)
{
	SCOPED_FD int read_end = -1;
	int ends[2], wait_status;
	pid_t middle;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return report(STATUS_IO, "pipe: %s", strerror(errno));
	read_end = ends[0];
	fflush(NULL);
	middle = fork();
	if (middle == 0) {
		/* Twice, so that it is nobody's child and no session's leader. */
		setsid();
		if (fork() == 0)
			supervise(setup, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (middle < 0)
		return report(STATUS_IO, "fork: %s", strerror(errno));
	while (waitpid(middle, &wait_status, 0) < 0 && errno == EINTR)
		;
	return read_answer(read_end);
}
