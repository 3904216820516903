/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and their partitions (include/linux/blk_types.h, blkdev.h, genhd.h,
 * part_stat.h, blk-mq.h, block/blk-mq-tag.h). */
#ifndef GUEST_PROC_TYPES_BLOCK_H
#define GUEST_PROC_TYPES_BLOCK_H

#include "guest/proc/types/device.h"
#include "guest/proc/types/xarray.h"

enum {
	DISK_STAT_GROUP_COUNT = 4, /* NR_STAT_GROUPS */
	DISK_PARTITION_COUNT_MAX = 256, /* DISK_MAX_PARTS */
};

#include "guest/kernel/guestc-types-begin.h"

struct backing_dev_info;
struct gendisk;
struct request_queue;

typedef struct {
	atomic_long_t a;
} local_t;

struct disk_stats {
	u64 nsecs[DISK_STAT_GROUP_COUNT];
	unsigned long sectors[DISK_STAT_GROUP_COUNT], ios[DISK_STAT_GROUP_COUNT], merges[DISK_STAT_GROUP_COUNT];
	unsigned long io_ticks;
	local_t in_flight[2];
};

/* A partition, or as number 0 the whole disk; before 5.11 a struct hd_struct. */
struct block_device {
	u64 bd_start_sect, bd_nr_sectors; /* of 512 bytes */
	struct disk_stats *bd_stats; /* per-CPU */
	unsigned long bd_stamp;
	u32 bd_dev;
	u8 bd_partno; /* before 6.10; then with flags: */
	atomic_t __bd_flags;
	bool bd_read_only;
	struct gendisk *bd_disk;
	struct device bd_device;
};

struct hd_struct {
	u64 start_sect, nr_sects;
	struct disk_stats *dkstats; /* per-CPU */
	struct device __dev;
	int policy, partno;
};

struct disk_part_tbl {
	int len;
	struct hd_struct *part[DISK_PARTITION_COUNT_MAX];
};

struct bio_set {
	unsigned int front_pad;
};

struct gendisk {
	int minors, flags;
	char disk_name[32];
	struct xarray part_tbl;
	struct block_device *part0;
	struct request_queue *queue;
	unsigned long state;
	u64 diskseq; /* from 5.15 */
	struct backing_dev_info *bdi;
	struct kobject queue_kobj; /* from 6.3 */
	u32 nr_zones, max_open_zones, max_active_zones;
	struct bio_set bio_split; /* from 6.0 */
};

struct gendisk___parts {
	struct disk_part_tbl *part_tbl;
	struct hd_struct part0;
};

struct blk_mq_tags;

struct blk_mq_hw_ctx {
	struct blk_mq_tags *tags;
};

struct request {
	struct request_queue *q;
	struct blk_mq_hw_ctx *mq_hctx;
	u32 rq_flags, state : 32;
	const void *part;
};

struct blk_mq_tags {
	unsigned int nr_tags;
	struct request **rqs;
};

struct queue_limits {
	u32 features, flags; /* from 6.11 */
	unsigned long virt_boundary_mask;
	u32 max_hw_sectors, max_sectors, max_segment_size, physical_block_size, logical_block_size, alignment_offset;
	u32 io_min, io_opt, chunk_sectors, discard_granularity, discard_alignment, dma_alignment;
	u32 max_discard_sectors, max_hw_discard_sectors, max_write_same_sectors, max_write_zeroes_sectors;
	u32 max_hw_wzeroes_unmap_sectors, max_wzeroes_unmap_sectors;
	u32 max_zone_append_sectors, zone_write_granularity, max_open_zones, max_active_zones;
	u32 atomic_write_max_sectors : 32, atomic_write_boundary_sectors : 32, atomic_write_unit_min : 32,
		atomic_write_unit_max : 32;
	u32 write_stream_granularity : 32, max_write_streams : 32;
	unsigned char misaligned, discard_misaligned; /* the former up to 6.10 */
	unsigned short max_segments, max_integrity_segments, max_discard_segments;
	u32 zoned : 32; /* enum blk_zoned_model, up to 6.10 */
};

struct backing_dev_info {
	unsigned long ra_pages;
};

struct blk_mq_queue_map {
	unsigned int nr_queues;
};

struct blk_mq_tag_set {
	struct blk_mq_queue_map map[3]; /* HCTX_MAX_TYPES */
	u32 flags;
};

struct elevator_type {
	const char *elevator_name;
	u32 elevator_features; /* 5.8 to 6.7 */
	struct list_head list;
};

struct elevator_queue {
	struct elevator_type *type;
};

struct rq_qos {
	struct gendisk *disk; /* from 6.3 */
	struct request_queue *q; /* before */
	u32 id;
	struct rq_qos *next;
};

struct rq_wb {
	short enable_state;
	unsigned long min_lat_nsec;
	struct rq_qos rqos;
};

struct request_queue {
	struct queue_limits limits;
	struct kobject kobj; /* up to 6.2 */
	struct gendisk *disk; /* from 5.15 */
	struct backing_dev_info *backing_dev_info; /* before */
	struct elevator_queue *elevator;
	struct rq_qos *rq_qos;
	struct blk_mq_tag_set *tag_set;
	unsigned long queue_flags;
	u64 nr_requests : 64;
	u32 async_depth, rq_timeout, required_elevator_features, nr_zones, max_open_zones, max_active_zones;
	int poll_nsec;
	const void *mq_ops; /* NULL: its driver takes each transfer as it comes */
	struct blk_mq_hw_ctx **queue_hw_ctx; /* before 5.18 */
	struct xarray hctx_table; /* then, up to 6.x */
	unsigned int nr_hw_queues;
};

#include "guest/kernel/guestc-types-end.h"

#endif
