/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/link/output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "enclave/runtime/fault.h"
#include "enclave/runtime/output.h"

static void say_once(bool *said, const char *line)
{
	if (!*said)
		(void)output_write_clear(OUTPUT_REPORT, line, strlen(line));
	*said = true;
}

static long withhold(void *context, enum output_stream stream, const void *buffer, size_t size)
{
	static bool said_output, said_report;

	(void)context, (void)buffer;
	if (stream == OUTPUT_REPORT) {
		say_once(&said_report,
			 "bartizan: something went wrong; what, is withheld, as the grant doesn't give the "
			 "right to output in clear on this machine (local-output)\n");
		return (long)size;
	}
	runtime_fault_note();
	say_once(&said_output, "bartizan: what the program writes is withheld, as the grant doesn't give the right to "
			       "output in clear on this machine (local-output)\n");
	return -EPERM;
}

void link_output_withhold(void)
{
	output_sink_set(withhold, NULL);
	runtime_fault_withhold();
}
