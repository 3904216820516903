/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"

/* The file: this text, then the secret. */
static const char header[] = "FAKE root of trust, made by bartizan for its backend `sim`. It takes the place of the\n"
			     "secret in a CPU, and protects nothing from whoever can read it.\n";
static const char fingerprint_label[] = "Bartizan sim root fingerprint 1";

enum { HEADER_SIZE = sizeof header - 1, FILE_SIZE = HEADER_SIZE + SIM_ROOT_SIZE };

static status read_file(const char *path, int fd, struct sim_root *ret_root)
{
	char content[FILE_SIZE + 1];
	struct stat stat;

	if (fstat(fd, &stat) != 0)
		return report(STATUS_IO, "%s can't be looked at: %m", path);
	if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid() || (stat.st_mode & 077) != 0)
		return report(
			STATUS_DENIED,
			"%s must be a file of yours that nobody else can read or write (chmod 600), since it is all "
			"that simulated evidence hangs on",
			path);
	if (read(fd, content, sizeof content) != FILE_SIZE || memcmp(content, header, HEADER_SIZE) != 0)
		return report(STATUS_MALFORMED, "%s isn't a simulator's root: remove it, and another one is made",
			      path);
	memcpy(ret_root->secret, content + HEADER_SIZE, SIM_ROOT_SIZE);
	explicit_bzero(content, sizeof content);
	return STATUS_OK;
}

static status write_file(const char *path, int fd)
{
	char content[FILE_SIZE];
	bool written;

	memcpy(content, header, HEADER_SIZE);
	written = getrandom(content + HEADER_SIZE, SIM_ROOT_SIZE, 0) == SIM_ROOT_SIZE &&
		  write(fd, content, sizeof content) == (ssize_t)sizeof content && fsync(fd) == 0;
	explicit_bzero(content, sizeof content);
	return written ? STATUS_OK : report(STATUS_IO, "%s can't be written: %m", path);
}

/* Under another name first, and then by link(), which never replaces: whoever
 * opens the file finds all of it, and two makers end up with one root. */
static status make_file(const char *path)
{
	char temporary[PATH_MAX];
	status result;
	int fd;

	if ((size_t)snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid()) >= sizeof temporary)
		return report(STATUS_IO, "the path %s is too long", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return report(STATUS_IO, "%s can't be made: %m", temporary);
	result = write_file(temporary, fd);
	close(fd);
	if (result == STATUS_OK && link(temporary, path) != 0 && errno != EEXIST)
		result = report(STATUS_IO, "%s can't be made: %m", path);
	unlink(temporary);
	return result;
}

status sim_root_load_from(const char *path, struct sim_root *ret_root)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	status result;

	if (fd < 0 && errno == ENOENT) {
		TRY(make_file(path));
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	result = read_file(path, fd, ret_root);
	close(fd);
	return result;
}

/* All of the path's directories, private ones where they are missing. */
static status make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return report(STATUS_IO, "the directory %s can't be made: %m", path);
		*slash = '/';
	}
	return STATUS_OK;
}

status sim_root_load(struct sim_root *ret_root)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	bool has_state = state != NULL && state[0] == '/';
	char path[PATH_MAX];
	int length;

	if (!has_state && (home == NULL || home[0] != '/'))
		return report(STATUS_IO, "neither $XDG_STATE_HOME nor $HOME says where this user's state lies");
	length = has_state ? snprintf(path, sizeof path, "%s/bartizan/sim-root", state)
			   : snprintf(path, sizeof path, "%s/.local/state/bartizan/sim-root", home);
	if (length < 0 || (size_t)length >= sizeof path)
		return report(STATUS_IO, "the path of this user's state is too long");
	TRY(make_directories(path));
	return sim_root_load_from(path, ret_root);
}

void sim_root_fingerprint(const struct sim_root *root, uint8_t ret_fingerprint[SIM_FINGERPRINT_SIZE])
{
	uint8_t input[sizeof fingerprint_label + SIM_ROOT_SIZE];

	memcpy(input, fingerprint_label, sizeof fingerprint_label);
	memcpy(input + sizeof fingerprint_label, root->secret, SIM_ROOT_SIZE);
	/* SHA-256 of some bytes in memory can't fail where OpenSSL has it. */
	if (EVP_Digest(input, sizeof input, ret_fingerprint, NULL, EVP_sha256(), NULL) != 1)
		memset(ret_fingerprint, 0, SIM_FINGERPRINT_SIZE);
	explicit_bzero(input, sizeof input);
}
