/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/half-open.h"

#include <string.h>

void half_open_init(struct half_open *table, uint32_t count_max)
{
	*table = (struct half_open){.count_max = count_max};
}

static void remove_at(struct half_open *table, uint32_t index)
{
	table->entry_count--;
	memmove(&table->entry[index], &table->entry[index + 1], (table->entry_count - index) * sizeof table->entry[0]);
}

void *half_open_enter(struct half_open *table, void *entry)
{
	void *oldest = NULL;

	if (table->entry_count == table->count_max) {
		oldest = table->entry[0];
		remove_at(table, 0);
	}
	table->entry[table->entry_count++] = entry;
	return oldest;
}

void half_open_leave(struct half_open *table, const void *entry)
{
	for (uint32_t i = 0; i < table->entry_count; i++) {
		if (table->entry[i] != entry)
			continue;
		remove_at(table, i);
		return;
	}
}
