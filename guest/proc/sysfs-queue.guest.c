/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Below /sys/block/DISK: queue/, and how a disk's blocks lie (block/blk-sysfs.c, elevator.c, blk-wbt.c,
 * genhd.c, blk-settings.c, 5.10 to 7.2). */
#include "guest/proc/disk.h"
#include "guest/proc/mention.h"
#include "guest/proc/sysfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct queue_sysfs_entry {
	struct attribute attr;
	const void *show, *show_limit; /* the latter from 6.14 */
};

#include "guest/kernel/guestc-types-end.h"

enum {
	SECTOR_SHIFT = 9,
	PAGE_SHIFT_KIB = 2, /* KiB of a page */
	NS_PER_US = 1000,
	REFUSED = 22, /* EINVAL */
	SCHEDULER_COUNT_MAX = 64,
	SCHEDULER_NAME_SIZE = 32,
	POLICY_COUNT_MAX = 16, /* of a queue: one of each kind */
	POLICY_WRITEBACK = 0, /* RQ_QOS_WBT */
	WRITEBACK_OFF_DEFAULT = 3, /* WBT_STATE_… */
	WRITEBACK_OFF_MANUAL = 4,
	QUEUE_NAME_SIZE = 40,
	MAP_POLL = 2, /* HCTX_TYPE_POLL */
	OLD_NO_SCHEDULER = 1 << 6, /* BLK_MQ_F_NO_SCHED, of an enum without a name; renumbered with the flags below */
	NO_SCHEDULER = 1 << 5,
	ZONES_HOST_AWARE = 1, /* enum blk_zoned_model */
	ZONES_HOST_MANAGED = 2,
	LIMIT_WRITE_CACHE_OFF = 1 << 0, /* BLK_FLAG_… */
	LIMIT_PASSTHROUGH_STATISTICS = 1 << 2,
};

/* Bits of limits.features, BLK_FEAT_… (from 6.11). */
enum feature {
	FEATURE_WRITE_CACHE = 1 << 0,
	FEATURE_FUA = 1 << 1,
	FEATURE_ROTATIONAL = 1 << 2,
	FEATURE_ADD_RANDOM = 1 << 3,
	FEATURE_IO_STAT = 1 << 4,
	FEATURE_STABLE_WRITES = 1 << 5,
	FEATURE_DAX = 1 << 8,
	FEATURE_POLL = 1 << 9,
	FEATURE_ZONED = 1 << 10,
};

/* Numbers of bits of queue_flags, QUEUE_FLAG_…: macros up to 6.10, then an enum without a name. */
enum flag {
	OLD_NOMERGES = 3,
	OLD_SAME_COMP = 4,
	OLD_NONROT = 6,
	OLD_IO_STAT = 7,
	OLD_NOXMERGES = 9,
	OLD_ADD_RANDOM = 10,
	OLD_SAME_FORCE = 12,
	OLD_STABLE_WRITES = 15,
	OLD_POLL = 16,
	OLD_WC = 17,
	OLD_FUA = 18,
	OLD_DAX = 19,
	NOMERGES = 1,
	SAME_COMP = 2,
	NOXMERGES = 4,
	SAME_FORCE = 5,
	ZONED_QD1_WRITES = 17,
};

struct queue_file {
	struct seq *seq;
	const struct gendisk *disk; /* NULL: not known, before 5.15 */
	const struct request_queue *queue;
	const struct queue_limits *limits;
	char name[QUEUE_NAME_SIZE]; /* queue_NAME_show() makes the text */
};

extern struct list_head elv_list;
extern const char elv_iosched_show;

static bool is(const struct queue_file *file, const char *name)
{
	return strcmp(file->name, name) == 0;
}

static bool has_features(void)
{
	return field_exists(struct queue_limits, features);
}

static bool has_feature(const struct queue_file *file, enum feature feature)
{
	return (file->limits->features & (u32)feature) != 0;
}

static bool has_flag(const struct queue_file *file, enum flag old, enum flag now)
{
	return (file->queue->queue_flags >> (has_features() ? now : old) & 1) != 0;
}

/* What was a flag of the queue, and is a feature in its limits. */
static bool is_so(const struct queue_file *file, enum flag old, enum feature now)
{
	return has_features() ? has_feature(file, now) : has_flag(file, old, old);
}

/* ---- numbers as they are kept */

#define GIVE(file, name_, value)      \
	if (is(file, name_)) {        \
		*ret_value = (value); \
		return true;          \
	}
#define GIVE_LIMIT(file, member) GIVE(file, #member, (file)->limits->member)

static bool limit(const struct queue_file *file, u64 *ret_value)
{
	GIVE_LIMIT(file, max_segments)
	GIVE_LIMIT(file, max_discard_segments)
	GIVE_LIMIT(file, max_integrity_segments)
	GIVE_LIMIT(file, max_segment_size)
	GIVE_LIMIT(file, max_write_streams)
	GIVE_LIMIT(file, write_stream_granularity)
	GIVE(file, "logical_block_size",
	     file->limits->logical_block_size != 0 ? file->limits->logical_block_size : 1 << SECTOR_SHIFT)
	GIVE_LIMIT(file, physical_block_size)
	GIVE_LIMIT(file, chunk_sectors)
	GIVE_LIMIT(file, io_min)
	GIVE_LIMIT(file, io_opt)
	GIVE_LIMIT(file, discard_granularity)
	GIVE_LIMIT(file, zone_write_granularity)
	GIVE_LIMIT(file, virt_boundary_mask)
	GIVE_LIMIT(file, dma_alignment)
	GIVE_LIMIT(file, atomic_write_unit_min)
	GIVE_LIMIT(file, atomic_write_unit_max)
	return false;
}

/* Shown in bytes. */
static bool limit_in_sectors(const struct queue_file *file, u64 *ret_value)
{
	GIVE_LIMIT(file, max_discard_sectors)
	GIVE_LIMIT(file, max_hw_discard_sectors)
	GIVE_LIMIT(file, max_write_zeroes_sectors)
	GIVE_LIMIT(file, max_hw_wzeroes_unmap_sectors)
	GIVE_LIMIT(file, atomic_write_max_sectors)
	GIVE_LIMIT(file, atomic_write_boundary_sectors)
	GIVE_LIMIT(file, max_zone_append_sectors)
	GIVE_LIMIT(file, max_wzeroes_unmap_sectors)
	/* Their names up to 6.9. */
	GIVE(file, "discard_max", file->limits->max_discard_sectors)
	GIVE(file, "discard_max_hw", file->limits->max_hw_discard_sectors)
	GIVE(file, "write_zeroes_max", file->limits->max_write_zeroes_sectors)
	GIVE(file, "write_same_max",
	     field_exists(struct queue_limits, max_write_same_sectors) ? file->limits->max_write_same_sectors : 0)
	return false;
}

static bool is_zoned(const struct queue_file *file)
{
	if (has_features())
		return has_feature(file, FEATURE_ZONED);
	return file->limits->zoned == ZONES_HOST_AWARE || file->limits->zoned == ZONES_HOST_MANAGED;
}

/* queue_limits_max_zone_append_sectors(); before 6.11 as it is kept. */
static u64 zone_append_max(const struct queue_file *file)
{
	u64 most = min(file->limits->chunk_sectors, file->limits->max_hw_sectors);
	u64 wanted = file->limits->max_zone_append_sectors;

	if (!has_features())
		return wanted;
	if (!is_zoned(file))
		return 0;
	if (wanted == 0 || most == 0)
		return wanted + most;
	return min(wanted, most);
}

static u64 zones(const struct queue_file *file)
{
	if (!field_exists(struct gendisk, nr_zones))
		return is_zoned(file) ? file->queue->nr_zones : 0;
	return has_features() || is_zoned(file) ? file->disk->nr_zones : 0;
}

static u64 open_zones(const struct queue_file *file)
{
	if (field_exists(struct queue_limits, max_open_zones))
		return file->limits->max_open_zones;
	return field_exists(struct gendisk, max_open_zones) ? file->disk->max_open_zones : file->queue->max_open_zones;
}

static u64 active_zones(const struct queue_file *file)
{
	if (field_exists(struct queue_limits, max_active_zones))
		return file->limits->max_active_zones;
	return field_exists(struct gendisk, max_active_zones) ? file->disk->max_active_zones
							      : file->queue->max_active_zones;
}

static u64 read_ahead_pages(const struct queue_file *file)
{
	if (field_exists(struct request_queue, backing_dev_info))
		return file->queue->backing_dev_info->ra_pages;
	return file->disk->bdi->ra_pages;
}

static bool number(const struct queue_file *file, u64 *ret_value)
{
	GIVE(file, "requests", file->queue->nr_requests)
	GIVE(file, "async_depth", file->queue->async_depth)
	GIVE(file, "ra", read_ahead_pages(file) << PAGE_SHIFT_KIB)
	GIVE(file, "max_sectors", file->limits->max_sectors >> 1)
	GIVE(file, "max_hw_sectors", file->limits->max_hw_sectors >> 1)
	GIVE(file, "discard_zeroes_data", 0)
	GIVE(file, "zone_append_max", zone_append_max(file) << SECTOR_SHIFT)
	GIVE(file, "nr_zones", zones(file))
	GIVE(file, "max_open_zones", open_zones(file))
	GIVE(file, "max_active_zones", active_zones(file))
	GIVE(file, "io_timeout", disk_ticks_to_ms(file->queue->rq_timeout))
	return false;
}

/* ---- switches */

/* blk_mq_can_poll(); before 6.11 a flag. */
static bool can_poll(const struct queue_file *file)
{
	if (!has_features())
		return has_flag(file, OLD_POLL, OLD_POLL);
	if (!has_feature(file, FEATURE_POLL))
		return false;
	return file->queue->mq_ops == NULL || file->queue->tag_set->map[MAP_POLL].nr_queues != 0;
}

static u64 merges_off(const struct queue_file *file)
{
	return (u64)has_flag(file, OLD_NOMERGES, NOMERGES) << 1 | has_flag(file, OLD_NOXMERGES, NOXMERGES);
}

static u64 affinity(const struct queue_file *file)
{
	return (u64)has_flag(file, OLD_SAME_COMP, SAME_COMP) << has_flag(file, OLD_SAME_FORCE, SAME_FORCE);
}

static bool switched(const struct queue_file *file, u64 *ret_value)
{
	GIVE(file, "nonrot", !has_flag(file, OLD_NONROT, OLD_NONROT))
	GIVE(file, "rotational", has_feature(file, FEATURE_ROTATIONAL))
	GIVE(file, "random", has_flag(file, OLD_ADD_RANDOM, OLD_ADD_RANDOM))
	GIVE(file, "add_random", has_feature(file, FEATURE_ADD_RANDOM))
	GIVE(file, "iostats", is_so(file, OLD_IO_STAT, FEATURE_IO_STAT))
	GIVE(file, "stable_writes", is_so(file, OLD_STABLE_WRITES, FEATURE_STABLE_WRITES))
	GIVE(file, "fua", is_so(file, OLD_FUA, FEATURE_FUA))
	GIVE(file, "dax", is_so(file, OLD_DAX, FEATURE_DAX))
	GIVE(file, "poll", can_poll(file))
	GIVE(file, "nomerges", merges_off(file))
	GIVE(file, "rq_affinity", affinity(file))
	GIVE(file, "iostats_passthrough", (file->limits->flags & LIMIT_PASSTHROUGH_STATISTICS) != 0)
	GIVE(file, "zoned_qd1_writes", has_flag(file, ZONED_QD1_WRITES, ZONED_QD1_WRITES))
	return false;
}

/* ---- words */

static bool has_write_cache(const struct queue_file *file)
{
	if (!has_features())
		return has_flag(file, OLD_WC, OLD_WC);
	return has_feature(file, FEATURE_WRITE_CACHE) && (file->limits->flags & LIMIT_WRITE_CACHE_OFF) == 0;
}

static const char *zone_model(const struct queue_file *file)
{
	if (!is_zoned(file))
		return "none\n";
	return has_features() || file->limits->zoned == ZONES_HOST_MANAGED ? "host-managed\n" : "host-aware\n";
}

static void show_poll_delay(const struct queue_file *file)
{
	int delay = field_exists(struct request_queue, poll_nsec) ? file->queue->poll_nsec : -1;

	seq_printf(file->seq, "%d\n", delay == -1 ? delay : delay / NS_PER_US);
}

/* wbt_rq_qos(); NULL: it has none. */
static const struct rq_wb *writeback_policy(const struct queue_file *file)
{
	struct guest_bound bound = GUEST_BOUND(POLICY_COUNT_MAX, "policies of a disk's queue");
	const struct rq_qos *policy = file->queue->rq_qos;

	for (; policy != NULL; policy = policy->next) {
		guest_bound(&bound);
		if (field_exists(struct rq_qos, disk) ? policy->disk != file->disk : policy->q != file->queue)
			guest_fail(STATUS_MALFORMED, "a policy of a disk's queue is of another one");
		if (policy->id == POLICY_WRITEBACK)
			return container_of(policy, const struct rq_wb, rqos);
	}
	return NULL;
}

static void show_writeback_latency(const struct queue_file *file)
{
	const struct rq_wb *policy = writeback_policy(file);

	if (policy == NULL)
		seq_refuse(file->seq, REFUSED);
	/* wbt_disabled(), from 6.2. */
	else if (field_exists(struct rq_qos, disk) &&
		 (policy->enable_state == WRITEBACK_OFF_DEFAULT || policy->enable_state == WRITEBACK_OFF_MANUAL))
		seq_puts(file->seq, "0\n");
	else
		seq_printf(file->seq, "%llu\n", (u64)policy->min_lat_nsec / NS_PER_US);
}

/* elv_support_iosched() */
static bool has_schedulers(const struct queue_file *file)
{
	u32 without = has_features() ? NO_SCHEDULER : OLD_NO_SCHEDULER;

	return file->queue->mq_ops != NULL && (file->queue->tag_set->flags & without) == 0;
}

/* elevator_match(), by what the queue needs. */
static bool is_possible(const struct queue_file *file, const struct elevator_type *type)
{
	if (!field_exists(struct request_queue, required_elevator_features))
		return true;
	u32 required = file->queue->required_elevator_features;

	return has_schedulers(file) && (type->elevator_features & required) == required;
}

static void show_schedulers(const struct queue_file *file, const struct elevator_type *current)
{
	struct guest_bound bound = GUEST_BOUND(SCHEDULER_COUNT_MAX, "schedulers of disks");
	const struct elevator_type *type;
	char name[SCHEDULER_NAME_SIZE];

	list_for_each_entry (type, &elv_list, list) {
		guest_bound(&bound);
		guest_string_copy(name, sizeof name, type->elevator_name);
		if (type == current)
			seq_printf(file->seq, "[%s] ", name);
		else if (is_possible(file, type))
			seq_printf(file->seq, "%s ", name);
	}
}

/* There is nothing to choose from. Kernels from 6.14 on have no such queues. */
static bool is_without_choice(const struct queue_file *file)
{
	if (field_exists(struct request_queue, required_elevator_features))
		return file->queue->mq_ops == NULL;
	return code_mentions(&elv_iosched_show, "none\n") && !has_schedulers(file);
}

static void show_scheduler(const struct queue_file *file)
{
	const struct elevator_queue *own = file->queue->elevator;
	bool none_comes_last = field_exists(struct request_queue, required_elevator_features);

	if (is_without_choice(file)) {
		seq_puts(file->seq, "none\n");
		return;
	}
	if (own == NULL)
		seq_puts(file->seq, "[none] ");
	else if (!none_comes_last)
		seq_puts(file->seq, "none ");
	show_schedulers(file, own != NULL ? own->type : NULL);
	seq_puts(file->seq, own != NULL && none_comes_last ? "none\n" : "\n");
}

static bool show_words(const struct queue_file *file)
{
	if (is(file, "wc"))
		seq_puts(file->seq, has_write_cache(file) ? "write back\n" : "write through\n");
	else if (is(file, "zoned"))
		seq_puts(file->seq, zone_model(file));
	else if (is(file, "poll_delay"))
		show_poll_delay(file);
	else if (is(file, "wb_lat"))
		show_writeback_latency(file);
	else
		return false;
	return true;
}

/* ---- the files */

/* NAME of queue_NAME_show(); false: it isn't called so. */
static bool take_name(struct queue_file *file, const char show[SYMBOL_NAME_SIZE])
{
	static const char before[] = "queue_", behind[] = "_show";
	u64 size = strlen(show), name_size = size - (sizeof before - 1) - (sizeof behind - 1);

	if (size < sizeof before + sizeof behind || name_size >= QUEUE_NAME_SIZE ||
	    strncmp(show, before, sizeof before - 1) != 0 || strcmp(show + size - (sizeof behind - 1), behind) != 0)
		return false;
	memcpy(file->name, show + sizeof before - 1, name_size);
	file->name[name_size] = '\0';
	return true;
}

static void find_queue(struct queue_file *file, const struct kobject *object)
{
	if (field_exists(struct gendisk, queue_kobj)) {
		file->disk = container_of(object, const struct gendisk, queue_kobj);
		file->queue = file->disk->queue;
	} else {
		file->queue = container_of(object, const struct request_queue, kobj);
		if (field_exists(struct request_queue, disk))
			file->disk = file->queue->disk;
	}
	file->limits = &file->queue->limits;
}

static const void *maker_of(const struct queue_sysfs_entry *entry)
{
	if (field_exists(struct queue_sysfs_entry, show_limit) && entry->show_limit != NULL)
		return entry->show_limit;
	return entry->show;
}

void sysfs_show_queue(struct sysfs_file *file)
{
	const struct queue_sysfs_entry *entry = container_of(file->attribute, const struct queue_sysfs_entry, attr);
	struct queue_file queue = {.seq = file->seq};
	u64 value;

	if (!sysfs_show_name(file, maker_of(entry)))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's text has no name in the target");
	find_queue(&queue, file->object);
	if (strcmp(file->show, "elv_iosched_show") == 0)
		show_scheduler(&queue);
	else if (!take_name(&queue, file->show))
		sysfs_show_unknown(file);
	else if (limit(&queue, &value) || number(&queue, &value) || switched(&queue, &value))
		seq_printf(file->seq, "%llu\n", value);
	else if (limit_in_sectors(&queue, &value))
		seq_printf(file->seq, "%llu\n", value << SECTOR_SHIFT);
	else if (!show_words(&queue))
		sysfs_show_unknown(file);
}
