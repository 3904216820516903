/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/events/courier.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "verifier/events/channel.h"

enum { NS_PER_MS = 1000000 };

struct courier {
	struct output_settings settings;
	struct webhook *webhook; /* the thread's, where the output is one */
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	char *texts[OUTPUT_EVENT_COUNT_MAX];
	size_t count, done_count;
	uint64_t until_ns; /* no event of the batch is begun after it */
	bool is_failed, is_ending;
	bool is_told; /* what became of the batch */
};

/* Some of them, the first ones; at least one. */
static status deliver(struct courier *courier, char *const *texts, size_t count, size_t *ret_count)
{
	const char *place = courier->settings.place;

	*ret_count = 1;
	switch (courier->settings.kind) {
	case OUTPUT_JSONL: *ret_count = count; return channel_file_write(place, texts, count);
	case OUTPUT_SYSLOG: return channel_syslog_send(place, texts[0]);
	case OUTPUT_WEBHOOK: return webhook_post(courier->webhook, texts[0]);
	default: return STATUS_INTERNAL;
	}
}

static bool has_work(const struct courier *courier)
{
	return courier->done_count < courier->count && !courier->is_failed;
}

/* The rest of a slow batch is gathered again, behind the alerts that have come meanwhile. */
static void end_batch(struct courier *courier)
{
	while (courier->count > courier->done_count)
		free(courier->texts[--courier->count]);
}

static void *work(void *context)
{
	struct courier *courier = context;
	size_t count;

	pthread_mutex_lock(&courier->lock);
	while (!courier->is_ending) {
		if (!has_work(courier)) {
			pthread_cond_wait(&courier->changed, &courier->lock);
			continue;
		}
		char *const *texts = courier->texts + courier->done_count;
		const size_t left_count = courier->count - courier->done_count;
		pthread_mutex_unlock(&courier->lock);
		/* The texts are nobody else's until the batch is over. */
		const status result = deliver(courier, texts, left_count, &count);
		pthread_mutex_lock(&courier->lock);
		if (result == STATUS_OK)
			courier->done_count += count;
		else
			courier->is_failed = true;
		if (result == STATUS_OK && steady_clock_ns() >= courier->until_ns)
			end_batch(courier);
	}
	pthread_mutex_unlock(&courier->lock);
	return NULL;
}

/* Signals are the main thread's. */
static status start(struct courier *courier)
{
	sigset_t all, before;

	if (courier->settings.kind == OUTPUT_WEBHOOK)
		TRY(webhook_create(courier->settings.place, &courier->webhook));
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	courier->is_started = pthread_create(&courier->thread, NULL, work, courier) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return courier->is_started ? STATUS_OK
				   : report(STATUS_IO, "no thread for the output %s", courier->settings.place);
}

status courier_create(const struct output_settings *settings, struct courier **ret_courier)
{
	struct courier *courier = calloc(1, sizeof *courier);

	if (courier == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	courier->settings = *settings;
	courier->is_told = true;
	pthread_mutex_init(&courier->lock, NULL);
	pthread_cond_init(&courier->changed, NULL);
	const status result = start(courier);
	if (result != STATUS_OK) {
		courier_destroy(courier);
		return result;
	}
	*ret_courier = courier;
	return STATUS_OK;
}

void courier_stop(struct courier *courier)
{
	pthread_mutex_lock(&courier->lock);
	courier->is_ending = true;
	pthread_cond_signal(&courier->changed);
	pthread_mutex_unlock(&courier->lock);
	if (courier->is_started)
		pthread_join(courier->thread, NULL);
	courier->is_started = false;
}

static void forget(struct courier *courier)
{
	for (size_t i = 0; i < courier->count; i++)
		free(courier->texts[i]);
	courier->count = courier->done_count = 0;
	courier->is_failed = false;
}

void courier_destroy(struct courier *courier)
{
	if (courier == NULL)
		return;
	courier_stop(courier);
	forget(courier);
	webhook_destroy(courier->webhook);
	pthread_cond_destroy(&courier->changed);
	pthread_mutex_destroy(&courier->lock);
	free(courier);
}

void courier_take(struct courier *courier, char *const *texts, size_t count)
{
	pthread_mutex_lock(&courier->lock);
	forget(courier);
	memcpy(courier->texts, texts, count * sizeof *texts);
	courier->count = count;
	courier->until_ns = steady_clock_ns() + (uint64_t)OUTPUT_BATCH_MS_MAX * NS_PER_MS;
	courier->is_told = false;
	pthread_cond_signal(&courier->changed);
	pthread_mutex_unlock(&courier->lock);
}

status courier_progress(struct courier *courier, size_t *ret_count)
{
	status result = STATUS_END;

	pthread_mutex_lock(&courier->lock);
	*ret_count = courier->done_count;
	if (!courier->is_told)
		result = has_work(courier) ? STATUS_TORN : courier->is_failed ? STATUS_IO : STATUS_OK;
	courier->is_told = result != STATUS_TORN;
	pthread_mutex_unlock(&courier->lock);
	return result;
}
