/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a made-up platform's quote and collateral into a directory, for tests/test_verifier.py. */
#include "base/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "verifier/appraisal/fake-platform.h"

static FILE *create(const char *directory, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "we");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return file;
}

static void write_bytes(const char *directory, const char *name, const void *data, size_t size)
{
	FILE *file = create(directory, name);

	fwrite(data, 1, size, file);
	fclose(file);
}

static void write_chain(const char *directory, const char *name, const struct certificate_chain *chain)
{
	FILE *file = create(directory, name);

	for (int i = 0; i < chain->count; i++)
		PEM_write_X509(file, chain->certificates[i]);
	fclose(file);
}

static void write_crl(const char *directory, const char *name, X509_CRL *crl)
{
	FILE *file = create(directory, name);

	i2d_X509_CRL_fp(file, crl);
	fclose(file);
}

int main(int argc, char **argv)
{
	static struct fake_platform platform;
	struct fake_wishes wishes = fake_wishes;
	const struct collateral *collateral = &platform.collateral;

	if (argc != 3) {
		fprintf(stderr, "usage: make-quote DIRECTORY VERSION\n");
		return 2;
	}
	wishes.version = strcmp(argv[2], "4") == 0 ? 4 : 3;
	fake_platform_init(&platform, &wishes);
	write_bytes(argv[1], "quote", platform.quote, platform.quote_size);
	write_bytes(argv[1], "tcb_info.json", platform.tcb_info, strlen(platform.tcb_info));
	write_bytes(argv[1], "qe_identity.json", platform.qe_identity, strlen(platform.qe_identity));
	write_chain(argv[1], "tcb_info_issuer_chain.pem", &collateral->tcb_info_chain);
	write_chain(argv[1], "qe_identity_issuer_chain.pem", &collateral->qe_identity_chain);
	write_chain(argv[1], "pck_crl_issuer_chain.pem", &collateral->pck_crl_chain);
	write_crl(argv[1], "pck_crl.der", collateral->pck_crl);
	write_crl(argv[1], "root_ca_crl.der", collateral->root_crl);
	fake_platform_deinit(&platform);
	return EXIT_SUCCESS;
}
