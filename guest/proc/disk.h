/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's disks and their partitions. Guest C. */
#ifndef GUEST_PROC_DISK_H
#define GUEST_PROC_DISK_H

#include "guest/kernel/guestc.h"
#include "guest/proc/rows.h"
#include "guest/proc/types/block.h"
#include "guest/proc/xarray.h"

enum {
	DISK_OWN_NAME_SIZE = 32, /* DISK_NAME_LEN (linux/blkdev.h) */
	DISK_NAME_SIZE = 48, /* of the disk, and "p12345" */
};

/* A row (row.object: const struct gendisk *) for each disk, in the order of the
 * class "block": as they came. */
GUEST_C void disks_show(struct rows *rows);

/* One partition of a disk, or as number 0 the whole disk. */
struct disk_part {
	const void *object; /* the kernel's struct block_device, or struct hd_struct */
	u32 number, device;
	u64 first_sector, sector_count; /* of 512 bytes */
};

struct disk_walk {
	const struct gendisk *disk;
	u32 next; /* of a table, */
	struct xarray_walk array; /* of an array (from 5.12) */
	s64 last; /* number */
};

GUEST_C void disk_walk_start(struct disk_walk *walk, const struct gendisk *disk);
/* False: none is left. Parts of the size 0 are among them. */
GUEST_C bool disk_walk_next(struct disk_walk *walk, struct disk_part *ret_part);

/* The disk and the part that a struct device of the class "block" is. */
GUEST_C const struct gendisk *disk_of_device(const struct device *device);
GUEST_C void disk_part_of_device(const struct device *device, struct disk_part *ret_part);
GUEST_C bool disk_device_is_whole(const struct device *device);

/* %pg: the name of a part ("vda1", "nvme0n1p2"). */
GUEST_C void disk_part_name(const struct gendisk *disk, const struct disk_part *part, char ret_name[DISK_NAME_SIZE]);

/* Transfers that a part is busy with now: reading, writing. */
GUEST_C void disk_part_busy(const struct gendisk *disk, const struct disk_part *part, u32 ret_counts[2]);

struct disk_sums {
	u64 nsecs[DISK_STAT_GROUP_COUNT], sectors[DISK_STAT_GROUP_COUNT], ios[DISK_STAT_GROUP_COUNT],
		merges[DISK_STAT_GROUP_COUNT];
	u64 busy_ticks;
};

/* part_stat_read_all(), of all CPUs. */
GUEST_C void disk_part_sums(const struct disk_part *part, struct disk_sums *ret_sums);

/* jiffies_to_msecs() */
GUEST_C u32 disk_ticks_to_ms(u64 ticks);

#endif
