/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/attest/quote.h"

#include <stdbool.h>

#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"

enum {
	/* Where a call's parts lie in the window. */
	REPORT_OFFSET = 0,
	QUOTE_OFFSET = 4096,
};

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t all = 0;

	for (size_t i = 0; i < size; i++)
		all |= bytes[i];
	return all == 0;
}

/* EREPORT faults where reserved bytes aren't zero (SDM vol. 3D, chapter 40): a host mustn't make us crash. */
static bool is_possible(const struct sgx_targetinfo *target)
{
	return target->reserved1 == 0 && is_zero(target->reserved2, sizeof target->reserved2) &&
	       is_zero(target->reserved3, sizeof target->reserved3);
}

static status find_quoting_part(struct sgx_targetinfo *target)
{
	int64_t host_answer = runtime_call_host(CALL_QUOTE_TARGET, REPORT_OFFSET, 0, 0, 0, 0);

	if (host_answer == STATUS_UNSUPPORTED)
		return report(STATUS_UNSUPPORTED, "there are no quotes here, so no evidence for a remote verifier");
	if (host_answer != STATUS_OK)
		return report(STATUS_IO, "the host has nobody who makes quotes (%lld)", (long long)host_answer);
	runtime_window_get(REPORT_OFFSET, target, sizeof *target);
	if (!is_possible(target))
		return report(STATUS_MALFORMED, "whom the host names as maker of quotes is no enclave: its TARGETINFO "
						"has reserved bytes set");
	return STATUS_OK;
}

status attest_quote(const uint8_t report_data[SGX_REPORT_DATA_SIZE], uint8_t *quote, size_t *ret_size)
{
	struct sgx_targetinfo target;
	struct sgx_report own;

	TRY(find_quoting_part(&target));
	/* Whomever the host named: a report is no secret, and holds for that one only. */
	TRY(runtime_report(&target, report_data, &own));
	runtime_window_put(REPORT_OFFSET, &own, sizeof own);
	int64_t host_answer = runtime_call_host(CALL_QUOTE, REPORT_OFFSET, QUOTE_OFFSET, EVIDENCE_QUOTE_SIZE_MAX, 0, 0);
	if (host_answer < 0 && host_answer > -64)
		return report(STATUS_IO, "the host gave no quote (%lld); its own messages say why",
			      (long long)host_answer);
	if (host_answer <= 0 || host_answer > EVIDENCE_QUOTE_SIZE_MAX)
		return report(STATUS_MALFORMED, "the host answered %lld when asked for a quote of at most %d bytes",
			      (long long)host_answer, EVIDENCE_QUOTE_SIZE_MAX);
	runtime_window_get(QUOTE_OFFSET, quote, (size_t)host_answer);
	*ret_size = (size_t)host_answer;
	return STATUS_OK;
}
