/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/station/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct refusal *find(struct refusals *refusals, const char *target, const char *sentence)
{
	for (size_t i = 0; i < refusals->told_count; i++)
		if (strcmp(refusals->told[i].target, target) == 0 &&
		    strncmp(refusals->told[i].sentence, sentence, sizeof refusals->told[i].sentence - 1) == 0)
			return &refusals->told[i];
	return NULL;
}

bool refusals_note(struct refusals *refusals, const char *target, const char *sentence, uint64_t now_ns)
{
	struct refusal *known = find(refusals, target, sentence);

	if (known != NULL) {
		known->more_count++;
		return false;
	}
	if (refusals->told_count == REFUSALS_TOLD_COUNT_MAX) {
		refusals->other_count++;
		return false;
	}
	if (refusals->told_count == 0)
		refusals->since_ns = now_ns;
	struct refusal *told = &refusals->told[refusals->told_count++];
	told->more_count = 0;
	snprintf(told->target, sizeof told->target, "%s", target);
	snprintf(told->sentence, sizeof told->sentence, "%s", sentence);
	return true;
}

void refusals_settle(struct refusals *refusals, bool is_kept)
{
	for (size_t i = refusals->settled_count; i < refusals->told_count && !is_kept; i++)
		refusals->told[i].more_count++;
	refusals->settled_count = refusals->told_count;
}

bool refusals_is_over(const struct refusals *refusals, uint64_t now_ns)
{
	return refusals->told_count > 0 && now_ns > refusals->since_ns &&
	       now_ns - refusals->since_ns >= REFUSALS_WINDOW_NS;
}

status refusals_sum(const struct refusals *refusals, refusals_visit visit, void *context)
{
	char text[LEDGER_TEXT_SIZE];

	for (size_t i = 0; i < refusals->told_count; i++) {
		const struct refusal *told = &refusals->told[i];

		if (told->more_count == 0)
			continue;
		snprintf(text, sizeof text, "%" PRIu64 " more within a minute: %s", told->more_count, told->sentence);
		TRY(visit(context, told->target, text));
	}
	if (refusals->other_count == 0)
		return STATUS_OK;
	snprintf(text, sizeof text,
		 "%" PRIu64 " others within a minute, which aren't told one by one: somebody who passes the policy "
		 "for all knocks at many doors",
		 refusals->other_count);
	return visit(context, NULL, text);
}

void refusals_forget(struct refusals *refusals)
{
	refusals->told_count = refusals->settled_count = 0;
	refusals->other_count = 0;
}
