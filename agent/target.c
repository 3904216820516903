/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/device.h"
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

static status create_qemu(const char *which, const struct qemu_owners *owners, struct target **ret_target)
{
	pid_t pid;

	if (!parse_pid(which, &pid))
		TRY(qemu_process_find(which, owners, &pid));
	return qemu_target_create(pid, ret_target);
}

status target_create(const char *name, struct target **ret_target)
{
	return target_create_owned(name, NULL, ret_target);
}

status target_create_owned(const char *name, const struct qemu_owners *owners, struct target **ret_target)
{
	if (strncmp(name, "qemu:", 5) == 0 && name[5] != 0)
		return create_qemu(name + 5, owners, ret_target);
	if (strncmp(name, "dump:", 5) == 0 && name[5] != 0)
		return dump_target_create(name + 5, ret_target);
	if (strncmp(name, "dev:", 4) == 0 && name[4] != 0)
		return device_target_create(name + 4, ret_target);
	return report(STATUS_USAGE,
		      "\"%s\" is no target: give qemu:PID, qemu:NAME, dump:FILE or dev:DEVICE; `bartizan targets` "
		      "lists what can "
		      "be watched",
		      name);
}

void target_destroy(struct target *target)
{
	if (target != NULL)
		target->destroy(target);
}
