/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/report.h"

static void key_cleanup(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void file_cleanup(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

/* An empty password, so that PEM which says that it is encrypted, a public key's too, is an error and not a question on
 * the terminal. */
static char no_password[] = "";

static status load_key(const char *path, uint8_t ret_secret[static LINK_KEY_SIZE])
{
	__attribute__((cleanup(file_cleanup))) FILE *file = fopen(path, "re");
	size_t size = LINK_KEY_SIZE;
	struct stat found;

	if (file == NULL || fstat(fileno(file), &found) != 0)
		return report(STATUS_IO, "can't read the source's key %s: %s", path, strerror(errno));
	if ((found.st_mode & 077) != 0)
		return report(STATUS_DENIED,
			      "others may read the source's key %s: chmod 600 it, or better make a new one", path);
	__attribute__((cleanup(key_cleanup))) EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, no_password);
	if (key == NULL || EVP_PKEY_get_raw_private_key(key, ret_secret, &size) != 1 || size != LINK_KEY_SIZE ||
	    EVP_PKEY_get_base_id(key) != EVP_PKEY_X25519)
		return report(STATUS_MALFORMED, "%s isn't an X25519 private key in PEM", path);
	return STATUS_OK;
}

static status write_key(const char *path, mode_t mode, EVP_PKEY *key, bool is_private)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	__attribute__((cleanup(file_cleanup))) FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;

	if (file == NULL)
		return report(STATUS_IO, "can't write the source's key to %s: %s", path, strerror(errno));
	int written =
		is_private ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(file, key);
	if (written != 1 || fflush(file) != 0 || fsync(fileno(file)) != 0)
		return report(STATUS_IO, "can't write the source's key to %s: %s", path, strerror(errno));
	return STATUS_OK;
}

/* "agent.key" → "agent.pub" */
static void public_path_of(const char *path, char *ret_path, size_t size)
{
	size_t base = strlen(path);

	if (base > 4 && strcmp(path + base - 4, ".key") == 0)
		base -= 4;
	snprintf(ret_path, size, "%.*s.pub", (int)base, path);
}

static status make_directory_of(const char *path)
{
	char directory[4096];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return STATUS_OK;
	for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		snprintf(directory, sizeof directory, "%.*s", (int)(at - path), path);
		if (mkdir(directory, 0700) != 0 && errno != EEXIST)
			return report(STATUS_IO, "can't make the directory %s: %s", directory, strerror(errno));
	}
	return STATUS_OK;
}

static status make_key(const char *path)
{
	char public_path[4096];

	TRY(make_directory_of(path));
	__attribute__((cleanup(key_cleanup))) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	if (key == NULL)
		return report(STATUS_INTERNAL, "OpenSSL can't make an X25519 key");
	public_path_of(path, public_path, sizeof public_path);
	/* A public key without its private one is a leftover. */
	(void)!unlink(public_path);
	TRY(write_key(public_path, 0644, key, false));
	return write_key(path, 0600, key, true);
}

/* X and Y behind the 4 of an uncompressed point (SEC 1, 2.3.3). */
static status load_owner(const char *path, uint8_t ret_key[static START_OWNER_KEY_SIZE])
{
	__attribute__((cleanup(file_cleanup))) FILE *file = fopen(path, "re");
	uint8_t point[1 + START_OWNER_KEY_SIZE];
	char group[32] = "";
	size_t size = 0;

	if (file == NULL)
		return report(STATUS_IO,
			      "can't read the owner's public key %s: %s; `bartizan keygen --owner` makes one", path,
			      strerror(errno));
	__attribute__((cleanup(key_cleanup))) EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, no_password);
	if (key == NULL || EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
	    strcmp(group, "prime256v1") != 0 ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) != 1 ||
	    size != sizeof point || point[0] != 4)
		return report(STATUS_MALFORMED, "%s isn't a P-256 public key in PEM", path);
	memcpy(ret_key, point + 1, START_OWNER_KEY_SIZE);
	return STATUS_OK;
}

status identity_init(struct identity *identity, const struct link_primitives *primitives, const char *key_path,
		     const char *owner_path)
{
	uint8_t secret[LINK_KEY_SIZE];

	*identity = (struct identity){0};
	TRY(load_owner(owner_path, identity->binding.owner_key));
	if (access(key_path, F_OK) != 0 && errno == ENOENT)
		TRY(make_key(key_path));
	TRY(load_key(key_path, secret));
	status result = link_key_pair_init_secret(&identity->key, primitives, secret);
	link_wipe(secret, sizeof secret);
	TRY(result);
	memcpy(identity->binding.source_key, identity->key.public, sizeof identity->binding.source_key);
	return primitives->random(identity->binding.source_nonce, sizeof identity->binding.source_nonce);
}

void identity_deinit(struct identity *identity)
{
	link_key_pair_deinit(&identity->key);
}

void identity_hex(const uint8_t *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}
