/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/choose-target.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/qemu-process.h"
#include "base/report.h"
#include "lab/lab.h"

enum { LIST_SIZE_MAX = 512 };

struct candidates {
	size_t count;
	pid_t pid; /* of the last one */
	char list[LIST_SIZE_MAX];
};

static status add_candidate(void *context, pid_t pid, const struct qemu_arguments *arguments)
{
	struct candidates *candidates = context;
	size_t used = strlen(candidates->list);

	(void)arguments;
	candidates->count++;
	candidates->pid = pid;
	snprintf(candidates->list + used, sizeof candidates->list - used, " qemu:%d", (int)pid);
	return STATUS_OK;
}

static status only_target(pid_t *ret_pid)
{
	struct candidates candidates = {0};

	TRY(qemu_process_each(add_candidate, &candidates));
	if (candidates.count == 0)
		return report(STATUS_USAGE,
			      "no virtual machine runs here that this user can see: give --target, or start "
			      "one with `bartizan lab up NAME`");
	if (candidates.count > 1)
		return report(STATUS_USAGE, "%zu virtual machines run here; say which one with --target:%s",
			      candidates.count, candidates.list);
	*ret_pid = candidates.pid;
	return STATUS_OK;
}

status choose_target_name(const char *name, char ret_name[START_TARGET_SIZE])
{
	static const char lab[] = "lab:";
	char pid_name[32];
	pid_t pid;

	if (name == NULL || strncmp(name, lab, strlen(lab)) == 0) {
		TRY(name == NULL ? only_target(&pid) : lab_find(name + strlen(lab), &pid));
		snprintf(pid_name, sizeof pid_name, "qemu:%d", (int)pid);
		name = pid_name;
	}
	if (strlen(name) >= START_TARGET_SIZE)
		return report(STATUS_USAGE, "the target's name %s has more than %d bytes: use a shorter path", name,
			      START_TARGET_SIZE - 1);
	memset(ret_name, 0, START_TARGET_SIZE);
	memcpy(ret_name, name, strlen(name) + 1);
	return STATUS_OK;
}

/* What the kernel says of the device, in a file of its directory: one line. */
static bool device_says(dev_t device, const char *file, char *line, int size)
{
	char path[64];

	snprintf(path, sizeof path, "/sys/dev/char/%u:%u/%s", major(device), minor(device), file);
	FILE *from = fopen(path, "re");
	bool is_said = from != NULL && fgets(line, size, from) != NULL;
	if (from != NULL)
		fclose(from);
	if (is_said)
		line[strcspn(line, "\n")] = 0;
	return is_said;
}

static bool is_of_module(dev_t device)
{
	char path[64], subsystem[PATH_MAX];

	snprintf(path, sizeof path, "/sys/dev/char/%u:%u/subsystem", major(device), minor(device));
	ssize_t size = readlink(path, subsystem, sizeof subsystem - 1);
	if (size <= 0)
		return false;
	subsystem[size] = 0;
	const char *slash = strrchr(subsystem, '/');
	return slash != NULL && strcmp(slash + 1, "bartizan") == 0;
}

status choose_target_forwarded(const char *name, char ret_name[START_TARGET_SIZE], char ret_agent[CHOOSE_AGENT_SIZE])
{
	static const char prefix[] = "dev:";
	const char *path = name + strlen(prefix);
	char line[START_TARGET_SIZE + 1];
	struct stat found;

	if (strncmp(name, prefix, strlen(prefix)) != 0 || stat(path, &found) != 0 || !S_ISCHR(found.st_mode) ||
	    !is_of_module(found.st_rdev) || !device_says(found.st_rdev, "target", line, sizeof line))
		return STATUS_END;
	/* The agent is another machine's: only its own kinds of names mean something there. */
	if (strncmp(line, "qemu:", 5) != 0 && strncmp(line, "dump:", 5) != 0)
		return report(STATUS_USAGE,
			      "%s stands for \"%s\", which no agent outside this machine serves: load the module with "
			      "targets=qemu:NAME=/PATH/OF/PORT",
			      path, line);
	TRY(choose_target_name(line, ret_name));
	snprintf(ret_agent, CHOOSE_AGENT_SIZE, "serial:%s", path);
	return STATUS_OK;
}

status choose_target(const char *name, struct target **ret_target)
{
	char resolved[START_TARGET_SIZE];

	/* A path may be longer here: nobody else has to be told. */
	if (name != NULL && strncmp(name, "dump:", 5) == 0)
		return target_create(name, ret_target);
	TRY(choose_target_name(name, resolved));
	return target_create(resolved, ret_target);
}
