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

enum { NS_PER_MS = 1000000, SHORT_SIZE = 8, ENTRY_SIZE = 4096 };

/* Ten thousand targets, each a tree of its own on the way into the text: all of them at once would cost more time in
 * malloc() than anything else here. */
struct writing {
	const struct page_sources *sources;
	FILE *out;
	bool is_first; /* of its list */
};

struct collecting {
	json_t *list;
};

static void write_json(FILE *out, const json_t *value)
{
	char text[ENTRY_SIZE];
	const size_t size = json_dumpb(value, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);

	/* json_dumpf() writes each character. */
	if (size <= sizeof text)
		fwrite(text, 1, size, out);
	else
		(void)!json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* `entry` is given away; NULL: there was no memory for it. */
static status write_entry(struct writing *writing, json_t *entry)
{
	if (entry == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the page");
	if (!writing->is_first)
		fputc(',', writing->out);
	writing->is_first = false;
	write_json(writing->out, entry);
	json_decref(entry);
	return STATUS_OK;
}

static const char *hex_of(const uint8_t *bytes, size_t size, char text[2 * LEDGER_HASH_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = '\0';
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
	struct writing *writing = context;
	struct vigil_target seen = {.state = VIGIL_UNKNOWN};
	char source[2 * LEDGER_HASH_SIZE + 1], profile[2 * LEDGER_HASH_SIZE + 1];

	if (vigil_find(station_vigil(writing->sources->station), target->name, &seen) != STATUS_OK)
		return STATUS_OK;
	json_t *entry = json_pack(
		"{s:s,s:s,s:I,s:I,s:I,s:I,s:s,s:{s:s,s:I,s:I,s:I,s:I,s:s,s:s}}", "name", target->name, "state",
		vigil_state_name(seen.state), "interval_ms", (json_int_t)target->interval_ms, "silent_ms",
		(json_int_t)(seen.silent_ns / NS_PER_MS), "heard_at", (json_int_t)target->heard_at, "heard_count",
		(json_int_t)target->heard_count, "evidence", target->evidence, "scan", "program", target->scan.program,
		"count", (json_int_t)target->scan.count, "at", (json_int_t)target->scan.at, "epoch",
		(json_int_t)target->scan.epoch, "exit_status", (json_int_t)target->scan.exit_status, "source",
		hex(target->scan.source_key, source), "profile", hex(target->scan.profile_hash, profile));
	return write_entry(writing, entry);
}

static status add_change(void *context, const struct ledger_change *change)
{
	return write_entry(context, json_pack("{s:s,s:s,s:I}", "name", change->name, "state", change->state, "at",
					      (json_int_t)change->at));
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

/* What is short: the last alerts, findings and grants. */
static status collect(const struct page_sources *sources, json_t *whole, int64_t finding, int64_t alert)
{
	struct collecting grants = {json_array()}, alerts = {json_array()}, findings = {json_array()};

	json_object_set_new(whole, "alerts", alerts.list);
	json_object_set_new(whole, "findings", findings.list);
	json_object_set_new(whole, "grants", grants.list);
	TRY(ledger_grants_visit(sources->ledger, (int64_t)time(NULL), add_grant, &grants));
	TRY(ledger_alerts_visit(sources->ledger, alert - PAGE_EVENT_COUNT_MAX, PAGE_EVENT_COUNT_MAX, add_alert,
				&alerts));
	return ledger_findings_visit_after(sources->ledger, finding - PAGE_EVENT_COUNT_MAX, PAGE_EVENT_COUNT_MAX,
					   add_finding, &findings);
}

static status write_targets(const struct page_sources *sources, FILE *out)
{
	struct writing targets = {sources, out, true}, changes = {sources, out, true};

	fputs("\"targets\":[", out);
	TRY(ledger_targets_visit(sources->ledger, add_target, &targets));
	fputs("],\"changes\":[", out);
	TRY(ledger_changes_visit(sources->ledger, (int64_t)time(NULL) - PAGE_HISTORY_SECONDS, add_change, &changes));
	fputs("]", out);
	return STATUS_OK;
}

/* The members of `whole`, without its braces. */
static void write_members(const json_t *whole, FILE *out)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)whole, name, value)
	{
		fprintf(out, "\"%s\":", name);
		write_json(out, value);
		fputc(',', out);
	}
}

static status write_state(const struct page_sources *sources, FILE *out)
{
	const struct station_figures *figures = station_figures(sources->station);
	json_t *whole = json_pack("{s:s,s:I,s:b,s:b,s:I}", "version", BARTIZAN_VERSION, "now", (json_int_t)time(NULL),
				  "store_failing", figures->is_store_failing, "unproven", sources->is_unproven,
				  "history_seconds", (json_int_t)PAGE_HISTORY_SECONDS);
	int64_t finding, alert;

	if (whole == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the page");
	status result = ledger_last_ids(sources->ledger, &finding, &alert);
	if (result == STATUS_OK)
		result = collect(sources, whole, finding, alert);
	fputc('{', out);
	write_members(whole, out);
	json_decref(whole);
	if (result == STATUS_OK)
		result = write_targets(sources, out);
	fputc('}', out);
	return result;
}

char *page_state_text(const struct page_sources *sources)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	const status result = write_state(sources, out);
	if (fclose(out) == 0 && result == STATUS_OK)
		return text;
	free(text);
	return NULL;
}
