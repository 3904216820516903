/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a root CA, a PCK CA, a platform with its PCK, a TCB signing key and a quoting
 * enclave, all made on the spot, and quotes and collateral by them. Written from Intel's
 * specifications by OpenSSL's encoders, with no code of what it tests.
 */
#ifndef VERIFIER_APPRAISAL_FAKE_PLATFORM_H
#define VERIFIER_APPRAISAL_FAKE_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "verifier/appraisal/appraise.h"

enum { FAKE_QUOTE_SIZE_MAX = 16 << 10 };

enum fake_party { FAKE_NOBODY, FAKE_ROOT, FAKE_CA, FAKE_SIGNING, FAKE_PCK };

/* What a test may want otherwise; fake_wishes has what is right. */
struct fake_wishes {
	/* Certificates and lists. */
	const char *pck_name, *ca_name, *signing_name, *root_name;
	time_t valid_from, valid_until, crl_until;
	bool pck_revoked, ca_revoked, signing_revoked, crl_by_other_ca;
	time_t crl_from;
	bool crl_without_end, crl_critical_extension, pck_crl_signed_by_other, root_crl_signed_by_other;
	/* Of one of them; the others are as they should be. */
	enum fake_party odd;
	const char *odd_curve, *odd_constraints, *odd_usage, *odd_name;
	bool odd_signed_by_other, odd_has_unknown_critical;
	time_t odd_from, odd_until;
	/* The root's key has another certificate, valid until then, which stands at the end of the quote's chain, or of
	 * all. */
	time_t reissued_until;
	bool reissued_in_quote, reissued_in_collateral;
	/* The SGX extension. */
	const char *fmspc, *pceid; /* hexadecimal */
	int component, pcesvn; /* the least of the sixteen, see fake_component(); the PCE's */
	bool without_tcb, double_fmspc, component_missing;
	/* In the notation of OpenSSL's ASN1_generate_v3(): the first text is replaced by the second. */
	const char *extension_find, *extension_replace;
	/* Collateral. */
	const char *platform_status, *qe_status, *info_fmspc;
	int info_version, level_component /* the least, too */, level_pcesvn, qe_level_svn;
	const char *info_issued, *info_until, *qe_until;
	bool info_signed_by_pck, info_altered, qe_altered;
	/* One member before it is signed: "tcbLevels.0.tcb.pcesvn=14"; without a value it is taken out. */
	const char *info_change, *qe_change;
	/* The quote. */
	int version, key_type, certification, outer_certification /* version 4 */;
	uint32_t tee;
	uint8_t vendor_byte;
	uint64_t flags; /* of the enclave */
	uint8_t mrenclave_byte;
	const uint8_t *report_data; /* SGX_REPORT_DATA_SIZE bytes; NULL: 0xdd each */
	int qe_svn, qe_product;
	uint8_t qe_mrsigner_byte;
	uint64_t qe_flags;
	bool qe_report_of_other_key, qe_signed_by_other, quote_signed_by_other;
	int padding; /* zeros behind it */
};

extern const struct fake_wishes fake_wishes;

/* What the SVN of component `number`, from 1 on, is where `least` is the least one: all sixteen differ. */
int fake_component(int least, int number);

struct fake_cast;

struct fake_platform {
	struct fake_cast *cast; /* all keys and certificates */
	struct certificate_root root;
	struct collateral collateral;
	uint8_t quote[FAKE_QUOTE_SIZE_MAX];
	size_t quote_size;
	char *tcb_info, *qe_identity; /* as served */
	status tcb_info_read, qe_identity_read; /* how reading them ended */
};

/* Fails the test that calls it where OpenSSL does. */
void fake_platform_init(struct fake_platform *platform, const struct fake_wishes *wishes);
/* Other collateral and another quote, as wished, by the keys and certificates that it has. */
void fake_platform_again(struct fake_platform *platform, const struct fake_wishes *wishes);
/* Zeros: harmless. */
void fake_platform_deinit(struct fake_platform *platform);

#endif
