/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/enrol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

struct comparing {
	const struct config *config;
	struct ledger *ledger;
	char (*gone)[LEDGER_NAME_SIZE];
	size_t gone_count;
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

static status keep(struct comparing *comparing)
{
	TRY(ledger_targets_visit(comparing->ledger, find_gone, comparing));
	for (size_t i = 0; i < comparing->gone_count; i++) {
		fprintf(stderr, "bartizan-verifier: %s isn't in the configuration any more: it isn't expected\n",
			comparing->gone[i]);
		TRY(ledger_target_dismiss(comparing->ledger, comparing->gone[i]));
	}
	for (size_t i = 0; i < comparing->config->target_count; i++)
		TRY(ledger_target_enrol(comparing->ledger, comparing->config->targets[i].name,
					comparing->config->targets[i].interval_ms));
	return STATUS_OK;
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

/* What the store expects now, the station does, too. Those who go make room for those who come. */
static status tell_station(const struct comparing *comparing, struct station *station)
{
	for (size_t i = 0; i < comparing->gone_count; i++)
		station_dismiss(station, comparing->gone[i]);
	TRY(ledger_batch_begin(comparing->ledger));
	status result = STATUS_OK;
	for (size_t i = 0; i < comparing->config->target_count && result == STATUS_OK; i++)
		result = station_expect(station, comparing->config->targets[i].name,
					comparing->config->targets[i].interval_ms);
	status end = ledger_batch_end(comparing->ledger);
	return result != STATUS_OK ? result : end;
}

status enrol_targets(const struct config *config, struct ledger *ledger, struct station *station)
{
	struct comparing comparing = {.config = config, .ledger = ledger};
	status result = keep_in_batch(&comparing);

	if (result == STATUS_OK && station != NULL)
		result = tell_station(&comparing, station);
	free(comparing.gone);
	return result;
}
