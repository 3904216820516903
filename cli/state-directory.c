/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/state-directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "base/state-home.h"

static status too_long(void)
{
	return report(STATUS_USAGE, "the path in XDG_STATE_HOME or HOME is too long");
}

/* mkdir -p, private. */
static status make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int failed = mkdir(path, 0700) != 0 && errno != EEXIST;
		if (failed)
			return report(STATUS_IO, "the directory %s can't be made: %m", path);
		*slash = '/';
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return report(STATUS_IO, "the directory %s can't be made: %m", path);
	return STATUS_OK;
}

status state_path(const char *name, char ret_path[PATH_MAX])
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct stat stat_;

	TRY(state_home(directory, sizeof directory));
	TRY(make_directories(directory));
	if (stat(directory, &stat_) != 0 || !S_ISDIR(stat_.st_mode))
		return report(STATUS_IO, "%s isn't a directory: keys are kept there", directory);
	if (stat_.st_uid != geteuid() || (stat_.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return report(STATUS_DENIED,
			      "%s, where keys are kept, is somebody else's or open to others: chmod 700 it", directory);
	if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path)
		return too_long();
	memcpy(ret_path, path, sizeof path);
	return STATUS_OK;
}
