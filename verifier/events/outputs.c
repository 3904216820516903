/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/events/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/events/channel.h"
#include "verifier/events/event.h"

enum { NS_PER_MS = 1000000 };

struct output {
	struct output_settings settings;
	char name[LEDGER_OUTPUT_SIZE];
	int64_t finding, alert; /* the last ones that it has had */
	int64_t posted_finding, posted_alert; /* a webhook's, once its answer is there */
	struct webhook *webhook;
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
	TRY(ledger_output_place(outputs->ledger, output->name, &output->finding, &output->alert));
	if (settings->kind == OUTPUT_WEBHOOK)
		TRY(webhook_create(settings->place, &output->webhook));
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

void outputs_destroy(struct outputs *outputs)
{
	if (outputs == NULL)
		return;
	for (size_t i = 0; i < outputs->count; i++)
		webhook_destroy(outputs->outputs[i].webhook);
	free(outputs);
}

static void succeeded(struct output *output)
{
	output->figures.delivered_count++;
	output->figures.is_failing = false;
	output->pause_ms = OUTPUT_PAUSE_MS_MIN;
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

/* STATUS_OK: it has it; STATUS_TORN: it has been posted, and the answer will tell. */
static status deliver(struct output *output, const struct event *event)
{
	switch (output->settings.kind) {
	case OUTPUT_JSONL: return channel_file_write(output->settings.place, event);
	case OUTPUT_SYSLOG: return channel_syslog_send(output->settings.place, event);
	case OUTPUT_WEBHOOK: TRY(webhook_post(output->webhook, event)); return STATUS_TORN;
	default: return STATUS_INTERNAL;
	}
}

struct serving {
	struct output *output;
	uint64_t now_ns;
	bool is_stopped;
};

/* STATUS_END ends the visit: the rest comes with the next one. */
static status served(struct serving *serving, status result, int64_t *place, int64_t *posted, int64_t id)
{
	if (result == STATUS_OK) {
		succeeded(serving->output);
		*place = id;
		return STATUS_OK;
	}
	serving->is_stopped = true;
	if (result == STATUS_TORN)
		*posted = id;
	else
		failed(serving->output, serving->now_ns);
	return STATUS_END;
}

static status serve_alert(void *context, const struct ledger_alert *alert)
{
	struct serving *serving = context;
	struct output *output = serving->output;
	struct event event;

	event_from_alert(alert, &event);
	return served(serving, deliver(output, &event), &output->alert, &output->posted_alert, alert->id);
}

static status serve_finding(void *context, const struct ledger_finding *finding)
{
	struct serving *serving = context;
	struct output *output = serving->output;
	struct event event EVENT_CLEANUP = {0};

	if (event_from_finding(finding, &event) == STATUS_END) {
		output->finding = finding->id;
		return STATUS_OK;
	}
	return served(serving, deliver(output, &event), &output->finding, &output->posted_finding, finding->id);
}

static bool answer_is_there(struct output *output, uint64_t now_ns)
{
	if (output->webhook == NULL)
		return true;
	switch (webhook_result(output->webhook)) {
	case STATUS_TORN: return false;
	case STATUS_IO: failed(output, now_ns); break;
	case STATUS_OK:
		succeeded(output);
		if (output->posted_alert > output->alert)
			output->alert = output->posted_alert;
		if (output->posted_finding > output->finding)
			output->finding = output->posted_finding;
		break;
	default: break;
	}
	output->posted_alert = output->posted_finding = 0;
	return true;
}

static status serve_one(struct outputs *outputs, struct output *output, uint64_t now_ns)
{
	struct serving serving = {.output = output, .now_ns = now_ns};
	const int64_t finding = output->finding, alert = output->alert;
	status result = STATUS_OK;

	if (!answer_is_there(output, now_ns))
		return STATUS_OK;
	if (now_ns >= output->paused_until_ns) {
		result = ledger_alerts_visit(outputs->ledger, output->alert, OUTPUT_EVENT_COUNT_MAX, serve_alert,
					     &serving);
		if (result == STATUS_OK && !serving.is_stopped)
			result = ledger_findings_visit_after(outputs->ledger, output->finding, OUTPUT_EVENT_COUNT_MAX,
							     serve_finding, &serving);
	}
	if (finding != output->finding || alert != output->alert)
		TRY(ledger_output_served(outputs->ledger, output->name, output->finding, output->alert));
	return status_is_fault(result) ? result : STATUS_OK;
}

status outputs_serve(struct outputs *outputs, uint64_t now_ns)
{
	int64_t finding, alert;

	TRY(ledger_last_ids(outputs->ledger, &finding, &alert));
	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->outputs[i];

		if (output->finding < finding || output->alert < alert)
			TRY(serve_one(outputs, output, now_ns));
		output->figures.behind_count = finding - output->finding + alert - output->alert;
	}
	return STATUS_OK;
}

void outputs_figures(const struct outputs *outputs, size_t index, struct output_figures *ret_figures)
{
	*ret_figures = outputs->outputs[index].figures;
}
