/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/events/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/events/channel.h"
#include "verifier/events/courier.h"
#include "verifier/events/event.h"

enum { NS_PER_MS = 1000000 };

/* How far an output has come: the last ones that it has had. */
struct place {
	int64_t finding, alert;
};

struct output {
	struct output_settings settings;
	char name[LEDGER_OUTPUT_SIZE];
	struct place place;
	struct courier *courier;
	/* Under way: where it will be after each of them, and how many it has had. */
	struct place places[OUTPUT_EVENT_COUNT_MAX];
	size_t had_count;
	uint64_t paused_until_ns;
	uint32_t pause_ms;
	struct output_figures figures;
};

struct outputs {
	struct ledger *ledger;
	struct output outputs[OUTPUT_COUNT_MAX];
	size_t count;
};

static status begin(struct outputs *outputs, const struct output_settings *settings)
{
	static const char *const kinds[] = {
		[OUTPUT_JSONL] = "jsonl", [OUTPUT_SYSLOG] = "syslog", [OUTPUT_WEBHOOK] = "webhook"};
	struct output *output = &outputs->outputs[outputs->count];

	output->settings = *settings;
	output->pause_ms = OUTPUT_PAUSE_MS_MIN;
	snprintf(output->name, sizeof output->name, "%s %s", kinds[settings->kind], settings->place);
	TRY(ledger_output_place(outputs->ledger, output->name, &output->place.finding, &output->place.alert));
	TRY(courier_create(settings, &output->courier));
	outputs->count++;
	return STATUS_OK;
}

status outputs_create(struct ledger *ledger, const struct output_settings *settings, size_t count,
		      struct outputs **ret_outputs)
{
	struct outputs *outputs = calloc(1, sizeof *outputs);
	status result = STATUS_OK;

	if (outputs == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	outputs->ledger = ledger;
	for (size_t i = 0; i < count && result == STATUS_OK; i++)
		result = begin(outputs, &settings[i]);
	if (result != STATUS_OK) {
		outputs_destroy(outputs);
		return result;
	}
	*ret_outputs = outputs;
	return STATUS_OK;
}

static status note_place(struct outputs *outputs, const struct output *output)
{
	return ledger_output_served(outputs->ledger, output->name, output->place.finding, output->place.alert);
}

static void failed(struct output *output, uint64_t now_ns)
{
	/* Said once, not at each attempt. */
	if (!output->figures.is_failing)
		(void)!report(STATUS_IO, "the output %s doesn't take events: they wait in the store", output->name);
	output->figures.is_failing = true;
	output->figures.failure_count++;
	output->paused_until_ns = now_ns + (uint64_t)output->pause_ms * NS_PER_MS;
	if (output->pause_ms < OUTPUT_PAUSE_MS_MAX)
		output->pause_ms *= 2;
}

/* What has come since the last time. STATUS_TORN: it is still on its way. */
static status collect(struct output *output, uint64_t now_ns)
{
	size_t count = 0;
	const status result = courier_progress(output->courier, &count);

	if (result == STATUS_END)
		return STATUS_OK;
	if (count > output->had_count) {
		output->place = output->places[count - 1];
		output->figures.delivered_count += count - output->had_count;
		output->figures.is_failing = false;
		output->pause_ms = OUTPUT_PAUSE_MS_MIN;
		output->had_count = count;
	}
	if (result == STATUS_IO)
		failed(output, now_ns);
	return result == STATUS_TORN ? STATUS_TORN : STATUS_OK;
}

/* The next batch. */
struct gathering {
	struct output *output;
	struct place place; /* behind all that was looked at */
	char *texts[OUTPUT_EVENT_COUNT_MAX];
	size_t count, size;
	bool is_over;
};

/* STATUS_END ends the visit: the rest comes with the next batch. */
static status add(struct gathering *gathering, const struct event *event, struct place place)
{
	char *text = channel_text(gathering->output->settings.kind, event);

	if (text == NULL) {
		gathering->is_over = true;
		return report(STATUS_NO_MEMORY, "no memory for an event");
	}
	gathering->place = place;
	gathering->output->places[gathering->count] = place;
	gathering->texts[gathering->count++] = text;
	gathering->size += strlen(text);
	gathering->is_over =
		gathering->count == OUTPUT_EVENT_COUNT_MAX || gathering->size >= (size_t)OUTPUT_LOOK_SIZE_MAX;
	return gathering->is_over ? STATUS_END : STATUS_OK;
}

static status gather_alert(void *context, const struct ledger_alert *alert)
{
	struct gathering *gathering = context;
	struct event event;

	event_from_alert(alert, &event);
	return add(gathering, &event, (struct place){gathering->place.finding, alert->id});
}

static status gather_finding(void *context, const struct ledger_finding *finding)
{
	struct gathering *gathering = context;
	struct event event EVENT_CLEANUP = {0};
	const struct place place = {finding->id, gathering->place.alert};

	/* What was read and parsed is bounded, however short the texts that come of it. */
	gathering->size += finding->content.size;
	if (event_from_finding(finding, &event) != STATUS_END)
		return add(gathering, &event, place);
	gathering->place = place;
	return gathering->size >= (size_t)OUTPUT_LOOK_SIZE_MAX ? STATUS_END : STATUS_OK;
}

static status gather(struct ledger *ledger, struct gathering *gathering)
{
	const struct place *from = &gathering->output->place;
	status result = ledger_alerts_visit(ledger, from->alert, OUTPUT_EVENT_COUNT_MAX, gather_alert, gathering);

	if (!status_is_fault(result) && !gathering->is_over)
		result = ledger_findings_visit_after(ledger, from->finding, OUTPUT_LOOK_COUNT_MAX, gather_finding,
						     gathering);
	return status_is_fault(result) ? result : STATUS_OK;
}

static status hand_out(struct outputs *outputs, struct output *output)
{
	struct gathering gathering = {.output = output, .place = output->place};
	const status result = gather(outputs->ledger, &gathering);

	/* What isn't an event needs no delivery. */
	if (gathering.count == 0) {
		output->place = gathering.place;
		return result;
	}
	output->places[gathering.count - 1] = gathering.place;
	output->had_count = 0;
	courier_take(output->courier, gathering.texts, gathering.count);
	return result;
}

static status serve_one(struct outputs *outputs, struct output *output, uint64_t now_ns)
{
	const struct place before = output->place;
	status result = collect(output, now_ns);

	if (result == STATUS_OK && now_ns >= output->paused_until_ns)
		result = hand_out(outputs, output);
	/* It isn't asked again at each tick. */
	if (result == STATUS_NO_MEMORY)
		failed(output, now_ns);
	if (before.finding != output->place.finding || before.alert != output->place.alert)
		TRY(note_place(outputs, output));
	return status_is_fault(result) ? result : STATUS_OK;
}

status outputs_serve(struct outputs *outputs, uint64_t now_ns)
{
	int64_t finding, alert;
	status first = STATUS_OK;

	TRY(ledger_last_ids(outputs->ledger, &finding, &alert));
	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->outputs[i];
		status result = STATUS_OK;

		if (output->place.finding < finding || output->place.alert < alert)
			result = serve_one(outputs, output, now_ns);
		/* One's fault isn't those behind it. */
		if (first == STATUS_OK)
			first = result;
		output->figures.behind_count = finding - output->place.finding + alert - output->place.alert;
	}
	return first;
}

/* What has been delivered isn't to come again after the next start. */
static void end_one(struct outputs *outputs, struct output *output)
{
	const struct place before = output->place;

	courier_stop(output->courier);
	(void)!collect(output, 0);
	if (before.finding != output->place.finding || before.alert != output->place.alert)
		(void)!note_place(outputs, output);
	courier_destroy(output->courier);
}

void outputs_destroy(struct outputs *outputs)
{
	if (outputs == NULL)
		return;
	for (size_t i = 0; i < outputs->count; i++)
		end_one(outputs, &outputs->outputs[i]);
	free(outputs);
}

void outputs_figures(const struct outputs *outputs, size_t index, struct output_figures *ret_figures)
{
	*ret_figures = outputs->outputs[index].figures;
}

status outputs_delivered(const struct outputs *outputs, int64_t *ret_finding, int64_t *ret_alert)
{
	int64_t finding, alert;

	TRY(ledger_last_ids(outputs->ledger, &finding, &alert));
	for (size_t i = 0; i < outputs->count; i++) {
		const struct place *place = &outputs->outputs[i].place;

		finding = place->finding < finding ? place->finding : finding;
		alert = place->alert < alert ? place->alert : alert;
	}
	*ret_finding = finding;
	*ret_alert = alert;
	return STATUS_OK;
}
