/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uid_map, gid_map, projid_map, setgroups: kernel/user_namespace.c, 5.10 to 7.2.
 *
 * The reader is the machine's root: the lower side is shown in the initial user
 * namespace, whose numbers are the kernel's own, and which it shows itself in
 * its "parent" (it has none).
 */
#include "guest/proc/id-map.h"

#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/cred.h"

enum {
	/* include/linux/user_namespace.h */
	BASE_EXTENT_COUNT = 5,
	EXTENT_COUNT_MAX = 340,
	USERNS_SETGROUPS_ALLOWED = 1,
};

extern int overflowuid, overflowgid;

static const struct user_namespace *namespace_of(const struct task_struct *task)
{
	return task->real_cred->user_ns;
}

static u32 extent_count(const struct uid_gid_map *map)
{
	u32 count = map->nr_extents;

	if (count > EXTENT_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a map of a user namespace is longer than Linux allows");
	return count;
}

static u32 shown(const struct uid_gid_map *map, u32 id, u32 nobody)
{
	u32 count = extent_count(map);
	const struct uid_gid_extent *extents = count <= BASE_EXTENT_COUNT ? map->extent : map->forward;

	for (u32 i = 0; i < count; i++) {
		u32 place = id - extents[i].lower_first;

		if (id >= extents[i].lower_first && place < extents[i].count)
			return extents[i].first + place;
	}
	return nobody;
}

u32 id_map_user(const struct user_namespace *space, u32 user)
{
	return shown(&space->uid_map, user, (u32)overflowuid);
}

u32 id_map_group(const struct user_namespace *space, u32 group)
{
	return shown(&space->gid_map, group, (u32)overflowgid);
}

static void show(struct seq *seq, const struct uid_gid_map *map)
{
	u32 count = extent_count(map);

	for (u32 i = 0; i < count; i++) {
		const struct uid_gid_extent *extent = count <= BASE_EXTENT_COUNT ? &map->extent[i] : &map->forward[i];

		seq_printf(seq, "%10u %10u %10u\n", extent->first, extent->lower_first, extent->count);
	}
}

void task_uid_map_show(struct seq *seq)
{
	show(seq, &namespace_of(task_subject())->uid_map);
}

void task_gid_map_show(struct seq *seq)
{
	show(seq, &namespace_of(task_subject())->gid_map);
}

void task_projid_map_show(struct seq *seq)
{
	show(seq, &namespace_of(task_subject())->projid_map);
}

void task_setgroups_show(struct seq *seq)
{
	bool allowed = (namespace_of(task_subject())->flags & USERNS_SETGROUPS_ALLOWED) != 0;

	seq_puts(seq, allowed ? "allow\n" : "deny\n");
}
