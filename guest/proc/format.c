/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/format.h"

#include <stdbool.h>

#include "guest/proc/seq.h"

enum {
	GROUP_BIT_COUNT = 32,
};

static bool is_too_large(struct seq *seq, uint32_t bit_count)
{
	if (bit_count <= FORMAT_BIT_COUNT_MAX)
		return false;
	seq_fault(seq, "a mask of %u bits: no kernel has more than %d CPUs or nodes", bit_count, FORMAT_BIT_COUNT_MAX);
	return true;
}

static bool is_set(const uint64_t *words, uint32_t bit)
{
	return (words[bit / 64] >> (bit % 64) & 1) != 0;
}

void seq_bitmap(struct seq *seq, const uint64_t *words, uint32_t bit_count)
{
	if (is_too_large(seq, bit_count))
		return;
	uint32_t group_count = (bit_count + GROUP_BIT_COUNT - 1) / GROUP_BIT_COUNT;
	uint32_t width = bit_count % GROUP_BIT_COUNT != 0 ? bit_count % GROUP_BIT_COUNT : GROUP_BIT_COUNT;

	for (uint32_t group = group_count; group-- > 0; width = GROUP_BIT_COUNT) {
		uint64_t value = words[group / 2] >> (group % 2 * GROUP_BIT_COUNT);

		value &= (1ull << width) - 1;
		seq_printf(seq, "%0*llx%s", (int)((width + 3) / 4), (unsigned long long)value, group > 0 ? "," : "");
	}
}

void seq_bitmap_list(struct seq *seq, const uint64_t *words, uint32_t bit_count)
{
	const char *separator = "";

	if (is_too_large(seq, bit_count))
		return;
	for (uint32_t bit = 0; bit < bit_count; bit++) {
		uint32_t first = bit;

		if (!is_set(words, bit))
			continue;
		while (bit + 1 < bit_count && is_set(words, bit + 1))
			bit++;
		seq_printf(seq, "%s%u", separator, first);
		if (bit > first)
			seq_printf(seq, "-%u", bit);
		separator = ",";
	}
}

void seq_escape_name(struct seq *seq, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '\n')
			seq_puts(seq, "\\n");
		else if (*name == '\\')
			seq_puts(seq, "\\\\");
		else
			seq_putc(seq, *name);
	}
}

uint64_t format_scale(uint64_t value, uint64_t numerator, uint64_t denominator)
{
	unsigned __int128 product = (unsigned __int128)value * numerator;

	if (denominator == 0 || product / denominator > UINT64_MAX)
		return UINT64_MAX;
	return (uint64_t)(product / denominator);
}
