/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotes of the backend sim. They have the form of a platform's and are verified as such, up to a
 * fake root that this verifier was told of by its fingerprint. There is no TCB to be judged, no list of
 * revoked ones: whoever can read that machine's fake root can make any of this.
 */
#include <string.h>

#include <openssl/evp.h>

#include "verifier/appraisal/appraise-work.h"
#include "verifier/grants/keys.h"
#include "wire/sim-quote.h"

static bool fingerprint(const X509 *certificate, uint8_t ret_fingerprint[APPRAISAL_SIM_FINGERPRINT_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool done = size > 0 && EVP_Digest(der, (size_t)size, ret_fingerprint, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return done;
}

static bool is_accepted(const struct appraisal_terms *terms, const uint8_t root[APPRAISAL_SIM_FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < terms->sim_root_count; i++)
		if (memcmp(terms->sim_roots[i], root, APPRAISAL_SIM_FINGERPRINT_SIZE) == 0)
			return true;
	return false;
}

/* The chain's last certificate, made the pinned root if this machine is one that is accepted. */
static bool pin_root(struct work *work, const struct certificate_chain *chain, struct certificate_root *ret_root)
{
	const X509 *last = chain->certificates[chain->count - 1];
	char text[2 * APPRAISAL_SIM_FINGERPRINT_SIZE + 1];
	uint8_t *sim_root = work->result->sim_root;

	*ret_root = (struct certificate_root){.name = "the backend sim", .is_fake = true};
	if (!fingerprint(last, sim_root) || X509_digest(last, EVP_sha256(), ret_root->certificate_sha256, NULL) != 1 ||
	    certificate_key(last, ret_root->key) != STATUS_OK) {
		verdict_refuse(work->verdict, "chain", "the quote's chain doesn't end at a root with a P-256 key");
		return false;
	}
	if (is_accepted(work->terms, sim_root))
		return true;
	key_to_hex(sim_root, APPRAISAL_SIM_FINGERPRINT_SIZE, text);
	verdict_refuse(work->verdict, "root",
		       "a quote of the backend sim under another machine's FAKE root than accepted: this one's "
		       "fingerprint is %s",
		       text);
	return false;
}

static bool check_chain(struct work *work, const struct certificate_chain *chain)
{
	struct certificate_root root;

	if (!pin_root(work, chain, &root))
		return false;
	const struct certificate_trust trust = {.root = &root, .at = work->terms->at};
	if (!certificate_chain_verify(chain, CERTIFICATE_PCK, &trust, "the quote's chain of FAKE certificates",
				      work->verdict))
		return false;
	if (certificate_key(chain->certificates[0], work->result->pck.key) == STATUS_OK)
		return true;
	verdict_refuse(work->verdict, "chain", "the key that certifies the quoting enclave isn't P-256");
	return false;
}

static bool check_certification(struct work *work)
{
	struct certificate_chain chain;

	if (!appraise_chain_init(work, &chain))
		return false;
	bool fits = check_chain(work, &chain);
	certificate_chain_deinit(&chain);
	return fits;
}

static bool is_hash_of(const uint8_t hash[SGX_HASH_SIZE], const char *text)
{
	uint8_t expected[SGX_HASH_SIZE];

	return EVP_Digest(text, strlen(text), expected, NULL, EVP_sha256(), NULL) == 1 &&
	       memcmp(hash, expected, sizeof expected) == 0;
}

/* Both reports say that they are of no CPU. */
static bool check_fakes(struct work *work)
{
	static const uint8_t cpusvn[SGX_CPUSVN_SIZE] = SIM_QUOTE_CPUSVN;
	const struct sgx_report *quoting = &work->result->quote.qe_report;
	const struct sgx_report *report = &work->result->quote.report;

	if (!is_hash_of(quoting->mrenclave, SIM_QUOTE_ENCLAVE_NAME) ||
	    !is_hash_of(quoting->mrsigner, SIM_QUOTE_SIGNER_NAME)) {
		verdict_refuse(work->verdict, "qe-identity", "the quoting part isn't that of the backend sim");
		return false;
	}
	if (memcmp(report->cpusvn, cpusvn, sizeof cpusvn) != 0 || memcmp(quoting->cpusvn, cpusvn, sizeof cpusvn) != 0) {
		verdict_refuse(work->verdict, "cpusvn",
			       "a report in it isn't of the backend sim: its CPUSVN is another");
		return false;
	}
	return true;
}

void appraise_sim(struct work *work)
{
	char text[2 * APPRAISAL_SIM_FINGERPRINT_SIZE + 1];

	if (!check_certification(work) || !appraise_signatures(work) || !check_fakes(work))
		return;
	work->result->stage = APPRAISAL_AUTHENTIC;
	key_to_hex(work->result->sim_root, APPRAISAL_SIM_FINGERPRINT_SIZE, text);
	verdict_tolerate(work->verdict, "insecure-accept-sim",
			 "simulated, under the FAKE root %s: whoever is root on that machine can forge it", text);
	appraise_enclave(work);
}
