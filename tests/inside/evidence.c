/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence: a report and keys, as hexadecimal numbers, for tests/test_sim.py. */
#include <stdio.h>
#include <string.h>

#include "enclave/runtime/enclu.h"

static void print(const char *name, const void *bytes, size_t size)
{
	printf("%s ", name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	printf("\n");
}

static int print_key(const char *name, const struct sgx_keyrequest *request)
{
	uint8_t key[SGX_KEY_SIZE];

	if (runtime_key(request, key) != STATUS_OK)
		return 1;
	print(name, key, sizeof key);
	return 0;
}

int main(void)
{
	struct sgx_targetinfo target = {.attributes = {5, 7}};
	struct sgx_keyrequest by_enclave = {
		.key_name = SGX_KEY_SEAL, .key_policy = SGX_KEYPOLICY_MRENCLAVE, .attribute_mask = {~UINT64_C(0), 0}};
	struct sgx_keyrequest by_signer = {.key_name = SGX_KEY_SEAL, .key_policy = SGX_KEYPOLICY_MRSIGNER};
	struct sgx_keyrequest own_report = {.key_name = SGX_KEY_REPORT};
	struct sgx_keyrequest provision = {.key_name = SGX_KEY_PROVISION};
	uint8_t data[SGX_REPORT_DATA_SIZE];
	struct sgx_report made;

	memset(target.mrenclave, 0xab, sizeof target.mrenclave);
	memset(data, 0xcd, sizeof data);
	memset(by_enclave.key_id, 1, sizeof by_enclave.key_id);
	if (runtime_report(&target, data, &made) != STATUS_OK)
		return 1;
	print("report", &made, sizeof made);
	if (print_key("enclave", &by_enclave) || print_key("signer", &by_signer) || print_key("own", &own_report))
		return 2;
	/* Our attributes don't allow this one. */
	return runtime_key(&provision, data) == STATUS_DENIED ? 0 : 3;
}
