/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"

enum { MODULUS_BITS = SGX_MODULUS_SIZE * 8, EXPONENT = 3 };

struct signer {
	EVP_PKEY *pair;
	uint8_t modulus[SGX_MODULUS_SIZE]; /* little-endian */
};

static void pkey_deinit(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void pkey_context_deinit(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void digest_deinit(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void number_deinit(BIGNUM **number)
{
	BN_free(*number);
}

static void file_deinit(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

#define CLEANUP(type) __attribute__((cleanup(type##_deinit)))

/* Modulus and exponent as EINIT wants them? */
static bool key_fits(const EVP_PKEY *pair, uint8_t ret_modulus[SGX_MODULUS_SIZE])
{
	BIGNUM *modulus CLEANUP(number) = NULL, *exponent CLEANUP(number) = NULL;

	return EVP_PKEY_is_a(pair, "RSA") && EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
	       EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
	       BN_num_bits(modulus) == MODULUS_BITS && BN_is_word(exponent, EXPONENT) &&
	       BN_bn2lebinpad(modulus, ret_modulus, SGX_MODULUS_SIZE) == SGX_MODULUS_SIZE;
}

/* Takes a reference of its own. STATUS_MALFORMED, not reported: another kind of key. */
static status wrap(EVP_PKEY *pair, struct signer **ret_signer)
{
	struct signer *signer = calloc(1, sizeof *signer);

	if (signer == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a key");
	if (!key_fits(pair, signer->modulus)) {
		free(signer);
		return STATUS_MALFORMED;
	}
	EVP_PKEY_up_ref(pair);
	signer->pair = pair;
	*ret_signer = signer;
	return STATUS_OK;
}

status signer_generate(struct signer **ret_signer)
{
	EVP_PKEY_CTX *context CLEANUP(pkey_context) = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *exponent CLEANUP(number) = BN_new();
	EVP_PKEY *pair CLEANUP(pkey) = NULL;

	if (context == NULL || exponent == NULL || BN_set_word(exponent, EXPONENT) != 1 ||
	    EVP_PKEY_keygen_init(context) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(context, MODULUS_BITS) != 1 ||
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, exponent) != 1 || EVP_PKEY_generate(context, &pair) != 1 ||
	    wrap(pair, ret_signer) != STATUS_OK)
		return report(STATUS_INTERNAL, "OpenSSL made no RSA-3072 key with exponent 3");
	return STATUS_OK;
}

status signer_load(const char *path, struct signer **ret_signer)
{
	FILE *file CLEANUP(file) = fopen(path, "re");
	EVP_PKEY *pair CLEANUP(pkey) = NULL;
	struct stat stat;
	status result;

	if (file == NULL && errno == ENOENT)
		return STATUS_MISSING;
	if (file == NULL || fstat(fileno(file), &stat) != 0)
		return report(STATUS_IO, "the key %s can't be opened: %m", path);
	if ((stat.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return report(STATUS_DENIED,
			      "the private key %s is open to others (mode %03o): chmod 600 it, or make a new one if "
			      "they may have read it",
			      path, (unsigned)stat.st_mode & 0777);
	/* No callback of ours: OpenSSL's own asks for a passphrase on the terminal. */
	pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	if (pair == NULL)
		return report(STATUS_MALFORMED, "%s holds no private key in PEM (or the passphrase was wrong)", path);
	result = wrap(pair, ret_signer);
	if (result == STATUS_MALFORMED)
		return report(result,
			      "%s isn't an RSA-3072 key with exponent 3, which images are signed with: make one with "
			      "`bartizan keygen --signer`",
			      path);
	return result;
}

void signer_destroy(struct signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->pair);
	free(signer);
}

static status write_new(const struct signer *signer, const char *path)
{
	FILE *file CLEANUP(file) = NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return report(STATUS_USAGE, "%s exists, and a key is never overwritten: give another name", path);
	if (fd < 0)
		return report(STATUS_IO, "the key %s can't be made: %m", path);
	file = fdopen(fd, "w");
	if (file == NULL || PEM_write_PKCS8PrivateKey(file, signer->pair, NULL, NULL, 0, NULL, NULL) != 1 ||
	    fflush(file) != 0 || fsync(fd) != 0) {
		if (file == NULL)
			close(fd);
		unlink(path);
		return report(STATUS_IO, "the key %s can't be written: %m", path);
	}
	return STATUS_OK;
}

status signer_save(const struct signer *signer, const char *path)
{
	return write_new(signer, path);
}

/* The file appears whole or not at all, and the first one stays. */
static status make_once(const char *path)
{
	struct signer *signer = NULL;
	char beside[PATH_MAX];
	status result;

	if ((size_t)snprintf(beside, sizeof beside, "%s.%d.new", path, (int)getpid()) >= sizeof beside)
		return report(STATUS_USAGE, "the path %s is too long", path);
	TRY(signer_generate(&signer));
	result = write_new(signer, beside);
	signer_destroy(signer);
	TRY(result);
	if (link(beside, path) != 0 && errno != EEXIST)
		result = report(STATUS_IO, "the key %s can't be made: %m", path);
	unlink(beside);
	return result;
}

status signer_load_or_make(const char *path, bool *ret_made, struct signer **ret_signer)
{
	status found = signer_load(path, ret_signer);

	if (found == STATUS_OK)
		*ret_made = false;
	if (found != STATUS_MISSING)
		return found;
	TRY(make_once(path));
	found = signer_load(path, ret_signer);
	if (found == STATUS_MISSING)
		return report(STATUS_IO, "the key %s disappeared as soon as it was made", path);
	TRY(found);
	*ret_made = true;
	return STATUS_OK;
}

void signer_modulus(const struct signer *signer, uint8_t ret_modulus[SGX_MODULUS_SIZE])
{
	for (size_t i = 0; i < SGX_MODULUS_SIZE; i++)
		ret_modulus[i] = signer->modulus[i];
}

status signer_sign(const struct signer *signer, struct span message, uint8_t ret_signature[SGX_MODULUS_SIZE])
{
	EVP_MD_CTX *context CLEANUP(digest) = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL; /* context owns it */
	size_t size = SGX_MODULUS_SIZE;

	if (context == NULL || EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, signer->pair) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) != 1 ||
	    EVP_DigestSign(context, ret_signature, &size, message.data, message.size) != 1 || size != SGX_MODULUS_SIZE)
		return report(STATUS_INTERNAL, "OpenSSL made no signature");
	return STATUS_OK;
}
