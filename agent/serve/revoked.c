/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/revoked.h"

#include <string.h>

#include "base/report.h"

void revoked_init(struct revoked_table *table)
{
	memset(table, 0, sizeof *table);
	pthread_mutex_init(&table->lock, NULL);
}

/* The lock is held. REVOKED_COUNT_MAX: it isn't there. */
static uint32_t find(const struct revoked_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	uint32_t i = 0;

	while (i < REVOKED_COUNT_MAX && (table->entry[i].valid_until == 0 ||
					 memcmp(table->entry[i].grant_id, grant_id, LINK_GRANT_ID_SIZE) != 0))
		i++;
	return i;
}

static uint32_t find_free(const struct revoked_table *table, uint64_t now)
{
	uint32_t i = 0;

	while (i < REVOKED_COUNT_MAX && table->entry[i].valid_until > now)
		i++;
	return i;
}

status revoked_add(struct revoked_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE], uint64_t valid_until,
		   uint64_t now)
{
	pthread_mutex_lock(&table->lock);
	bool is_needed = valid_until > now && find(table, grant_id) == REVOKED_COUNT_MAX;
	uint32_t place = is_needed ? find_free(table, now) : REVOKED_COUNT_MAX;
	if (place < REVOKED_COUNT_MAX) {
		memcpy(table->entry[place].grant_id, grant_id, LINK_GRANT_ID_SIZE);
		table->entry[place].valid_until = valid_until;
		__atomic_fetch_add(&table->generation, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&table->lock);
	if (is_needed && place == REVOKED_COUNT_MAX)
		return report(STATUS_LIMIT, "%d grants that were taken back are remembered, no more can be",
			      REVOKED_COUNT_MAX);
	return STATUS_OK;
}

bool revoked_has(struct revoked_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	pthread_mutex_lock(&table->lock);
	bool found = find(table, grant_id) < REVOKED_COUNT_MAX;
	pthread_mutex_unlock(&table->lock);
	return found;
}

uint32_t revoked_generation(const struct revoked_table *table)
{
	return __atomic_load_n(&table->generation, __ATOMIC_ACQUIRE);
}
