/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Intel's Provisioning Certification Service says of platforms and quoting enclaves:
 * TCB info (API versions 3 and 4: `version` 2 and 3) and the identity of the quoting enclave
 * (`version` 2), as files in one directory. Signed by Intel, carried by anyone.
 */
#ifndef VERIFIER_APPRAISAL_COLLATERAL_H
#define VERIFIER_APPRAISAL_COLLATERAL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <jansson.h>

#include "base/status.h"
#include "verifier/appraisal/certificate.h"
#include "verifier/appraisal/pck.h"
#include "wire/sgx.h"

enum {
	/* Intel's have up to 30 KiB. */
	COLLATERAL_JSON_SIZE_MAX = 4 << 20,
	/* Intel's have up to 20. */
	COLLATERAL_LEVEL_COUNT_MAX = 256,
	COLLATERAL_ADVISORY_COUNT_MAX = 256,
	COLLATERAL_SENTENCE_SIZE = 128, /* with its NUL */
};

/* Intel's names of how a TCB stands, best first. */
enum tcb_status {
	TCB_UP_TO_DATE,
	TCB_SW_HARDENING_NEEDED,
	TCB_CONFIGURATION_NEEDED,
	TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	TCB_OUT_OF_DATE,
	TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
	TCB_REVOKED,
	TCB_STATUS_COUNT,
};

/* "UpToDate". */
const char *tcb_status_name(enum tcb_status tcb);
/* STATUS_MISSING: no status is called so. */
MUST_USE status tcb_status_from_name(const char *name, enum tcb_status *ret_tcb);

/* One line of either: at least these SVNs stand so. */
struct tcb_level {
	uint8_t components[PCK_COMPONENT_COUNT]; /* TCB info */
	uint16_t svn; /* TCB info: PCESVN; QE identity: ISVSVN */
	enum tcb_status tcb;
	time_t date;
	json_t *advisories; /* borrowed: an array of strings, maybe empty */
};

/* What both kinds have. */
struct collateral_body {
	json_t *document; /* owned */
	json_t *signed_part; /* borrowed */
	uint8_t signature[QUOTE_SIGNATURE_SIZE];
	struct span signed_bytes; /* owned: as Intel signed them */
	int64_t version;
	int64_t evaluation_number; /* tcbEvaluationDataNumber: later is stricter */
	time_t issued, next_update;
	struct tcb_level levels[COLLATERAL_LEVEL_COUNT_MAX]; /* best first, as served */
	size_t level_count;
	/* What it is instead of something that enclaves of SGX can be judged by; empty: that. The
	 * rest of it isn't there then. */
	char unsupported[COLLATERAL_SENTENCE_SIZE];
};

struct tcb_info {
	struct collateral_body body;
	uint8_t fmspc[PCK_FMSPC_SIZE];
	uint8_t pceid[PCK_PCEID_SIZE];
};

struct qe_identity {
	struct collateral_body body;
	uint32_t misc_select, misc_mask;
	uint8_t attributes[sizeof(struct sgx_attributes)], attributes_mask[sizeof(struct sgx_attributes)];
	uint8_t mrsigner[SGX_HASH_SIZE];
	uint16_t isv_prod_id;
};

/* STATUS_MALFORMED, reported: not JSON, a member is missing, twice there or of another kind. One of another version, or
 * for another kind of machine (TDX), is read, and says so in `unsupported`. */
MUST_USE status tcb_info_init(struct tcb_info *info, struct span json);
void tcb_info_deinit(struct tcb_info *info);
MUST_USE status qe_identity_init(struct qe_identity *identity, struct span json);
void qe_identity_deinit(struct qe_identity *identity);

struct collateral {
	struct tcb_info tcb_info;
	struct qe_identity qe_identity;
	struct certificate_chain tcb_info_chain, qe_identity_chain, pck_crl_chain;
	X509_CRL *pck_crl, *root_crl;
};

/* Read a directory: tcb_info.json, qe_identity.json, tcb_info_issuer_chain.pem,
 * qe_identity_issuer_chain.pem, pck_crl.der, pck_crl_issuer_chain.pem, root_ca_crl.der.
 * STATUS_MISSING, STATUS_DENIED, STATUS_IO, STATUS_MALFORMED: reported. */
MUST_USE status collateral_init(struct collateral *collateral, const char *directory);
void collateral_deinit(struct collateral *collateral);

#endif
