/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cat PATH…: print files of the target's /proc. Relative paths start there. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool complain(const char *path)
{
	fprintf(stderr, "cat: %s: %s\n", path, strerror(errno));
	return false;
}

static bool write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, size);

		if (written < 0)
			return complain("standard output");
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

static bool print(const char *path)
{
	static char buffer[65536];
	int fd = open(path, O_RDONLY);
	ssize_t size;
	bool ok = true;

	if (fd < 0)
		return complain(path);
	while (ok && (size = read(fd, buffer, sizeof buffer)) != 0)
		ok = size < 0 ? complain(path) : write_all(buffer, (size_t)size);
	close(fd);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = true;

	if (argc < 2) {
		fprintf(stderr, "usage: cat PATH…\n");
		return 2;
	}
	bool is_there = chdir("/proc") == 0;
	if (!is_there)
		ok = complain("/proc");
	/* Elsewhere a relative path would be another file. */
	for (int i = 1; i < argc; i++)
		if (is_there || argv[i][0] == '/')
			ok &= print(argv[i]);
	return ok ? 0 : 1;
}
