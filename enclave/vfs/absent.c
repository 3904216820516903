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

static bool starts_with(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* The size of "17/" or "17/task/18/" that a path starts with; 0: the path isn't one of a process. */
static size_t process_size(const char *path)
{
	size_t digits = strspn(path, "0123456789"), task = digits + strlen("/task/"), more;

	if (digits == 0 || path[digits] != '/')
		return 0;
	more = starts_with(path + digits, "/task/") ? strspn(path + task, "0123456789") : 0;
	return more != 0 && path[task + more] == '/' ? task + more + 1 : digits + 1;
}

/* One name for a file of all processes: "[pid]/io", "net/tcp". False: the target
 * has no list of such files (of descriptors, say) beside the one that is shown. */
static bool name_of_process(char path[2 * VFS_PATH_SIZE_MAX])
{
	size_t process = process_size(path), length;
	char name[VFS_NAME_LENGTH_MAX + 1];

	if (process == 0)
		return true;
	bool of_thread = strcspn(path, "/") + 1 != process;
	if (starts_with(path + process, "net/")) {
		memmove(path, path + process, strlen(path + process) + 1);
		return true;
	}
	length = strlen(path + process);
	if (strchr(path + process, '/') != NULL || length >= sizeof name)
		return false;
	memcpy(name, path + process, length + 1);
	snprintf(path, 2 * (size_t)VFS_PATH_SIZE_MAX, "%s/%s", of_thread ? "[pid]/task/[tid]" : "[pid]", name);
	return true;
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

/* Nobody can be asked whether the target has it. */
static void not_shown(const char *tree, const char *path)
{
	(void)!report(STATUS_UNSUPPORTED, "%s%s: this version doesn't show it", tree, path);
	runtime_fault_note();
}

void absent_path_named(const char *directory, const char *below)
{
	static const char proc[] = "/proc/", sys[] = "/sys/";
	char path[2 * VFS_PATH_SIZE_MAX];
	size_t process;

	if (starts_with(directory, sys)) {
		if (!is_said(directory))
			not_shown("", directory);
		return;
	}
	if (!starts_with(directory, proc))
		return;
	directory += strlen(proc);
	process = process_size(directory);
	/* Of a process's files only those in its own directory are known. */
	if (process != 0 && !starts_with(directory + process, "net/"))
		below = "";
	snprintf(path, sizeof path, "%s%s", directory, below);
	/* Slashes at the end say only that it is a directory. */
	for (size_t length = strlen(path); length > 0 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	if (!name_of_process(path))
		return;
	if (is_said(path))
		return;
	if (!starts_with(path, "sys/"))
		ask_target(path);
	else /* not in the trees that can be asked, and there on nearly every Linux */
		not_shown(proc, path);
}
