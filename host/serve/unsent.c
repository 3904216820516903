/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/unsent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/report.h"
#include "wire/call.h"

enum {
	/* "~" and sixteen digits. */
	SUFFIX_SIZE = 17,
	/* Somebody who looks for what is left may take a file that has nothing in it yet. */
	TRY_COUNT_MAX = 8,
};

struct unsent_file {
	int file; /* locked; -1: none */
	char name[NAME_MAX + 1];
};

struct unsent_files {
	int directory;
	char prefix[NAME_MAX + 1 - SUFFIX_SIZE];
	struct unsent_file own;
	off_t own_size; /* of whole records */
	bool has_looked;
	size_t left_count;
	struct unsent_file left[CALL_UNSENT_FILE_COUNT_MAX]; /* of runs that are over */
};

static status failed(const char *what)
{
	return report(STATUS_IO, "what the verifier hasn't taken yet can't be %s: %m", what);
}

status unsent_files_create(const char *path, struct unsent_files **ret_files)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	if (slash == NULL || strlen(path) >= sizeof directory || strlen(slash + 1) >= sizeof(*ret_files)->prefix)
		return report(STATUS_IO, "%s can't be the name of files", path);
	struct unsent_files *files = calloc(1, sizeof *files);
	if (files == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	files->own.file = -1;
	snprintf(files->prefix, sizeof files->prefix, "%s", slash + 1);
	snprintf(directory, sizeof directory, "%.*s/", (int)(slash - path), path);
	files->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->directory < 0) {
		free(files);
		return failed("kept");
	}
	*ret_files = files;
	return STATUS_OK;
}

static void let_go(struct unsent_file *file)
{
	if (file->file >= 0)
		close(file->file);
	file->file = -1;
}

void unsent_files_destroy(struct unsent_files *files)
{
	if (files == NULL)
		return;
	let_go(&files->own);
	for (size_t i = 0; i < files->left_count; i++)
		let_go(&files->left[i]);
	close(files->directory);
	free(files);
}

/* ---- all that are there */

static bool is_ours(const struct unsent_files *files, const char *name)
{
	const size_t size = strlen(files->prefix);

	return strncmp(name, files->prefix, size) == 0 && name[size] == '~' && strlen(name) == size + SUFFIX_SIZE &&
	       strspn(name + size + 1, "0123456789abcdef") == SUFFIX_SIZE - 1;
}

static status visit(struct unsent_files *files,
		    void (*each)(struct unsent_files *files, const char *name, void *context), void *context)
{
	int place = openat(files->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = place >= 0 ? fdopendir(place) : NULL;

	if (directory == NULL) {
		if (place >= 0)
			close(place);
		return failed("looked for");
	}
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (is_ours(files, entry->d_name))
			each(files, entry->d_name, context);
	closedir(directory);
	return STATUS_OK;
}

/* Skip to the record; false: there are fewer. Bounded by the file: each step moves on. */
static bool find_record(int file, uint64_t number, uint32_t *ret_size)
{
	struct stat stat;
	uint32_t size;
	off_t at = 0;

	if (fstat(file, &stat) != 0)
		return false;
	for (uint64_t i = 0;; i++) {
		if (pread(file, &size, sizeof size, at) != sizeof size || size == 0 ||
		    at + (off_t)sizeof size + size > stat.st_size)
			return false;
		at += sizeof size;
		if (i == number)
			break;
		at += size;
	}
	*ret_size = size;
	return lseek(file, at, SEEK_SET) == at;
}

/* Lock it, unless somebody has it, or has removed it meanwhile. */
static bool take_file(const struct unsent_files *files, const char *name, int flags, struct unsent_file *ret_file)
{
	struct unsent_file taken = {.file = openat(files->directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600)};
	struct stat stat;

	if (taken.file < 0)
		return false;
	if (flock(taken.file, LOCK_EX | LOCK_NB) != 0 || fstat(taken.file, &stat) != 0 || stat.st_nlink == 0) {
		let_go(&taken);
		return false;
	}
	snprintf(taken.name, sizeof taken.name, "%s", name);
	*ret_file = taken;
	return true;
}

static void take_left(struct unsent_files *files, const char *name, void *context)
{
	struct unsent_file *left = &files->left[files->left_count];
	uint32_t size;

	(void)context;
	if (files->left_count == CALL_UNSENT_FILE_COUNT_MAX || strcmp(name, files->own.name) == 0 ||
	    !take_file(files, name, O_RDONLY, left))
		return;
	if (find_record(left->file, 0, &size)) {
		files->left_count++;
		return;
	}
	/* Not one whole record. */
	(void)!unlinkat(files->directory, name, 0);
	let_go(left);
}

struct total {
	size_t count;
	uint64_t size;
};

static void add_up(struct unsent_files *files, const char *name, void *context)
{
	struct total *total = context;
	struct stat stat;

	if (fstatat(files->directory, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	total->count++;
	total->size += (uint64_t)stat.st_size;
}

/* ---- this run's */

static status check_room(struct unsent_files *files, size_t size)
{
	struct total total = {0};

	TRY(visit(files, add_up, &total));
	if (total.size + size <= UNSENT_SIZE_MAX && (files->own.file >= 0 || total.count < CALL_UNSENT_FILE_COUNT_MAX))
		return STATUS_OK;
	return report(STATUS_LIMIT,
		      "%zu files %s~… hold %" PRIu64
		      " bytes, and no more are kept: the verifier has taken nothing for long",
		      total.count, files->prefix, total.size);
}

static status make_own(struct unsent_files *files)
{
	char name[NAME_MAX + 1];
	uint64_t number;

	for (int i = 0; files->own.file < 0; i++) {
		if (i == TRY_COUNT_MAX || getrandom(&number, sizeof number, 0) != sizeof number)
			return failed("kept");
		snprintf(name, sizeof name, "%s~%016" PRIx64, files->prefix, number);
		if (!take_file(files, name, O_RDWR | O_CREAT | O_EXCL, &files->own))
			files->own.file = -1;
	}
	files->own_size = 0;
	return fsync(files->directory) == 0 ? STATUS_OK : failed("kept");
}

status unsent_put(struct unsent_files *files, const void *record, size_t size)
{
	uint32_t head = (uint32_t)size;
	const struct iovec parts[] = {{&head, sizeof head}, {(void *)record, size}};
	const ssize_t whole = (ssize_t)(sizeof head + size);

	TRY(check_room(files, sizeof head + size));
	if (files->own.file < 0)
		TRY(make_own(files));
	/* What another attempt has left of a record that wasn't written whole. */
	if (ftruncate(files->own.file, files->own_size) != 0)
		return failed("kept");
	ssize_t written = pwritev(files->own.file, parts, 2, files->own_size);
	if (written >= 0 && written < whole)
		errno = ENOSPC;
	if (written != whole || fdatasync(files->own.file) != 0)
		return failed("kept");
	files->own_size += whole;
	return STATUS_OK;
}

/* ---- those of others */

int64_t unsent_get(struct unsent_files *files, uint64_t file, uint64_t number, void *record, size_t size)
{
	uint32_t record_size;

	if (!files->has_looked)
		TRY(visit(files, take_left, NULL));
	files->has_looked = true;
	if (file >= files->left_count || files->left[file].file < 0)
		return 0;
	const struct unsent_file *left = &files->left[file];
	if (!find_record(left->file, number, &record_size))
		return 0;
	if (record_size > size)
		return report(STATUS_LIMIT, "%s holds a record of %u bytes, where %zu are the most", left->name,
			      record_size, size);
	if (read(left->file, record, record_size) != (ssize_t)record_size)
		return failed("read");
	return record_size;
}

status unsent_clear(struct unsent_files *files, uint64_t file)
{
	struct unsent_file *cleared = file == CALL_UNSENT_OWN	 ? &files->own
				      : file < files->left_count ? &files->left[file]
								 : NULL;

	if (cleared == NULL || cleared->file < 0)
		return STATUS_OK;
	if (unlinkat(files->directory, cleared->name, 0) != 0 && errno != ENOENT)
		return failed("removed");
	let_go(cleared);
	return STATUS_OK;
}
