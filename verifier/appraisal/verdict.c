/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "…";

void verdict_text_mark_cut(char *text, size_t size)
{
	size_t end = size - sizeof ellipsis;

	/* Not within a character of UTF-8. */
	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, ellipsis, sizeof ellipsis);
}

static void remark(struct verdict_remark *remarks, size_t *count, const char *code, const char *format,
		   va_list arguments)
{
	if (*count == VERDICT_REMARK_COUNT_MAX) {
		struct verdict_remark *last = &remarks[VERDICT_REMARK_COUNT_MAX - 1];

		last->code = "more";
		snprintf(last->text, sizeof last->text, "there are more than are listed");
		return;
	}
	struct verdict_remark *next = &remarks[(*count)++];
	next->code = code;
	if (vsnprintf(next->text, sizeof next->text, format, arguments) >= (int)sizeof next->text)
		verdict_text_mark_cut(next->text, sizeof next->text);
}

void verdict_refuse(struct verdict *verdict, const char *code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark(verdict->reasons, &verdict->reason_count, code, format, arguments);
	va_end(arguments);
}

void verdict_tolerate(struct verdict *verdict, const char *code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark(verdict->tolerances, &verdict->tolerance_count, code, format, arguments);
	va_end(arguments);
}

bool verdict_is_accepted(const struct verdict *verdict)
{
	return verdict->reason_count == 0;
}
