/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/link/evidence.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/duty/duty.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/runtime.h"
#include "wire/grantor.h"

enum {
	/* Where request and reply lie in the window. */
	REQUEST_OFFSET = 0,
	REPLY_OFFSET = 4096,
};

static_assert(sizeof(struct grantor_request) <= REPLY_OFFSET, "request and reply don't overlap");

static status fill_report(const struct link_primitives *primitives, struct grantor_request *request)
{
	const struct span name = {(const uint8_t *)GRANTOR_TARGETINFO_NAME, strlen(GRANTOR_TARGETINFO_NAME)};
	const struct span parts[] = {
		{request->enclave_key, sizeof request->enclave_key},
		{request->owner_key, sizeof request->owner_key},
		{request->source_key, sizeof request->source_key},
		{request->source_nonce, sizeof request->source_nonce},
	};
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0};
	struct sgx_targetinfo target = {0};

	TRY(primitives->sha256(&name, 1, target.mrenclave));
	TRY(primitives->sha256(parts, ARRAY_COUNT(parts), data));
	return runtime_report(&target, data, &request->report);
}

static bool report_is_sim(const struct sgx_report *report)
{
	static const uint8_t sim_cpusvn[SGX_CPUSVN_SIZE] = GRANTOR_SIM_CPUSVN;

	return memcmp(report->cpusvn, sim_cpusvn, sizeof sim_cpusvn) == 0;
}

static status fill_request(const struct link_primitives *primitives, const uint8_t enclave_key[static START_KEY_SIZE],
			   struct grantor_request *request)
{
	memset(request, 0, sizeof *request);
	request->version = 1;
	memcpy(request->enclave_key, enclave_key, sizeof request->enclave_key);
	memcpy(request->owner_key, runtime_owner_key(), sizeof request->owner_key);
	memcpy(request->source_key, runtime_source_key(), sizeof request->source_key);
	memcpy(request->source_nonce, runtime_source_nonce(), sizeof request->source_nonce);
	strncpy(request->target, runtime_target(), sizeof request->target - 1);
	request->rights = LINK_RIGHTS_ALL; /* the grantor gives what its policy allows */
	TRY(fill_report(primitives, request));
	request->evidence = report_is_sim(&request->report) ? GRANTOR_EVIDENCE_SIM : GRANTOR_EVIDENCE_SGX;
	return STATUS_OK;
}

static status ask_host(const struct grantor_request *request, uint8_t ret_encoded[static LINK_GRANT_SIZE])
{
	int64_t host_answer;

	runtime_window_put(REQUEST_OFFSET, request, sizeof *request);
	host_answer = runtime_call_host(CALL_GRANT, REQUEST_OFFSET, sizeof *request, REPLY_OFFSET, LINK_GRANT_SIZE, 0);
	if (host_answer == STATUS_DENIED)
		return report(STATUS_DENIED, "the grantor gave no grant, so the target %s can't be watched",
			      request->target);
	if (host_answer == STATUS_MISSING || host_answer == STATUS_IO)
		return report(STATUS_DENIED,
			      "no grantor was reached, so there is no grant to watch %s with: give "
			      "--grantor SOCKET",
			      request->target);
	if (host_answer != LINK_GRANT_SIZE)
		return report(STATUS_MALFORMED, "the host answered %lld when asked for a grant, which has %d bytes",
			      (long long)host_answer, LINK_GRANT_SIZE);
	runtime_window_get(REPLY_OFFSET, ret_encoded, LINK_GRANT_SIZE);
	return STATUS_OK;
}

static status ask_verifier(const struct link_primitives *primitives, const struct grantor_request *request,
			   uint8_t ret_encoded[static LINK_GRANT_SIZE])
{
	struct verifier_grant_request asked = {.rights = request->rights};

	memcpy(asked.enclave_key, request->enclave_key, sizeof asked.enclave_key);
	memcpy(asked.owner_key, request->owner_key, sizeof asked.owner_key);
	memcpy(asked.source_key, request->source_key, sizeof asked.source_key);
	memcpy(asked.source_nonce, request->source_nonce, sizeof asked.source_nonce);
	return duty_ask_grant(primitives, &asked, ret_encoded);
}

/* Is it good, and for us? The host, which brought it, may have any number of others. */
static status check_grant(const struct link_primitives *primitives, const struct grantor_request *request,
			  const struct link_grant *grant)
{
	const struct link_grant_use use = {
		.enclave_key = request->enclave_key,
		.source_key = request->source_key,
		.source_nonce = request->source_nonce,
		.target = request->target,
	};
	uint32_t backend = request->evidence == GRANTOR_EVIDENCE_SIM ? LINK_BACKEND_SIM : LINK_BACKEND_SGX;

	TRY(link_grant_verify(grant, primitives, request->owner_key));
	TRY(link_grant_check_use(grant, &use));
	TRY(link_grant_check_identity(grant, &request->report));
	if (grant->backend != backend)
		return report(STATUS_DENIED, "the grant is for the backend %s, this enclave runs on %s",
			      grant->backend == LINK_BACKEND_SIM ? "sim" : "sgx",
			      backend == LINK_BACKEND_SIM ? "sim" : "sgx");
	return STATUS_OK;
}

status evidence_ask_grant(const struct link_primitives *primitives, const uint8_t enclave_key[static START_KEY_SIZE],
			  struct link_grant *ret_grant, uint8_t ret_encoded[static LINK_GRANT_SIZE])
{
	struct grantor_request request;
	struct link_grant grant;

	TRY(fill_request(primitives, enclave_key, &request));
	TRY(duty_has_verifier() ? ask_verifier(primitives, &request, ret_encoded) : ask_host(&request, ret_encoded));
	TRY(link_grant_decode((struct span){ret_encoded, LINK_GRANT_SIZE}, &grant));
	TRY(check_grant(primitives, &request, &grant));
	*ret_grant = grant;
	return STATUS_OK;
}
