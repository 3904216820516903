/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/grants/grantor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "sim/key.h"
#include "verifier/grants/primitives.h"

/* What stands in a sentence for a 32-byte value: enough to tell two apart. */
enum { SHORT_HEX_BYTES = 8, SHORT_HEX_SIZE = 2 * SHORT_HEX_BYTES + 1 };

struct judgement {
	const struct grantor_policy *policy;
	const struct grantor_request *request;
	char *sentence;
};

__attribute__((format(printf, 2, 3))) static status refuse(const struct judgement *judgement, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(judgement->sentence, GRANTOR_SENTENCE_SIZE, format, arguments);
	va_end(arguments);
	return STATUS_DENIED;
}

static const char *short_hex(const uint8_t *bytes, char text[SHORT_HEX_SIZE])
{
	key_to_hex(bytes, SHORT_HEX_BYTES, text);
	return text;
}

status grantor_report_data(const struct grantor_request *request, uint8_t ret_data[static SGX_REPORT_DATA_SIZE])
{
	const struct span parts[] = {
		{request->enclave_key, sizeof request->enclave_key},
		{request->owner_key, sizeof request->owner_key},
		{request->source_key, sizeof request->source_key},
		{request->source_nonce, sizeof request->source_nonce},
	};

	memset(ret_data, 0, SGX_REPORT_DATA_SIZE);
	return verifier_primitives()->sha256(parts, ARRAY_COUNT(parts), ret_data);
}

status grantor_targetinfo(struct sgx_targetinfo *ret_target)
{
	const struct span name = {(const uint8_t *)GRANTOR_TARGETINFO_NAME, strlen(GRANTOR_TARGETINFO_NAME)};

	memset(ret_target, 0, sizeof *ret_target);
	return verifier_primitives()->sha256(&name, 1, ret_target->mrenclave);
}

/* Made by an enclave under the fake root that this grantor was told of. */
static status check_sim_report(const struct judgement *judgement)
{
	struct sgx_targetinfo target;

	if (!judgement->policy->accept_sim)
		return refuse(judgement, "the report is of the backend sim, which protects nothing from its machine's "
					 "root; this grantor isn't told to accept it (--insecure-accept-sim)");
	TRY(grantor_targetinfo(&target));
	status result = sim_report_verify(&judgement->policy->sim_root, &judgement->request->report, &target);
	if (result == STATUS_DENIED)
		return refuse(judgement, "the report's MAC doesn't fit: it wasn't made under the fake root that this "
					 "grantor accepts, or was changed on its way");
	return result;
}

static status check_binding(const struct judgement *judgement)
{
	uint8_t data[SGX_REPORT_DATA_SIZE];

	TRY(grantor_report_data(judgement->request, data));
	if (memcmp(data, judgement->request->report.report_data, sizeof data) != 0)
		return refuse(judgement, "the report's REPORTDATA doesn't bind the keys and the nonce of the request: "
					 "the enclave asked something else");
	return STATUS_OK;
}

static status check_evidence(const struct judgement *judgement)
{
	switch (judgement->request->evidence) {
	case GRANTOR_EVIDENCE_SIM: TRY(check_sim_report(judgement)); break;
	case GRANTOR_EVIDENCE_SGX:
		if (judgement->policy->accept_unproven_sgx)
			break;
		return refuse(judgement, "a report of an SGX CPU can only be checked by an enclave on the same CPU; "
					 "this grantor is none, and checks no quotes; to take it unproven is "
					 "--insecure-accept-unproven-sgx");
	default: return refuse(judgement, "evidence of the kind %u isn't known here", judgement->request->evidence);
	}
	/* Only now is what the report says the enclave's own word (or was it taken for that). */
	return check_binding(judgement);
}

static status check_attributes(const struct judgement *judgement)
{
	uint64_t flags = judgement->request->report.attributes.flags;

	if (!(flags & SGX_ATTRIBUTE_INIT) || !(flags & SGX_ATTRIBUTE_MODE64BIT))
		return refuse(judgement, "the report's ATTRIBUTES %#llx aren't those of a started 64-bit enclave",
			      (unsigned long long)flags);
	if ((flags & SGX_ATTRIBUTE_DEBUG) && !judgement->policy->accept_debug)
		return refuse(judgement, "it is a debug enclave (ATTRIBUTES.DEBUG): its host can read all of it; "
					 "sign it without `debug`, or grant with --insecure-accept-debug");
	return STATUS_OK;
}

static bool image_matches(const struct grantor_image *image, const struct sgx_report *report)
{
	if (image->identity == LINK_IDENTITY_MRENCLAVE)
		return memcmp(image->measurement, report->mrenclave, SGX_HASH_SIZE) == 0;
	return memcmp(image->measurement, report->mrsigner, SGX_HASH_SIZE) == 0 &&
	       report->isv_prod_id == image->isv_prod_id && report->isv_svn >= image->isv_svn_min;
}

static const struct grantor_image *find_image(const struct grantor_policy *policy, const struct sgx_report *report)
{
	for (size_t i = 0; i < policy->image_count; i++)
		if (image_matches(&policy->images[i], report))
			return &policy->images[i];
	return NULL;
}

static status refuse_image(const struct judgement *judgement)
{
	const struct sgx_report *report = &judgement->request->report;
	char mrenclave[SHORT_HEX_SIZE], mrsigner[SHORT_HEX_SIZE];

	return refuse(judgement,
		      "the image isn't one that this grantor accepts: MRENCLAVE %s…, MRSIGNER %s…, product %u, SVN %u",
		      short_hex(report->mrenclave, mrenclave), short_hex(report->mrsigner, mrsigner),
		      report->isv_prod_id, report->isv_svn);
}

static status check_parties(const struct judgement *judgement)
{
	const struct grantor_policy *policy = judgement->policy;
	const struct grantor_request *request = judgement->request;
	char key[SHORT_HEX_SIZE];

	if (memcmp(request->owner_key, owner_key_public(policy->owner), START_OWNER_KEY_SIZE) != 0)
		return refuse(judgement,
			      "the enclave was started for the owner %s…, but this grantor signs for "
			      "another one",
			      short_hex(request->owner_key, key));
	for (size_t i = 0; i < policy->source_count; i++)
		if (memcmp(policy->sources[i], request->source_key, START_KEY_SIZE) == 0)
			return STATUS_OK;
	return refuse(judgement,
		      "the source %s… isn't enrolled with this owner: give the grantor its key (--source-key)",
		      short_hex(request->source_key, key));
}

static bool target_is_text(const char target[START_TARGET_SIZE])
{
	size_t length = strnlen(target, START_TARGET_SIZE);

	if (length == 0 || length == START_TARGET_SIZE)
		return false;
	for (size_t i = 0; i < START_TARGET_SIZE; i++)
		if (i < length ? target[i] < ' ' || target[i] > '~' : target[i] != '\0')
			return false;
	return true;
}

/* Which rights: what was asked for and is allowed. */
static status check_wishes(const struct judgement *judgement)
{
	const struct grantor_policy *policy = judgement->policy;
	const struct grantor_request *request = judgement->request;

	if (!target_is_text(request->target))
		return refuse(judgement, "the target's name is empty or isn't printable ASCII");
	if (policy->target[0] != '\0' && strcmp(policy->target, request->target) != 0)
		return refuse(judgement, "grants are given for the target %s here, not for %s", policy->target,
			      request->target);
	if (request->rights == 0 || (request->rights & ~(uint32_t)LINK_RIGHTS_ALL) != 0)
		return refuse(judgement, "the rights asked for (%#x) don't exist", request->rights);
	if ((request->rights & policy->rights) == 0)
		return refuse(judgement, "none of the rights asked for (%#x) is given here", request->rights);
	if (!link_rights_fit(request->rights & policy->rights))
		return refuse(judgement, "the right `user` isn't given without `kernel`");
	return STATUS_OK;
}

static status fill_grant(const struct judgement *judgement, const struct grantor_image *image, uint64_t now,
			 struct link_grant *grant)
{
	const struct grantor_policy *policy = judgement->policy;
	const struct grantor_request *request = judgement->request;
	bool by_mrenclave = image->identity == LINK_IDENTITY_MRENCLAVE;

	*grant = (struct link_grant){
		.identity = image->identity,
		.backend = request->evidence == GRANTOR_EVIDENCE_SIM ? LINK_BACKEND_SIM : LINK_BACKEND_SGX,
		.flags = request->report.attributes.flags & SGX_ATTRIBUTE_DEBUG ? LINK_GRANT_DEBUG : 0,
		.rights = request->rights & policy->rights,
		.quota_bytes = policy->quota_bytes,
		.quota_requests = policy->quota_requests,
		.isv_prod_id = by_mrenclave ? 0 : image->isv_prod_id,
		.isv_svn = by_mrenclave ? 0 : image->isv_svn_min,
		.issued_at = now,
	};
	if (!checked_add(now, policy->valid_seconds, &grant->valid_until))
		return report(STATUS_USAGE, "grants for so many seconds reach beyond the end of time");
	memcpy(by_mrenclave ? grant->mrenclave : grant->mrsigner, image->measurement, SGX_HASH_SIZE);
	memcpy(grant->enclave_key, request->enclave_key, sizeof grant->enclave_key);
	memcpy(grant->source_key, request->source_key, sizeof grant->source_key);
	memcpy(grant->source_nonce, request->source_nonce, sizeof grant->source_nonce);
	memcpy(grant->target, request->target, sizeof grant->target);
	return verifier_primitives()->random(grant->id, sizeof grant->id);
}

static status check_version(const struct judgement *judgement)
{
	if (judgement->request->version != 1)
		return refuse(judgement, "the request is of version %u; this grantor knows version 1",
			      judgement->request->version);
	if (judgement->request->reserved != 0)
		return refuse(judgement, "the request has bits that this grantor doesn't know");
	return STATUS_OK;
}

/* The report is true: does who it names get what is asked for? */
static status decide(const struct judgement *judgement, uint64_t now, struct link_grant *ret_grant)
{
	const struct grantor_image *image;
	struct link_grant grant;

	TRY(check_attributes(judgement));
	image = find_image(judgement->policy, &judgement->request->report);
	if (image == NULL)
		return refuse_image(judgement);
	TRY(check_parties(judgement));
	TRY(check_wishes(judgement));
	TRY(fill_grant(judgement, image, now, &grant));
	TRY(link_grant_sign(&grant, verifier_primitives(), owner_key_sign, judgement->policy->owner));
	*ret_grant = grant;
	return STATUS_OK;
}

status grantor_decide(const struct grantor_policy *policy, const struct grantor_request *request, uint64_t now,
		      struct link_grant *ret_grant, char sentence[static GRANTOR_SENTENCE_SIZE])
{
	const struct judgement judgement = {policy, request, sentence};

	TRY(check_version(&judgement));
	TRY(check_evidence(&judgement));
	return decide(&judgement, now, ret_grant);
}

status grantor_decide_proven(const struct grantor_policy *policy, const struct grantor_request *request, uint64_t now,
			     struct link_grant *ret_grant, char sentence[static GRANTOR_SENTENCE_SIZE])
{
	const struct judgement judgement = {policy, request, sentence};

	TRY(check_version(&judgement));
	TRY(check_binding(&judgement));
	return decide(&judgement, now, ret_grant);
}

static void answer_with_words(struct grantor_reply *reply, const char *sentence)
{
	reply->type = GRANTOR_REFUSED;
	reply->size = strnlen(sentence, GRANTOR_SENTENCE_SIZE - 1);
	memcpy(reply->body, sentence, reply->size);
}

static void answer_request(const struct grantor_policy *policy, struct span body, uint64_t now,
			   struct grantor_reply *reply)
{
	char sentence[GRANTOR_SENTENCE_SIZE] = "";
	struct grantor_request request;
	struct link_grant grant;

	if (body.size != sizeof request) {
		snprintf(sentence, sizeof sentence, "a request has %zu bytes, this one %zu", sizeof request, body.size);
		answer_with_words(reply, sentence);
		return;
	}
	memcpy(&request, body.data, sizeof request);
	status result = grantor_decide(policy, &request, now, &grant, sentence);
	if (result == STATUS_OK)
		result = link_grant_encode(&grant, reply->body);
	if (result == STATUS_OK) {
		reply->type = GRANTOR_GRANT;
		reply->size = LINK_GRANT_SIZE;
		return;
	}
	answer_with_words(reply,
			  sentence[0] != '\0' ? sentence : "the grantor itself failed; its own messages say how");
}

void grantor_answer(const struct grantor_policy *policy, uint16_t type, struct span body, uint64_t now,
		    struct grantor_reply *ret_reply)
{
	switch (type) {
	case GRANTOR_ASK_KEY:
		ret_reply->type = GRANTOR_KEY;
		ret_reply->size = START_OWNER_KEY_SIZE;
		memcpy(ret_reply->body, owner_key_public(policy->owner), START_OWNER_KEY_SIZE);
		return;
	case GRANTOR_ASK: answer_request(policy, body, now, ret_reply); return;
	default: answer_with_words(ret_reply, "a grantor is asked for its key or for a grant, nothing else");
	}
}
