/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/enclu.h"

#include <string.h>

#include "base/report.h"
#include "enclave/runtime/runtime.h"
#include "wire/image.h"

uint64_t runtime_enclu(uint32_t leaf, const void *rbx, const void *rcx, void *rdx);

/* Images have one thread; the alignments are the instructions' (SDM vol. 3D,
 * chapter 40). */
static struct {
	_Alignas(512) struct sgx_targetinfo target;
	_Alignas(512) struct sgx_keyrequest request;
	_Alignas(512) struct sgx_report report;
	_Alignas(128) uint8_t report_data[SGX_REPORT_DATA_SIZE];
	_Alignas(16) uint8_t key[SGX_KEY_SIZE];
} operand;

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	if (runtime_is_plain())
		return report(STATUS_UNSUPPORTED, "a program without an enclave around it has no evidence: use the "
						  "backend sim or sgx");
	operand.target = *target;
	memcpy(operand.report_data, report_data, sizeof operand.report_data);
	(void)runtime_enclu(ENCLU_EREPORT, &operand.target, operand.report_data, &operand.report);
	*ret_report = operand.report;
	return STATUS_OK;
}

status runtime_key(const struct sgx_keyrequest *request, uint8_t ret_key[SGX_KEY_SIZE])
{
	uint64_t error;

	if (runtime_is_plain())
		return report(STATUS_UNSUPPORTED, "a program without an enclave around it has no keys: use the backend "
						  "sim or sgx");
	operand.request = *request;
	error = runtime_enclu(ENCLU_EGETKEY, &operand.request, operand.key, NULL);
	if (error != SGX_SUCCESS)
		return report(STATUS_DENIED, "the CPU gives no key of name %u to this enclave: its error is %#llx",
			      request->key_name, (unsigned long long)error);
	memcpy(ret_key, operand.key, SGX_KEY_SIZE);
	explicit_bzero(operand.key, sizeof operand.key);
	return STATUS_OK;
}

uint64_t runtime_xfrm(void)
{
	static uint64_t xfrm;
	uint32_t low, high;

	if (xfrm != 0)
		return xfrm;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	xfrm = ((uint64_t)high << 32 | low) & IMAGE_XFRM_MAX;
	/* In an enclave XCR0 is SECS.XFRM, but only our report is sure to say so. */
	if (!runtime_is_plain()) {
		memset(&operand.target, 0, sizeof operand.target);
		memset(operand.report_data, 0, sizeof operand.report_data);
		(void)runtime_enclu(ENCLU_EREPORT, &operand.target, operand.report_data, &operand.report);
		xfrm &= operand.report.attributes.xfrm;
	}
	return xfrm;
}
