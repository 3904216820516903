// SPDX-License-Identifier: GPL-2.0-or-later
// EINIT: signatures, measurements, attributes, tokens. What is signed is test_sgx_machine.py's.
#include "leaves.h"

static struct given changed __attribute__((aligned(4096)));

static struct outcome init_changed(const struct enclave *enclave, enum given_kind kind, uint64_t offset, uint8_t change)
{
	changed = GIVEN[kind];
	((uint8_t *)&changed)[offset] ^= change;
	launch_hash(changed.signer);
	return encls(EINIT, (uint64_t)&changed.sigstruct, secs_of(enclave), (uint64_t)&changed.token);
}

static void check_form(const struct enclave *enclave)
{
	static const struct {
		const char *name;
		uint64_t offset, code;
	} table[] = {
		{"EINIT: SIGSTRUCT with another header", 0, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with another second header", 24, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT of another vendor", 16, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with reserved bytes behind SWDEFINED", 44, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with another exponent", 512, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with CET", 908, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with CET's mask", 909, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with reserved bytes behind CET's mask", 910, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with a family without KSS", 912, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with reserved bytes before Q1", 1028 + 4, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with reserved bytes behind the hash", 992, INVALID_SIG_STRUCT},
		{"EINIT: SIGSTRUCT with an extended product without KSS", 1008, INVALID_SIG_STRUCT},
		{"EINIT: another date than was signed", 20, INVALID_SIGNATURE},
		{"EINIT: another modulus", 128, INVALID_SIGNATURE},
		{"EINIT: another signature", 516, INVALID_SIGNATURE},
		{"EINIT: other attributes than were signed", 928, INVALID_SIGNATURE},
		{"EINIT: another product than was signed", 1024, INVALID_SIGNATURE},
		{"EINIT: another Q1", 1040, INVALID_SIGNATURE},
		{"EINIT: another Q2", 1424, INVALID_SIGNATURE},
	};
	struct outcome found;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		found = init_changed(enclave, GIVEN_DEBUG, table[i].offset, 2);
		check_code(table[i].name, &found, table[i].code);
	}
	found = init_changed(enclave, GIVEN_VENDOR, 0, 0);
	check_code("EINIT: a vendor's number that there isn't, signed", &found, INVALID_SIG_STRUCT);
}

static void check_meaning(const struct enclave *enclave)
{
	static const struct {
		const char *name;
		enum given_kind kind;
		uint64_t code;
	} table[] = {
		{"EINIT: signed for another measurement", GIVEN_WRONG_HASH, INVALID_MEASUREMENT},
		{"EINIT: signed for other attributes", GIVEN_PLAIN, INVALID_ATTRIBUTE},
		{"EINIT: signed for another XFRM", GIVEN_WRONG_XFRM, INVALID_ATTRIBUTE},
		{"EINIT: signed for another MISCSELECT", GIVEN_WRONG_MISC, INVALID_ATTRIBUTE},
		{"EINIT: another signer than the MSRs say, without a token", GIVEN_OTHER_SIGNER, INVALID_EINITTOKEN},
		{"EINIT: a token for another measurement", GIVEN_TOKEN_OTHER_HASH, INVALID_MEASUREMENT},
		{"EINIT: a token for other attributes", GIVEN_TOKEN_OTHER_ATTRIBUTES, INVALID_ATTRIBUTE},
		{"EINIT: a token for another signer", GIVEN_TOKEN_OTHER_SIGNER, INVALID_MEASUREMENT},
		{"EINIT: a token for another XFRM", GIVEN_TOKEN_OTHER_XFRM, INVALID_ATTRIBUTE},
	};
	struct outcome found;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		found = enclave_init(enclave, table[i].kind);
		check_code(table[i].name, &found, table[i].code);
	}
}

static void check_token(const struct enclave *enclave)
{
	enum { TOKEN = 2048, RESERVED = TOKEN + 4, CPUSVN = TOKEN + 192, MAC = TOKEN + 288, VALID = TOKEN };
	struct outcome found;

	found = init_changed(enclave, GIVEN_TOKEN, MAC, 1);
	check_code("EINIT: a token with another MAC", &found, INVALID_EINITTOKEN);
	found = init_changed(enclave, GIVEN_TOKEN, RESERVED, 1);
	check_code("EINIT: a token with reserved bytes", &found, INVALID_EINITTOKEN);
	found = init_changed(enclave, GIVEN_TOKEN, VALID, 2);
	check_code("EINIT: a token with reserved bits of VALID", &found, INVALID_EINITTOKEN);
	found = init_changed(enclave, GIVEN_TOKEN, CPUSVN, 0x80);
	check_code("EINIT: a token of a later CPUSVN", &found, INVALID_CPUSVN);
	found = init_changed(enclave, GIVEN_TOKEN, CPUSVN, 0x02);
	check_code("EINIT: a token of another CPUSVN, with the MAC of this one", &found, INVALID_EINITTOKEN);
	found = init_changed(enclave, GIVEN_TOKEN, 2560, 1);
	check_code("EINIT: a token of another launch enclave's signer", &found, INVALID_EINITTOKEN);
	found = init_changed(enclave, GIVEN_TOKEN, 0, 0);
	check_code("EINIT: a token that is in order, and another signer", &found, DONE);
}

static void check_operands(const struct enclave *enclave)
{
	uint64_t signature = (uint64_t)GIVEN[GIVEN_DEBUG].sigstruct, token = (uint64_t)GIVEN[GIVEN_DEBUG].token;
	struct outcome found;

	found = encls(EINIT, signature + 8, secs_of(enclave), token);
	check_fault("EINIT: SIGSTRUCT that isn't aligned", &found, GP);
	found = encls(EINIT, signature, secs_of(enclave) + 8, token);
	check_fault("EINIT: a SECS that isn't aligned", &found, GP);
	found = encls(EINIT, signature, secs_of(enclave), token + 8);
	check_fault("EINIT: a token that isn't aligned", &found, GP);
	found = encls(EINIT, signature, epc(FREE), token);
	check_epcm_fault("EINIT: a free page", &found, epc(FREE));
	found = encls(EINIT, signature, page_of(enclave, CODE), token);
	check_epcm_fault("EINIT: a regular page", &found, page_of(enclave, CODE));
	found = encls(EINIT, signature, (uint64_t)page_source, token);
	check_epcm_fault("EINIT: memory that isn't EPC", &found, (uint64_t)page_source);
}

void checks_init(void)
{
	struct enclave enclave, plain;
	struct outcome found;

	enclave_load(&enclave, 0, DEBUG | MODE64, 7, 1);
	check_operands(&enclave);
	check_form(&enclave);
	check_meaning(&enclave);
	check_token(&enclave);
	found = enclave_init(&enclave, GIVEN_TOKEN);
	check_fault("EINIT: twice", &found, GP);
	enclave_remove(&enclave);
	enclave_load(&plain, 1, MODE64, 7, 1);
	found = enclave_init(&plain, GIVEN_TOKEN_DEBUG);
	check_code("EINIT: a debug launch enclave's token, for an enclave that isn't", &found, INVALID_EINITTOKEN);
	enclave_remove(&plain);
	found = enclave_build(&enclave, 0, MODE64 | TOKENKEY | PROVISION, 7, 0, GIVEN_KEYS);
	check_code("EINIT: an enclave with keys for launching, signed by whom the MSRs say", &found, DONE);
	enclave_remove(&enclave);
	enclave_load(&enclave, 0, MODE64 | TOKENKEY | PROVISION, 7, 0);
	GIVEN[GIVEN_KEYS].signer[0] ^= 1;
	found = enclave_init(&enclave, GIVEN_KEYS);
	GIVEN[GIVEN_KEYS].signer[0] ^= 1;
	check_code("EINIT: an enclave with keys for launching, signed by somebody else", &found, INVALID_ATTRIBUTE);
	enclave_remove(&enclave);
	enclave_load(&enclave, 0, DEBUG | MODE64, 7, 1);
	encls(EEXTEND, secs_of(&enclave), page_of(&enclave, DATA), 0);
	found = enclave_init(&enclave, GIVEN_DEBUG);
	check_code("EINIT: 256 bytes more were measured", &found, INVALID_MEASUREMENT);
	enclave_remove(&enclave);
}
