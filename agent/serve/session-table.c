/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/session-table.h"

#include <string.h>

#include "base/report.h"

void session_table_init(struct session_table *table, uint32_t count_max)
{
	table->count = 0;
	table->count_max = count_max;
}

static status check_grant(const struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++)
		count += memcmp(table->grant_id[i], grant_id, LINK_GRANT_ID_SIZE) == 0;
	if (count < SESSIONS_PER_GRANT_MAX)
		return STATUS_OK;
	return report(STATUS_LIMIT, "one grant has %d sessions already, and no more at the same time",
		      SESSIONS_PER_GRANT_MAX);
}

static uint32_t find(const struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	uint32_t i = 0;

	while (i < table->count && memcmp(table->grant_id[i], grant_id, LINK_GRANT_ID_SIZE) != 0)
		i++;
	return i;
}

status session_table_enter(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	TRY(check_grant(table, grant_id));
	if (table->count >= table->count_max)
		return report(STATUS_LIMIT, "all %u sessions of this agent are in use", table->count_max);
	memcpy(table->grant_id[table->count++], grant_id, LINK_GRANT_ID_SIZE);
	return STATUS_OK;
}

void session_table_leave(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE])
{
	uint32_t place = find(table, grant_id);

	if (place < table->count)
		memmove(table->grant_id[place], table->grant_id[--table->count], LINK_GRANT_ID_SIZE);
}

status session_table_renew(struct session_table *table, const uint8_t grant_id[static LINK_GRANT_ID_SIZE],
			   const uint8_t later_id[static LINK_GRANT_ID_SIZE])
{
	uint32_t place = find(table, grant_id);

	TRY(check_grant(table, later_id));
	if (place < table->count)
		memcpy(table->grant_id[place], later_id, LINK_GRANT_ID_SIZE);
	return STATUS_OK;
}
