/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dump.h"
#include "agent/qemu-process.h"
#include "agent/qemu.h"
#include "base/report.h"

/* "1234" is a PID; anything else the guest's name. */
static bool parse_pid(const char *text, pid_t *ret_pid)
{
	char *end;

	errno = 0;
	long pid = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != 0 || pid <= 0 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

static status create_qemu(const char *which, struct target **ret_target)
{
	pid_t pid;

	if (!parse_pid(which, &pid))
		TRY(qemu_process_find(which, &pid));
	return qemu_target_create(pid, ret_target);
}

status target_create(const char *name, struct target **ret_target)
{
	if (strncmp(name, "qemu:", 5) == 0 && name[5] != 0)
		return create_qemu(name + 5, ret_target);
	if (strncmp(name, "dump:", 5) == 0 && name[5] != 0)
		return dump_target_create(name + 5, ret_target);
	return report(STATUS_USAGE,
		      "\"%s\" is no target: give qemu:PID, qemu:NAME or dump:FILE; `bartizan targets` lists what can "
		      "be watched",
		      name);
}

void target_destroy(struct target *target)
{
	if (target != NULL)
		target->destroy(target);
}
