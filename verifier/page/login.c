/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/page/login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/reader.h"
#include "base/report.h"
#include "base/whole-file.h"

enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, SCRYPT_BYTES_MAX = 64 << 20 };
#define WRONG_PAUSE_NS UINT64_C(1000000000)

static status hash_password(const char *password, const uint8_t *salt, uint8_t ret_hash[LOGIN_HASH_SIZE])
{
	if (EVP_PBE_scrypt(password, strlen(password), salt, LOGIN_SALT_SIZE, SCRYPT_N, SCRYPT_R, SCRYPT_P,
			   SCRYPT_BYTES_MAX, ret_hash, LOGIN_HASH_SIZE) != 1)
		return report(STATUS_INTERNAL, "OpenSSL has no scrypt");
	return STATUS_OK;
}

static void to_hex(const uint8_t *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

status login_line(const char *user, const char *password, char ret_line[static LOGIN_LINE_SIZE])
{
	char salt_text[2 * LOGIN_SALT_SIZE + 1], hash_text[2 * LOGIN_HASH_SIZE + 1];
	uint8_t salt[LOGIN_SALT_SIZE], hash[LOGIN_HASH_SIZE];

	if (user[0] == '\0' || strlen(user) >= LOGIN_USER_SIZE || strpbrk(user, ":\n") != NULL)
		return report(STATUS_USAGE, "a user's name has 1 to %d bytes and no colon", LOGIN_USER_SIZE - 1);
	if (strlen(password) < 8 || strlen(password) > LOGIN_PASSWORD_SIZE_MAX)
		return report(STATUS_USAGE, "a password has 8 to %d bytes", LOGIN_PASSWORD_SIZE_MAX);
	if (RAND_bytes(salt, sizeof salt) != 1)
		return report(STATUS_INTERNAL, "OpenSSL has no random bytes");
	TRY(hash_password(password, salt, hash));
	to_hex(salt, sizeof salt, salt_text);
	to_hex(hash, sizeof hash, hash_text);
	snprintf(ret_line, LOGIN_LINE_SIZE, "%s:%s:%s\n", user, salt_text, hash_text);
	return STATUS_OK;
}

static status from_hex(const char *text, uint8_t *ret_bytes, size_t size)
{
	long used = 0;
	size_t given = 0;

	if (strlen(text) != 2 * size || strspn(text, "0123456789abcdef") != 2 * size)
		return STATUS_MALFORMED;
	unsigned char *bytes = OPENSSL_hexstr2buf(text, &used);
	given = bytes != NULL && used > 0 ? (size_t)used : 0;
	if (given == size)
		memcpy(ret_bytes, bytes, size);
	OPENSSL_free(bytes);
	return given == size ? STATUS_OK : STATUS_MALFORMED;
}

static status parse(struct login *login, char *line)
{
	char *salt = strchr(line, ':');
	char *hash = salt != NULL ? strchr(salt + 1, ':') : NULL;

	line[strcspn(line, "\n")] = '\0';
	if (hash == NULL || salt == line || salt - line >= LOGIN_USER_SIZE)
		return STATUS_MALFORMED;
	*salt++ = '\0';
	*hash++ = '\0';
	memcpy(login->user, line, strlen(line) + 1);
	TRY(from_hex(salt, login->salt, sizeof login->salt));
	return from_hex(hash, login->hash, sizeof login->hash);
}

/* Of the password's hash, which only this file has. */
static status make_device(struct login *login)
{
	static const char label[] = "bartizan-verifier device 1";
	uint8_t bytes[LOGIN_HASH_SIZE];
	unsigned int size = 0;

	if (HMAC(EVP_sha256(), login->hash, sizeof login->hash, (const uint8_t *)label, sizeof label - 1, bytes,
		 &size) == NULL)
		return report(STATUS_INTERNAL, "OpenSSL has no HMAC");
	to_hex(bytes, sizeof bytes, login->device);
	return STATUS_OK;
}

static bool is_known(const struct login *login, const char *device)
{
	return device != NULL && strlen(device) == sizeof login->device - 1 &&
	       CRYPTO_memcmp(device, login->device, sizeof login->device - 1) == 0;
}

status login_init(struct login *login, const char *path)
{
	char line[LOGIN_LINE_SIZE] = "";
	struct span bytes;
	struct stat found;

	*login = (struct login){0};
	TRY(whole_file_read(path, &bytes));
	if (bytes.size < sizeof line)
		memcpy(line, bytes.data, bytes.size);
	free((void *)bytes.data);
	if (parse(login, line) != STATUS_OK)
		return report(STATUS_MALFORMED, "%s isn't a login's file: make one by `bartizan-verifier login`", path);
	if (stat(path, &found) != 0 || (found.st_mode & 077) != 0)
		return report(STATUS_DENIED, "others may read %s: chmod 600 it", path);
	if (RAND_bytes(login->cache_key, sizeof login->cache_key) != 1)
		return report(STATUS_INTERNAL, "OpenSSL has no random bytes");
	return make_device(login);
}

static bool digest(const struct login *login, const char *password, uint8_t ret_digest[32])
{
	unsigned int size = 0;

	return HMAC(EVP_sha256(), login->cache_key, sizeof login->cache_key, (const uint8_t *)password,
		    strlen(password), ret_digest, &size) != NULL;
}

status login_check(struct login *login, const char *user, const char *password, const char *device, uint64_t now_ns)
{
	uint64_t *next_try_ns = is_known(login, device) ? &login->next_known_ns : &login->next_stranger_ns;
	uint8_t hash[LOGIN_HASH_SIZE], given[32];

	/* No look at the password, and no pause: who doesn't know the name keeps nobody out who does. */
	if (strcmp(user, login->user) != 0)
		return STATUS_DENIED;
	if (strlen(password) > LOGIN_PASSWORD_SIZE_MAX || !digest(login, password, given))
		return STATUS_DENIED;
	if (login->is_cached && CRYPTO_memcmp(given, login->cached, sizeof given) == 0)
		return STATUS_OK;
	if (now_ns < *next_try_ns)
		return STATUS_TORN;
	TRY(hash_password(password, login->salt, hash));
	if (CRYPTO_memcmp(hash, login->hash, sizeof hash) != 0) {
		*next_try_ns = now_ns + WRONG_PAUSE_NS;
		return STATUS_DENIED;
	}
	memcpy(login->cached, given, sizeof given);
	login->is_cached = true;
	return STATUS_OK;
}
