/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding's content, which may be made of anything, in the three forms that go out: each is whole, or the event says
 * that it couldn't be read. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/events/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

/* One line of JSON that can be read again. */
static void check_json(json_t *value)
{
	json_error_t error;
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
	json_t *again = text != NULL ? json_loads(text, 0, &error) : NULL;

	if (again == NULL || strchr(text, '\n') != NULL)
		abort();
	json_decref(again);
	json_decref(value);
	free(text);
}

/* RFC 5424: no control characters, and the structured data ends where it should. */
static void check_syslog(const struct event *event)
{
	char text[2048];

	event_syslog(event, "host", text, sizeof text);
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	if (text[0] != '<' || strstr(text, "] ") == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ledger_finding finding = {.name = "qemu:web1", .number = 7, .content = {data, size}, .at = 1};
	struct event event;

	report_sink_set(drop, NULL);
	if (event_from_finding(&finding, &event) != STATUS_OK)
		return 0;
	check_json(event_ocsf(&event));
	check_json(event_falco(&event));
	check_syslog(&event);
	event_deinit(&event);
	return 0;
}
