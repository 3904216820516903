/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/filesystems (fs/filesystems.c, 5.10 to 7.2). */
#include "guest/proc/path.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"

enum {
	TYPE_NEEDS_DEVICE = 1, /* FS_REQUIRES_DEV */
	TYPE_NAME_SIZE = 64,
};

/* A pointer to the first, or from 7.2 on a list head, which is one too. */
extern struct hlist_head file_systems;

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct file_system_type *type = row->object;
	char name[TYPE_NAME_SIZE];

	if (guest_string_copy(name, sizeof name, type->name) == sizeof name)
		guest_fail(STATUS_MALFORMED, "the name of a file system is longer than any");
	seq_printf(row->seq, "%s\t%s\n", (type->fs_flags & TYPE_NEEDS_DEVICE) != 0 ? "" : "nodev", name);
}

static void show_chain(struct rows *rows, const struct file_system_type *type)
{
	struct row_loop loop = ROW_LOOP;

	for (; type != NULL; type = READ_ONCE(type->next)) {
		row_loop_check(&loop, type);
		rows_show(rows, type);
	}
}

void filesystems_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a file system is missing"};
	const void *first = READ_ONCE(file_systems.first);

	if (field_exists(struct file_system_type, list))
		rows_show_list(&rows, first, field_offset(struct file_system_type, list));
	else
		show_chain(&rows, first);
}
