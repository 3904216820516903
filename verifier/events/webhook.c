/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/events/channel.h"

enum { CONNECT_MS = 3000, WHOLE_MS = 10000 };

enum state { IDLE, POSTING, DONE, FAILED, ENDING };

struct webhook {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state;
	char *body;
	char *url;
};

/* Answers are of no use; only their status is. */
static size_t swallow(char *data, size_t size, size_t count, void *context)
{
	(void)data, (void)context;
	return size * count;
}

static bool post(const char *url, const char *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *request = curl_easy_init();
	long code = 0;

	if (request == NULL || headers == NULL) {
		curl_slist_free_all(headers);
		curl_easy_cleanup(request);
		return false;
	}
	curl_easy_setopt(request, CURLOPT_URL, url);
	curl_easy_setopt(request, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(request, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(request, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(request, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(request, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(request, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
	bool is_posted = curl_easy_perform(request) == CURLE_OK &&
			 curl_easy_getinfo(request, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK && code >= 200 &&
			 code < 300;
	curl_easy_cleanup(request);
	curl_slist_free_all(headers);
	return is_posted;
}

static void *work(void *context)
{
	struct webhook *webhook = context;

	pthread_mutex_lock(&webhook->lock);
	while (webhook->state != ENDING) {
		if (webhook->state != POSTING) {
			pthread_cond_wait(&webhook->changed, &webhook->lock);
			continue;
		}
		pthread_mutex_unlock(&webhook->lock);
		bool is_posted = post(webhook->url, webhook->body);
		pthread_mutex_lock(&webhook->lock);
		if (webhook->state == POSTING)
			webhook->state = is_posted ? DONE : FAILED;
	}
	pthread_mutex_unlock(&webhook->lock);
	return NULL;
}

/* Signals are the main thread's. */
static int start(struct webhook *webhook)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int error = pthread_create(&webhook->thread, NULL, work, webhook);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

status webhook_create(const char *url, struct webhook **ret_webhook)
{
	struct webhook *webhook = calloc(1, sizeof *webhook);
	char *copy = strdup(url);

	if (webhook == NULL || copy == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(webhook);
		free(copy);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	webhook->url = copy;
	pthread_mutex_init(&webhook->lock, NULL);
	pthread_cond_init(&webhook->changed, NULL);
	if (start(webhook) != 0) {
		free(copy);
		free(webhook);
		return report(STATUS_IO, "no thread for the webhook");
	}
	*ret_webhook = webhook;
	return STATUS_OK;
}

void webhook_destroy(struct webhook *webhook)
{
	if (webhook == NULL)
		return;
	pthread_mutex_lock(&webhook->lock);
	webhook->state = ENDING;
	pthread_cond_signal(&webhook->changed);
	pthread_mutex_unlock(&webhook->lock);
	pthread_join(webhook->thread, NULL);
	pthread_cond_destroy(&webhook->changed);
	pthread_mutex_destroy(&webhook->lock);
	free(webhook->body);
	free(webhook->url);
	free(webhook);
}

status webhook_post(struct webhook *webhook, const struct event *event)
{
	json_t *whole = event_falco(event);
	char *body = whole != NULL ? json_dumps(whole, JSON_COMPACT) : NULL;
	status result = STATUS_OK;

	json_decref(whole);
	if (body == NULL)
		return report(STATUS_NO_MEMORY, "no memory for an event");
	pthread_mutex_lock(&webhook->lock);
	if (webhook->state != IDLE) {
		free(body);
		result = STATUS_TORN;
	} else {
		free(webhook->body);
		webhook->body = body;
		webhook->state = POSTING;
		pthread_cond_signal(&webhook->changed);
	}
	pthread_mutex_unlock(&webhook->lock);
	return result;
}

status webhook_result(struct webhook *webhook)
{
	status result = STATUS_TORN;

	pthread_mutex_lock(&webhook->lock);
	switch (webhook->state) {
	case IDLE: result = STATUS_END; break;
	case DONE: result = STATUS_OK; break;
	case FAILED: result = STATUS_IO; break;
	default: break;
	}
	if (result == STATUS_OK || result == STATUS_IO)
		webhook->state = IDLE;
	pthread_mutex_unlock(&webhook->lock);
	return result;
}
