/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How /proc/sys writes numbers, strings and bits: kernel/sysctl.c, 5.10 to 7.2. */
#include "guest/proc/sysctl.h"
#include "guest/proc/ticks.h"

enum {
	MS_PER_SECOND = 1000,
	STRING_SIZE_MAX = 4096, /* the longest that a file of /proc/sys gives in one */
	BIT_COUNT_MAX = 1 << 16, /* 65,536 ports, 8192 CPUs */
};

static u64 number_size(enum sysctl_number kind)
{
	switch (kind) {
	case SYSCTL_U8:
	case SYSCTL_BOOL: return sizeof(u8);
	case SYSCTL_ULONG:
	case SYSCTL_ULONG_JIFFIES_MS: return sizeof(u64);
	default: return sizeof(u32);
	}
}

static void show_ticks(struct seq *seq, enum sysctl_number kind, s32 value)
{
	struct ticks ticks;
	u64 count = value < 0 ? -(u64)(s64)value : (u64)value;

	ticks_read(&ticks);
	if (kind == SYSCTL_JIFFIES)
		count /= ticks_hz(&ticks);
	else
		count = kind == SYSCTL_JIFFIES_USER ? ticks_to_clock(&ticks, count) : ticks_to_ms(&ticks, count);
	seq_printf(seq, "%s%llu", value < 0 ? "-" : "", count);
}

static void show_long_ticks(struct seq *seq, u64 value)
{
	struct ticks ticks;

	ticks_read(&ticks);
	seq_printf(seq, "%llu", MS_PER_SECOND * value / ticks_hz(&ticks));
}

static void show_number(struct seq *seq, enum sysctl_number kind, const void *data)
{
	switch (kind) {
	case SYSCTL_INT: seq_printf(seq, "%d", *(const s32 *)data); break;
	case SYSCTL_UINT: seq_printf(seq, "%u", *(const u32 *)data); break;
	case SYSCTL_U8: seq_printf(seq, "%u", *(const u8 *)data); break;
	case SYSCTL_BOOL: seq_printf(seq, "%u", *(const u8 *)data != 0); break;
	case SYSCTL_ULONG: seq_printf(seq, "%llu", *(const u64 *)data); break;
	case SYSCTL_ULONG_JIFFIES_MS: show_long_ticks(seq, *(const u64 *)data); break;
	case SYSCTL_JIFFIES:
	case SYSCTL_JIFFIES_USER:
	case SYSCTL_JIFFIES_MS: show_ticks(seq, kind, *(const s32 *)data); break;
	}
}

void sysctl_show_numbers(struct seq *seq, enum sysctl_number kind, const void *data, u64 size)
{
	u64 each = number_size(kind);
	/* Some entries of single bytes and bits say that they are as long as an int. */
	u64 count = each == sizeof(u8) ? min(size, 1ull) : size / each;

	if (count > SYSCTL_VALUE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a file of /proc/sys has more numbers than any has");
	for (u64 i = 0; i < count; i++) {
		if (i != 0)
			seq_putc(seq, '\t');
		show_number(seq, kind, (const char *)data + i * each);
	}
	if (count != 0)
		seq_putc(seq, '\n');
}

void sysctl_show_string(struct seq *seq, const char *data, u64 size)
{
	char text[STRING_SIZE_MAX];
	u64 length = guest_string_copy(text, min(size + 1, (u64)sizeof text), data);

	seq_write(seq, text, min(length, (u64)strlen(text)));
	seq_putc(seq, '\n');
}

static bool has_bit(const unsigned long *bits, u64 bit)
{
	return (bits[bit / 64] >> (bit % 64) & 1) != 0;
}

void sysctl_show_bits(struct seq *seq, const unsigned long *bits, u64 count)
{
	bool any = false;

	if (count > BIT_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a file of /proc/sys has more bits than any has");
	for (u64 first = 0; first < count;) {
		u64 last = first;

		if (bits[first / 64] == 0) {
			first = (first / 64 + 1) * 64;
			continue;
		}
		if (!has_bit(bits, first)) {
			first++;
			continue;
		}
		while (last + 1 < count && has_bit(bits, last + 1))
			last++;
		seq_printf(seq, last != first ? "%s%llu-%llu" : "%s%llu", any ? "," : "", first, last);
		any = true;
		first = last + 1;
	}
	seq_putc(seq, '\n');
}
