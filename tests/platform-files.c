/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "platform-files.h"

enum { DAY = 24 * 3600, SOON = 15 };

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

void platform_files_write(const struct fake_platform *platform, const char *directory)
{
	const struct collateral *collateral = &platform->collateral;
	uint8_t root[CERTIFICATE_HASH_SIZE + QUOTE_KEY_SIZE];

	memcpy(root, platform->root.certificate_sha256, CERTIFICATE_HASH_SIZE);
	memcpy(root + CERTIFICATE_HASH_SIZE, platform->root.key, QUOTE_KEY_SIZE);
	write_bytes(directory, "root", root, sizeof root);
	write_bytes(directory, "quote", platform->quote, platform->quote_size);
	write_bytes(directory, "tcb_info.json", platform->tcb_info, strlen(platform->tcb_info));
	write_bytes(directory, "qe_identity.json", platform->qe_identity, strlen(platform->qe_identity));
	write_chain(directory, "tcb_info_issuer_chain.pem", &collateral->tcb_info_chain);
	write_chain(directory, "qe_identity_issuer_chain.pem", &collateral->qe_identity_chain);
	write_chain(directory, "pck_crl_issuer_chain.pem", &collateral->pck_crl_chain);
	write_crl(directory, "pck_crl.der", collateral->pck_crl);
	write_crl(directory, "root_ca_crl.der", collateral->root_crl);
}

struct fake_wishes platform_files_today(void)
{
	struct fake_wishes wishes = fake_wishes;

	wishes.valid_until = wishes.crl_until = time(NULL) + (time_t)100 * DAY;
	wishes.info_until = wishes.qe_until = "2099-01-01T00:00:00Z";
	return wishes;
}

static const char gone[] = "2025-06-15T00:00:00Z";

static void info_expired(struct fake_wishes *wishes)
{
	wishes->info_until = gone;
}

static void identity_expired(struct fake_wishes *wishes)
{
	wishes->qe_until = gone;
}

static void list_expired(struct fake_wishes *wishes)
{
	wishes->crl_until = wishes->crl_from + DAY;
}

static void list_expires_soon(struct fake_wishes *wishes)
{
	wishes->crl_until = time(NULL) + SOON;
}

static void info_of_tomorrow(struct fake_wishes *wishes)
{
	wishes->info_issued = "2098-01-01T00:00:00Z";
	wishes->info_until = "2099-01-01T00:00:00Z";
}

static void revoked(struct fake_wishes *wishes)
{
	wishes->pck_revoked = true;
}

static void ca_revoked(struct fake_wishes *wishes)
{
	wishes->ca_revoked = true;
}

static void out_of_date(struct fake_wishes *wishes)
{
	wishes->platform_status = "OutOfDate";
}

static void info_of_another(struct fake_wishes *wishes)
{
	wishes->info_fmspc = "00706A000000";
}

static void info_by_the_platform(struct fake_wishes *wishes)
{
	wishes->info_signed_by_pck = true;
}

static void debug(struct fake_wishes *wishes)
{
	wishes->flags |= SGX_ATTRIBUTE_DEBUG;
}

static void encrypted_ppid(struct fake_wishes *wishes)
{
	wishes->certification = 3;
}

static void quote_by_another(struct fake_wishes *wishes)
{
	wishes->quote_signed_by_other = true;
}

static void report_by_another(struct fake_wishes *wishes)
{
	wishes->qe_signed_by_other = true;
}

static void (*const spoilers[PLATFORM_FILES_WISH_COUNT])(struct fake_wishes *) = {
	info_expired,	identity_expired, list_expired,	     info_of_tomorrow,	   revoked,
	ca_revoked,	out_of_date,	  info_of_another,   info_by_the_platform, debug,
	encrypted_ppid, quote_by_another, report_by_another, list_expires_soon,
};

const char *const platform_files_names[PLATFORM_FILES_WISH_COUNT] = {
	"info-expired",	  "identity-expired", "list-expired",	   "info-of-tomorrow",	   "revoked",
	"ca-revoked",	  "out-of-date",      "info-of-another",   "info-by-the-platform", "debug",
	"encrypted-ppid", "quote-by-another", "report-by-another", "soon-expired",
};

void platform_files_spoil(struct fake_wishes *wishes, const char *name)
{
	for (size_t i = 0; i < PLATFORM_FILES_WISH_COUNT; i++) {
		if (strcmp(platform_files_names[i], name) == 0) {
			spoilers[i](wishes);
			return;
		}
	}
	fprintf(stderr, "a made-up platform can't be %s\n", name);
	exit(2);
}
