/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may read the page: a file with one line `USER:SALT:HASH`, both in hexadecimal, the hash by scrypt
 * (RFC 7914; N = 16384, r = 8, p = 1: 16 MiB and about 50 ms for each guess).
 */
#ifndef VERIFIER_PAGE_LOGIN_H
#define VERIFIER_PAGE_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum {
	LOGIN_USER_SIZE = 64, /* with its NUL */
	LOGIN_PASSWORD_SIZE_MAX = 256,
	LOGIN_SALT_SIZE = 16,
	LOGIN_HASH_SIZE = 32,
	LOGIN_DEVICE_SIZE = 2 * LOGIN_HASH_SIZE + 1, /* with its NUL */
	LOGIN_LINE_SIZE = LOGIN_USER_SIZE + 2 * LOGIN_SALT_SIZE + 2 * LOGIN_HASH_SIZE + 4,
};

struct login {
	char user[LOGIN_USER_SIZE];
	uint8_t salt[LOGIN_SALT_SIZE], hash[LOGIN_HASH_SIZE];
	/* So that not each request costs 50 ms: the last good password's SHA-256 under a key of this process. */
	uint8_t cache_key[32], cached[32];
	bool is_cached;
	/* What whoever has logged in is known by (it lets nobody in): good as long as the password is, over restarts.
	 */
	char device[LOGIN_DEVICE_SIZE];
	/* Wrong ones for this user, one a second: of strangers, and of who is known. */
	uint64_t next_stranger_ns, next_known_ns;
};

/* STATUS_MISSING, STATUS_IO, STATUS_MALFORMED: reported. STATUS_DENIED, reported: others can read the file. */
MUST_USE status login_init(struct login *login, const char *path);
/* `device`: what login_init() made, if the client shows it, or NULL. STATUS_DENIED, not reported: no. STATUS_TORN, not
 * reported: too soon after a wrong one of this user, of a stranger's where this is one, of one that is known where this
 * is. The last good password is never too soon. */
MUST_USE status login_check(struct login *login, const char *user, const char *password, const char *device,
			    uint64_t now_ns);
/* A file's line, with its newline and NUL. STATUS_USAGE: such a user or password can't be; STATUS_INTERNAL. Reported.
 */
MUST_USE status login_line(const char *user, const char *password, char ret_line[static LOGIN_LINE_SIZE]);

#endif
