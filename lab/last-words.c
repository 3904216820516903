/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/last-words.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/scope.h"

enum { TAIL_SIZE = 6144 }; /* a panic with its two call traces */

static int open_log(const char *machine_path, const char *name)
{
	SCOPED_FREE char *path = NULL;

	return asprintf(&path, "%s/%s", machine_path, name) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

void last_words_init(const char *machine_path, struct last_words *ret_words)
{
	ret_words->log_fd = open_log(machine_path, "lab.log");
	ret_words->console_fd = open_log(machine_path, "serial.log");
}

void last_words_deinit(struct last_words *words)
{
	scope_close(&words->log_fd);
	scope_close(&words->console_fd);
}

static void write_tail(int fd, const char *title, int to_fd)
{
	char text[TAIL_SIZE];
	struct stat found;
	ssize_t size;

	if (fd < 0 || fstat(fd, &found) != 0 || found.st_size == 0)
		return;
	size = pread(fd, text, sizeof text, found.st_size > TAIL_SIZE ? found.st_size - TAIL_SIZE : 0);
	if (size > 0)
		dprintf(to_fd, "%s\n%.*s\n", title, (int)size, text);
}

void last_words_write(const struct last_words *words, int to_fd)
{
	write_tail(words->log_fd, "QEMU said:", to_fd);
	write_tail(words->console_fd, "the end of the guest's console:", to_fd);
}
