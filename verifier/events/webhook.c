/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <curl/curl.h>
#include <stdlib.h>

#include "base/report.h"
#include "verifier/events/channel.h"

enum { CONNECT_MS = 3000, WHOLE_MS = 10000 };

struct webhook {
	CURL *request;
	struct curl_slist *headers;
};

/* Answers are of no use; only their status is. */
static size_t swallow(char *data, size_t size, size_t count, void *context)
{
	(void)data, (void)context;
	return size * count;
}

static void prepare(struct webhook *webhook, const char *url)
{
	curl_easy_setopt(webhook->request, CURLOPT_URL, url); /* copied */
	curl_easy_setopt(webhook->request, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(webhook->request, CURLOPT_HTTPHEADER, webhook->headers);
	curl_easy_setopt(webhook->request, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(webhook->request, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(webhook->request, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(webhook->request, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
}

status webhook_create(const char *url, struct webhook **ret_webhook)
{
	struct webhook *webhook = calloc(1, sizeof *webhook);

	if (webhook == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(webhook);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	webhook->headers = curl_slist_append(NULL, "Content-Type: application/json");
	webhook->request = curl_easy_init();
	if (webhook->headers == NULL || webhook->request == NULL) {
		webhook_destroy(webhook);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	prepare(webhook, url);
	*ret_webhook = webhook;
	return STATUS_OK;
}

void webhook_destroy(struct webhook *webhook)
{
	if (webhook == NULL)
		return;
	curl_easy_cleanup(webhook->request);
	curl_slist_free_all(webhook->headers);
	free(webhook);
}

status webhook_post(struct webhook *webhook, const char *body)
{
	long code = 0;

	curl_easy_setopt(webhook->request, CURLOPT_POSTFIELDS, body);
	if (curl_easy_perform(webhook->request) != CURLE_OK ||
	    curl_easy_getinfo(webhook->request, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
		return STATUS_IO;
	return code >= 200 && code < 300 ? STATUS_OK : STATUS_IO;
}
