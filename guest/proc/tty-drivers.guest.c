/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/tty/drivers, ldiscs (fs/proc/proc_tty.c, drivers/tty/tty_ldisc.c, 5.10 to 7.2). */
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

enum tty_driver_type {
	TTY_DRIVER_TYPE_SYSTEM, /* from 6.18 or so counted from 0 */
};

struct tty_driver {
	const char *driver_name, *name;
	int major, minor_start;
	unsigned int num;
	/* Enums in newer kernels, of other widths. */
	u32 type : 32, subtype : 32;
	struct list_head tty_drivers;
};

struct tty_ldisc_ops {
	const char *name;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	LINE_DISCIPLINE_COUNT_MAX = 64, /* NR_LDISCS is about 30 */
	MINOR_BITS = 20,
	NAME_SIZE = 64,
	TYPE_SYSTEM = 1, /* TTY_DRIVER_TYPE_… (linux/tty_driver.h) */
	TYPE_CONSOLE = 2,
	TYPE_SERIAL = 3,
	TYPE_PTY = 4,
};

extern struct list_head tty_drivers;
extern struct tty_ldisc_ops *tty_ldiscs[LINE_DISCIPLINE_COUNT_MAX];
extern struct tty_driver *ptm_driver;
extern const char console_driver; /* where CONFIG_VT is set */

static const char *system_kind(u32 subtype)
{
	switch (subtype) {
	case 1: return "system:/dev/tty"; /* SYSTEM_TYPE_… */
	case 2: return "system:vtmaster";
	case 3: return "system:console";
	default: return "system";
	}
}

static const char *pty_kind(u32 subtype)
{
	switch (subtype) {
	case 1: return "pty:master"; /* PTY_TYPE_… */
	case 2: return "pty:slave";
	default: return "pty";
	}
}

static void show_kind(struct seq *seq, const struct tty_driver *driver)
{
	u32 type = driver->type + (enum_value_exists(enum tty_driver_type, TTY_DRIVER_TYPE_SYSTEM) ? 1 : 0);

	switch (type) {
	case TYPE_SYSTEM: seq_puts(seq, system_kind(driver->subtype)); break;
	case TYPE_CONSOLE: seq_puts(seq, "console"); break;
	case TYPE_SERIAL: seq_puts(seq, "serial"); break;
	case TYPE_PTY: seq_puts(seq, pty_kind(driver->subtype)); break;
	default: seq_printf(seq, "type:%u.%u", (u32)driver->type, (u32)driver->subtype); break;
	}
	seq_putc(seq, '\n');
}

static void show_range(struct seq *seq, const struct tty_driver *driver, u32 from, u32 count)
{
	u32 major = from >> MINOR_BITS, minor = from & ((1 << MINOR_BITS) - 1);
	char name[NAME_SIZE] = "unknown";

	if (driver->driver_name != NULL)
		guest_string_copy(name, sizeof name, driver->driver_name);
	seq_printf(seq, "%-20s ", name);
	guest_string_copy(name, sizeof name, driver->name);
	seq_printf(seq, "/dev/%-8s ", name);
	if (driver->num > 1)
		seq_printf(seq, "%3u %u-%u ", major, minor, minor + count - 1);
	else
		seq_printf(seq, "%3u %7u ", major, minor);
	show_kind(seq, driver);
}

/* A driver's numbers may go on in the next major number. */
static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct tty_driver *driver = row->object;
	u32 from = (u32)driver->major << MINOR_BITS | (u32)driver->minor_start, to = from + driver->num;

	while (from >> MINOR_BITS < to >> MINOR_BITS) {
		u32 next = ((from >> MINOR_BITS) + 1) << MINOR_BITS;

		show_range(row->seq, driver, from, next - from);
		from = next;
	}
	if (from != to)
		show_range(row->seq, driver, from, to - from);
}

static void show_head(struct seq *seq)
{
	seq_puts(seq, "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
		      "/dev/console         /dev/console    5       1 system:console\n");
	if (symbol_exists(ptm_driver))
		seq_puts(seq, "/dev/ptmx            /dev/ptmx       5       2 system\n");
	if (symbol_exists(console_driver))
		seq_puts(seq, "/dev/vc/0            /dev/vc/0       4       0 system:vtmaster\n");
}

void tty_drivers_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a terminal driver is missing"};
	struct row_loop loop = ROW_LOOP;
	const struct tty_driver *driver;
	bool has_head = false;

	list_for_each_entry (driver, &tty_drivers, tty_drivers) {
		row_loop_check(&loop, driver);
		if (!has_head)
			show_head(seq);
		has_head = true;
		rows_show(&rows, driver);
	}
}

/* tty_ldiscs_seq_show(): those that are registered. */
void tty_ldiscs_show(struct seq *seq)
{
	char name[SYMBOL_NAME_SIZE];
	uint64_t offset, size;

	/* NR_LDISCS has grown; how large the table is, the next symbol says. */
	if (!symbol_around((u64)tty_ldiscs, name, &offset, &size) || offset != 0)
		guest_fail(STATUS_MALFORMED, "the table of line disciplines has no end");
	for (u64 i = 0; i < min(size / sizeof(u64), (u64)LINE_DISCIPLINE_COUNT_MAX); i++) {
		if (tty_ldiscs[i] == NULL)
			continue;
		guest_string_copy(name, NAME_SIZE, tty_ldiscs[i]->name);
		seq_printf(seq, "%-10s %2llu\n", name, i);
	}
}
