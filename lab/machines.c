/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running VMs: finding, listing, ending. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/lab.h"
#include "lab/place.h"
#include "lab/record.h"
#include "lab/scope.h"

enum { MACHINE_COUNT_MAX = 4096 }; /* more directories than this are no lab */

/* Is the process a child of that parent? Then the number is still its own. */
static bool is_child(pid_t pid, pid_t parent)
{
	char path[64], line[512];
	const char *name_end;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	SCOPED_FILE FILE *stream = fopen(path, "re");

	if (stream == NULL || fgets(line, sizeof line, stream) == NULL)
		return false;
	name_end = strrchr(line, ')');
	/* ") S 123 …": the state is one letter (proc(5)). */
	return name_end != NULL && strlen(name_end) > 4 && strtol(name_end + 4, NULL, 10) == parent;
}

/* STATUS_MISSING, not reported: it doesn't run, or not yet. */
static status find_machine(const char *path, struct lab_machine *ret_machine)
{
	struct lab_machine machine;
	pid_t supervisor;

	TRY(place_lock_owner(path, &supervisor));
	if (record_read(path, &machine) != STATUS_OK || !is_child(machine.qemu, supervisor))
		return STATUS_MISSING;
	machine.supervisor = supervisor;
	*ret_machine = machine;
	return STATUS_OK;
}

status lab_machine_find(const char *name, struct lab_machine *ret_machine)
{
	SCOPED_FREE char *path = NULL;

	TRY(place_machine(name, &path));
	if (find_machine(path, ret_machine) != STATUS_OK)
		return report(STATUS_MISSING,
			      "no VM \"%s\" runs: `bartizan lab up %s' boots one, `bartizan lab ls' lists them", name,
			      name);
	return STATUS_OK;
}

status lab_find(const char *name, pid_t *ret_qemu)
{
	struct lab_machine machine;

	TRY(lab_machine_find(name, &machine));
	*ret_qemu = machine.qemu;
	return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct lab_machine *)a)->name, ((const struct lab_machine *)b)->name);
}

static status add_machine(struct lab_machine **machines, size_t *count, const struct lab_machine *machine)
{
	struct lab_machine *more = realloc(*machines, (*count + 1) * sizeof *more);

	if (more == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the list of VMs");
	more[(*count)++] = *machine;
	*machines = more;
	return STATUS_OK;
}

static status list_directory(DIR *directory, const char *root, struct lab_machine **machines, size_t *count)
{
	const struct dirent *entry;

	while (*count < MACHINE_COUNT_MAX && (entry = readdir(directory)) != NULL) {
		struct lab_machine machine;
		SCOPED_FREE char *path = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", root, entry->d_name) < 0)
			return report(STATUS_NO_MEMORY, "no memory for a path");
		if (find_machine(path, &machine) == STATUS_OK)
			TRY(add_machine(machines, count, &machine));
		else
			place_sweep(path);
	}
	return STATUS_OK;
}

status lab_list(struct lab_machine **ret_machines, size_t *ret_machine_count)
{
	SCOPED_FREE struct lab_machine *machines = NULL;
	SCOPED_FREE char *root = NULL;
	size_t count = 0;
	DIR *directory;
	status result;

	TRY(place_state_root(&root));
	directory = opendir(root);
	if (directory == NULL)
		return report(STATUS_IO, "can't read %s: %s", root, strerror(errno));
	result = list_directory(directory, root, &machines, &count);
	closedir(directory);
	TRY(result);
	if (count > 0)
		qsort(machines, count, sizeof *machines, by_name);
	*ret_machines = machines;
	machines = NULL;
	*ret_machine_count = count;
	return STATUS_OK;
}

static bool wait_for_end(int pidfd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	while (poll(&poll_fd, 1, timeout_ms) < 0 && errno == EINTR)
		;
	return pidfd < 0 || poll_fd.revents != 0;
}

static status end_supervisor(const char *name, int supervisor_fd, int qemu_fd)
{
	enum { PATIENCE_MS = 10 * 1000 };

	pidfd_send_signal(supervisor_fd, SIGTERM, NULL, 0);
	if (!wait_for_end(supervisor_fd, PATIENCE_MS)) {
		/* Then the kernel kills QEMU in its place. */
		pidfd_send_signal(supervisor_fd, SIGKILL, NULL, 0);
		if (!wait_for_end(supervisor_fd, PATIENCE_MS))
			return report(STATUS_IO, "the supervisor of %s can't be killed", name);
	}
	if (!wait_for_end(qemu_fd, PATIENCE_MS))
		return report(STATUS_IO, "the QEMU of %s can't be killed", name);
	return STATUS_OK;
}

status lab_down(const char *name)
{
	SCOPED_FREE char *path = NULL;
	SCOPED_FD int supervisor_fd = -1, qemu_fd = -1;
	struct lab_machine machine;
	pid_t supervisor, again;

	TRY(place_machine(name, &path));
	if (place_lock_owner(path, &supervisor) != STATUS_OK) {
		struct stat found;
		bool leftovers = stat(path, &found) == 0;

		place_sweep(path);
		return leftovers ? STATUS_OK : report(STATUS_MISSING, "no VM \"%s\" runs", name);
	}
	supervisor_fd = pidfd_open(supervisor, 0);
	/* It still holds the lock after we got hold of it: it is the right one. */
	if (supervisor_fd < 0 || place_lock_owner(path, &again) != STATUS_OK || again != supervisor) {
		place_sweep(path);
		return STATUS_OK;
	}
	if (find_machine(path, &machine) == STATUS_OK)
		qemu_fd = pidfd_open(machine.qemu, 0);
	TRY(end_supervisor(name, supervisor_fd, qemu_fd));
	if (access(path, F_OK) == 0)
		place_sweep(path);
	return STATUS_OK;
}
