/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>

enum { REPORT_SIZE_MAX = 1024 };

static void stderr_sink(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	fprintf(stderr, "bartizan: %s\n", message);
}

static report_sink current_sink = stderr_sink;
static void *current_context;

/* Parentheses: under the analyzer the name is a macro, too. */
status(report)(status fault, const char *format, ...)
{
	char message[REPORT_SIZE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	current_sink(current_context, fault, message);
	return fault;
}

void report_sink_set(report_sink sink, void *context)
{
	current_sink = sink != NULL ? sink : stderr_sink;
	current_context = sink != NULL ? context : NULL;
}

void report_sink_get(report_sink *ret_sink, void **ret_context)
{
	*ret_sink = current_sink;
	*ret_context = current_context;
}
