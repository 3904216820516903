// SPDX-License-Identifier: GPL-2.0-or-later
// EREPORT and EGETKEY: what they give is printed, and test_sgx_machine.py computes it a second time.
#include "leaves.h"

enum { REQUEST = 0x200, KEY = 0x800, TARGET = 0x200, REPORTDATA = 0x880, REPORT = 0xa00 };
enum { EINITTOKEN_KEY, PROVISION_KEY, PROVISION_SEAL_KEY, REPORT_KEY, SEAL_KEY };

struct request {
	uint16_t name, policy, isvsvn, reserved1;
	uint8_t cpusvn[16];
	uint64_t attributes_mask, xfrm_mask;
	uint8_t keyid[32];
	uint32_t misc_mask;
	uint8_t reserved2[436];
};
_Static_assert(sizeof(struct request) == 512, "SDM");

static uint8_t result[512];

static struct request request_for(uint16_t name, uint16_t policy)
{
	struct request request = {.name = name,
				  .policy = policy,
				  .isvsvn = 2,
				  .cpusvn = "FAKE CPU OF SIM",
				  .attributes_mask = ~0ull,
				  .xfrm_mask = 3,
				  .misc_mask = 1};

	request.cpusvn[15] = '!';
	fill(request.keyid, 0x6b, sizeof(request.keyid));
	return request;
}

static struct outcome get_key(const struct enclave *enclave, const struct request *request)
{
	uint64_t data = linear_of(enclave, DATA);

	enclave_copy(enclave, data + REQUEST, (uint64_t)request, sizeof(*request));
	return enclave_enclu(enclave, EGETKEY, data + REQUEST, data + KEY, 0);
}

static void give_key(const struct enclave *enclave, const char *name, uint16_t key, uint16_t policy)
{
	struct request request = request_for(key, policy);
	struct outcome found = get_key(enclave, &request);

	check_code("EGETKEY: a key", &found, DONE);
	enclave_copy(enclave, (uint64_t)result, linear_of(enclave, DATA) + KEY, 16);
	print_bytes(name, result, 16);
}

static void check_refused_keys(const struct enclave *enclave)
{
	uint64_t data = linear_of(enclave, DATA);
	struct request request = request_for(5, 0);
	struct outcome found = get_key(enclave, &request);

	check_code("EGETKEY: a key that there isn't", &found, INVALID_KEYNAME);
	request = request_for(EINITTOKEN_KEY, 0);
	found = get_key(enclave, &request);
	check_code("EGETKEY: the launch key, without the attribute", &found, INVALID_ATTRIBUTE);
	request = request_for(PROVISION_KEY, 0);
	found = get_key(enclave, &request);
	check_code("EGETKEY: the provisioning key, without the attribute", &found, INVALID_ATTRIBUTE);
	request = request_for(PROVISION_SEAL_KEY, 0);
	found = get_key(enclave, &request);
	check_code("EGETKEY: the provisioning seal key, without the attribute", &found, INVALID_ATTRIBUTE);
	request = request_for(SEAL_KEY, 1);
	request.isvsvn = 4;
	found = get_key(enclave, &request);
	check_code("EGETKEY: a later ISVSVN than the enclave's", &found, INVALID_ISVSVN);
	request = request_for(SEAL_KEY, 1);
	request.cpusvn[0]++;
	found = get_key(enclave, &request);
	check_code("EGETKEY: a later CPUSVN than the processor's", &found, INVALID_CPUSVN);
	found = enclave_enclu(enclave, EGETKEY, data + REQUEST + 8, data + KEY, 0);
	check_equal("EGETKEY: a request that isn't aligned", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EGETKEY, data + REQUEST, data + KEY + 8, 0);
	check_equal("EGETKEY: a place that isn't aligned", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EGETKEY, (uint64_t)page_source, data + KEY, 0);
	check_equal("EGETKEY: a request outside", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EGETKEY, data + REQUEST, (uint64_t)page_source, 0);
	check_equal("EGETKEY: a place outside", (uint64_t)found.vector, GP);
	request = request_for(SEAL_KEY, 4);
	found = get_key(enclave, &request);
	check_equal("EGETKEY: a policy of KSS", (uint64_t)found.vector, GP);
	request = request_for(SEAL_KEY, 1);
	request.reserved1 = 1;
	found = get_key(enclave, &request);
	check_equal("EGETKEY: a mask of CET", (uint64_t)found.vector, GP);
	request = request_for(SEAL_KEY, 1);
	request.reserved2[0] = 1;
	found = get_key(enclave, &request);
	check_equal("EGETKEY: CONFIGSVN without KSS", (uint64_t)found.vector, GP);
	request = request_for(SEAL_KEY, 1);
	request.reserved2[9] = 1;
	found = get_key(enclave, &request);
	check_equal("EGETKEY: reserved bytes", (uint64_t)found.vector, GP);
}

static struct outcome make_report(const struct enclave *enclave, const uint8_t target[512])
{
	uint64_t data = linear_of(enclave, DATA);

	fill(result, 0xd7, 64);
	enclave_copy(enclave, data + REPORTDATA, (uint64_t)result, 64);
	enclave_copy(enclave, data + TARGET, (uint64_t)target, 512);
	return enclave_enclu(enclave, EREPORT, data + TARGET, data + REPORTDATA, data + REPORT);
}

static void check_reports(const struct enclave *enclave)
{
	static uint8_t target[512] __attribute__((aligned(512)));
	uint64_t data = linear_of(enclave, DATA), attributes = 5, xfrm = 7;
	struct outcome found;

	for (unsigned i = 0; i < 32; i++)
		target[i] = (uint8_t)(i + 1);
	copy(target + 32, &attributes, 8);
	copy(target + 40, &xfrm, 8);
	target[52] = 1;
	found = make_report(enclave, target);
	check_done("EREPORT: a report", &found);
	enclave_copy(enclave, (uint64_t)result, data + REPORT, 432);
	print_bytes("report", result, 432);
	target[300] = 1;
	found = make_report(enclave, target);
	check_equal("EREPORT: reserved bytes of TARGETINFO", (uint64_t)found.vector, GP);
	target[300] = 0;
	target[48] = 1;
	found = make_report(enclave, target);
	check_equal("EREPORT: TARGETINFO with CET", (uint64_t)found.vector, GP);
	target[48] = 0;
	target[49] = 1;
	found = make_report(enclave, target);
	check_equal("EREPORT: the reserved byte behind CET", (uint64_t)found.vector, GP);
	target[49] = 0;
	target[63] = 1;
	found = make_report(enclave, target);
	check_equal("EREPORT: reserved bytes behind MISCSELECT", (uint64_t)found.vector, GP);
	/* What is wrong from here on is one thing at a time. */
	target[63] = 0;
	found = make_report(enclave, target);
	check_done("EREPORT: another report", &found);
	found = enclave_enclu(enclave, EREPORT, data + TARGET + 8, data + REPORTDATA, data + REPORT);
	check_equal("EREPORT: TARGETINFO that isn't aligned", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EREPORT, data + TARGET, data + REPORTDATA + 8, data + REPORT);
	check_equal("EREPORT: REPORTDATA that isn't aligned", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EREPORT, data + TARGET, data + REPORTDATA, data + REPORT + 8);
	check_equal("EREPORT: a place that isn't aligned", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EREPORT, data + TARGET, data + REPORTDATA, (uint64_t)page_source);
	check_equal("EREPORT: a place outside", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EREPORT, (uint64_t)target, data + REPORTDATA, data + REPORT);
	check_equal("EREPORT: TARGETINFO outside", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EREPORT, data + TARGET, (uint64_t)page_source, data + REPORT);
	check_equal("EREPORT: REPORTDATA outside", (uint64_t)found.vector, GP);
	found = enclave_enclu(enclave, EENTER, linear_of(enclave, TCS1), 0, 0);
	check_equal("EENTER: inside", (uint64_t)found.vector, GP);
}

void checks_keys(void)
{
	struct enclave enclave;

	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	give_key(&enclave, "key-report", REPORT_KEY, 0);
	give_key(&enclave, "key-seal-enclave", SEAL_KEY, 1);
	give_key(&enclave, "key-seal-signer", SEAL_KEY, 2);
	give_key(&enclave, "key-seal-both", SEAL_KEY, 3);
	check_refused_keys(&enclave);
	check_reports(&enclave);
	enclave_remove(&enclave);
	enclave_build(&enclave, 0, MODE64 | TOKENKEY | PROVISION, 7, 0, GIVEN_KEYS);
	give_key(&enclave, "key-launch", EINITTOKEN_KEY, 0);
	give_key(&enclave, "key-provision", PROVISION_KEY, 0);
	give_key(&enclave, "key-provision-seal", PROVISION_SEAL_KEY, 0);
	give_key(&enclave, "key-seal-plain", SEAL_KEY, 2);
	enclave_remove(&enclave);
}
