/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of disks and partitions below /sys: block/genhd.c,
 * block/partitions/core.c, 5.10 to 7.2. */
#include "guest/proc/disk.h"
#include "guest/proc/sysfs.h"

enum {
	NS_PER_MS = 1000000,
	SECTOR_SIZE = 512,
	LIMIT_MISALIGNED = 1 << 1, /* BLK_FLAG_MISALIGNED, from 6.11 */
	/* GENHD_FL_… since 5.18, and before. */
	FLAG_REMOVABLE = 1 << 0,
	FLAG_HIDDEN = 1 << 1,
	FLAG_NO_PARTS = 1 << 2,
	OLD_FLAG_MANY_PARTS = 0x40,
	OLD_FLAG_HIDDEN = 0x400,
	BD_READ_ONLY = 1 << 8, /* of __bd_flags */
	STATE_READ_ONLY = 1 << 1, /* GD_READ_ONLY */
};

/* As partitions.guest.c. */
static bool has_new_flags(void)
{
	return field_exists(struct gendisk, bio_split);
}

/* bdev_read_only() of the part alone; before 5.11 its policy. */
static bool is_read_only(const struct disk_part *part)
{
	const struct block_device *device = part->object;

	if (!field_exists(struct block_device, bd_stats))
		return ((const struct hd_struct *)part->object)->policy != 0;
	if (field_exists(struct block_device, bd_read_only))
		return device->bd_read_only;
	return (device->__bd_flags.counter & BD_READ_ONLY) != 0;
}

static void show_read_only(struct sysfs_file *file, const struct device *device, const struct disk_part *part)
{
	bool is_so = is_read_only(part);

	if (field_exists(struct block_device, bd_stats)) {
		const struct gendisk *disk = disk_of_device(device);
		struct disk_part whole = {.object = disk->part0};

		is_so = is_so || is_read_only(&whole) || (disk->state & STATE_READ_ONLY) != 0;
	}
	seq_printf(file->seq, "%d\n", is_so);
}

static void show_statistics(struct sysfs_file *file, const struct device *device, const struct disk_part *part)
{
	struct disk_sums sums;
	u32 busy[2];

	disk_part_busy(disk_of_device(device), part, busy);
	disk_part_sums(part, &sums);
	for (u32 i = 0; i < 2; i++)
		seq_printf(file->seq, "%8llu %8llu %8llu %8u ", sums.ios[i], sums.merges[i], sums.sectors[i],
			   (u32)(sums.nsecs[i] / NS_PER_MS));
	seq_printf(file->seq, "%8u %8u %8u %8llu %8llu %8llu %8u %8llu %8u\n", busy[0] + busy[1],
		   disk_ticks_to_ms(sums.busy_ticks),
		   (u32)((sums.nsecs[0] + sums.nsecs[1] + sums.nsecs[2] + sums.nsecs[3]) / NS_PER_MS), sums.ios[2],
		   sums.merges[2], sums.sectors[2], (u32)(sums.nsecs[2] / NS_PER_MS), sums.ios[3],
		   (u32)(sums.nsecs[3] / NS_PER_MS));
}

static u32 part_count_max(const struct gendisk *disk)
{
	u32 flags = (u32)disk->flags;

	if (has_new_flags())
		return (flags & FLAG_NO_PARTS) != 0 ? 1 : DISK_PARTITION_COUNT_MAX;
	return (flags & OLD_FLAG_MANY_PARTS) != 0 ? DISK_PARTITION_COUNT_MAX : (u32)disk->minors;
}

/* queue_limit_alignment_offset(), bdev_alignment_offset(): where a part begins against the disk's own blocks. */
static s64 alignment(const struct queue_limits *limits, const struct disk_part *part)
{
	u32 granularity = max(limits->physical_block_size, limits->io_min);

	if (field_exists(struct queue_limits, misaligned) ? limits->misaligned != 0
							  : (limits->flags & LIMIT_MISALIGNED) != 0)
		return -1;
	if (part->number == 0)
		return limits->alignment_offset;
	if (granularity < SECTOR_SIZE)
		guest_fail(STATUS_MALFORMED, "a disk's blocks are smaller than any");
	u64 offset = part->first_sector % (granularity / SECTOR_SIZE) * SECTOR_SIZE;
	return (s64)((granularity + limits->alignment_offset - offset) % granularity);
}

/* queue_limit_discard_alignment(), bdev_discard_alignment() */
static s64 discard_alignment(const struct queue_limits *limits, const struct disk_part *part)
{
	u32 granularity = limits->discard_granularity / SECTOR_SIZE;

	/* Of a whole disk later kernels' disk_discard_alignment_show() gives the other one. */
	if (part->number == 0 && field_exists(struct block_device, bd_stats))
		return alignment(limits, part);
	if (part->number == 0)
		return limits->discard_misaligned != 0 ? -1 : (s64)limits->discard_alignment;
	if (limits->max_discard_sectors == 0 || granularity == 0)
		return 0;
	return (s64)((granularity + limits->discard_alignment / SECTOR_SIZE - part->first_sector % granularity) %
		     granularity * SECTOR_SIZE);
}

static void show_inflight(struct sysfs_file *file, const struct gendisk *disk, const struct disk_part *part)
{
	u32 busy[2];

	disk_part_busy(disk, part, busy);
	seq_printf(file->seq, "%8u %8u\n", busy[0], busy[1]);
}

/* What only whole disks have. */
static bool show_disk(struct sysfs_file *file, const struct gendisk *disk)
{
	struct seq *seq = file->seq;

	if (sysfs_is_shown_by(file, "disk_range_show"))
		seq_printf(seq, "%d\n", disk->minors);
	else if (sysfs_is_shown_by(file, "disk_ext_range_show"))
		seq_printf(seq, "%u\n", part_count_max(disk));
	else if (sysfs_is_shown_by(file, "disk_removable_show"))
		seq_printf(seq, "%d\n", (disk->flags & FLAG_REMOVABLE) != 0);
	else if (sysfs_is_shown_by(file, "disk_hidden_show"))
		seq_printf(seq, "%d\n", (disk->flags & (has_new_flags() ? FLAG_HIDDEN : OLD_FLAG_HIDDEN)) != 0);
	else if (sysfs_is_shown_by(file, "diskseq_show"))
		seq_printf(seq, "%llu\n", disk->diskseq);
	else
		return false;
	return true;
}

void sysfs_show_block_device(struct sysfs_file *file, const void *object)
{
	const struct device *device = object;
	struct disk_part part;

	disk_part_of_device(device, &part);
	if (sysfs_is_shown_by(file, "part_size_show"))
		seq_printf(file->seq, "%llu\n", part.sector_count);
	else if (sysfs_is_shown_by(file, "part_start_show"))
		seq_printf(file->seq, "%llu\n", part.first_sector);
	else if (sysfs_is_shown_by(file, "part_partition_show"))
		seq_printf(file->seq, "%u\n", part.number);
	else if (sysfs_is_shown_by(file, "part_ro_show") || sysfs_is_shown_by(file, "disk_ro_show"))
		show_read_only(file, device, &part);
	else if (sysfs_is_shown_by(file, "disk_alignment_offset_show") ||
		 sysfs_is_shown_by(file, "part_alignment_offset_show"))
		seq_printf(file->seq, "%lld\n", alignment(&disk_of_device(device)->queue->limits, &part));
	else if (sysfs_is_shown_by(file, "disk_discard_alignment_show") ||
		 sysfs_is_shown_by(file, "part_discard_alignment_show"))
		seq_printf(file->seq, "%lld\n", discard_alignment(&disk_of_device(device)->queue->limits, &part));
	else if (sysfs_is_shown_by(file, "part_inflight_show"))
		show_inflight(file, disk_of_device(device), &part);
	else if (sysfs_is_shown_by(file, "part_stat_show"))
		show_statistics(file, device, &part);
	else if (!disk_device_is_whole(device) || !show_disk(file, disk_of_device(device)))
		sysfs_show_unknown(file);
}
