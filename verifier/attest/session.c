/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/attest/attest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/report.h"
#include "verifier/attest/evidence.h"
#include "wire/agent.h"

enum stage {
	STAGE_HANDSHAKE,
	STAGE_SEND_NONCE,
	STAGE_RECEIVE_QUOTE,
	STAGE_SEND_ACCEPTED,
	STAGE_ACCEPTED,
	STAGE_SEND_REFUSED,
	STAGE_REFUSED,
};

struct attest_session {
	SSL *ssl; /* borrowed */
	const struct attest_terms *terms;
	enum stage stage;
	uint8_t nonce[EVIDENCE_NONCE_SIZE];
	uint8_t exporter[EVIDENCE_EXPORTER_SIZE];
	struct attest_enclave enclave; /* by the certificate, then by the second quote */
	struct verdict verdict;
	bool has_verdict;
	char sentence[EVIDENCE_SENTENCE_SIZE];
	uint8_t *quote; /* the second one, once it was accepted */
	size_t quote_size;
	/* A frame that goes out, or comes in. */
	uint8_t frame[sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX];
	size_t frame_size, frame_position;
};

static_assert(EVIDENCE_SENTENCE_SIZE <= EVIDENCE_QUOTE_SIZE_MAX, "a frame holds either");

status attest_session_create(SSL *ssl, const struct attest_terms *terms, struct attest_session **ret_session)
{
	struct attest_session *session = calloc(1, sizeof *session);

	if (session == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	session->ssl = ssl;
	session->terms = terms;
	*ret_session = session;
	return STATUS_OK;
}

void attest_session_destroy(struct attest_session *session)
{
	if (session != NULL)
		free(session->quote);
	free(session);
}

void attest_session_terms_set(struct attest_session *session, const struct attest_terms *terms)
{
	session->terms = terms;
}

const char *attest_session_sentence(const struct attest_session *session)
{
	return session->sentence;
}

const struct verdict *attest_session_verdict(const struct attest_session *session)
{
	return session->has_verdict ? &session->verdict : NULL;
}

static void put_frame(struct attest_session *session, enum evidence_frame_type type, const void *body, size_t size)
{
	const struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = (uint16_t)type, .size = (uint32_t)size};

	memcpy(session->frame, &head, sizeof head);
	if (size > 0)
		memcpy(session->frame + sizeof head, body, size);
	session->frame_size = sizeof head + size;
	session->frame_position = 0;
}

/* From now on there is only to be said why. Returns STATUS_OK: the next stage says it. */
__attribute__((format(printf, 2, 3))) static status refuse(struct attest_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(session->sentence, sizeof session->sentence, format, arguments);
	va_end(arguments);
	put_frame(session, EVIDENCE_REFUSED, session->sentence, strlen(session->sentence));
	session->stage = STAGE_SEND_REFUSED;
	return STATUS_OK;
}

/* What a failed call of OpenSSL means. */
static status transport_status(struct attest_session *session, int result)
{
	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return STATUS_TORN;
	case SSL_ERROR_SSL: break;
	default: ERR_clear_error(); return STATUS_GONE;
	}
	if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return STATUS_GONE;
	}
	const char *reason = ERR_reason_error_string(ERR_peek_error());
	snprintf(session->sentence, sizeof session->sentence, "TLS failed: %s",
		 reason != NULL ? reason : "for a reason that OpenSSL doesn't name");
	ERR_clear_error();
	session->stage = STAGE_REFUSED; /* OpenSSL has sent its alert: nothing more can be said */
	return STATUS_OK;
}

static bool hash_three(const void *first, size_t first_size, const void *second, size_t second_size, const void *third,
		       size_t third_size, uint8_t ret_hash[EVIDENCE_HASH_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(context, first, first_size) == 1 &&
		    EVP_DigestUpdate(context, second, second_size) == 1 &&
		    EVP_DigestUpdate(context, third, third_size) == 1 &&
		    EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;

	EVP_MD_CTX_free(context);
	return done;
}

static struct appraisal_terms terms_of(const struct attest_session *session, const struct policy *policy, time_t now)
{
	return (struct appraisal_terms){
		.root = &certificate_root_intel,
		.vendor = appraisal_vendor_intel,
		.collateral = session->terms->collateral,
		.policy = policy,
		.sim_roots = session->terms->sim_roots,
		.sim_root_count = session->terms->sim_root_count,
		.at = now,
	};
}

/* Accepted, or why not: then the refusal is on its way, and false comes back. */
static bool appraise(struct attest_session *session, struct span quote, time_t now, const char *which,
		     struct appraisal *ret_appraisal)
{
	const struct appraisal_terms terms = terms_of(session, session->terms->policy, now);

	if (appraise_quote(quote, &terms, ret_appraisal) != STATUS_OK) {
		(void)!refuse(session, "%s isn't a quote, or a cut one", which);
		return false;
	}
	session->verdict = ret_appraisal->verdict;
	session->has_verdict = true;
	if (verdict_is_accepted(&ret_appraisal->verdict))
		return true;
	const struct verdict_remark *reason = &ret_appraisal->verdict.reasons[0];
	(void)!refuse(session, "%s is refused: %s (%s)", which, reason->text, reason->code);
	return false;
}

static void describe(const struct appraisal *appraisal, struct attest_enclave *enclave)
{
	const struct sgx_report *report = &appraisal->quote.report;

	enclave->is_sim = appraisal->is_sim;
	memcpy(enclave->sim_root, appraisal->sim_root, sizeof enclave->sim_root);
	enclave->is_debug = appraisal->is_debug;
	memcpy(enclave->mrenclave, report->mrenclave, SGX_HASH_SIZE);
	memcpy(enclave->mrsigner, report->mrsigner, SGX_HASH_SIZE);
	enclave->isv_prod_id = report->isv_prod_id;
	enclave->isv_svn = report->isv_svn;
	enclave->verdict = appraisal->verdict;
	snprintf(enclave->tcb, sizeof enclave->tcb, "%s",
		 appraisal->is_sim ? "none: a simulation" : tcb_status_name(appraisal->tcb));
}

/* REPORTDATA is the claims' hash, then zeros. */
static bool binds_claims(const struct sgx_report *report, struct span claims)
{
	uint8_t expected[SGX_REPORT_DATA_SIZE] = {0};

	return EVP_Digest(claims.data, claims.size, expected, NULL, EVP_sha256(), NULL) == 1 &&
	       memcmp(expected, report->report_data, sizeof expected) == 0;
}

static status check_certificate(struct attest_session *session, const X509 *certificate, time_t now)
{
	struct appraisal appraisal;
	struct evidence evidence;
	const char *reason;

	if (certificate == NULL)
		return refuse(session, "no certificate came, so there is no evidence");
	if (evidence_from_certificate(certificate, &evidence, &reason) != STATUS_OK)
		return refuse(session, "the certificate's evidence is refused: %s", reason);
	if (!appraise(session, evidence.quote, now, "the certificate's quote", &appraisal))
		return STATUS_OK;
	if (!binds_claims(&appraisal.quote.report, evidence.claims))
		return refuse(session, "the certificate's quote is refused: its REPORTDATA isn't the hash of the "
				       "claims, so it doesn't bind the key");
	describe(&appraisal, &session->enclave);
	memcpy(session->enclave.key_hash, evidence.key_hash, sizeof session->enclave.key_hash);
	session->stage = STAGE_SEND_NONCE;
	return STATUS_OK;
}

static status start_challenge(struct attest_session *session)
{
	/* Empty, not absent: RFC 9266, 4.2. For TLS 1.3 both are the same. */
	static const uint8_t context[1];

	if (RAND_bytes(session->nonce, sizeof session->nonce) != 1 ||
	    SSL_export_keying_material(session->ssl, session->exporter, sizeof session->exporter,
				       EVIDENCE_EXPORTER_LABEL, strlen(EVIDENCE_EXPORTER_LABEL), context, 0, 1) != 1)
		return report(STATUS_INTERNAL, "OpenSSL gives no nonce, or no exporter of the connection");
	put_frame(session, EVIDENCE_NONCE, session->nonce, sizeof session->nonce);
	return STATUS_OK;
}

static status handshake(struct attest_session *session, time_t now)
{
	int result = SSL_accept(session->ssl);

	if (result != 1)
		return transport_status(session, result);
	X509 *certificate = SSL_get1_peer_certificate(session->ssl);
	status checked = check_certificate(session, certificate, now);
	X509_free(certificate);
	TRY(checked);
	return session->stage == STAGE_SEND_NONCE ? start_challenge(session) : STATUS_OK;
}

/* All of the frame; then the stage that follows. */
static status send_frame(struct attest_session *session, enum stage following)
{
	while (session->frame_position < session->frame_size) {
		int result = SSL_write(session->ssl, session->frame + session->frame_position,
				       (int)(session->frame_size - session->frame_position));

		if (result <= 0) {
			status why = transport_status(session, result);
			/* Whom nothing can be said any more is refused all the same. */
			return session->stage == STAGE_SEND_REFUSED && why == STATUS_GONE ? STATUS_DENIED : why;
		}
		session->frame_position += (size_t)result;
	}
	session->stage = following;
	session->frame_size = sizeof(struct agent_frame);
	session->frame_position = 0;
	return STATUS_OK;
}

/* The enclave of the certificate, and not another one of the same machine. */
static bool is_same_enclave(const struct attest_enclave *first, const struct attest_enclave *second)
{
	return first->is_sim == second->is_sim &&
	       memcmp(first->sim_root, second->sim_root, sizeof first->sim_root) == 0 &&
	       memcmp(first->mrenclave, second->mrenclave, SGX_HASH_SIZE) == 0 &&
	       memcmp(first->mrsigner, second->mrsigner, SGX_HASH_SIZE) == 0 &&
	       first->isv_prod_id == second->isv_prod_id && first->isv_svn == second->isv_svn &&
	       first->is_debug == second->is_debug;
}

static status check_quote(struct attest_session *session, struct span quote, time_t now)
{
	uint8_t expected[EVIDENCE_HASH_SIZE];
	struct attest_enclave second = session->enclave;
	struct appraisal appraisal;

	if (!appraise(session, quote, now, "the connection's quote", &appraisal))
		return STATUS_OK;
	if (!hash_three(EVIDENCE_LABEL, strlen(EVIDENCE_LABEL), session->exporter, sizeof session->exporter,
			session->nonce, sizeof session->nonce, expected))
		return report(STATUS_INTERNAL, "OpenSSL computes no SHA-256");
	if (memcmp(expected, appraisal.quote.report.report_data, sizeof expected) != 0)
		return refuse(session, "the connection's quote is refused: it isn't over this connection and nonce, so "
				       "it was relayed from another one, or is an old one");
	describe(&appraisal, &second);
	if (!is_same_enclave(&session->enclave, &second))
		return refuse(session, "the connection's quote is of another enclave than the certificate's");
	memcpy(second.binding, appraisal.quote.report.report_data + sizeof expected, sizeof second.binding);
	session->quote = malloc(quote.size);
	if (session->quote == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	memcpy(session->quote, quote.data, quote.size);
	session->quote_size = quote.size;
	session->enclave = second;
	put_frame(session, EVIDENCE_ACCEPTED, NULL, 0);
	session->stage = STAGE_SEND_ACCEPTED;
	return STATUS_OK;
}

/* Is what came of the frame's head one of a quote? Then its size is known. */
static status check_head(struct attest_session *session)
{
	struct agent_frame head;

	memcpy(&head, session->frame, sizeof head);
	if (head.magic != AGENT_FRAME_MAGIC || head.type != EVIDENCE_QUOTE || head.reserved != 0)
		return refuse(session, "what came isn't the quote over this connection that was asked for");
	if (head.size == 0 || head.size > EVIDENCE_QUOTE_SIZE_MAX)
		return refuse(session, "a quote of %u bytes: it has at most %d", head.size, EVIDENCE_QUOTE_SIZE_MAX);
	session->frame_size = sizeof head + head.size;
	return STATUS_OK;
}

static status receive_quote(struct attest_session *session, time_t now)
{
	const size_t head_size = sizeof(struct agent_frame);

	while (session->frame_position < session->frame_size) {
		int result = SSL_read(session->ssl, session->frame + session->frame_position,
				      (int)(session->frame_size - session->frame_position));

		if (result <= 0)
			return transport_status(session, result);
		session->frame_position += (size_t)result;
		if (session->frame_position == head_size && session->frame_size == head_size)
			TRY(check_head(session));
		if (session->stage != STAGE_RECEIVE_QUOTE)
			return STATUS_OK;
	}
	return check_quote(session, (struct span){session->frame + head_size, session->frame_size - head_size}, now);
}

static status take_stage(struct attest_session *session, time_t now)
{
	/* OpenSSL's queue may hold what another connection's failure left. */
	ERR_clear_error();
	switch (session->stage) {
	case STAGE_HANDSHAKE: return handshake(session, now);
	case STAGE_SEND_NONCE: return send_frame(session, STAGE_RECEIVE_QUOTE);
	case STAGE_RECEIVE_QUOTE: return receive_quote(session, now);
	case STAGE_SEND_ACCEPTED: return send_frame(session, STAGE_ACCEPTED);
	case STAGE_SEND_REFUSED: return send_frame(session, STAGE_REFUSED);
	default: return STATUS_DENIED;
	}
}

status attest_session_judge(const struct attest_session *session, const struct policy *policy, time_t now,
			    char *ret_sentence, size_t sentence_size)
{
	const struct appraisal_terms terms = terms_of(session, policy, now);
	struct appraisal appraisal;

	TRY(appraise_quote((struct span){session->quote, session->quote_size}, &terms, &appraisal));
	if (verdict_is_accepted(&appraisal.verdict))
		return STATUS_OK;
	const struct verdict_remark *reason = &appraisal.verdict.reasons[0];
	snprintf(ret_sentence, sentence_size, "by the target's own policy it is refused: %s (%s)", reason->text,
		 reason->code);
	return STATUS_DENIED;
}

status attest_session_step(struct attest_session *session, time_t now, struct attest_enclave *ret_enclave)
{
	/* Each stage comes at most once, so this ends. */
	while (session->stage != STAGE_ACCEPTED)
		TRY(take_stage(session, now));
	*ret_enclave = session->enclave;
	return STATUS_OK;
}
