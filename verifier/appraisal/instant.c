/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/instant.h"

#include <string.h>

static const char form[] = "%Y-%m-%dT%H:%M:%SZ";

void instant_format(time_t instant, char ret_text[INSTANT_TEXT_SIZE])
{
	struct tm fields;

	if (gmtime_r(&instant, &fields) == NULL || strftime(ret_text, INSTANT_TEXT_SIZE, form, &fields) == 0)
		memcpy(ret_text, "?", sizeof "?");
}

status instant_parse(const char *text, time_t *ret_instant)
{
	char again[INSTANT_TEXT_SIZE];
	struct tm fields = {0};
	const char *end = strptime(text, form, &fields);

	if (end == NULL || *end != '\0')
		return STATUS_MALFORMED;
	time_t instant = timegm(&fields);
	/* 2025-02-30 becomes another day, and single digits two: neither is this form. */
	instant_format(instant, again);
	if (strcmp(again, text) != 0)
		return STATUS_MALFORMED;
	*ret_instant = instant;
	return STATUS_OK;
}
