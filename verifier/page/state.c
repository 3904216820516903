/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page shows, as JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "verifier/events/event.h"
#include "verifier/ledger/granted.h"
#include "verifier/page/page.h"
#include "wire/verifier.h"

enum { NS_PER_MS = 1000000, SHORT_SIZE = 8 };

struct collecting {
	const struct page_sources *sources;
	json_t *list;
};

static const char *hex_of(const uint8_t *bytes, size_t size, char text[2 * LEDGER_HASH_SIZE + 1])
{
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static const char *hex(const uint8_t bytes[LEDGER_HASH_SIZE], char text[2 * LEDGER_HASH_SIZE + 1])
{
	return hex_of(bytes, LEDGER_HASH_SIZE, text);
}

/* A name of a hostile machine may be any bytes. jansson takes UTF-8 alone: others become question marks. */
static json_t *text_of(const char *bytes, size_t size)
{
	json_t *text = json_stringn(bytes, size);

	if (text != NULL)
		return text;
	char *copy = strndup(bytes, size);
	for (char *c = copy; c != NULL && *c != '\0'; c++)
		if ((*c & 0x80) != 0)
			*c = '?';
	text = copy != NULL ? json_string(copy) : NULL;
	free(copy);
	return text;
}

static status add_target(void *context, const struct ledger_target *target)
{
	struct collecting *collecting = context;
	struct vigil_target seen = {.state = VIGIL_UNKNOWN};
	char source[2 * LEDGER_HASH_SIZE + 1], profile[2 * LEDGER_HASH_SIZE + 1];

	if (vigil_find(station_vigil(collecting->sources->station), target->name, &seen) != STATUS_OK)
		return STATUS_OK;
	json_t *entry = json_pack(
		"{s:s,s:s,s:I,s:I,s:I,s:I,s:s,s:{s:s,s:I,s:I,s:I,s:I,s:s,s:s}}", "name", target->name, "state",
		vigil_state_name(seen.state), "interval_ms", (json_int_t)target->interval_ms, "silent_ms",
		(json_int_t)(seen.silent_ns / NS_PER_MS), "heard_at", (json_int_t)target->heard_at, "heard_count",
		(json_int_t)target->heard_count, "evidence", target->evidence, "scan", "program", target->scan.program,
		"count", (json_int_t)target->scan.count, "at", (json_int_t)target->scan.at, "epoch",
		(json_int_t)target->scan.epoch, "exit_status", (json_int_t)target->scan.exit_status, "source",
		hex(target->scan.source_key, source), "profile", hex(target->scan.profile_hash, profile));
	return json_array_append_new(collecting->list, entry) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static status add_change(void *context, const struct ledger_change *change)
{
	struct collecting *collecting = context;

	json_array_append_new(collecting->list, json_pack("{s:s,s:s,s:I}", "name", change->name, "state", change->state,
							  "at", (json_int_t)change->at));
	return STATUS_OK;
}

static void add_event(json_t *list, const struct event *event)
{
	json_t *entry = json_pack("{s:s,s:s,s:s,s:o,s:o,s:s,s:I,s:i}", "uid", event->uid, "target", event->target,
				  "kind", event->kind, "title", text_of(event->title, strlen(event->title)), "text",
				  text_of(event->text, strlen(event->text)), "program", event->program, "at",
				  (json_int_t)event->at, "severity", (int)event->severity);
	json_t *attacks = json_array();

	for (size_t i = 0; i < event->attack_count; i++)
		json_array_append_new(attacks, json_string(event->attacks[i]));
	json_object_set_new(entry, "attacks", attacks);
	if (event->details != NULL)
		json_object_set(entry, "details", event->details);
	json_array_append_new(list, entry);
}

static status add_alert(void *context, const struct ledger_alert *alert)
{
	struct event event;

	event_from_alert(alert, &event);
	add_event(((struct collecting *)context)->list, &event);
	return STATUS_OK;
}

/* How a program ended, and what was said on standard error. */
static void add_end(json_t *list, const struct ledger_finding *finding, const char *program, struct span content)
{
	struct verifier_end end;

	if (content.size < sizeof end)
		return;
	memcpy(&end, content.data, sizeof end);
	json_array_append_new(
		list, json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "kind", "end", "target", finding->name, "program", program,
				"at", (json_int_t)finding->at, "exit_status", (json_int_t)end.exit_status, "text",
				text_of((const char *)content.data + sizeof end, content.size - sizeof end)));
}

/* What a program printed: its beginning. */
static void add_output(json_t *list, const struct ledger_finding *finding)
{
	const size_t before = offsetof(struct verifier_result, kind);
	const size_t head_size = sizeof(struct verifier_result) - before;
	struct verifier_result head = {0};

	if (finding->content.size < head_size)
		return;
	memcpy((uint8_t *)&head + before, finding->content.data, head_size);
	size_t size = finding->content.size - head_size;
	const char *text = (const char *)finding->content.data + head_size;
	/* It ends in a NUL: the station has looked. */
	if (head.kind == VERIFIER_RESULT_END) {
		add_end(list, finding, head.program, (struct span){finding->content.data + head_size, size});
		return;
	}
	json_array_append_new(list, json_pack("{s:s,s:s,s:s#,s:I,s:I,s:o}", "kind", "output", "target", finding->name,
					      "program", head.program, (int)strnlen(head.program, sizeof head.program),
					      "at", (json_int_t)finding->at, "size", (json_int_t)size, "text",
					      text_of(text, size < PAGE_TEXT_SIZE_MAX ? size : PAGE_TEXT_SIZE_MAX)));
}

static status add_finding(void *context, const struct ledger_finding *finding)
{
	struct collecting *collecting = context;
	struct event event EVENT_CLEANUP = {0};

	if (event_from_finding(finding, &event) == STATUS_OK)
		add_event(collecting->list, &event);
	else
		add_output(collecting->list, finding);
	return STATUS_OK;
}

/* The last of those that aren't over: whoever takes one back must name it. */
static status add_grant(void *context, const struct ledger_grant *grant)
{
	char id[2 * LEDGER_HASH_SIZE + 1], run[2 * LEDGER_HASH_SIZE + 1], mrenclave[2 * LEDGER_HASH_SIZE + 1],
		source[2 * LEDGER_HASH_SIZE + 1];
	json_t *list = ((struct collecting *)context)->list;

	if (grant->valid_until <= (int64_t)time(NULL))
		return STATUS_OK;
	json_array_append_new(
		list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:b}", "id", hex_of(grant->id, sizeof grant->id, id),
				"target", grant->name, "run", hex_of(grant->stream, SHORT_SIZE, run), "mrenclave",
				hex(grant->mrenclave, mrenclave), "source", hex(grant->source_key, source),
				"valid_until", (json_int_t)grant->valid_until, "is_condemned", grant->is_condemned));
	if (json_array_size(list) > PAGE_EVENT_COUNT_MAX)
		json_array_remove(list, 0);
	return STATUS_OK;
}

static status collect(const struct page_sources *sources, json_t *whole)
{
	struct collecting grants = {sources, json_array()};
	struct collecting targets = {sources, json_array()}, changes = {sources, json_array()};
	struct collecting alerts = {sources, json_array()}, findings = {sources, json_array()};
	int64_t finding, alert;

	json_object_set_new(whole, "targets", targets.list);
	json_object_set_new(whole, "changes", changes.list);
	json_object_set_new(whole, "alerts", alerts.list);
	json_object_set_new(whole, "findings", findings.list);
	json_object_set_new(whole, "grants", grants.list);
	TRY(ledger_grants_visit(sources->ledger, (int64_t)time(NULL), add_grant, &grants));
	TRY(ledger_last_ids(sources->ledger, &finding, &alert));
	TRY(ledger_targets_visit(sources->ledger, add_target, &targets));
	TRY(ledger_changes_visit(sources->ledger, (int64_t)time(NULL) - PAGE_HISTORY_SECONDS, add_change, &changes));
	TRY(ledger_alerts_visit(sources->ledger, alert - PAGE_EVENT_COUNT_MAX, PAGE_EVENT_COUNT_MAX, add_alert,
				&alerts));
	return ledger_findings_visit_after(sources->ledger, finding - PAGE_EVENT_COUNT_MAX, PAGE_EVENT_COUNT_MAX,
					   add_finding, &findings);
}

char *page_state_text(const struct page_sources *sources)
{
	const struct station_figures *figures = station_figures(sources->station);
	json_t *whole = json_pack("{s:s,s:I,s:b,s:b,s:I}", "version", BARTIZAN_VERSION, "now", (json_int_t)time(NULL),
				  "store_failing", figures->is_store_failing, "unproven", sources->is_unproven,
				  "history_seconds", (json_int_t)PAGE_HISTORY_SECONDS);
	char *text = NULL;

	if (whole != NULL && collect(sources, whole) == STATUS_OK)
		text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	return text;
}
