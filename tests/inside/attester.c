/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attester [TEXT]: shows a verifier who it is, then sends it TEXT and prints what comes back; for
 * tests/test_attest.py. */
#include <stdio.h>
#include <string.h>

#include "enclave/attest/verifier.h"

static int converse(const char *text)
{
	char answer[256];
	size_t size;
	status result;

	if (verifier_send((struct span){(const uint8_t *)text, strlen(text)}, VERIFIER_PATIENCE_MS) != STATUS_OK)
		return 2;
	do
		result = verifier_receive(answer, sizeof answer - 1, &size);
	while (result == STATUS_TORN);
	if (result != STATUS_OK)
		return 3;
	answer[size] = '\0';
	printf("%s\n", answer);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t binding[EVIDENCE_BINDING_SIZE];

	memset(binding, 0xb1, sizeof binding);
	if (verifier_connect(binding, VERIFIER_PATIENCE_MS) != STATUS_OK)
		return 1;
	int code = argc > 1 ? converse(argv[1]) : 0;
	verifier_disconnect();
	return code;
}
