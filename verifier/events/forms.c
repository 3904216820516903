/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as others' tools want it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verifier/events/event.h"

static const char *const severity_names[] = {"", "Informational", "Low", "Medium", "High", "Critical"};

/* A finding that is closed is the one that was created: a target's silence has one name, and what it lacks another. */
static const struct pair {
	const char *opens, *closes, *name;
} pairs[] = {
	{"missing", "back", "silence"},
	{"idle", "looking", "idleness"},
	{"lost", "told", "lost"},
	{"full", "room", "full"},
};

static bool is_over(const struct event *event)
{
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (strcmp(event->kind, pairs[i].closes) == 0)
			return true;
	return false;
}

static void rfc3339(int64_t at, char ret_text[32])
{
	time_t seconds = (time_t)at;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(ret_text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* OCSF's objects `attack`, `technique` and `sub_technique`: "T1562.001" is T1562's. */
static json_t *attack(const char *id)
{
	const size_t size = strcspn(id, ".");
	json_t *whole = json_pack("{s:{s:s#},s:s}", "technique", "uid", id, (int)size, "version", "14.1");

	if (id[size] == '.')
		json_object_set_new(whole, "sub_technique", json_pack("{s:s}", "uid", id));
	return whole;
}

static json_t *attacks(const struct event *event)
{
	json_t *list = json_array();

	for (size_t i = 0; i < event->attack_count; i++)
		json_array_append_new(list, attack(event->attacks[i]));
	return list;
}

static void finding_uid(const struct event *event, char *ret_uid, size_t size)
{
	snprintf(ret_uid, size, "%s", event->uid);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (strcmp(event->kind, pairs[i].opens) == 0 || strcmp(event->kind, pairs[i].closes) == 0)
			snprintf(ret_uid, size, "%s-%s", pairs[i].name, event->target);
}

/* OCSF 1.3, class Detection Finding (https://schema.ocsf.io/1.3.0/classes/detection_finding). A target that is
 * heard of again closes the finding that it was missing. */
json_t *event_ocsf(const struct event *event)
{
	const int activity = is_over(event) ? 3 : 1;
	char uid[sizeof event->uid + LEDGER_NAME_SIZE];

	finding_uid(event, uid, sizeof uid);
	json_t *whole =
		json_pack("{s:i,s:i,s:i,s:i,s:I,s:i,s:s,s:i,s:s,s:{s:s,s:s,s:{s:s,s:s,s:s}},s:{s:s,s:s,s:s,s:[s],s:o},"
			  "s:[{s:s,s:s}]}",
			  "category_uid", 2, "class_uid", 2004, "activity_id", activity, "type_uid", 200400 + activity,
			  "time", (json_int_t)event->at * 1000, "severity_id", (int)event->severity, "severity",
			  severity_names[event->severity], "status_id", is_over(event) ? 4 : 1, "message", event->title,
			  "metadata", "version", "1.3.0", "uid", event->uid, "product", "name", "Bartizan",
			  "vendor_name", "Bartizan", "version", BARTIZAN_VERSION, "finding_info", "uid", uid, "title",
			  event->title, "desc", event->text, "types", event->kind, "attacks", attacks(event),
			  "resources", "type", "watched machine", "name", event->target);

	if (whole != NULL && event->program[0] != '\0')
		json_object_set_new(whole, "unmapped", json_pack("{s:s}", "program", event->program));
	if (whole != NULL && event->details != NULL)
		json_object_set_new(whole, "evidences", json_pack("[{s:O}]", "data", event->details));
	return whole;
}

/* What falcosidekick takes (its types.FalcoPayload): Falco's own JSON output. */
json_t *event_falco(const struct event *event)
{
	static const char *const priorities[] = {"", "Informational", "Notice", "Warning", "Error", "Critical"};
	char at[32], output[2 * EVENT_TITLE_SIZE + LEDGER_NAME_SIZE + 8];
	json_t *tags = json_pack("[s,s]", "bartizan", event->kind);

	rfc3339(event->at, at);
	snprintf(output, sizeof output, "%s: %s (%s)", event->target, event->title, event->text);
	for (size_t i = 0; i < event->attack_count; i++)
		json_array_append_new(tags, json_string(event->attacks[i]));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:{s:s,s:s,s:s,s:s}}", "uuid", event->uid, "output", output,
			 "priority", priorities[event->severity], "rule", event->title, "time", at, "source",
			 "bartizan", "hostname", event->target, "tags", tags, "output_fields", "bartizan.target",
			 event->target, "bartizan.kind", event->kind, "bartizan.program", event->program,
			 "bartizan.uid", event->uid);
}

/* PARAM-VALUE: `"`, `\` and `]` are escaped (RFC 5424, 6.3.3); control characters become spaces. */
static size_t escape(const char *text, char *ret_text, size_t size)
{
	size_t used = 0;

	for (; *text != '\0' && used + 3 < size; text++) {
		if (*text == '"' || *text == '\\' || *text == ']')
			ret_text[used++] = '\\';
		ret_text[used++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
	}
	ret_text[used] = '\0';
	return used;
}

void event_syslog(const struct event *event, const char *host, char *ret_text, size_t size)
{
	/* RFC 5424's severities: notice, notice, warning, error, critical; the facility is security (10). */
	static const int severities[] = {5, 5, 5, 4, 3, 2};
	char at[32], title[2 * EVENT_TITLE_SIZE], text[2 * EVENT_TITLE_SIZE], target[2 * LEDGER_NAME_SIZE];

	rfc3339(event->at, at);
	escape(event->title, title, sizeof title);
	escape(event->text, text, sizeof text);
	escape(event->target, target, sizeof target);
	/* 32473 is the number for documentation (RFC 5612): the project has none of its own. */
	snprintf(ret_text, size,
		 "<%d>1 %s %s bartizan-verifier %d %s [bartizan@32473 target=\"%s\" uid=\"%s\" attack=\"%s\"] "
		 "%s: %s: %s",
		 10 * 8 + severities[event->severity], at, host, (int)getpid(), event->kind, target, event->uid,
		 event->attack_count > 0 ? event->attacks[0] : "", target, title, text);
}
