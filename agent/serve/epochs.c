/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/epochs.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"

void epochs_init(struct epochs *epochs)
{
	*epochs = (struct epochs){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static void forget(struct shared_epoch *epoch)
{
	epoch->is_forgotten = true;
	if (epoch->user_count > 0)
		return;
	frozen_store_destroy(epoch->store);
	*epoch = (struct shared_epoch){0};
}

void epochs_deinit(struct epochs *epochs)
{
	for (uint32_t i = 0; i < EPOCH_COUNT_MAX; i++) {
		/* Whoever used them has ended before. */
		epochs->epoch[i].user_count = 0;
		if (epochs->epoch[i].store != NULL)
			forget(&epochs->epoch[i]);
	}
	pthread_mutex_destroy(&epochs->lock);
}

static void sweep_locked(struct epochs *epochs)
{
	for (uint32_t i = 0; i < EPOCH_COUNT_MAX; i++) {
		struct shared_epoch *epoch = &epochs->epoch[i];

		if (epoch->store != NULL && frozen_store_is_over(epoch->store))
			forget(epoch);
	}
}

void epochs_sweep(struct epochs *epochs)
{
	pthread_mutex_lock(&epochs->lock);
	sweep_locked(epochs);
	pthread_mutex_unlock(&epochs->lock);
}

status epochs_adopt(struct epochs *epochs, int file, const char *target)
{
	struct shared_epoch *epoch = &epochs->epoch[0];

	TRY(frozen_store_open(file, &epoch->store));
	snprintf(epoch->target, sizeof epoch->target, "%s", target);
	epoch->is_given = true;
	return STATUS_OK;
}

static struct shared_epoch *find(struct epochs *epochs, const char *name, const char *target, uint32_t rights)
{
	for (uint32_t i = 0; i < EPOCH_COUNT_MAX; i++) {
		struct shared_epoch *epoch = &epochs->epoch[i];

		if (epoch->store != NULL && !epoch->is_forgotten && strcmp(epoch->target, target) == 0 &&
		    (epoch->is_given || epoch->rights == rights) && strcmp(frozen_store_name(epoch->store), name) == 0)
			return epoch;
	}
	return NULL;
}

/* A free place, or that of the oldest that nobody uses. */
static status find_place(struct epochs *epochs, struct shared_epoch **ret_place)
{
	struct shared_epoch *oldest = NULL;

	for (uint32_t i = 0; i < EPOCH_COUNT_MAX; i++) {
		struct shared_epoch *epoch = &epochs->epoch[i];

		if (epoch->store == NULL) {
			*ret_place = epoch;
			return STATUS_OK;
		}
		if (epoch->user_count == 0 &&
		    (oldest == NULL || frozen_store_age_ns(epoch->store) > frozen_store_age_ns(oldest->store)))
			oldest = epoch;
	}
	if (oldest == NULL)
		return report(STATUS_LIMIT, "%d epochs are in use, more can't be kept at once", EPOCH_COUNT_MAX);
	forget(oldest);
	*ret_place = oldest;
	return STATUS_OK;
}

static status make(struct epochs *epochs, const char *name, const char *target, uint32_t rights,
		   struct shared_epoch **ret_epoch)
{
	struct shared_epoch *before = find(epochs, name, target, rights), *place = NULL;
	struct frozen_store *store;

	TRY(frozen_store_create(-1, name, target, &store));
	if (before != NULL)
		forget(before);
	status result = find_place(epochs, &place);
	if (result != STATUS_OK) {
		frozen_store_destroy(store);
		return result;
	}
	place->store = store;
	snprintf(place->target, sizeof place->target, "%s", target);
	place->rights = rights;
	*ret_epoch = place;
	return STATUS_OK;
}

static status enter_locked(struct epochs *epochs, const char *name, bool is_new, const char *target, uint32_t rights,
			   struct shared_epoch **ret_epoch)
{
	struct shared_epoch *epoch;

	sweep_locked(epochs);
	epoch = find(epochs, name, target, rights);
	/* One that was given is as new as its file. */
	if (is_new && (epoch == NULL || !epoch->is_given))
		TRY(make(epochs, name, target, rights, &epoch));
	if (epoch == NULL)
		return STATUS_MISSING;
	epoch->user_count++;
	*ret_epoch = epoch;
	return STATUS_OK;
}

status epochs_enter(struct epochs *epochs, const char *name, bool is_new, const char *target, uint32_t rights,
		    struct shared_epoch **ret_epoch)
{
	pthread_mutex_lock(&epochs->lock);
	status result = enter_locked(epochs, name, is_new, target, rights, ret_epoch);
	pthread_mutex_unlock(&epochs->lock);
	return result;
}

void epochs_leave(struct epochs *epochs, struct shared_epoch *epoch)
{
	if (epoch == NULL)
		return;
	pthread_mutex_lock(&epochs->lock);
	epoch->user_count--;
	if (epoch->is_forgotten)
		forget(epoch);
	pthread_mutex_unlock(&epochs->lock);
}
