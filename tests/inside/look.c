/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at what a system shows: files, links, directories, stat(). One program,
 * run in the guest and run outside as an image: so both answer the same questions
 * in the same way (tests/truth.py).
 *
 * Standard input: lines "KIND PATTERN". KIND is f (a file's bytes), l (a link's
 * text), d (a directory's names), s (stat, following), o (stat without
 * following). A pattern is an absolute path whose parts may be [pid], [tid], [n]
 * (every number that the directory lists) or [*] (every name).
 * Standard output: for each path "KIND PATH ERRNO SIZE\n", SIZE bytes, "\n".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_SIZE = 4096,
	FIRST_SIZE = 64 << 10,
	NAME_SIZE = 256,
};

struct bytes {
	char *data;
	size_t size, room;
};

static void *must_have(void *pointer)
{
	if (pointer == NULL) {
		perror("look");
		exit(1);
	}
	return pointer;
}

static void make_room(struct bytes *bytes, size_t more)
{
	if (bytes->room - bytes->size >= more)
		return;
	bytes->room = bytes->room * 2 + more + FIRST_SIZE;
	bytes->data = must_have(realloc(bytes->data, bytes->room));
}

static void tell(char kind, const char *path, int error, const struct bytes *bytes)
{
	printf("%c %s %d %zu\n", kind, path, error, bytes->size);
	fwrite(bytes->data, 1, bytes->size, stdout);
	putchar('\n');
}

static int read_file(const char *path, struct bytes *bytes)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), error = 0;
	ssize_t got;

	if (fd < 0)
		return errno;
	do {
		make_room(bytes, FIRST_SIZE);
		got = read(fd, bytes->data + bytes->size, FIRST_SIZE);
		if (got > 0)
			bytes->size += (size_t)got;
		else if (got < 0)
			error = errno;
	} while (got > 0);
	close(fd);
	return error;
}

static int read_link(const char *path, struct bytes *bytes)
{
	make_room(bytes, PATH_SIZE);
	ssize_t size = readlink(path, bytes->data, PATH_SIZE);

	if (size < 0)
		return errno;
	bytes->size = (size_t)size;
	return 0;
}

static int read_stat(const char *path, bool follow, struct bytes *bytes)
{
	struct stat stat;

	if (fstatat(AT_FDCWD, path, &stat, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	make_room(bytes, PATH_SIZE);
	bytes->size = (size_t)snprintf(
		bytes->data, PATH_SIZE, "mode %o uid %u gid %u nlink %lu size %ld dev %lx rdev %lx ino %lu",
		stat.st_mode, stat.st_uid, stat.st_gid, (unsigned long)stat.st_nlink, (long)stat.st_size,
		(unsigned long)stat.st_dev, (unsigned long)stat.st_rdev, (unsigned long)stat.st_ino);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *first = a, *const *second = b;
	size_t length_a = strlen(*first), length_b = strlen(*second);
	bool numbers = strspn(*first, "0123456789") == length_a && strspn(*second, "0123456789") == length_b;

	if (numbers && length_a != length_b)
		return length_a < length_b ? -1 : 1;
	return strcmp(*first, *second);
}

struct names {
	char **name;
	size_t count, room;
};

static void add_name(struct names *names, const char *name)
{
	if (names->count == names->room) {
		names->room = names->room * 2 + 64;
		names->name = must_have(realloc(names->name, names->room * sizeof *names->name));
	}
	names->name[names->count++] = must_have(strdup(name));
}

/* All names of a directory, sorted (numbers by value). An errno, or 0. */
static int list(const char *path, struct names *names)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL)
		return errno;
	for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			add_name(names, entry->d_name);
	int error = errno;

	closedir(directory);
	if (names->count != 0)
		qsort(names->name, names->count, sizeof *names->name, compare_names);
	return error;
}

static void forget(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}

static int read_directory(const char *path, struct bytes *bytes)
{
	struct names names = {0};
	int error = list(path, &names);

	for (size_t i = 0; i < names.count; i++) {
		make_room(bytes, NAME_SIZE + 1);
		bytes->size += (size_t)snprintf(bytes->data + bytes->size, NAME_SIZE + 1, "%s\n", names.name[i]);
	}
	forget(&names);
	return error;
}

static void look(char kind, const char *path)
{
	struct bytes bytes = {0};
	int error = 0;

	make_room(&bytes, 1);
	switch (kind) {
	case 'f': error = read_file(path, &bytes); break;
	case 'l': error = read_link(path, &bytes); break;
	case 'd': error = read_directory(path, &bytes); break;
	case 's': error = read_stat(path, true, &bytes); break;
	case 'o': error = read_stat(path, false, &bytes); break;
	default: fprintf(stderr, "look: there is no kind %c\n", kind); exit(1);
	}
	tell(kind, path, error, &bytes);
	free(bytes.data);
}

static bool is_number(const char *name)
{
	return name[strspn(name, "0123456789")] == '\0';
}

/* This program itself isn't what is looked at. */
static bool is_own(const char *name)
{
	return strtol(name, NULL, 10) == getpid();
}

static void expand(char kind, const char *done, const char *left);

static void expand_part(char kind, const char *done, const char *part, const char *left)
{
	struct names names = {0};
	/* One that ends meanwhile has nothing to show. */
	int error = list(done[0] == '\0' ? "/" : done, &names);

	if (error != 0 && error != ENOENT && error != ESRCH && error != ENOTDIR)
		tell('!', done, error, &(struct bytes){.data = (char[]){0}});
	for (size_t i = 0; i < names.count; i++) {
		char path[PATH_SIZE];

		if (strcmp(part, "[*]") != 0 && !is_number(names.name[i]))
			continue;
		if (strcmp(part, "[pid]") == 0 && is_own(names.name[i]))
			continue;
		if ((size_t)snprintf(path, sizeof path, "%s/%s", done, names.name[i]) < sizeof path)
			expand(kind, path, left);
	}
	forget(&names);
}

/* `done` is settled, `left` is to come, without a leading slash. */
static void expand(char kind, const char *done, const char *left)
{
	char path[PATH_SIZE], part[NAME_SIZE];
	size_t length = strcspn(left, "/");

	if (*left == '\0') {
		look(kind, done[0] == '\0' ? "/" : done);
		return;
	}
	if (length >= sizeof part ||
	    (size_t)snprintf(path, sizeof path, "%s/%.*s", done, (int)length, left) >= sizeof path)
		return;
	memcpy(part, left, length);
	part[length] = '\0';
	left += length + (left[length] == '/');
	if (part[0] == '[')
		expand_part(kind, done, part, left);
	else
		expand(kind, path, left);
}

int main(void)
{
	char line[PATH_SIZE];

	setvbuf(stdout, NULL, _IOFBF, FIRST_SIZE);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[1] != ' ' || line[2] != '/') {
			fprintf(stderr, "look: not understood: %s\n", line);
			return 1;
		}
		expand(line[0], "", line + 3);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
