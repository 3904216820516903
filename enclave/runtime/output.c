/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/output.h"

#include <stdint.h>

#include "enclave/runtime/host.h"

static output_sink current_sink;
static void *sink_context;

void output_sink_set(output_sink sink, void *context)
{
	current_sink = sink;
	sink_context = context;
}

long output_write_clear(enum output_stream stream, const void *buffer, size_t size)
{
	return runtime_host_write(stream == OUTPUT_PROGRAM ? 1 : 2, buffer, size);
}

long output_write(enum output_stream stream, const void *buffer, size_t size)
{
	if (current_sink == NULL || size == 0)
		return output_write_clear(stream, buffer, size);
	return current_sink(sink_context, stream, buffer, size);
}
