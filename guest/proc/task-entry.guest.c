/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which files a process has depends on how its kernel was configured; the
 * kernel's own tables say so (fs/proc/base.c, tgid_base_stuff[] and its like).
 */
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/proc-entry.h"

enum {
	/* 7.2 has 55 entries in its longest. */
	TABLE_SIZE_MAX = 1 << 16,
};

static bool has_part(const char *path, const char *part)
{
	size_t size = strlen(part);

	for (size_t i = 0; path[i] != '\0'; i++) {
		if (strncmp(path + i, part, size) == 0)
			return true;
	}
	return false;
}

static const struct pid_entry *table_of(const char *path)
{
	if (has_part(path, "/attr/apparmor/"))
		return apparmor_attr_dir_stuff;
	if (has_part(path, "/attr/"))
		return attr_dir_stuff;
	if (has_part(path, "[tid]"))
		return tid_base_stuff;
	return tgid_base_stuff;
}

/* The table ends where the kernel's next variable begins. */
static u32 entry_count(const struct pid_entry *table)
{
	char name[SYMBOL_NAME_SIZE];
	uint64_t offset, size;

	if (!symbol_around((u64)table, name, &offset, &size) || offset != 0 || size > TABLE_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel's table of files about a process has no end");
	return (u32)(size / type_size(struct pid_entry));
}

static const char *last_part(const char *path)
{
	const char *part = path;

	for (; *path != '\0'; path++) {
		if (*path == '/')
			part = path + 1;
	}
	return part;
}

bool task_entry_exists(const char *path)
{
	const struct pid_entry *table = table_of(path);
	const char *name = last_part(path);
	size_t size = strlen(name);
	u32 count = entry_count(table);

	for (u32 i = 0; i < count; i++) {
		if (table[i].name == NULL)
			break; /* room between variables */
		if (table[i].len == size && memcmp(table[i].name, name, size) == 0)
			return true;
	}
	return false;
}
