/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/enrol.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

struct comparing {
	const struct config *config;
	struct ledger *ledger;
	struct station *station; /* NULL: there is none yet */
	char (*gone)[LEDGER_NAME_SIZE];
	size_t gone_count;
	bool *is_new; /* of each of the configuration's targets: the station didn't know it, and was told of it */
};

static int by_name(const void *name, const void *target)
{
	return strcmp(name, ((const struct config_target *)target)->name);
}

static status find_gone(void *context, const struct ledger_target *target)
{
	struct comparing *comparing = context;
	const struct config *config = comparing->config;

	if (bsearch(target->name, config->targets, config->target_count, sizeof *config->targets, by_name) != NULL)
		return STATUS_OK;
	char(*more)[LEDGER_NAME_SIZE] =
		reallocarray(comparing->gone, comparing->gone_count + 1, sizeof *comparing->gone);
	if (more == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	comparing->gone = more;
	memcpy(more[comparing->gone_count++], target->name, sizeof target->name);
	return STATUS_OK;
}

/* What can fail of it: the rest waits until the store has it all. */
static status tell_of_new(struct comparing *comparing)
{
	const struct config *config = comparing->config;
	struct vigil_target known;

	comparing->is_new = calloc(config->target_count, sizeof *comparing->is_new);
	if (comparing->is_new == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < config->target_count; i++) {
		const struct config_target *target = &config->targets[i];

		if (vigil_find(station_vigil(comparing->station), target->name, &known) == STATUS_OK)
			continue;
		comparing->is_new[i] = true;
		TRY(station_expect(comparing->station, target->name, target->interval_ms));
	}
	return STATUS_OK;
}

/* The store didn't take it: nobody expects who is new. */
static void take_back(const struct comparing *comparing)
{
	for (size_t i = 0; comparing->is_new != NULL && i < comparing->config->target_count; i++)
		if (comparing->is_new[i])
			station_dismiss(comparing->station, comparing->config->targets[i].name);
}

/* It knows them all by now, so that nothing of this can fail. */
static void tell_intervals(const struct comparing *comparing)
{
	for (size_t i = 0; i < comparing->config->target_count; i++)
		(void)!station_expect(comparing->station, comparing->config->targets[i].name,
				      comparing->config->targets[i].interval_ms);
	enrol_looks(comparing->config, comparing->station);
}

void enrol_looks(const struct config *config, struct station *station)
{
	for (size_t i = 0; i < config->target_count; i++)
		(void)!station_looks_expect(station, config->targets[i].name, config->targets[i].looks_ms);
}

static status keep(struct comparing *comparing)
{
	TRY(ledger_targets_visit(comparing->ledger, find_gone, comparing));
	for (size_t i = 0; i < comparing->gone_count; i++)
		TRY(ledger_target_dismiss(comparing->ledger, comparing->gone[i]));
	for (size_t i = 0; i < comparing->config->target_count; i++) {
		const struct config_target *target = &comparing->config->targets[i];

		TRY(ledger_target_enrol(comparing->ledger, target->name, target->interval_ms));
		TRY(ledger_retention_set(comparing->ledger, target->name, &target->keep.retention));
	}
	TRY(ledger_retention_set(comparing->ledger, NULL, &comparing->config->keep.retention));
	return comparing->station != NULL ? tell_of_new(comparing) : STATUS_OK;
}

static status keep_in_batch(struct comparing *comparing)
{
	TRY(ledger_batch_begin(comparing->ledger));
	status result = keep(comparing);
	if (result != STATUS_OK)
		ledger_batch_spoil(comparing->ledger);
	status end = ledger_batch_end(comparing->ledger);
	return result != STATUS_OK ? result : end;
}

/* Store and station change together, or neither does. */
status enrol_targets(const struct config *config, struct ledger *ledger, struct station *station)
{
	struct comparing comparing = {.config = config, .ledger = ledger, .station = station};
	const status result = keep_in_batch(&comparing);

	if (result != STATUS_OK)
		take_back(&comparing);
	else if (station != NULL)
		tell_intervals(&comparing);
	for (size_t i = 0; result == STATUS_OK && i < comparing.gone_count; i++) {
		fprintf(stderr, "bartizan-verifier: %s isn't in the configuration any more: it isn't expected\n",
			comparing.gone[i]);
		if (station != NULL)
			station_dismiss(station, comparing.gone[i]);
	}
	free(comparing.is_new);
	free(comparing.gone);
	return result;
}
