/* SPDX-License-Identifier: GPL-2.0-or-later */
/* include/net/snmp.h, include/net/ip.h (snmp_get_cpu_field_batch()). */
#include "guest/proc/counters.h"

#include "guest/proc/symbols.h"

static bool read_line(const char *line, struct counter_table *table)
{
	const struct snmp_mib *mib = (const struct snmp_mib *)line;
	const char *name = mib->name;
	u32 number = (u32)mib->entry;

	if (name == NULL)
		return false;
	if (table->count == COUNTER_COUNT_MAX || number >= COUNTER_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a table of counters is larger than any could be");
	table->lines[table->count].number = number;
	guest_string_copy(table->lines[table->count].name, COUNTER_NAME_SIZE, name);
	table->count++;
	return true;
}

void counter_table_read(const struct snmp_mib *lines, struct counter_table *ret_table)
{
	const char *line = (const char *)lines;
	u64 start = symbol_start((u64)line);

	ret_table->count = 0;
	ret_table->is_marked = false;
	while (symbol_start((u64)line) == start) {
		if (!read_line(line, ret_table)) {
			ret_table->is_marked = true;
			return;
		}
		line += type_size(struct snmp_mib);
	}
}

bool counter_table_read_module(const char *name, struct counter_table *ret_table)
{
	u64 size;
	const char *line = module_symbol_find_sized(name, &size);

	ret_table->count = 0;
	if (line == NULL)
		return false;
	for (u64 at = 0; at + type_size(struct snmp_mib) <= size && read_line(line + at, ret_table);)
		at += type_size(struct snmp_mib);
	return true;
}

u64 counter_sum(const void *counters, u32 number)
{
	u64 sum = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		sum += ((const u64 *)per_cpu_ptr(counters, cpu))[number];
	return sum;
}

void counters_show_names(struct seq *seq, const struct counter_table *table)
{
	for (u32 i = 0; i < table->count; i++)
		seq_printf(seq, " %s", table->lines[i].name);
}

void counters_show_values(struct seq *seq, const struct counter_table *table, const void *counters)
{
	for (u32 i = 0; i < table->count; i++)
		seq_printf(seq, " %llu", counters != NULL ? counter_sum(counters, table->lines[i].number) : 0);
}
