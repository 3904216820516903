/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/events/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/verifier.h"

/* What an alert of the ledger means, for those who haven't read our pages. */
static const struct alert_kind {
	const char *kind, *title;
	enum event_severity severity;
	/* MITRE ATT&CK: T1562.001 disable or modify tools, T1562.006 indicator blocking, T1565.002
	 * transmitted data manipulation. Empty: what our own operator does is no technique. */
	const char *attack;
} alert_kinds[] = {
	{"missing", "The watching enclave is silent", EVENT_CRITICAL, "T1562.001"},
	{"back", "The watching enclave is heard of again", EVENT_INFORMATIONAL, "T1562.001"},
	{"idle", "The watching enclave doesn't look any more", EVENT_CRITICAL, "T1562.001"},
	{"looking", "The watching enclave looks again", EVENT_INFORMATIONAL, "T1562.001"},
	{"gap", "Results were withheld", EVENT_HIGH, "T1562.006"},
	{"lost", "Results were made and never came", EVENT_CRITICAL, "T1562.006"},
	{"told", "Results that were lost have come", EVENT_INFORMATIONAL, "T1562.006"},
	{"restarted", "The watching enclave was started anew", EVENT_LOW, "T1562.001"},
	{"full", "A target's results have used up their quota", EVENT_HIGH, "T1562.006"},
	{"room", "A target's results are taken again", EVENT_INFORMATIONAL, "T1562.006"},
	{"fork", "Results were rewritten", EVENT_CRITICAL, "T1565.002"},
	{"rollback", "A heartbeat's counter went back", EVENT_CRITICAL, "T1565.002"},
	{"revoked", "A grant was taken back", EVENT_MEDIUM, "T1562.001"},
	{"unrevoked", "A grant can't be taken back yet", EVENT_HIGH, "T1562.001"},
	{"barred", "The operator has taken something out", EVENT_MEDIUM, ""},
	{"lifted", "The operator lets something in again", EVENT_INFORMATIONAL, ""},
	{"reloaded", "The verifier goes on by another configuration", EVENT_INFORMATIONAL, ""},
	{"refused", "An enclave's evidence was refused", EVENT_HIGH, "T1562.001"},
};

void event_from_alert(const struct ledger_alert *alert, struct event *ret_event)
{
	struct event event = {.at = alert->at, .severity = EVENT_HIGH};
	struct alert_kind kind = {.title = alert->kind, .severity = EVENT_HIGH, .attack = "T1562.001"};

	for (size_t i = 0; i < sizeof alert_kinds / sizeof *alert_kinds; i++)
		if (strcmp(alert->kind, alert_kinds[i].kind) == 0)
			kind = alert_kinds[i];
	event.severity = kind.severity;
	/* With its time: a store that was restored from a copy counts from there again. */
	snprintf(event.uid, sizeof event.uid, "alert-%" PRId64 "-%" PRId64, alert->id, (int64_t)alert->at);
	snprintf(event.target, sizeof event.target, "%s", alert->name);
	snprintf(event.kind, sizeof event.kind, "%s", alert->kind);
	snprintf(event.title, sizeof event.title, "%s", kind.title);
	snprintf(event.text, sizeof event.text, "%s", alert->text);
	event.attack_count = kind.attack[0] != '\0';
	snprintf(event.attacks[0], sizeof event.attacks[0], "%s", kind.attack);
	*ret_event = event;
}

/* "T1014" or "T1562.001". */
static int is_attack(const char *text)
{
	size_t digits = text[0] == 'T' ? strspn(text + 1, "0123456789") : 0;
	const char *rest = text + 1 + digits;

	return digits == 4 &&
	       (rest[0] == '\0' || (rest[0] == '.' && strlen(rest) == 4 && strspn(rest + 1, "0123456789") == 3));
}

static enum event_severity severity_of(const json_t *finding)
{
	static const char *const names[] = {"informational", "low", "medium", "high", "critical"};
	const char *text = json_string_value(json_object_get(finding, "severity"));

	for (size_t i = 0; text != NULL && i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0)
			return (enum event_severity)(i + 1);
	/* What isn't said isn't made harmless. */
	return EVENT_HIGH;
}

/* A text that was cut may end within a character (UTF-8, RFC 3629): jansson would refuse all of it. */
static void drop_half_character(char *text)
{
	size_t size = strlen(text), tail = 0;

	while (tail < size && tail < 3 && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail == size)
		return;
	unsigned char lead = (unsigned char)text[size - 1 - tail];
	size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	if (wanted != tail)
		text[size - 1 - tail] = '\0';
}

/* The station lets no other name in; an event that can't be written would stop all that come after it. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static void take_text(const json_t *finding, const char *key, char *ret_text, size_t size)
{
	const char *text = json_string_value(json_object_get(finding, key));

	if (text != NULL && text[0] != '\0')
		snprintf(ret_text, size, "%s", text);
	drop_half_character(ret_text);
}

static void take_attacks(const json_t *finding, struct event *event)
{
	const json_t *list = json_object_get(finding, "attack");

	for (size_t i = 0; i < json_array_size(list) && event->attack_count < EVENT_ATTACK_COUNT_MAX; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text != NULL && is_attack(text))
			snprintf(event->attacks[event->attack_count++], EVENT_ATTACK_SIZE, "%s", text);
	}
}

/* Deeper than its bound isn't parsed: counted without recursion, strings passed over. */
static int is_too_deep(const char *text, size_t size)
{
	int depth = 0, in_string = 0;

	for (size_t i = 0; i < size; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else
				in_string = text[i] != '"';
			continue;
		}
		in_string = text[i] == '"';
		depth += text[i] == '{' || text[i] == '[';
		depth -= text[i] == '}' || text[i] == ']';
		if (depth > EVENT_JSON_DEPTH_MAX)
			return 1;
	}
	return 0;
}

static void fill_finding(struct event *event, const char *text, size_t size)
{
	json_error_t error = {.line = 1};
	json_t *finding = is_too_deep(text, size) ? NULL : json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

	event->severity = severity_of(finding);
	if (!json_is_object(finding)) {
		snprintf(event->title, sizeof event->title, "A finding that can't be read");
		snprintf(event->text, sizeof event->text,
			 "%zu bytes that aren't a JSON object (line %d); the store has them", size,
			 finding == NULL ? error.line : 1);
		json_decref(finding);
		return;
	}
	take_text(finding, "title", event->title, sizeof event->title);
	take_text(finding, "text", event->text, sizeof event->text);
	take_attacks(finding, event);
	event->details = finding;
}

status event_from_finding(const struct ledger_finding *finding, struct event *ret_event)
{
	const size_t before = offsetof(struct verifier_result, kind);
	struct verifier_result head = {0};
	struct event event = {.at = finding->at};

	if (finding->content.size < sizeof head - before)
		return STATUS_END;
	memcpy((uint8_t *)&head + before, finding->content.data, sizeof head - before);
	if (head.kind != VERIFIER_RESULT_FINDING)
		return STATUS_END;
	size_t used = (size_t)snprintf(event.uid, sizeof event.uid, "finding-");
	for (size_t i = 0; i < 8; i++)
		used += (size_t)snprintf(event.uid + used, sizeof event.uid - used, "%02x", finding->stream[i]);
	snprintf(event.uid + used, sizeof event.uid - used, "-%" PRIu64, finding->number);
	snprintf(event.target, sizeof event.target, "%s", finding->name);
	snprintf(event.kind, sizeof event.kind, "finding");
	snprintf(event.title, sizeof event.title, "A finding without a title");
	snprintf(event.program, sizeof event.program, "%.*s", (int)sizeof head.program - 1, head.program);
	make_printable(event.program);
	fill_finding(&event, (const char *)finding->content.data + (sizeof head - before),
		     finding->content.size - (sizeof head - before));
	*ret_event = event;
	return STATUS_OK;
}

void event_deinit(struct event *event)
{
	json_decref(event->details);
	event->details = NULL;
}
