/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread for each output, so that neither a slow disk nor a slow server holds up who hears enclaves. It takes one
 * batch at a time, in order; what it hasn't delivered is the giver's still (the ledger's). Internal to verifier/events.
 */
#ifndef VERIFIER_EVENTS_COURIER_H
#define VERIFIER_EVENTS_COURIER_H

#include <stddef.h>

#include "base/status.h"
#include "verifier/events/outputs.h"

struct courier;

/* STATUS_NO_MEMORY, STATUS_IO: reported. */
MUST_USE status courier_create(const struct output_settings *settings, struct courier **ret_courier);
/* Wait until it stands still: it ends behind the event that is under way, ten seconds at most for a webhook's.
 * courier_progress() tells how far it came. */
void courier_stop(struct courier *courier);
/* Stops it, too. */
void courier_destroy(struct courier *courier);

/* Deliver `count` texts (1 to OUTPUT_EVENT_COUNT_MAX, malloc()ed, given away); only after courier_progress() has said
 * that nothing is under way. */
void courier_take(struct courier *courier, char *const *texts, size_t count);
/* How many of the last batch are delivered. STATUS_TORN: it goes on; STATUS_OK: all are, or its time was over
 * (OUTPUT_BATCH_MS_MAX) and the rest isn't tried; STATUS_IO, not reported: the
 * next one was refused, and the rest not tried; STATUS_END: nothing is under way. But for the first each is said once.
 */
MUST_USE status courier_progress(struct courier *courier, size_t *ret_count);

#endif
