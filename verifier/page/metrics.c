/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text format, 0.0.4. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "verifier/ledger/retention.h"
#include "verifier/page/page.h"

static status count_state(void *context, const struct vigil_target *target)
{
	((uint64_t *)context)[target->state]++;
	return STATUS_OK;
}

static void say(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name, value);
}

static void say_targets(FILE *out, const struct station *station)
{
	uint64_t counts[VIGIL_MISSING + 1] = {0};

	(void)!vigil_visit_all(station_vigil(station), count_state, counts);
	fprintf(out, "# HELP bartizan_targets Targets by state.\n# TYPE bartizan_targets gauge\n");
	for (int state = VIGIL_UNKNOWN; state <= VIGIL_MISSING; state++)
		fprintf(out, "bartizan_targets{state=\"%s\"} %" PRIu64 "\n", vigil_state_name((enum vigil_state)state),
			counts[state]);
}

static void say_handling(FILE *out, const struct station_figures *figures)
{
	static const char name[] = "bartizan_handling_seconds";
	uint64_t sum = 0;

	fprintf(out,
		"# HELP %s From where a message is read until it is on the disk and answered.\n# TYPE %s histogram\n",
		name, name);
	for (int i = 0; i < STATION_BUCKET_COUNT; i++) {
		sum += figures->handling_counts[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, station_bucket_ms[i] / 1e3, sum);
	}
	sum += figures->handling_counts[STATION_BUCKET_COUNT];
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %g\n%s_count %" PRIu64 "\n", name, sum, name,
		(double)figures->handling_ns_total / 1e9, name, sum);
}

static void say_outputs(FILE *out, const struct page_sources *sources)
{
	struct output_figures figures;

	if (sources->output_count == 0)
		return;
	fprintf(out, "# HELP bartizan_output_waiting_events What an output hasn't had yet.\n"
		     "# TYPE bartizan_output_waiting_events gauge\n");
	for (size_t i = 0; i < sources->output_count; i++) {
		outputs_figures(sources->outputs, i, &figures);
		fprintf(out, "bartizan_output_waiting_events{output=\"%zu\"} %" PRId64 "\n", i, figures.behind_count);
	}
	fprintf(out, "# HELP bartizan_output_failures_total Attempts that an output refused.\n"
		     "# TYPE bartizan_output_failures_total counter\n");
	for (size_t i = 0; i < sources->output_count; i++) {
		outputs_figures(sources->outputs, i, &figures);
		fprintf(out, "bartizan_output_failures_total{output=\"%zu\"} %" PRIu64 "\n", i, figures.failure_count);
	}
}

static void say_kept(FILE *out, const struct page_sources *sources, uint64_t size, uint64_t full_count)
{
	say(out, "bartizan_results_kept_bytes", "gauge", "What all targets' results take in the store.", size);
	say(out, "bartizan_results_trimmed_total", "counter", "Results that were trimmed: old, or too many.",
	    *sources->trimmed_count);
	say(out, "bartizan_results_over_quota_total", "counter",
	    "Attempts to send a result that wasn't taken, for its target's quota is used up.",
	    station_figures(sources->station)->over_quota_count);
	say(out, "bartizan_targets_full", "gauge", "Targets whose quota is used up.", full_count);
}

char *page_metrics_text(const struct page_sources *sources)
{
	const struct station_figures *figures = station_figures(sources->station);
	uint64_t kept_size = 0, full_count = 0;
	int64_t finding = 0, alert = 0;
	char *text = NULL;
	size_t size;

	if (ledger_last_ids(sources->ledger, &finding, &alert) != STATUS_OK ||
	    ledger_retention_sum(sources->ledger, &kept_size, &full_count) != STATUS_OK)
		return NULL;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	say_targets(out, sources->station);
	say(out, "bartizan_heartbeats_total", "counter", "Heartbeats that were kept.", figures->heartbeat_count);
	say(out, "bartizan_heartbeats_late_total", "counter", "Heartbeats for a challenge that isn't the last.",
	    figures->late_count);
	say(out, "bartizan_results_total", "counter", "Results that were kept and acknowledged.",
	    figures->result_count);
	say_kept(out, sources, kept_size, full_count);
	say(out, "bartizan_alerts_total", "counter", "Alerts so far.", (uint64_t)alert);
	say(out, "bartizan_refused_messages_total", "counter", "Messages that were refused.", figures->refused_count);
	say(out, "bartizan_refusals_untold_total", "counter",
	    "Refused enclaves that alerts tell as a number alone, for there were too many.",
	    figures->untold_refusal_count);
	say(out, "bartizan_connections", "gauge", "Connections of enclaves.", *sources->connection_count);
	say(out, "bartizan_connections_dropped_total", "counter", "Connections ended as too many, slow or silent.",
	    *sources->dropped_count);
	say(out, "bartizan_store_failures_total", "counter", "Messages that couldn't be kept.",
	    figures->store_failure_count);
	say(out, "bartizan_store_failing", "gauge", "1: the last attempt to keep something failed.",
	    figures->is_store_failing);
	say(out, "bartizan_configuration_failing", "gauge",
	    "1: the last SIGHUP's configuration wasn't taken, and an older one counts.", *sources->is_reload_failing);
	say_handling(out, figures);
	say_outputs(out, sources);
	fclose(out);
	return text;
}
