/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/choose-target.h"

#include <stdio.h>
#include <string.h>

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

status choose_target(const char *name, struct target **ret_target)
{
	static const char lab[] = "lab:";
	char resolved[64];
	pid_t pid;

	if (name != NULL && strncmp(name, lab, strlen(lab)) != 0)
		return target_create(name, ret_target);
	if (name != NULL)
		TRY(lab_find(name + strlen(lab), &pid));
	else
		TRY(only_target(&pid));
	snprintf(resolved, sizeof resolved, "qemu:%d", (int)pid);
	return target_create(resolved, ret_target);
}
