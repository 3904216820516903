/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/report.h"

enum { PATH_SIZE = 4096 };

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

static status load_key(const char *path, EVP_PKEY **ret_key)
{
	__attribute__((cleanup(file_cleanup))) FILE *file = fopen(path, "re");
	struct stat found;

	if (file == NULL || fstat(fileno(file), &found) != 0)
		return report(STATUS_IO, "can't read the source's key %s: %s", path, strerror(errno));
	if ((found.st_mode & 077) != 0)
		return report(STATUS_DENIED,
			      "others may read the source's key %s: chmod 600 it, or better make a new one", path);
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, no_password);
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_X25519) {
		EVP_PKEY_free(key);
		return report(STATUS_MALFORMED, "%s isn't an X25519 private key in PEM", path);
	}
	*ret_key = key;
	return STATUS_OK;
}

static bool write_to(int descriptor, mode_t mode, EVP_PKEY *key, bool is_private)
{
	__attribute__((cleanup(file_cleanup))) FILE *file = fdopen(descriptor, "w");

	if (file == NULL) {
		close(descriptor);
		return false;
	}
	int written =
		is_private ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(file, key);
	return written == 1 && fflush(file) == 0 && fchmod(fileno(file), mode) == 0 && fsync(fileno(file)) == 0;
}

/* The file is whole, and on the disk, before it has its name, and a name is given once: of several agents that start
 * for the first time one makes the key, whenever the others are killed. One that is there already is left. */
static status write_key(const char *path, mode_t mode, EVP_PKEY *key, bool is_private)
{
	char unnamed[PATH_SIZE];

	if ((size_t)snprintf(unnamed, sizeof unnamed, "%s.XXXXXX", path) >= sizeof unnamed)
		return report(STATUS_USAGE, "the path of the source's key is too long: %s", path);
	int descriptor = mkostemp(unnamed, O_CLOEXEC);
	if (descriptor < 0)
		return report(STATUS_IO, "can't write the source's key to %s: %s", path, strerror(errno));
	bool is_named = write_to(descriptor, mode, key, is_private) && (link(unnamed, path) == 0 || errno == EEXIST);
	int error = errno;
	(void)!unlink(unnamed);
	if (!is_named)
		return report(STATUS_IO, "can't write the source's key to %s: %s", path, strerror(error));
	return STATUS_OK;
}

/* "agent.key" → "agent.pub" */
static void public_path_of(const char *path, char *ret_path, size_t size)
{
	size_t base = strlen(path);

	if (base > 4 && strcmp(path + base - 4, ".key") == 0)
		base -= 4;
	/* No longer than the key's own, which was found, or made with a name that is longer still. */
	if (base > size - sizeof ".pub")
		base = size - sizeof ".pub";
	char *end = mempcpy(ret_path, path, base);
	memcpy(end, ".pub", sizeof ".pub");
}

static status make_directory_of(const char *path)
{
	char directory[PATH_SIZE];
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

static status make_key(const char *path, const char *public_path)
{
	TRY(make_directory_of(path));
	__attribute__((cleanup(key_cleanup))) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	if (key == NULL)
		return report(STATUS_INTERNAL, "OpenSSL can't make an X25519 key");
	/* A public key without its private one is a leftover. */
	(void)!unlink(public_path);
	return write_key(path, 0600, key, true);
}

/* Made now where there is none; by whomever: what is read then is what all have. */
static status load_or_make_key(const char *path, uint8_t ret_secret[static LINK_KEY_SIZE])
{
	__attribute__((cleanup(key_cleanup))) EVP_PKEY *key = NULL;
	char public_path[PATH_SIZE];
	size_t size = LINK_KEY_SIZE;

	public_path_of(path, public_path, sizeof public_path);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		TRY(make_key(path, public_path));
	TRY(load_key(path, &key));
	/* Whoever made the key may have been killed before this. It is said where it can't be written; to serve it
	 * isn't needed. */
	if (access(public_path, F_OK) != 0 && errno == ENOENT)
		(void)!write_key(public_path, 0644, key, false);
	if (EVP_PKEY_get_raw_private_key(key, ret_secret, &size) != 1 || size != LINK_KEY_SIZE)
		return report(STATUS_MALFORMED, "%s isn't an X25519 private key in PEM", path);
	return STATUS_OK;
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
	TRY(load_or_make_key(key_path, secret));
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
