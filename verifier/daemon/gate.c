/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/checked.h"
#include "base/report.h"
#include "base/whole-file.h"
#include "link/grant.h"
#include "verifier/grants/grantor.h"
#include "verifier/grants/primitives.h"
#include "wire/verifier.h"

enum { SHORT_SIZE = 8 };

static status read_policy(const char *path, struct policy *ret_policy, uint8_t ret_hash[static LEDGER_HASH_SIZE])
{
	struct span bytes = {0};

	policy_init(ret_policy);
	if (path[0] == '\0')
		return verifier_primitives()->sha256(&bytes, 1, ret_hash);
	TRY(whole_file_read(path, &bytes));
	status result = policy_parse(ret_policy, bytes);
	if (result == STATUS_OK)
		result = verifier_primitives()->sha256(&bytes, 1, ret_hash);
	free((void *)bytes.data);
	if (result != STATUS_OK)
		return report(result, "%s can't be used", path);
	return STATUS_OK;
}

static const struct gate_policy *find_own(const struct gate *gate, const char *path)
{
	for (size_t i = 0; i < gate->own_count; i++)
		if (strcmp(gate->own[i].path, path) == 0)
			return &gate->own[i];
	return NULL;
}

static status read_own(struct gate *gate, const char *path)
{
	if (path == NULL || find_own(gate, path) != NULL)
		return STATUS_OK;
	struct gate_policy *more = reallocarray(gate->own, gate->own_count + 1, sizeof *more);
	if (more == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	gate->own = more;
	more[gate->own_count].path = path;
	TRY(read_policy(path, &more[gate->own_count].policy, more[gate->own_count].hash));
	gate->own_count++;
	return STATUS_OK;
}

static status read_policies(struct gate *gate)
{
	TRY(read_policy(gate->config->listen.policy, &gate->policy, gate->policy_hash));
	for (size_t i = 0; i < gate->config->target_count; i++)
		TRY(read_own(gate, gate->config->targets[i].policy));
	return STATUS_OK;
}

/* Does anything say which enclaves may speak for it? */
static bool has_references(const struct gate *gate, const struct config_target *target)
{
	const struct gate_policy *own = target->policy != NULL ? find_own(gate, target->policy) : NULL;

	return gate->policy.has_references || target->references != NULL || (own != NULL && own->policy.has_references);
}

/* Evidence says that it is an enclave; only reference values say that it is the right one. */
static status check_references(const struct gate *gate)
{
	for (size_t i = 0; i < gate->config->target_count; i++)
		if (!has_references(gate, &gate->config->targets[i]))
			return report(STATUS_MALFORMED,
				      "line %zu of the configuration: the target %s has no `reference_values`, and the "
				      "policy neither: any enclave could speak for it",
				      gate->config->targets[i].line, gate->config->targets[i].name);
	return STATUS_OK;
}

static status make_context(struct gate *gate)
{
	TRY(owner_key_load(gate->config->listen.owner, &gate->owner));
	return attest_context_create(gate->owner, &gate->context);
}

status gate_init(struct gate *gate, const struct config *config,
		 const uint8_t (*sim_roots)[APPRAISAL_SIM_FINGERPRINT_SIZE], size_t sim_root_count)
{
	*gate = (struct gate){.config = config, .sim_root_count = sim_root_count};
	memcpy(gate->sim_roots, sim_roots, sim_root_count * sizeof *sim_roots);
	TRY(read_policies(gate));
	TRY(check_references(gate));
	TRY(make_context(gate));
	gate->terms =
		(struct attest_terms){.policy = &gate->policy,
				      .sim_roots = (const uint8_t(*)[APPRAISAL_SIM_FINGERPRINT_SIZE])gate->sim_roots,
				      .sim_root_count = sim_root_count};
	if (config->listen.collateral[0] == '\0')
		return STATUS_OK;
	status result = collateral_init(&gate->collateral, config->listen.collateral);
	if (result == STATUS_OK)
		gate->terms.collateral = &gate->collateral;
	return result;
}

void gate_deinit(struct gate *gate)
{
	if (gate->terms.collateral != NULL)
		collateral_deinit(&gate->collateral);
	SSL_CTX_free(gate->context);
	gate->context = NULL;
	owner_key_destroy(gate->owner);
	gate->owner = NULL;
	free(gate->own);
	gate->own = NULL;
	gate->own_count = 0;
}

static const char *short_hex(const uint8_t *bytes, char text[2 * SHORT_SIZE + 1])
{
	key_to_hex(bytes, SHORT_SIZE, text);
	return text;
}

static int by_name(const void *name, const void *target)
{
	return strcmp(name, ((const struct config_target *)target)->name);
}

static const struct gate_policy *find_own_of(const struct gate *gate, const char *target)
{
	const struct config_target *found = bsearch(target, gate->config->targets, gate->config->target_count,
						    sizeof *gate->config->targets, by_name);

	return found != NULL && found->policy != NULL ? find_own(gate, found->policy) : NULL;
}

const struct policy *gate_target_policy(const struct gate *gate, const char *target)
{
	const struct gate_policy *own = find_own_of(gate, target);

	return own != NULL ? &own->policy : NULL;
}

status gate_terms_hash(const struct gate *gate, const char *target, uint8_t ret_hash[static LEDGER_HASH_SIZE])
{
	static const uint8_t none[LEDGER_HASH_SIZE];
	const struct gate_policy *own = find_own_of(gate, target);
	const uint32_t rights = gate->config->grants.rights;
	const struct span parts[] = {
		{gate->policy_hash, sizeof gate->policy_hash},
		{own != NULL ? own->hash : none, LEDGER_HASH_SIZE},
		{(const uint8_t *)&rights, sizeof rights},
		{(const uint8_t *)gate->sim_roots, gate->sim_root_count * sizeof *gate->sim_roots},
	};

	return verifier_primitives()->sha256(parts, ARRAY_COUNT(parts), ret_hash);
}

status gate_check(const struct gate *gate, const struct attest_enclave *enclave, const char *target,
		  char sentence[static STATION_SENTENCE_SIZE])
{
	char mrenclave[2 * SHORT_SIZE + 1], mrsigner[2 * SHORT_SIZE + 1];
	const struct config_target *found = bsearch(target, gate->config->targets, gate->config->target_count,
						    sizeof *gate->config->targets, by_name);

	if (found != NULL && (found->references == NULL ||
			      policy_references_fit(found->references, found->reference_count, enclave->mrenclave,
						    enclave->mrsigner, enclave->isv_prod_id, enclave->isv_svn)))
		return STATUS_OK;
	snprintf(sentence, STATION_SENTENCE_SIZE,
		 "MRENCLAVE %s… (MRSIGNER %s…, product %u, SVN %u) isn't among the target's reference values",
		 short_hex(enclave->mrenclave, mrenclave), short_hex(enclave->mrsigner, mrsigner), enclave->isv_prod_id,
		 enclave->isv_svn);
	return STATUS_DENIED;
}

/* In the grantor's form: what the second quote said. */
static void fill_request(const struct attest_enclave *enclave, const char *target,
			 const struct verifier_grant_request *asked, struct grantor_request *request)
{
	*request = (struct grantor_request){
		.version = 1,
		.evidence = enclave->is_sim ? GRANTOR_EVIDENCE_SIM : GRANTOR_EVIDENCE_SGX,
		.rights = asked->rights,
		.reserved = asked->reserved,
	};
	memcpy(request->enclave_key, asked->enclave_key, sizeof request->enclave_key);
	memcpy(request->owner_key, asked->owner_key, sizeof request->owner_key);
	memcpy(request->source_key, asked->source_key, sizeof request->source_key);
	memcpy(request->source_nonce, asked->source_nonce, sizeof request->source_nonce);
	snprintf(request->target, sizeof request->target, "%s", target);
	/* An appraisal accepts only started enclaves, and musl's images are 64-bit code. */
	request->report.attributes.flags =
		SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT | (enclave->is_debug ? SGX_ATTRIBUTE_DEBUG : 0);
	memcpy(request->report.mrenclave, enclave->mrenclave, SGX_HASH_SIZE);
	memcpy(request->report.mrsigner, enclave->mrsigner, SGX_HASH_SIZE);
	request->report.isv_prod_id = enclave->isv_prod_id;
	request->report.isv_svn = enclave->isv_svn;
	memcpy(request->report.report_data, enclave->binding, sizeof enclave->binding);
}

static bool is_source(const struct config_grants *grants, const uint8_t source_key[static START_KEY_SIZE])
{
	for (size_t i = 0; i < grants->source_count; i++)
		if (memcmp(grants->sources[i], source_key, START_KEY_SIZE) == 0)
			return true;
	return false;
}

/* How long a grant for this source may be valid; 0: it is over, or isn't enrolled. */
static uint64_t valid_seconds(const struct config_grants *grants, const uint8_t source_key[static START_KEY_SIZE],
			      int64_t now)
{
	const uint64_t usual = grants->valid_ms / 1000;

	for (size_t i = 0; i < grants->source_count; i++) {
		const int64_t left = grants->ends_at[i] - now;

		if (memcmp(grants->sources[i], source_key, START_KEY_SIZE) != 0)
			continue;
		if (grants->ends_at[i] == 0)
			return usual;
		return left <= 0 ? 0 : (uint64_t)left < usual ? (uint64_t)left : usual;
	}
	return 0;
}

/* Just this enclave, and what the configuration gives. */
static void fill_policy(const struct gate *gate, const struct attest_enclave *enclave, uint64_t seconds,
			struct grantor_policy *policy)
{
	const struct config_grants *grants = &gate->config->grants;

	*policy = (struct grantor_policy){
		.owner = gate->owner,
		.source_count = grants->source_count,
		.images = {{.identity = LINK_IDENTITY_MRENCLAVE}},
		.image_count = 1,
		.rights = grants->rights,
		.valid_seconds = seconds,
		.quota_bytes = UINT64_MAX,
		.quota_requests = UINT64_MAX,
		.accept_debug = enclave->is_debug, /* by the appraisal's policy, or it wouldn't be here */
	};
	memcpy(policy->sources, grants->sources, sizeof policy->sources);
	memcpy(policy->images[0].measurement, enclave->mrenclave, SGX_HASH_SIZE);
}

status gate_grant(const struct gate *gate, const struct attest_enclave *enclave, const char *target,
		  struct span request, struct link_grant *ret_grant, char sentence[static GRANTOR_SENTENCE_SIZE])
{
	struct verifier_grant_request asked;
	struct grantor_request whole;
	struct grantor_policy policy;
	const int64_t now = (int64_t)time(NULL);

	if (request.size != sizeof asked) {
		snprintf(sentence, GRANTOR_SENTENCE_SIZE, "a request for a grant has %zu bytes, this one %zu",
			 sizeof asked, request.size);
		return STATUS_DENIED;
	}
	memcpy(&asked, request.data, sizeof asked);
	const uint64_t seconds = valid_seconds(&gate->config->grants, asked.source_key, now);
	fill_request(enclave, target, &asked, &whole);
	fill_policy(gate, enclave, seconds, &policy);
	/* Who it is that isn't enrolled is the grantor's to say. */
	if (seconds == 0 && is_source(&gate->config->grants, asked.source_key)) {
		snprintf(sentence, GRANTOR_SENTENCE_SIZE,
			 "the source's key is over (`until` in the verifier's configuration): it has a new one");
		return STATUS_DENIED;
	}
	return grantor_decide_proven(&policy, &whole, (uint64_t)now, ret_grant, sentence);
}

/* Where there is no list, each fits: another one has it (check_references()). */
static bool fits(bool is_list, const struct policy_reference *list, size_t count, const struct ledger_grant *grant)
{
	return !is_list || policy_references_fit(list, count, grant->mrenclave, grant->mrsigner, grant->isv_prod_id,
						 grant->isv_svn);
}

bool gate_still_wants(const struct gate *gate, const struct ledger_grant *grant)
{
	const struct config_target *target = bsearch(grant->name, gate->config->targets, gate->config->target_count,
						     sizeof *gate->config->targets, by_name);
	const struct config_grants *grants = &gate->config->grants;
	uint8_t terms[LEDGER_HASH_SIZE];
	bool is_enrolled = false;

	/* One that reaches beyond its key's end was given before that was said. */
	for (size_t i = 0; i < grants->source_count; i++)
		is_enrolled |= memcmp(grants->sources[i], grant->source_key, START_KEY_SIZE) == 0 &&
			       (grants->ends_at[i] == 0 || grant->valid_until <= grants->ends_at[i]);
	if (grant->is_condemned || target == NULL || !is_enrolled)
		return false;
	if (gate_terms_hash(gate, grant->name, terms) != STATUS_OK || memcmp(terms, grant->terms, sizeof terms) != 0)
		return false;
	const struct policy *own = gate_target_policy(gate, grant->name);
	return fits(target->references != NULL, target->references, target->reference_count, grant) &&
	       fits(gate->policy.has_references, gate->policy.references, gate->policy.reference_count, grant) &&
	       (own == NULL || fits(own->has_references, own->references, own->reference_count, grant));
}

void gate_describe(const struct attest_enclave *enclave, char *ret_text, size_t size)
{
	char mrenclave[2 * SHORT_SIZE + 1], root[2 * SHORT_SIZE + 1];
	int used;

	if (enclave->is_sim)
		used = snprintf(ret_text, size,
				"accepted: a simulation under the fake root %s…, which proves nothing to others",
				short_hex(enclave->sim_root, root));
	else
		used = snprintf(ret_text, size, "accepted: SGX, TCB %s%s", enclave->tcb,
				enclave->is_debug ? ", a debug enclave" : "");
	if (used > 0 && (size_t)used < size)
		used += snprintf(ret_text + used, size - (size_t)used, "; MRENCLAVE %s…",
				 short_hex(enclave->mrenclave, mrenclave));
	for (size_t i = 0; i < enclave->verdict.tolerance_count && used > 0 && (size_t)used < size; i++) {
		const struct verdict_remark *tolerance = &enclave->verdict.tolerances[i];

		/* What is to be known of a simulation stands in front. */
		used += snprintf(ret_text + used, size - (size_t)used, "%s%s%s%s", i == 0 ? "; tolerated: " : "; ",
				 tolerance->code, enclave->is_sim ? "" : ": ", enclave->is_sim ? "" : tolerance->text);
	}
	if (used > 0 && (size_t)used >= size)
		verdict_text_mark_cut(ret_text, size);
}
