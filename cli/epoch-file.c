/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/epoch-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/qemu-process.h"
#include "base/report.h"

/* Ours alone: what is in it is a machine's memory. */
static status check_directory(const char *path)
{
	struct stat stat_;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return report(STATUS_IO, "the directory %s can't be made: %m", path);
	if (lstat(path, &stat_) != 0 || !S_ISDIR(stat_.st_mode))
		return report(STATUS_IO, "%s isn't a directory: epochs are kept there", path);
	if (stat_.st_uid != geteuid() || (stat_.st_mode & 077) != 0)
		return report(STATUS_DENIED, "%s, where epochs are kept, is somebody else's or open to others", path);
	return STATUS_OK;
}

static status find_directory(char path[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char user[64];

	snprintf(user, sizeof user, "/run/user/%u", (unsigned)geteuid());
	if (runtime == NULL || runtime[0] != '/' || strlen(runtime) > PATH_MAX - 64)
		runtime = user;
	if (access(runtime, W_OK) == 0) {
		snprintf(path, PATH_MAX, "%s/bartizan-epochs", runtime);
	} else {
		snprintf(path, PATH_MAX, "/dev/shm/bartizan-epochs-%u", (unsigned)geteuid());
	}
	return check_directory(path);
}

/* Those whose time is over. Whoever uses one still keeps it. */
static void sweep(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	struct stat stat_;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (frozen_name_is_valid(entry->d_name) &&
		    /* NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): an open directory has a descriptor */
		    fstatat(dirfd(directory), entry->d_name, &stat_, AT_SYMLINK_NOFOLLOW) == 0 &&
		    time(NULL) - stat_.st_mtime > FROZEN_LIFE_S)
			/* NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): as above */
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory != NULL)
		closedir(directory);
}

/* Numbers of processes come back: which one it was is part of what the epoch is of. */
static void subject_of(const char *target, char subject[FROZEN_SUBJECT_SIZE])
{
	uint64_t start_time = 0;
	long pid = strncmp(target, "qemu:", 5) == 0 ? strtol(target + 5, NULL, 10) : 0;

	if (pid > 0 && qemu_process_start_time((pid_t)pid, &start_time) != STATUS_OK)
		start_time = 0;
	snprintf(subject, FROZEN_SUBJECT_SIZE, "%s since %llu", target, (unsigned long long)start_time);
}

static status open_one(const char *path, const char *name, const char *subject, struct frozen_store **ret_store,
		       int *ret_file)
{
	int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (file < 0 && errno == ENOENT)
		return report(STATUS_USAGE,
			      "--at %s: there is no epoch of that name (any more): begin one with --new-epoch", name);
	if (file < 0)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	status result = frozen_store_open(file, ret_store);
	if (result == STATUS_OK && strcmp(frozen_store_subject(*ret_store), subject) != 0) {
		result = report(STATUS_USAGE, "--at %s: that epoch is of another target: %s, not %s", name,
				frozen_store_subject(*ret_store), subject);
		frozen_store_destroy(*ret_store);
	}
	if (result == STATUS_OK)
		*ret_file = file;
	else
		close(file);
	return result == STATUS_END ? STATUS_USAGE : result;
}

static status make_one(const char *path, const char *name, const char *subject, struct frozen_store **ret_store,
		       int *ret_file)
{
	unlink(path);
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return report(STATUS_IO, "%s can't be made: %m", path);
	status result = frozen_store_create(file, name, subject, ret_store);
	if (result == STATUS_OK) {
		*ret_file = file;
	} else {
		unlink(path);
		close(file);
	}
	return result;
}

status epoch_file_open(const char *name, bool is_new, const char *target, int *ret_file,
		       struct frozen_store **ret_store)
{
	char directory[PATH_MAX], path[PATH_MAX + FROZEN_NAME_SIZE + 1], subject[FROZEN_SUBJECT_SIZE];

	if (!frozen_name_is_valid(name))
		return report(STATUS_USAGE, "'%.80s' can't be an epoch's name: 1 to %d of A-Z a-z 0-9 . _ -", name,
			      FROZEN_NAME_SIZE - 1);
	TRY(find_directory(directory));
	sweep(directory);
	subject_of(target, subject);
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return is_new ? make_one(path, name, subject, ret_store, ret_file)
		      : open_one(path, name, subject, ret_store, ret_file);
}
