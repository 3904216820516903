/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/grants/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"

status listen_unix(const char *path, int waiting_count, int *ret_listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat found;
	int file;

	if (strlen(path) >= sizeof address.sun_path)
		return report(STATUS_USAGE, "the socket's path %s is longer than %zu bytes", path,
			      sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file < 0)
		return report(STATUS_IO, "no socket: %m");
	/* A file that is no socket refuses connections, too, and isn't ours to remove. */
	if (connect(file, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED &&
	    lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
		unlink(path);
	mode_t mask = umask(0177);
	bool bound = bind(file, (struct sockaddr *)&address, sizeof address) == 0;
	umask(mask);
	if (!bound || listen(file, waiting_count) != 0) {
		(void)!report(STATUS_IO, "can't listen on %s: %m", path);
		close(file);
		return STATUS_IO;
	}
	*ret_listener = file;
	return STATUS_OK;
}
