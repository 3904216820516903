/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/events/channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/events/outputs.h"

enum {
	/* Every receiver takes 2048 bytes (RFC 5424, 6.1). */
	SYSLOG_SIZE = 2048,
	SYSLOG_SECONDS = 3,
};

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
}

#define CLOSE_CLEANUP __attribute__((cleanup(close_file)))

static void free_text(char **text)
{
	free(*text);
}

#define TEXT_CLEANUP __attribute__((cleanup(free_text)))

/* One write: two writers' lines don't mix. A part of it that a full disk took is cut off again. */
static status write_all(int file, const char *path, const char *text, size_t size)
{
	off_t before = lseek(file, 0, SEEK_END);
	ssize_t written = write(file, text, size);

	if (written == (ssize_t)size && fdatasync(file) == 0)
		return STATUS_OK;
	(void)!report(STATUS_IO, "events can't be written to %s: %s", path,
		      written >= 0 && written < (ssize_t)size ? "no room" : strerror(errno));
	if (before >= 0)
		(void)!ftruncate(file, before);
	return STATUS_IO;
}

/* A new file, whose name is on the disk, too: what is written to it counts as told. */
static int open_new(const char *path)
{
	char *copy TEXT_CLEANUP = strdup(path);
	int directory CLOSE_CLEANUP = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (file >= 0 && (directory < 0 || fsync(directory) != 0)) {
		close(file);
		return -1;
	}
	return file;
}

static char *join(char *const *lines, size_t count, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fputs(lines[i], out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

status channel_file_write(const char *path, char *const *lines, size_t count)
{
	size_t size = 0;
	char *text TEXT_CLEANUP = join(lines, count, &size);

	if (text == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu events", count);
	/* What isn't a file is no reason to wait. */
	int file CLOSE_CLEANUP = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0 && errno == ENOENT)
		file = open_new(path);
	if (file < 0)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	return write_all(file, path, text, size);
}

union place {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in internet;
};

static bool parse_udp(const char *text, union place *ret_place, socklen_t *ret_size)
{
	const char *colon = strrchr(text, ':');
	char address[INET_ADDRSTRLEN] = "";

	if (colon == NULL || (size_t)(colon - text) >= sizeof address || strlen(colon + 1) > 5 || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	memcpy(address, text, (size_t)(colon - text));
	unsigned long port = strtoul(colon + 1, NULL, 10);
	ret_place->internet = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	*ret_size = sizeof ret_place->internet;
	return port > 0 && port <= UINT16_MAX && inet_pton(AF_INET, address, &ret_place->internet.sin_addr) == 1;
}

static bool parse_place(const char *text, union place *ret_place, socklen_t *ret_size)
{
	if (strncmp(text, "udp:", 4) == 0)
		return parse_udp(text + 4, ret_place, ret_size);
	if (strncmp(text, "unix:/", 6) != 0 || strlen(text + 5) >= sizeof ret_place->local.sun_path)
		return false;
	ret_place->local = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_place->local.sun_path, text + 5, strlen(text + 5));
	*ret_size = sizeof ret_place->local;
	return true;
}

bool output_syslog_is_place(const char *place)
{
	union place parsed;
	socklen_t size;

	return parse_place(place, &parsed, &size);
}

status channel_syslog_send(const char *place, const char *text)
{
	const struct timeval patience = {.tv_sec = SYSLOG_SECONDS};
	union place to;
	socklen_t size;

	if (!parse_place(place, &to, &size))
		return report(STATUS_INTERNAL, "%s is no place for syslog", place);
	int file CLOSE_CLEANUP = socket(to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file < 0 || setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
		return report(STATUS_IO, "no socket: %m");
	return sendto(file, text, strlen(text), MSG_NOSIGNAL, &to.any, size) == (ssize_t)strlen(text) ? STATUS_OK
												      : STATUS_IO;
}

static char *syslog_text(const struct event *event)
{
	char host[65] = "-", text[SYSLOG_SIZE];

	if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
		snprintf(host, sizeof host, "-");
	event_syslog(event, host, text, sizeof text);
	return strdup(text);
}

/* `whole` is given away; NULL: there was no memory for it. */
static char *json_text(json_t *whole, const char *end)
{
	char *text TEXT_CLEANUP = whole != NULL ? json_dumps(whole, JSON_COMPACT) : NULL;
	char *line = NULL;

	json_decref(whole);
	return text != NULL && asprintf(&line, "%s%s", text, end) >= 0 ? line : NULL;
}

char *channel_text(enum output_kind kind, const struct event *event)
{
	switch (kind) {
	case OUTPUT_JSONL: return json_text(event_ocsf(event), "\n");
	case OUTPUT_SYSLOG: return syslog_text(event);
	case OUTPUT_WEBHOOK: return json_text(event_falco(event), "");
	default: return NULL;
	}
}
