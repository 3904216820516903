/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/appraise.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/report.h"
#include "verifier/appraisal/appraise-work.h"
#include "verifier/appraisal/instant.h"
#include "verifier/grants/keys.h"
#include "wire/sim-quote.h"

/* The words around the advisories, with the longest name of a status. */
enum { STATUS_WORDS_SIZE = 96 };

const uint8_t appraisal_vendor_intel[QUOTE_VENDOR_SIZE] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
							   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

const uint8_t appraisal_vendor_sim[QUOTE_VENDOR_SIZE] = SIM_QUOTE_VENDOR;

/* Dates of a signed document; a tolerance only stretches the end. */
static void check_dates(struct work *work, const struct collateral_body *body, const char *what)
{
	const time_t at = work->terms->at;
	char text[INSTANT_TEXT_SIZE];

	if (at < body->issued) {
		instant_format(body->issued, text);
		verdict_refuse(work->verdict, "expired", "%s is of later (%s) than the time of appraisal", what, text);
	}
	if (at <= body->next_update)
		return;
	instant_format(body->next_update, text);
	if (at - body->next_update <= work->terms->policy->expired_seconds)
		verdict_tolerate(work->verdict, "accept_expired_collateral", "%s expired at %s", what, text);
	else
		verdict_refuse(work->verdict, "expired", "%s expired at %s: fetch the present one", what, text);
}

static bool check_document(struct work *work, const struct collateral_body *body, const struct certificate_chain *chain,
			   const char *what, const char *chain_what)
{
	uint8_t key[QUOTE_KEY_SIZE];

	if (!certificate_chain_verify(chain, CERTIFICATE_TCB_SIGNING, &work->trust, chain_what, work->verdict))
		return false;
	if (certificate_key(chain->certificates[0], key) != STATUS_OK ||
	    !certificate_signature_fits(key, body->signed_bytes, body->signature)) {
		verdict_refuse(work->verdict, "signature", "%s isn't signed by the key of %s", what, chain_what);
		return false;
	}
	check_dates(work, body, what);
	if (body->evaluation_number < work->terms->policy->evaluation_number_min)
		verdict_refuse(work->verdict, "evaluation-number",
			       "%s has the evaluation number %" PRId64 ": the policy wants at least %" PRId64, what,
			       body->evaluation_number, work->terms->policy->evaluation_number_min);
	return true;
}

/* Collateral for TDX, say, is well-formed and no help. */
static bool is_for_sgx(struct work *work, const struct collateral_body *body)
{
	if (body->unsupported[0] != '\0')
		verdict_refuse(work->verdict, "unsupported", "the collateral is %s", body->unsupported);
	return body->unsupported[0] == '\0';
}

static bool check_collateral(struct work *work)
{
	const struct collateral *collateral = work->terms->collateral;

	if (collateral == NULL) { /* find_vendor() refused such a quote */
		verdict_refuse(work->verdict, "collateral", "there is no collateral to judge the quote by");
		return false;
	}
	return is_for_sgx(work, &collateral->tcb_info.body) && is_for_sgx(work, &collateral->qe_identity.body) &&
	       certificate_chain_verify(&collateral->pck_crl_chain, CERTIFICATE_PCK_CA, &work->trust,
					"the PCK CRL's issuer chain", work->verdict) &&
	       check_document(work, &collateral->tcb_info.body, &collateral->tcb_info_chain, "the TCB info",
			      "the TCB info's issuer chain") &&
	       check_document(work, &collateral->qe_identity.body, &collateral->qe_identity_chain, "the QE identity",
			      "the QE identity's issuer chain");
}

bool appraise_chain_init(struct work *work, struct certificate_chain *ret_chain)
{
	const struct quote *quote = &work->result->quote;
	const char *const what = "the quote's certification data";

	if (quote->is_bare) {
		verdict_refuse(work->verdict, "unsupported",
			       "certification data of type %u in place of the quoting enclave's report (6), which "
			       "version 4 has there",
			       quote->certification);
		return false;
	}
	if (quote->certification != QUOTE_CERTIFICATION_PCK_CHAIN) {
		verdict_refuse(work->verdict, "unsupported",
			       "certification data of type %u: only a chain of certificates (5) is supported",
			       quote->certification);
		return false;
	}
	if (certificate_chain_init(ret_chain, quote->certification_data, what) == STATUS_OK)
		return true;
	verdict_refuse(work->verdict, "chain", "%s is no chain of certificates", what);
	return false;
}

static bool check_pck(struct work *work)
{
	const struct collateral *collateral = work->terms->collateral;
	struct certificate_chain chain;

	if (!appraise_chain_init(work, &chain))
		return false;
	bool fits = certificate_chain_verify(&chain, CERTIFICATE_PCK, &work->trust, "the PCK certificate's chain",
					     work->verdict);
	if (fits && pck_from_certificate(chain.certificates[0], &work->result->pck) != STATUS_OK) {
		verdict_refuse(work->verdict, "chain", "the PCK certificate doesn't say what its platform is");
		fits = false;
	}
	/* The list that was consulted must be this CA's; a chain of the other CA says nothing. */
	if (fits && !certificate_is_same_issuer(chain.certificates[1], collateral->pck_crl_chain.certificates[0])) {
		verdict_refuse(work->verdict, "chain", "the PCK CRL's issuer chain is of another CA than the PCK's");
		fits = false;
	}
	certificate_chain_deinit(&chain);
	return fits;
}

static bool signed_by(const uint8_t *key, struct span bytes, struct span signature)
{
	return certificate_signature_fits(key, bytes, signature.data);
}

/* PCK → report of the quoting enclave → attestation key → quote. */
bool appraise_signatures(struct work *work)
{
	const struct quote *quote = &work->result->quote;
	uint8_t input[QUOTE_KEY_SIZE + UINT16_MAX], hash[SGX_REPORT_DATA_SIZE] = {0};
	unsigned int hash_size;

	if (!signed_by(work->result->pck.key, quote->qe_report_bytes, quote->qe_signature)) {
		verdict_refuse(work->verdict, "signature", "the quoting enclave's report isn't signed by the PCK");
		return false;
	}
	memcpy(input, quote->key.data, quote->key.size);
	memcpy(input + quote->key.size, quote->qe_authentication.data, quote->qe_authentication.size);
	if (EVP_Digest(input, quote->key.size + quote->qe_authentication.size, hash, &hash_size, EVP_sha256(), NULL) !=
		    1 ||
	    memcmp(hash, quote->qe_report.report_data, sizeof hash) != 0) {
		verdict_refuse(work->verdict, "signature",
			       "the quoting enclave's report isn't about this attestation key");
		return false;
	}
	if (!signed_by(quote->key.data, quote->signed_bytes, quote->signature)) {
		verdict_refuse(work->verdict, "signature", "the quote isn't signed by its attestation key");
		return false;
	}
	return true;
}

/* The bytes of `value` under `mask` are those of `wanted`. */
static bool masked_equal(const void *value, const uint8_t *wanted, const uint8_t *mask, size_t size)
{
	const uint8_t *bytes = value;

	for (size_t i = 0; i < size; i++)
		if ((bytes[i] & mask[i]) != (wanted[i] & mask[i]))
			return false;
	return true;
}

/* Is the quoting enclave Intel's? */
static bool check_qe(struct work *work)
{
	const struct sgx_report *report = &work->result->quote.qe_report;
	const struct qe_identity *identity = &work->terms->collateral->qe_identity;
	const char *wrong = NULL;

	if ((report->misc_select & identity->misc_mask) != (identity->misc_select & identity->misc_mask))
		wrong = "MISCSELECT";
	else if (!masked_equal(&report->attributes, identity->attributes, identity->attributes_mask,
			       sizeof report->attributes))
		wrong = "ATTRIBUTES";
	else if (memcmp(report->mrsigner, identity->mrsigner, SGX_HASH_SIZE) != 0)
		wrong = "MRSIGNER";
	else if (report->isv_prod_id != identity->isv_prod_id)
		wrong = "ISVPRODID";
	if (wrong != NULL)
		verdict_refuse(work->verdict, "qe-identity",
			       "the quoting enclave isn't the one of the QE identity: "
			       "its %s differs",
			       wrong);
	return wrong == NULL;
}

static bool check_platform(struct work *work)
{
	const struct tcb_info *info = &work->terms->collateral->tcb_info;
	const struct pck *pck = &work->result->pck;

	if (memcmp(info->fmspc, pck->fmspc, sizeof pck->fmspc) == 0 &&
	    memcmp(info->pceid, pck->pceid, sizeof pck->pceid) == 0)
		return true;
	char wanted[2 * PCK_FMSPC_SIZE + 1], found[2 * PCK_FMSPC_SIZE + 1];
	key_to_hex(pck->fmspc, sizeof pck->fmspc, wanted);
	key_to_hex(info->fmspc, sizeof info->fmspc, found);
	verdict_refuse(work->verdict, "platform",
		       "the TCB info is for another kind of platform (FMSPC %s) than the quote's (%s, PCEID %02x%02x)",
		       found, wanted, pck->pceid[0], pck->pceid[1]);
	return false;
}

static bool reaches(const struct pck *pck, const struct tcb_level *level)
{
	for (size_t i = 0; i < PCK_COMPONENT_COUNT; i++)
		if (pck->components[i] < level->components[i])
			return false;
	return pck->pcesvn >= level->svn;
}

/* The first level, best first, whose every SVN the platform reaches. */
static const struct tcb_level *platform_level(const struct collateral_body *body, const struct pck *pck)
{
	for (size_t i = 0; i < body->level_count; i++)
		if (reaches(pck, &body->levels[i]))
			return &body->levels[i];
	return NULL;
}

static const struct tcb_level *qe_level(const struct collateral_body *body, uint16_t isv_svn)
{
	for (size_t i = 0; i < body->level_count; i++)
		if (isv_svn >= body->levels[i].svn)
			return &body->levels[i];
	return NULL;
}

/* Both together, as Intel's library converges them: a quoting enclave that is out of date
 * makes the platform so. Only UpToDate, OutOfDate and Revoked are defined for one; anything
 * else counts as OutOfDate. */
static enum tcb_status converge(enum tcb_status platform, enum tcb_status qe)
{
	if (qe == TCB_REVOKED || platform == TCB_REVOKED)
		return TCB_REVOKED;
	if (qe == TCB_UP_TO_DATE)
		return platform;
	if (platform == TCB_UP_TO_DATE || platform == TCB_SW_HARDENING_NEEDED || platform == TCB_OUT_OF_DATE)
		return TCB_OUT_OF_DATE;
	return TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

static size_t put_advisories(const struct tcb_level *level, const char *lead, char *text, size_t used, size_t size)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(level->advisories, i, entry) if (used < size) used +=
		(size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? lead : " ", json_string_value(entry));
	return used;
}

/* Both levels' advisories in one text; "none". */
static void advisories_text(const struct appraisal *result, char *ret_text, size_t size)
{
	size_t used = put_advisories(result->platform_level, "", ret_text, 0, size);

	used = put_advisories(result->qe_level,
			      used > 0 ? "; the quoting enclave's: " : "the quoting enclave's: ", ret_text, used, size);
	if (used == 0)
		snprintf(ret_text, size, "none");
	if (used >= size)
		verdict_text_mark_cut(ret_text, size);
}

static bool advisory_is_accepted(const struct policy *policy, const char *advisory)
{
	for (size_t i = 0; i < policy->advisory_count; i++)
		if (strcmp(policy->advisories[i], advisory) == 0)
			return true;
	return false;
}

/* The first one that the policy doesn't name; NULL if there is none. */
static const char *advisory_unaccepted(const struct policy *policy, const struct tcb_level *level)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(
		level->advisories, i,
		entry) if (policy->has_advisories &&
			   !advisory_is_accepted(policy, json_string_value(entry))) return json_string_value(entry);
	return NULL;
}

static void judge_status(struct work *work)
{
	const struct appraisal *result = work->result;
	const struct policy *policy = work->terms->policy;
	char advisories[VERDICT_TEXT_SIZE - STATUS_WORDS_SIZE];

	if (result->tcb == TCB_UP_TO_DATE)
		return;
	advisories_text(result, advisories, sizeof advisories);
	if (!policy->accepted_status[result->tcb]) {
		verdict_refuse(work->verdict, "tcb-status", "the TCB is %s, not UpToDate (advisories: %s)",
			       tcb_status_name(result->tcb), advisories);
		return;
	}
	const char *unaccepted = advisory_unaccepted(policy, result->platform_level);
	if (unaccepted == NULL)
		unaccepted = advisory_unaccepted(policy, result->qe_level);
	if (unaccepted != NULL)
		verdict_refuse(work->verdict, "tcb-status", "the TCB is %s, and the policy doesn't accept %s",
			       tcb_status_name(result->tcb), unaccepted);
	else
		verdict_tolerate(work->verdict, "accept_tcb_status", "%s (advisories: %s)",
				 tcb_status_name(result->tcb), advisories);
}

static bool find_levels(struct work *work)
{
	const struct collateral *collateral = work->terms->collateral;
	struct appraisal *result = work->result;

	result->platform_level = platform_level(&collateral->tcb_info.body, &result->pck);
	result->qe_level = qe_level(&collateral->qe_identity.body, result->quote.qe_report.isv_svn);
	if (result->platform_level == NULL)
		verdict_refuse(work->verdict, "tcb-status",
			       "the platform's SVNs are below every level of the TCB info");
	if (result->qe_level == NULL)
		verdict_refuse(work->verdict, "tcb-status",
			       "the quoting enclave's SVN %u is below every level of the QE identity",
			       result->quote.qe_report.isv_svn);
	if (result->platform_level == NULL || result->qe_level == NULL)
		return false;
	result->tcb = converge(result->platform_level->tcb, result->qe_level->tcb);
	return true;
}

static bool reference_fits(const struct policy_reference *reference, const struct sgx_report *report)
{
	if (!reference->is_signer)
		return memcmp(reference->hash, report->mrenclave, SGX_HASH_SIZE) == 0;
	return memcmp(reference->hash, report->mrsigner, SGX_HASH_SIZE) == 0 &&
	       report->isv_prod_id == reference->isv_prod_id && report->isv_svn >= reference->isv_svn_min;
}

void appraise_enclave(struct work *work)
{
	const struct sgx_report *report = &work->result->quote.report;
	const struct policy *policy = work->terms->policy;

	work->result->is_debug = (report->attributes.flags & SGX_ATTRIBUTE_DEBUG) != 0;
	if (work->result->is_debug && policy->accept_debug)
		verdict_tolerate(work->verdict, "accept_debug", "the enclave's memory can be read: DEBUG is set");
	else if (work->result->is_debug)
		verdict_refuse(work->verdict, "debug", "the enclave's memory can be read: DEBUG is set");
	if ((report->attributes.flags & SGX_ATTRIBUTE_INIT) == 0)
		verdict_refuse(work->verdict, "attributes", "the report is of an enclave that wasn't initialised");
	if (!policy->has_references)
		return;
	work->result->identity = APPRAISAL_IDENTITY_UNKNOWN;
	for (size_t i = 0; i < policy->reference_count; i++)
		if (reference_fits(&policy->references[i], report))
			work->result->identity = APPRAISAL_IDENTITY_FITS;
	if (work->result->identity == APPRAISAL_IDENTITY_UNKNOWN)
		verdict_refuse(work->verdict, "identity", "no reference value of the policy fits the enclave");
}

static void appraise(struct work *work)
{
	if (!check_collateral(work) || !check_pck(work) || !appraise_signatures(work))
		return;
	work->result->stage = APPRAISAL_AUTHENTIC;
	appraise_enclave(work);
	if (!check_qe(work) || !check_platform(work) || !find_levels(work))
		return;
	work->result->stage = APPRAISAL_LEVELS;
	judge_status(work);
}

static bool is_known_vendor(const struct quote *header, const struct appraisal_terms *terms)
{
	return memcmp(header->vendor, appraisal_vendor_sim, QUOTE_VENDOR_SIZE) == 0 ||
	       memcmp(header->vendor, terms->vendor, QUOTE_VENDOR_SIZE) == 0;
}

/* Whose is it? False: nobody's whom we know. */
static bool find_vendor(struct work *work, const struct quote *header)
{
	const struct appraisal_terms *terms = work->terms;

	work->result->is_sim = memcmp(header->vendor, appraisal_vendor_sim, QUOTE_VENDOR_SIZE) == 0;
	if (!is_known_vendor(header, terms))
		verdict_refuse(work->verdict, "vendor", "the quoting enclave isn't of %s", terms->root->name);
	else if (work->result->is_sim && terms->sim_root_count == 0)
		verdict_refuse(work->verdict, "sim",
			       "a quote of the backend sim, whose root is a FAKE: it proves nothing; to take those "
			       "of one machine all the same is --insecure-accept-sim FINGERPRINT");
	else if (!work->result->is_sim && terms->collateral == NULL)
		verdict_refuse(work->verdict, "collateral",
			       "a platform's quote can't be judged without %s's collateral (--collateral)",
			       terms->root->name);
	return verdict_is_accepted(work->verdict);
}

/* The pinned root's own certificate, which one of the collateral's chains has. */
static X509 *find_anchor(const struct collateral *collateral, const struct certificate_root *root)
{
	const struct certificate_chain *const chains[] = {&collateral->tcb_info_chain, &collateral->qe_identity_chain,
							  &collateral->pck_crl_chain};

	for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
		if (certificate_chain_pinned(chains[i], root) != NULL)
			return certificate_chain_pinned(chains[i], root);
	return NULL;
}

status appraise_quote(struct span quote, const struct appraisal_terms *terms, struct appraisal *ret_appraisal)
{
	struct appraisal result = {0};
	struct work work = {
		.terms = terms,
		.trust = {.root = terms->root, .at = terms->at, .expired_seconds = terms->policy->expired_seconds},
		.result = &result,
		.verdict = &result.verdict,
	};

	if (terms->collateral != NULL) {
		work.trust.anchor = find_anchor(terms->collateral, terms->root);
		work.trust.root_crl = terms->collateral->root_crl;
		work.trust.pck_crl = terms->collateral->pck_crl;
	}
	TRY(quote_parse_header(quote, &result.quote));
	if (!quote_version_is_known(&result.quote) && !is_known_vendor(&result.quote, terms))
		return report(STATUS_MALFORMED, "this isn't a quote: its first bytes name version %u, of 1 to 5",
			      result.quote.version);
	const char *unsupported = quote_unsupported(&result.quote);
	if (unsupported != NULL) {
		verdict_refuse(&result.verdict, "unsupported", "%s", unsupported);
	} else if (find_vendor(&work, &result.quote)) {
		TRY(quote_parse(quote, &result.quote));
		result.stage = APPRAISAL_PARSED;
		if (result.quote.has_rest)
			verdict_refuse(&result.verdict, "rest", "behind the quote stands something that isn't of it");
		else if (result.is_sim)
			appraise_sim(&work);
		else
			appraise(&work);
	}
	*ret_appraisal = result;
	return STATUS_OK;
}
