/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/partitions and /proc/diskstats (block/genhd.c, 5.10 to 7.2). */
#include "guest/proc/disk.h"
#include "guest/proc/shows.h"
#include "guest/proc/ticks.h"

enum {
	MINOR_BITS = 20,
	NS_PER_MS = 1000000,
	/* GENHD_FL_…; those of before 5.17 have other values. */
	FLAG_HIDDEN = 1 << 1,
	OLD_FLAG_REMOVABLE = 0x1,
	OLD_FLAG_NOT_SHOWN = 0x20, /* GENHD_FL_SUPPRESS_PARTITION_INFO */
	OLD_FLAG_MANY_PARTS = 0x40, /* GENHD_FL_EXT_DEVT */
	READ = 0, /* enum stat_group */
	WRITE = 1,
	DISCARD = 2,
	FLUSH = 3,
};

static u32 major_of(u32 device)
{
	return device >> MINOR_BITS;
}

static u32 minor_of(u32 device)
{
	return device & ((1 << MINOR_BITS) - 1);
}

static bool is_hidden(const struct gendisk *disk)
{
	u32 flags = (u32)disk->flags;

	/* It came soon after (6.0). */
	if (field_exists(struct gendisk, bio_split))
		return (flags & FLAG_HIDDEN) != 0;
	if ((flags & OLD_FLAG_NOT_SHOWN) != 0)
		return true;
	return (flags & OLD_FLAG_REMOVABLE) != 0 && (flags & OLD_FLAG_MANY_PARTS) == 0 && disk->minors == 0;
}

static void show_partitions(void *argument)
{
	const struct row *row = argument;
	const struct gendisk *disk = row->object;
	char name[DISK_NAME_SIZE];
	struct disk_walk walk;
	struct disk_part part;
	bool *has_head = (bool *)row->rows->context;

	if (!*has_head) {
		seq_puts(row->seq, "major minor  #blocks  name\n\n");
		*has_head = true;
	}
	if (is_hidden(disk))
		return;
	disk_walk_start(&walk, disk);
	while (disk_walk_next(&walk, &part)) {
		if (part.sector_count == 0) {
			if (part.number == 0)
				return;
			continue;
		}
		disk_part_name(disk, &part, name);
		seq_printf(row->seq, "%4u  %7u %10llu %s\n", major_of(part.device), minor_of(part.device),
			   part.sector_count >> 1, name);
	}
}

void partitions_show(struct seq *seq)
{
	bool has_head = false;
	struct rows rows = {.seq = seq, .show = show_partitions, .missing = "a disk is missing", .context = &has_head};

	disks_show(&rows);
}

static u32 milliseconds(u64 ns)
{
	return (u32)(ns / NS_PER_MS);
}

/* update_io_ticks(): the kernel adds the time since then before it shows them. */
static u64 busy_since(const struct disk_part *part)
{
	struct ticks ticks;
	u64 stamp;

	if (!field_exists(struct block_device, bd_stamp))
		return 0;
	stamp = ((const struct block_device *)part->object)->bd_stamp;
	ticks_read(&ticks);
	return (s64)(ticks.now - stamp) > 0 ? ticks.now - stamp : 0;
}

static void show_part(struct seq *seq, const struct gendisk *disk, const struct disk_part *part)
{
	char name[DISK_NAME_SIZE];
	struct disk_sums sums;
	u32 busy[2];

	disk_part_busy(disk, part, busy);
	disk_part_sums(part, &sums);
	if (busy[0] + busy[1] != 0)
		sums.busy_ticks += busy_since(part);
	disk_part_name(disk, part, name);
	seq_printf(seq, "%4u %7u %s %llu %llu %llu %u %llu %llu %llu %u ", major_of(part->device),
		   minor_of(part->device), name, sums.ios[READ], sums.merges[READ], sums.sectors[READ],
		   milliseconds(sums.nsecs[READ]), sums.ios[WRITE], sums.merges[WRITE], sums.sectors[WRITE],
		   milliseconds(sums.nsecs[WRITE]));
	seq_printf(seq, "%u %u %u %llu %llu %llu %u %llu %u\n", busy[0] + busy[1], disk_ticks_to_ms(sums.busy_ticks),
		   milliseconds(sums.nsecs[READ] + sums.nsecs[WRITE] + sums.nsecs[DISCARD] + sums.nsecs[FLUSH]),
		   sums.ios[DISCARD], sums.merges[DISCARD], sums.sectors[DISCARD], milliseconds(sums.nsecs[DISCARD]),
		   sums.ios[FLUSH], milliseconds(sums.nsecs[FLUSH]));
}

static void show_statistics(void *argument)
{
	const struct row *row = argument;
	const struct gendisk *disk = row->object;
	struct disk_walk walk;
	struct disk_part part;

	disk_walk_start(&walk, disk);
	while (disk_walk_next(&walk, &part))
		if (part.number == 0 || part.sector_count != 0)
			show_part(row->seq, disk, &part);
}

void disks_statistics_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_statistics, .missing = "a disk is missing"};

	disks_show(&rows);
}
