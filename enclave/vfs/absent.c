/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/absent.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/vfs/path.h"
#include "enclave/vfs/target.h"
#include "guest/proc/node.h"

enum {
	/* Paths that are remembered as said; later ones may be said twice. */
	SAID_COUNT_MAX = 256,
};

static char *said[SAID_COUNT_MAX];
static size_t said_count;

static bool is_said(const char *path)
{
	for (size_t i = 0; i < said_count; i++)
		if (strcmp(said[i], path) == 0)
			return true;
	if (said_count < SAID_COUNT_MAX) {
		char *copy = strdup(path);

		if (copy != NULL)
			said[said_count++] = copy;
	}
	return false;
}

void absent_processes_listed(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	(void)!report(STATUS_UNSUPPORTED, "the target's processes aren't shown yet: /proc has no directories for them");
}

static bool starts_with(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

static bool is_process(const char *path)
{
	size_t length = strcspn(path, "/");

	return strspn(path, "0123456789") == length || (length == 4 && starts_with(path, "self")) ||
	       (length == 11 && starts_with(path, "thread-self"));
}

static void ask_target(const char *path)
{
	struct guest_kernel *kernel;

	if (target_kernel(&kernel) != STATUS_OK)
		return; /* said and noted */
	switch (proc_path_check(kernel, path)) {
	case STATUS_MISSING: return;
	case STATUS_OK:
		(void)!report(STATUS_UNSUPPORTED, "/proc/%s: the target has this file, but this version can't show it",
			      path);
		break;
	default: break; /* said */
	}
	runtime_fault_note();
}

void absent_path_named(const char *directory, const char *below)
{
	static const char proc[] = "/proc/", net[] = "self/net/";
	char path[2 * VFS_PATH_SIZE_MAX];

	if (!starts_with(directory, proc))
		return;
	snprintf(path, sizeof path, "%s%s", directory + strlen(proc), below);
	/* Slashes at the end say only that it is a directory. */
	for (size_t length = strlen(path); length > 0 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	if (starts_with(path, net))
		memmove(path, path + strlen("self/"), strlen(path) - strlen("self/") + 1);
	else if (is_process(path)) {
		absent_processes_listed();
		return;
	}
	if (is_said(path))
		return;
	if (!starts_with(path, "sys/")) {
		ask_target(path);
		return;
	}
	/* Not in the trees that can be asked, and there on nearly every Linux. */
	(void)!report(STATUS_UNSUPPORTED, "/proc/%s: this version doesn't show it", path);
	runtime_fault_note();
}
