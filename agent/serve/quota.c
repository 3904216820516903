/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"

status quota_table_init(struct quota_table *table)
{
	struct quota *quota = calloc(QUOTA_COUNT_MAX, sizeof *quota);

	if (quota == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for the grants' quotas");
	*table = (struct quota_table){.lock = PTHREAD_MUTEX_INITIALIZER, .quota = quota};
	return STATUS_OK;
}

void quota_table_deinit(struct quota_table *table)
{
	free(table->quota);
	table->quota = NULL;
}

static struct quota *find(struct quota_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	for (uint32_t i = 0; i < QUOTA_COUNT_MAX; i++)
		if (table->quota[i].valid_until != 0 &&
		    memcmp(table->quota[i].grant_id, grant_id, LINK_GRANT_ID_SIZE) == 0)
			return &table->quota[i];
	return NULL;
}

/* A grant that is over can't be shown again: its place is free. */
static struct quota *find_free(struct quota_table *table, uint64_t now)
{
	for (uint32_t i = 0; i < QUOTA_COUNT_MAX; i++)
		if (table->quota[i].valid_until < now && table->quota[i].user_count == 0)
			return &table->quota[i];
	return NULL;
}

static struct quota *find_or_make(struct quota_table *table, const struct link_grant *grant, uint64_t now)
{
	struct quota *quota = find(table, grant->id);

	if (quota != NULL)
		return quota;
	quota = find_free(table, now);
	if (quota == NULL)
		return NULL;
	*quota = (struct quota){.valid_until = grant->valid_until,
				.bytes_left = grant->quota_bytes,
				.requests_left = grant->quota_requests};
	memcpy(quota->grant_id, grant->id, sizeof quota->grant_id);
	return quota;
}

status quota_acquire(struct quota_table *table, const struct link_grant *grant, uint64_t now, struct quota **ret_quota)
{
	if (grant->quota_bytes == UINT64_MAX && grant->quota_requests == UINT64_MAX) {
		*ret_quota = NULL;
		return STATUS_OK;
	}
	pthread_mutex_lock(&table->lock);
	struct quota *quota = find_or_make(table, grant, now);
	if (quota != NULL)
		quota->user_count++;
	pthread_mutex_unlock(&table->lock);
	if (quota == NULL)
		return report(STATUS_LIMIT, "%d grants with a quota are good at the same time, no more can be counted",
			      QUOTA_COUNT_MAX);
	*ret_quota = quota;
	return STATUS_OK;
}

void quota_release(struct quota_table *table, struct quota *quota)
{
	if (quota == NULL)
		return;
	pthread_mutex_lock(&table->lock);
	quota->user_count--;
	pthread_mutex_unlock(&table->lock);
}

static void take_from(uint64_t *left, uint64_t amount)
{
	if (*left != UINT64_MAX)
		*left -= amount;
}

bool quota_take(struct quota_table *table, struct quota *quota, uint64_t size)
{
	if (quota == NULL)
		return true;
	pthread_mutex_lock(&table->lock);
	bool enough = quota->requests_left >= 1 && quota->bytes_left >= size;
	if (enough) {
		take_from(&quota->requests_left, 1);
		take_from(&quota->bytes_left, size);
	}
	pthread_mutex_unlock(&table->lock);
	return enough;
}

uint64_t quota_take_up_to(struct quota_table *table, struct quota *quota, uint64_t size)
{
	if (quota == NULL)
		return size;
	pthread_mutex_lock(&table->lock);
	if (quota->requests_left == 0)
		size = 0;
	if (size > quota->bytes_left)
		size = quota->bytes_left;
	if (size > 0) {
		take_from(&quota->requests_left, 1);
		take_from(&quota->bytes_left, size);
	}
	pthread_mutex_unlock(&table->lock);
	return size;
}

void quota_give_back(struct quota_table *table, struct quota *quota, uint64_t size)
{
	if (quota == NULL || size == 0)
		return;
	pthread_mutex_lock(&table->lock);
	if (quota->bytes_left != UINT64_MAX)
		quota->bytes_left += size;
	pthread_mutex_unlock(&table->lock);
}

void quota_left(struct quota_table *table, const struct quota *quota, uint64_t *ret_bytes, uint64_t *ret_requests)
{
	if (quota == NULL) {
		*ret_bytes = UINT64_MAX;
		*ret_requests = UINT64_MAX;
		return;
	}
	pthread_mutex_lock(&table->lock);
	*ret_bytes = quota->bytes_left;
	*ret_requests = quota->requests_left;
	pthread_mutex_unlock(&table->lock);
}
