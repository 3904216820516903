/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/report.h"
#include "host/image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct manifest manifest;

	report_sink_set(drop, NULL);
	if (manifest_init(&manifest, "fuzz", (struct span){data, size}) == STATUS_OK) {
		char *source = NULL;
		size_t source_size;
		FILE *out = open_memstream(&source, &source_size);

		if (manifest_write_assembler(&manifest, out) != STATUS_OK)
			abort();
		fclose(out);
		free(source);
		manifest_deinit(&manifest);
	}
	return 0;
}
