/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/grants/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"

enum {
	P256_NUMBER_SIZE = 32,
	/* 04, X, Y: SEC 1, 2.3.3. */
	P256_POINT_SIZE = 1 + START_OWNER_KEY_SIZE,
	/* DER of two 32-byte integers in a sequence. */
	SIGNATURE_DER_SIZE_MAX = 72,
};

struct owner_key {
	EVP_PKEY *pair;
	uint8_t public[START_OWNER_KEY_SIZE];
};

static void pkey_deinit(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void file_deinit(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

#define CLEANUP_PKEY __attribute__((cleanup(pkey_deinit)))
#define CLEANUP_FILE __attribute__((cleanup(file_deinit)))

/* The point of a P-256 key, or false: another algorithm or curve. */
static bool p256_public(const EVP_PKEY *key, uint8_t ret_public[START_OWNER_KEY_SIZE])
{
	uint8_t point[P256_POINT_SIZE];
	char group[32];
	size_t size;

	if (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name(key, group, sizeof group, &size) ||
	    strcmp(group, SN_X9_62_prime256v1) != 0)
		return false;
	if (!EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) ||
	    size != sizeof point || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return false;
	memcpy(ret_public, point + 1, START_OWNER_KEY_SIZE);
	return true;
}

static bool x25519_public(const EVP_PKEY *key, uint8_t ret_public[START_KEY_SIZE])
{
	size_t size = START_KEY_SIZE;

	return EVP_PKEY_is_a(key, "X25519") && EVP_PKEY_get_raw_public_key(key, ret_public, &size) &&
	       size == START_KEY_SIZE;
}

static status owner_key_wrap(EVP_PKEY *pair, struct owner_key **ret_key)
{
	struct owner_key *key = calloc(1, sizeof *key);

	if (key == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	if (!p256_public(pair, key->public)) {
		free(key);
		return STATUS_MALFORMED;
	}
	EVP_PKEY_up_ref(pair);
	key->pair = pair;
	*ret_key = key;
	return STATUS_OK;
}

status owner_key_generate(struct owner_key **ret_key)
{
	EVP_PKEY *pair CLEANUP_PKEY = EVP_EC_gen("P-256");

	if (pair == NULL || owner_key_wrap(pair, ret_key) != STATUS_OK)
		return report(STATUS_INTERNAL, "OpenSSL made no P-256 key");
	return STATUS_OK;
}

void owner_key_destroy(struct owner_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pair);
	free(key);
}

static status open_key_file(const char *path, FILE **ret_file)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return report(STATUS_IO, "the key %s can't be opened: %m", path);
	*ret_file = file;
	return STATUS_OK;
}

int key_no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

/* A private key's file that only its user can read. */
static status read_private(const char *path, EVP_PKEY **ret_pair)
{
	FILE *file CLEANUP_FILE = NULL;
	struct stat stat;

	TRY(open_key_file(path, &file));
	if (fstat(fileno(file), &stat) != 0)
		return report(STATUS_IO, "the key %s can't be looked at: %m", path);
	if ((stat.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return report(STATUS_DENIED,
			      "the private key %s is open to others (mode %03o): chmod 600 it, or make a "
			      "new one if they may have read it",
			      path, (unsigned)stat.st_mode & 0777);
	EVP_PKEY *pair = PEM_read_PrivateKey(file, NULL, key_no_passphrase, NULL);
	if (pair == NULL)
		return report(STATUS_MALFORMED, "%s holds no private key in PEM without a passphrase", path);
	*ret_pair = pair;
	return STATUS_OK;
}

/* A public key's file; or a private one's. */
static status read_public(const char *path, EVP_PKEY **ret_key)
{
	FILE *file CLEANUP_FILE = NULL;

	TRY(open_key_file(path, &file));
	EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, key_no_passphrase, NULL);
	if (key == NULL) {
		key = fseek(file, 0, SEEK_SET) != 0 ? NULL : PEM_read_PrivateKey(file, NULL, key_no_passphrase, NULL);
	}
	if (key == NULL)
		return report(STATUS_MALFORMED, "%s holds no key in PEM", path);
	*ret_key = key;
	return STATUS_OK;
}

/* A file that is whole, and on the disk, before it has its name; and a name that is
 * given once: two that make the same key at once end up with one. */
struct new_file {
	char path[PATH_MAX];
	FILE *file;
};

static void new_file_deinit(struct new_file *new)
{
	if (new->file == NULL)
		return;
	fclose(new->file);
	unlink(new->path);
}

static status new_file_init(struct new_file *new, const char *path)
{
	if ((size_t)snprintf(new->path, sizeof new->path, "%s.XXXXXX", path) >= sizeof new->path)
		return report(STATUS_USAGE, "the path %s is too long", path);
	int fd = mkostemp(new->path, O_CLOEXEC);
	if (fd < 0)
		return report(STATUS_IO, "%s can't be made: %m", path);
	new->file = fdopen(fd, "w");
	if (new->file == NULL) {
		close(fd);
		unlink(new->path);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	return STATUS_OK;
}

/* STATUS_USAGE, not reported: there is such a file. */
static status new_file_name(const struct new_file *new, const char *path, mode_t mode, int written)
{
	int file = fileno(new->file);

	if (!written || fflush(new->file) != 0 || fchmod(file, mode) != 0 || fsync(file) != 0)
		return report(STATUS_IO, "%s can't be written: %m", path);
	if (link(new->path, path) == 0)
		return STATUS_OK;
	return errno == EEXIST ? STATUS_USAGE : report(STATUS_IO, "%s can't be made: %m", path);
}

/* The private half decides whose pair it is; a public half without one is a leftover. */
static status save_quietly(EVP_PKEY *pair, const char *path, const char *public_path)
{
	__attribute__((cleanup(new_file_deinit))) struct new_file private = {0}, public = {0};

	TRY(new_file_init(&private, path));
	TRY(new_file_name(&private, path, 0600,
			  PEM_write_PKCS8PrivateKey(private.file, pair, NULL, NULL, 0, NULL, NULL)));
	unlink(public_path);
	TRY(new_file_init(&public, public_path));
	return new_file_name(&public, public_path, 0644, PEM_write_PUBKEY(public.file, pair));
}

static status save_pair(EVP_PKEY *pair, const char *path, const char *public_path)
{
	status result = access(public_path, F_OK) == 0 ? STATUS_USAGE : save_quietly(pair, path, public_path);

	if (result == STATUS_USAGE)
		return report(result, "%s or %s exists: a key is never overwritten; move it away first", path,
			      public_path);
	return result;
}

status owner_key_load(const char *path, struct owner_key **ret_key)
{
	EVP_PKEY *pair CLEANUP_PKEY = NULL;

	TRY(read_private(path, &pair));
	status result = owner_key_wrap(pair, ret_key);
	if (result == STATUS_MALFORMED)
		return report(result, "%s isn't a P-256 key: `bartizan keygen --owner` makes one", path);
	return result;
}

status owner_key_save(const struct owner_key *key, const char *path, const char *public_path)
{
	return save_pair(key->pair, path, public_path);
}

status owner_key_save_public(const struct owner_key *key, const char *path)
{
	__attribute__((cleanup(new_file_deinit))) struct new_file public = {0};

	TRY(new_file_init(&public, path));
	status result = new_file_name(&public, path, 0644, PEM_write_PUBKEY(public.file, key->pair));
	return result == STATUS_USAGE ? report(result, "%s exists", path) : result;
}

status owner_key_load_or_make(const char *path, const char *public_path, struct owner_key **ret_key)
{
	struct owner_key *key;

	if (access(path, F_OK) == 0)
		return owner_key_load(path, ret_key);
	TRY(owner_key_generate(&key));
	status result = save_quietly(key->pair, path, public_path);
	owner_key_destroy(key);
	/* Somebody else may have made it meanwhile. */
	if (result != STATUS_OK && result != STATUS_USAGE)
		return result;
	return owner_key_load(path, ret_key);
}

const uint8_t *owner_key_public(const struct owner_key *key)
{
	return key->public;
}

EVP_PKEY *owner_key_handle(const struct owner_key *key)
{
	return key->pair;
}

/* DER to r ‖ s (RFC 3279, 2.2.3). */
static bool raw_signature(const uint8_t *der, size_t size, uint8_t ret_raw[LINK_SIGNATURE_SIZE])
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
	bool ok = signature != NULL &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_raw, P256_NUMBER_SIZE) == P256_NUMBER_SIZE &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_raw + P256_NUMBER_SIZE, P256_NUMBER_SIZE) ==
			  P256_NUMBER_SIZE;

	ECDSA_SIG_free(signature);
	return ok;
}

status owner_key_sign(void *owner_key, const uint8_t digest[static LINK_HASH_SIZE],
		      uint8_t ret_signature[static LINK_SIGNATURE_SIZE])
{
	const struct owner_key *key = owner_key;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pair, NULL);
	uint8_t der[SIGNATURE_DER_SIZE_MAX];
	size_t der_size = sizeof der;
	bool ok = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
		  EVP_PKEY_sign(context, der, &der_size, digest, LINK_HASH_SIZE) == 1 &&
		  raw_signature(der, der_size, ret_signature);

	EVP_PKEY_CTX_free(context);
	return ok ? STATUS_OK : report(STATUS_INTERNAL, "OpenSSL refused to sign with the owner's key");
}

status owner_public_load(const char *path, uint8_t ret_public[START_OWNER_KEY_SIZE])
{
	EVP_PKEY *key CLEANUP_PKEY = NULL;

	TRY(read_public(path, &key));
	if (!p256_public(key, ret_public))
		return report(STATUS_MALFORMED, "%s isn't a P-256 key, as an owner's is", path);
	return STATUS_OK;
}

status source_key_generate(const char *path, const char *public_path)
{
	EVP_PKEY *pair CLEANUP_PKEY = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");

	if (pair == NULL)
		return report(STATUS_INTERNAL, "OpenSSL made no X25519 key");
	return save_pair(pair, path, public_path);
}

status source_key_load(const char *path, uint8_t ret_private[START_KEY_SIZE], uint8_t ret_public[START_KEY_SIZE])
{
	EVP_PKEY *pair CLEANUP_PKEY = NULL;
	size_t size = START_KEY_SIZE;

	TRY(read_private(path, &pair));
	if (!x25519_public(pair, ret_public) || !EVP_PKEY_get_raw_private_key(pair, ret_private, &size) ||
	    size != START_KEY_SIZE)
		return report(STATUS_MALFORMED, "%s isn't an X25519 key: `bartizan keygen --source` makes one", path);
	return STATUS_OK;
}

status source_public_load(const char *text, uint8_t ret_public[START_KEY_SIZE])
{
	EVP_PKEY *key CLEANUP_PKEY = NULL;

	if (key_from_hex(text, ret_public, START_KEY_SIZE) == STATUS_OK)
		return STATUS_OK;
	TRY(read_public(text, &key));
	if (!x25519_public(key, ret_public))
		return report(STATUS_MALFORMED, "%s isn't an X25519 key, as a source's is", text);
	return STATUS_OK;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

status key_from_hex(const char *text, uint8_t *ret_bytes, size_t size)
{
	if (strlen(text) != 2 * size)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < 2 * size; i++)
		if (hex_value(text[i]) < 0)
			return STATUS_MALFORMED;
	for (size_t i = 0; i < size; i++)
		ret_bytes[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	return STATUS_OK;
}

void key_to_hex(const uint8_t *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}
