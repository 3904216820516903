/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "host/image/sigstruct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* Nobody forges a signature by mutation, but with a modulus of one's own choice it is
 * easy: then the structure must at least be one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[sizeof(struct sgx_sigstruct)] = {0};
	struct sgx_sigstruct sigstruct, made;
	struct sgx_secs secs = {0};

	report_sink_set(drop, NULL);
	if (sigstruct_read("fuzz", (struct span){data, size}, &sigstruct) == STATUS_OK && size != sizeof sigstruct)
		abort();
	/* The constant fields set right, so that the numbers are reached. */
	memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
	memcpy(&sigstruct, bytes, sizeof sigstruct);
	sigstruct_init(&(struct image_note_manifest){0}, sigstruct.mrenclave, sigstruct.date, &made);
	memcpy(made.modulus, sigstruct.modulus, sizeof made.modulus);
	memcpy(made.signature, sigstruct.signature, sizeof made.signature);
	memcpy(made.q1, sigstruct.q1, sizeof made.q1);
	memcpy(made.q2, sigstruct.q2, sizeof made.q2);
	made.modulus[SGX_MODULUS_SIZE - 1] |= 0x80;
	if (sigstruct_check("fuzz", &made) == STATUS_OK && made.exponent != 3)
		abort();
	if (sigstruct_check_enclave("fuzz", &sigstruct, &secs, made.mrenclave) == STATUS_OK &&
	    (sigstruct.attributes.flags & sigstruct.attributes_mask.flags) != 0)
		abort();
	return 0;
}
