/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "host/image/sgxs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sgxs_summary summary;
	uint8_t hash[SGX_HASH_SIZE];
	FILE *file;

	report_sink_set(drop, NULL);
	file = size != 0 ? fmemopen((void *)data, size, "r") : NULL;
	if (file == NULL)
		return 0;
	if (sgxs_measure("fuzz", file, &summary) == STATUS_OK) {
		/* What is accepted whole is hashed whole, and its pages fit its size. */
		EVP_Digest(data, size, hash, NULL, EVP_sha256(), NULL);
		if (summary.unmeasured_size == 0 && memcmp(hash, summary.mrenclave, sizeof hash) != 0)
			abort();
		if (summary.page_count > summary.enclave_size / SGX_PAGE_SIZE)
			abort();
	}
	fclose(file);
	return 0;
}
