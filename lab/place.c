/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "lab/lab.h"
#include "lab/scope.h"

static status make_text(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static status make_text(char **ret_text, const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	*ret_text = text;
	return STATUS_OK;
}

/* mkdir -p */
static status make_directories(const char *path, mode_t mode)
{
	SCOPED_FREE char *copy = strdup(path);

	if (copy == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST && errno != EROFS)
			return report(STATUS_IO, "can't make the directory %s: %s", copy, strerror(errno));
	}
	if (mkdir(copy, mode) != 0 && errno != EEXIST)
		return report(STATUS_IO, "can't make the directory %s: %s", copy, strerror(errno));
	return STATUS_OK;
}

/* /tmp is everybody's: a directory that somebody else made there could be
 * read, or exchanged under us. */
static status check_owner(const char *path)
{
	struct stat found;

	if (lstat(path, &found) != 0)
		return report(STATUS_IO, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return report(STATUS_DENIED,
			      "%s isn't a directory that only you can write to: remove it or set XDG_RUNTIME_DIR",
			      path);
	return STATUS_OK;
}

status place_state_root(char **ret_path)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	SCOPED_FREE char *top = NULL;

	if (runtime != NULL && runtime[0] == '/')
		TRY(make_text(&top, "%s/bartizan", runtime));
	else
		TRY(make_text(&top, "/tmp/bartizan-%u", (unsigned int)geteuid()));
	TRY(make_directories(top, 0700));
	TRY(check_owner(top));
	SCOPED_FREE char *path = NULL;

	TRY(make_text(&path, "%s/lab", top));
	TRY(make_directories(path, 0700));
	*ret_path = path;
	path = NULL;
	return STATUS_OK;
}

static bool name_is_possible(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size >= LAB_NAME_SIZE_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
			return false;
	return true;
}

status place_machine(const char *name, char **ret_path)
{
	SCOPED_FREE char *root = NULL;

	if (!name_is_possible(name))
		return report(STATUS_USAGE,
			      "\"%s\" can't be a VM's name: letters, digits, '.', '_', '-', at most %d, "
			      "beginning with a letter or digit",
			      name, LAB_NAME_SIZE_MAX - 1);
	TRY(place_state_root(&root));
	return make_text(ret_path, "%s/%s", root, name);
}

status place_cache(const char *what, char **ret_path)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	SCOPED_FREE char *path = NULL;

	if (cache != NULL && cache[0] == '/')
		TRY(make_text(&path, "%s/bartizan/%s", cache, what));
	else if (home != NULL && home[0] == '/')
		TRY(make_text(&path, "%s/.cache/bartizan/%s", home, what));
	else
		return report(STATUS_USAGE, "no place to cache things: set XDG_CACHE_HOME or HOME");
	TRY(make_directories(path, 0755));
	*ret_path = path;
	path = NULL;
	return STATUS_OK;
}

status place_programs(char **ret_path)
{
	/* From where meson puts programs, from build/bin, and installed. */
	static const char *const places[] = {"../../lab", "../lab", "../libexec/bartizan/lab"};
	char self[4096];
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	if (size <= 0)
		return report(STATUS_IO, "can't read /proc/self/exe: %s", strerror(errno));
	self[size] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		SCOPED_FREE char *script = NULL;

		TRY(make_text(&script, "%s/%s/build-initramfs", self, places[i]));
		if (access(script, R_OK) == 0)
			return make_text(ret_path, "%s/%s", self, places[i]);
	}
	return report(STATUS_MISSING, "the lab's own files aren't beside %s: build or install again", self);
}

static status open_locked(const char *machine_path, int *ret_fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat ours, there;
	SCOPED_FREE char *path = NULL;
	SCOPED_FD int fd = -1;

	TRY(make_text(&path, "%s/lock", machine_path));
	if (mkdir(machine_path, 0700) != 0 && errno != EEXIST)
		return report(STATUS_IO, "can't make %s: %s", machine_path, strerror(errno));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == ENOENT ? STATUS_TORN : report(STATUS_IO, "can't open %s: %s", path, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) != 0)
		return report(STATUS_DENIED, "%s runs already: `bartizan lab down' ends it",
			      strrchr(machine_path, '/') + 1);
	/* Between opening and locking, the last holder may have removed it. */
	if (fstat(fd, &ours) != 0 || stat(path, &there) != 0 || ours.st_ino != there.st_ino)
		return STATUS_TORN;
	*ret_fd = scope_keep_fd(&fd);
	return STATUS_OK;
}

status place_lock(const char *machine_path, int *ret_fd)
{
	enum { ATTEMPTS = 100 }; /* each lost race means that another VM of this name ended */
	status result = STATUS_TORN;

	for (int i = 0; i < ATTEMPTS && result == STATUS_TORN; i++)
		result = open_locked(machine_path, ret_fd);
	if (result == STATUS_TORN)
		return report(STATUS_IO, "%s comes and goes: something else uses this name", machine_path);
	return result;
}

status place_lock_owner(const char *machine_path, pid_t *ret_pid)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	SCOPED_FREE char *path = NULL;
	SCOPED_FD int fd = -1;

	TRY(make_text(&path, "%s/lock", machine_path));
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
		return STATUS_MISSING;
	*ret_pid = lock.l_pid;
	return STATUS_OK;
}

void place_remove(const char *machine_path)
{
	DIR *directory = opendir(machine_path);
	int fd = directory != NULL ? dirfd(directory) : -1;
	const struct dirent *entry;

	if (fd < 0)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, "lock") != 0)
			unlinkat(fd, entry->d_name, 0);
	unlinkat(fd, "lock", 0);
	closedir(directory);
	rmdir(machine_path);
}

void place_sweep(const char *machine_path)
{
	SCOPED_FD int fd = -1;
	pid_t owner;

	if (place_lock_owner(machine_path, &owner) == STATUS_OK)
		return;
	/* Quietly: somebody who starts it at this moment is in the right. */
	if (open_locked(machine_path, &fd) == STATUS_OK)
		place_remove(machine_path);
}
