/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu-process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/serve/log.h"
#include "base/checked.h"
#include "base/report.h"

enum {
	PROCESS_STAT_SIZE_MAX = 4096,
	SMAPS_SIZE_MAX = 64 << 20,
	EXE_SIZE_MAX = 4096,
	STATUS_FILE_SIZE_MAX = 16384,
};

enum program_kind { PROGRAM_OTHER, PROGRAM_QEMU_X86_64, PROGRAM_QEMU_ELSEWHERE };

static enum program_kind program_kind(const char *program)
{
	/* Distributions' names for the same: Red Hat's qemu-kvm, Debian's kvm. */
	if (strncmp(program, "qemu-system-x86_64", 18) == 0 || strcmp(program, "qemu-kvm") == 0 ||
	    strcmp(program, "kvm") == 0)
		return PROGRAM_QEMU_X86_64;
	return strncmp(program, "qemu-system-", 12) == 0 ? PROGRAM_QEMU_ELSEWHERE : PROGRAM_OTHER;
}

static status read_process_file(pid_t pid, const char *name, size_t size_max, uint8_t **ret_data, size_t *ret_size)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return file_read(path, size_max, ret_data, ret_size);
}

/* The program's own file, which can't be chosen as freely as argv[0]; that one
 * stands in where the link isn't ours to read. */
static void program_name(pid_t pid, const struct qemu_arguments *arguments, char program[QEMU_NAME_SIZE])
{
	char path[64], target[EXE_SIZE_MAX];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	ssize_t size = readlink(path, target, sizeof target - 1);
	if (size <= 0) {
		snprintf(program, QEMU_NAME_SIZE, "%s", arguments->program);
		return;
	}
	target[size] = 0;
	const char *slash = strrchr(target, '/');
	snprintf(program, QEMU_NAME_SIZE, "%.*s", QEMU_NAME_SIZE - 1, slash != NULL ? slash + 1 : target);
	char *deleted = strstr(program, " (deleted)"); /* after an update of QEMU */
	if (deleted != NULL)
		*deleted = 0;
}

static status read_arguments(pid_t pid, struct qemu_arguments *ret_arguments)
{
	uint8_t *line;
	size_t size;

	TRY(read_process_file(pid, "cmdline", QEMU_LINE_SIZE_MAX, &line, &size));
	status result = qemu_arguments_parse((struct span){line, size}, ret_arguments);
	free(line);
	return result;
}

/* Only argv[0] and the program's file: enough to leave other processes alone. */
static enum program_kind kind_of(pid_t pid, char program[QEMU_NAME_SIZE])
{
	struct qemu_arguments arguments = {0};
	uint8_t *line;
	size_t size;

	program[0] = 0;
	if (read_process_file(pid, "cmdline", QEMU_LINE_SIZE_MAX, &line, &size) != STATUS_OK)
		return PROGRAM_OTHER;
	if (size > 0 && memchr(line, 0, size) != NULL) {
		const char *slash = strrchr((const char *)line, '/');
		snprintf(arguments.program, QEMU_NAME_SIZE, "%s", slash != NULL ? slash + 1 : (const char *)line);
	}
	free(line);
	program_name(pid, &arguments, program);
	return program_kind(program);
}

status qemu_process_init(struct qemu_process *process, pid_t pid)
{
	struct qemu_process result = {.pid = pid};
	char program[QEMU_NAME_SIZE];

	result.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (result.pidfd < 0)
		return report(STATUS_MISSING, "no process %d (%s); `bartizan targets` lists what can be watched",
			      (int)pid, strerror(errno));
	switch (kind_of(pid, program)) {
	case PROGRAM_QEMU_X86_64: break;
	case PROGRAM_QEMU_ELSEWHERE:
		close(result.pidfd);
		return report(STATUS_UNSUPPORTED, "process %d is %s: only guests of qemu-system-x86_64 can be watched",
			      (int)pid, program);
	case PROGRAM_OTHER:
		close(result.pidfd);
		return report(
			STATUS_MISSING,
			"process %d is \"%s\", not a qemu-system-x86_64; `bartizan targets` lists what can be watched",
			(int)pid, program[0] != 0 ? program : "(unknown)");
	}
	status outcome = read_arguments(pid, &result.arguments);
	if (outcome != STATUS_OK) {
		close(result.pidfd);
		return outcome;
	}
	*process = result;
	return STATUS_OK;
}

void qemu_process_deinit(struct qemu_process *process)
{
	close(process->pidfd);
}

status qemu_process_check(const struct qemu_process *process)
{
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) == 0 ? STATUS_OK : STATUS_GONE;
}

status qemu_process_denied(const struct qemu_process *process, const char *what)
{
	char path[64], scope[32] = "";
	struct stat owner = {0};
	uint8_t *text;
	size_t size;

	snprintf(path, sizeof path, "/proc/%d", (int)process->pid);
	(void)!stat(path, &owner);
	if (file_read("/proc/sys/kernel/yama/ptrace_scope", 16, &text, &size) == STATUS_OK) {
		snprintf(scope, sizeof scope, ", ptrace_scope is %c", size > 0 ? text[0] : '?');
		free(text);
	}
	return report(
		STATUS_DENIED,
		"no permission to %s of QEMU process %d, which belongs to user %u (this is user %u%s): run as root, or "
		"give the program CAP_SYS_PTRACE",
		what, (int)process->pid, owner.st_uid, geteuid(), scope);
}

status qemu_process_maps(const struct qemu_process *process, struct qemu_maps *ret_maps)
{
	uint8_t *text;
	size_t size;
	status result = read_process_file(process->pid, "smaps", SMAPS_SIZE_MAX, &text, &size);

	TRY(qemu_process_check(process));
	if (result == STATUS_DENIED || result == STATUS_MISSING)
		return qemu_process_denied(process, "read the memory map");
	TRY(result);
	result = qemu_maps_parse((struct span){text, size}, ret_maps);
	free(text);
	return result;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* All PIDs, sorted. */
static status list_pids(pid_t **ret_pids, size_t *ret_count)
{
	DIR *directory = opendir("/proc");
	size_t count = 0, capacity = 0;
	struct dirent *entry;
	pid_t *pids = NULL;

	if (directory == NULL)
		return report(STATUS_IO, "can't list /proc: %s", strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end != 0)
			continue;
		if (count == capacity) {
			capacity = capacity == 0 ? 1024 : capacity * 2;
			pid_t *larger = realloc(pids, capacity * sizeof *pids);
			if (larger == NULL)
				break;
			pids = larger;
		}
		pids[count++] = (pid_t)pid;
	}
	closedir(directory);
	if (entry != NULL) {
		free(pids);
		return report(STATUS_NO_MEMORY, "out of memory while listing processes");
	}
	if (count > 0)
		qsort(pids, count, sizeof *pids, compare_pids);
	*ret_pids = pids;
	*ret_count = count;
	return STATUS_OK;
}

status qemu_process_each(qemu_process_visitor visit, void *context)
{
	status result = STATUS_OK;
	pid_t *pids = NULL;
	size_t count = 0;

	TRY(list_pids(&pids, &count));
	for (size_t i = 0; i < count && result == STATUS_OK; i++) {
		struct qemu_arguments arguments;
		char program[QEMU_NAME_SIZE];

		if (kind_of(pids[i], program) != PROGRAM_QEMU_X86_64)
			continue;
		/* A command line that can't be understood is no reason to
		 * hide the others; it is reported when asked for by PID. */
		log_thread_quiet_set(true);
		status parsed = read_arguments(pids[i], &arguments);
		log_thread_quiet_set(false);
		if (parsed == STATUS_OK)
			result = visit(context, pids[i], &arguments);
	}
	free(pids);
	return result;
}

static bool is_among(uid_t uid, const struct qemu_owners *owners)
{
	for (uint32_t i = 0; i < owners->count; i++)
		if (owners->uid[i] == uid)
			return true;
	return false;
}

/* Real, effective, saved and file system's UID, all of them, from /proc/PID/status (proc(5)). The owner of
 * /proc/PID itself is root for whoever makes himself undumpable. */
static bool line_is_owned(const char *line, const struct qemu_owners *owners, uid_t *ret_foreign)
{
	enum { UID_COUNT = 4 };

	for (int i = 0; i < UID_COUNT; i++) {
		char *end;
		unsigned long uid = strtoul(line, &end, 10);

		if (end == line)
			return false;
		if (!is_among((uid_t)uid, owners)) {
			*ret_foreign = (uid_t)uid;
			return false;
		}
		line = end;
	}
	return true;
}

static bool is_owned(pid_t pid, const struct qemu_owners *owners, uid_t *ret_foreign)
{
	static const char label[] = "\nUid:";
	char line[64] = "";
	uint8_t *text;
	size_t size;

	if (owners == NULL)
		return true;
	if (read_process_file(pid, "status", STATUS_FILE_SIZE_MAX, &text, &size) != STATUS_OK)
		return false;
	/* The process's name comes before, but can't hold the end of a line: the kernel escapes it. */
	const uint8_t *found = memmem(text, size, label, sizeof label - 1);
	if (found != NULL) {
		size_t left = size - (size_t)(found - text) - (sizeof label - 1);

		memcpy(line, found + sizeof label - 1, left < sizeof line - 1 ? left : sizeof line - 1);
	}
	free(text);
	return line_is_owned(line, owners, ret_foreign);
}

struct name_search {
	const char *name;
	const struct qemu_owners *owners; /* NULL: all */
	pid_t pid;
	uint32_t match_count, seen_count;
	uint32_t foreign_count; /* of that name, but somebody else's */
	uid_t foreign_uid; /* the last one's */
	char pids[128]; /* for the message */
};

static status visit_name(void *context, pid_t pid, const struct qemu_arguments *arguments)
{
	struct name_search *search = context;
	size_t used = strlen(search->pids);

	search->seen_count++;
	if (strcmp(arguments->name, search->name) != 0)
		return STATUS_OK;
	if (!is_owned(pid, search->owners, &search->foreign_uid)) {
		search->foreign_count++;
		return STATUS_OK;
	}
	search->pid = pid;
	search->match_count++;
	snprintf(search->pids + used, sizeof search->pids - used, " %d", (int)pid);
	return STATUS_OK;
}

status qemu_process_find(const char *name, const struct qemu_owners *owners, pid_t *ret_pid)
{
	struct name_search search = {.name = name, .owners = owners};

	TRY(qemu_process_each(visit_name, &search));
	if (search.match_count == 0 && search.foreign_count > 0)
		return report(
			STATUS_DENIED,
			"the QEMU with -name \"%s\" runs as UID %u: anybody may give his own that name. If it is the "
			"right one, allow that user (bartizan-agent serve --qemu-user), or name the target by PID",
			name, search.foreign_uid);
	if (search.match_count == 0)
		return report(STATUS_MISSING,
			      "no QEMU with -name \"%s\" among the %u that run here; `bartizan targets` lists them",
			      name, search.seen_count);
	if (search.match_count > 1)
		return report(STATUS_USAGE, "%u QEMUs have the -name \"%s\": choose by PID:%s", search.match_count,
			      name, search.pids);
	*ret_pid = search.pid;
	return STATUS_OK;
}

/* Field 22 of /proc/PID/stat (proc(5)); the second one is in parentheses and may hold anything. */
status qemu_process_start_time(pid_t pid, uint64_t *ret_time)
{
	char path[64];
	uint8_t *text;
	size_t size;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	status result = file_read(path, PROCESS_STAT_SIZE_MAX, &text, &size);
	if (result != STATUS_OK)
		return status_is_fault(result) ? result : STATUS_GONE;
	const char *at = memrchr(text, ')', size), *end = (const char *)text + size;
	for (int field = 2; at != NULL && field < 22; field++)
		at = memchr(at + 1, ' ', (size_t)(end - at) - 1);
	*ret_time = 0;
	/* Digits end at the next blank, which is there: more fields follow. */
	for (at = at != NULL ? at + 1 : end; at < end && *at >= '0' && *at <= '9'; at++)
		*ret_time = *ret_time * 10 + (uint64_t)(*at - '0');
	free(text);
	return *ret_time != 0 ? STATUS_OK : STATUS_GONE;
}
