/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/attest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/report.h"
#include "enclave/crypto/cmac.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/runtime.h"

/* Who we are, by the CPU: a report for nobody. */
static status own_report(struct sgx_report *ret_report)
{
	const struct sgx_targetinfo nobody = {0};
	const uint8_t nothing[SGX_REPORT_DATA_SIZE] = {0};

	return runtime_report(&nobody, nothing, ret_report);
}

status attest_target(struct sgx_targetinfo *ret_target)
{
	struct sgx_report own;

	memset(ret_target, 0, sizeof *ret_target);
	if (runtime_is_plain())
		return STATUS_OK;
	TRY(own_report(&own));
	memcpy(ret_target->mrenclave, own.mrenclave, sizeof ret_target->mrenclave);
	ret_target->attributes = own.attributes;
	ret_target->cet_attributes = own.cet_attributes;
	ret_target->config_svn = own.config_svn;
	ret_target->misc_select = own.misc_select;
	memcpy(ret_target->config_id, own.config_id, sizeof ret_target->config_id);
	return STATUS_OK;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* EREPORT raises #GP on what is reserved (SDM vol. 3D, "EREPORT"); enclaves of ours have no CET. */
static status check_target(const struct sgx_targetinfo *target)
{
	if (target->cet_attributes != 0 || target->reserved1 != 0 ||
	    !is_zero(target->reserved2, sizeof target->reserved2) ||
	    !is_zero(target->reserved3, sizeof target->reserved3))
		return report(STATUS_MALFORMED,
			      "a report is asked for an enclave that can't be: its TARGETINFO was altered");
	return STATUS_OK;
}

status attest_make(const struct link_primitives *primitives, const struct sgx_targetinfo *target,
		   const struct span *parts, size_t part_count, struct sgx_report *ret_report)
{
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0};

	memset(ret_report, 0, sizeof *ret_report);
	if (runtime_is_plain())
		return STATUS_OK;
	TRY(check_target(target));
	TRY(primitives->sha256(parts, part_count, data));
	return runtime_report(target, data, ret_report);
}

/* As the enclave that a report was made for checks it: SDM vol. 3D, "EREPORT" and table 38-21; the key is
 * this enclave's own, for this report's KEYID. */
static status check_mac(const char *who, const struct sgx_report *report_)
{
	struct sgx_keyrequest request = {.key_name = SGX_KEY_REPORT};
	uint8_t key[SGX_KEY_SIZE], mac[ENCLAVE_CMAC_SIZE];

	memcpy(request.key_id, report_->key_id, sizeof request.key_id);
	TRY(runtime_key(&request, key));
	status result =
		enclave_cmac(key, (struct span){(const uint8_t *)report_, offsetof(struct sgx_report, key_id)}, mac);
	link_wipe(key, sizeof key);
	TRY(result);
	if (!link_equal(mac, report_->mac, sizeof mac))
		return report(STATUS_DENIED,
			      "%s has no proof of an enclave on this CPU: its report wasn't made for this "
			      "program",
			      who);
	return STATUS_OK;
}

status attest_check(const struct link_primitives *primitives, const char *who, const struct sgx_report *peer_report,
		    const struct span *parts, size_t part_count)
{
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0};
	struct sgx_report own;

	if (runtime_is_plain())
		return STATUS_OK;
	TRY(check_mac(who, peer_report));
	TRY(primitives->sha256(parts, part_count, data));
	if (!link_equal(data, peer_report->report_data, sizeof data))
		return report(STATUS_DENIED,
			      "%s shows a report about something else: an old one, or it was started for another "
			      "target, agent or owner than this program",
			      who);
	TRY(own_report(&own));
	if ((peer_report->attributes.flags & SGX_ATTRIBUTE_DEBUG) & ~own.attributes.flags)
		return report(STATUS_DENIED, "%s is a debug enclave, into which its host can look", who);
	return STATUS_OK;
}

status attest_check_signer(const char *who, const struct sgx_report *peer_report)
{
	struct sgx_report own;

	if (runtime_is_plain())
		return STATUS_OK;
	TRY(own_report(&own));
	if (memcmp(own.mrsigner, peer_report->mrsigner, sizeof own.mrsigner) != 0)
		return report(STATUS_DENIED, "%s is signed by somebody else than this program", who);
	return STATUS_OK;
}
