/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block/genhd.c, block/partitions/core.c, block/blk-mq.c, block/blk-mq-tag.c,
 * drivers/base/class.c, lib/klist.c, lib/vsprintf.c (bdev_name()); 5.10 to 7.2. */
#include "guest/proc/disk.h"

#include "guest/proc/mention.h"
#include "guest/proc/ticks.h"

enum {
	CLASS_COUNT_MAX = 1 << 16, /* a hundred or two are usual */
	BD_PARTNO = 255, /* of __bd_flags (include/linux/blk_types.h) */
	STATE_IN_FLIGHT = 1, /* MQ_RQ_IN_FLIGHT */
	REQUEST_COUNTED = 1 << 13, /* RQF_IO_STAT */
	TAG_COUNT_MAX = 1 << 16, /* BLK_MQ_MAX_DEPTH is 10240 */
	QUEUE_COUNT_MAX = 1 << 13, /* one for each CPU at most */
	NS_PER_MS = 1000000,
};

extern struct class block_class;
extern const struct device_type disk_type;
extern struct kset *class_kset;
extern const char diskstats_show[], blk_mq_in_flight[];

/* class_to_subsys(). Whoever has the files has registered the class before (genhd_device_init()). */
static const struct subsys_private *block_subsystem(void)
{
	struct guest_bound bound = GUEST_BOUND(CLASS_COUNT_MAX, "classes of devices");
	const struct kobject *object;

	if (field_exists(struct class, p))
		return READ_ONCE(block_class.p);
	list_for_each_entry (object, &class_kset->list, entry) {
		const struct kset *set = container_of(object, struct kset, kobj);
		const struct subsys_private *subsystem = container_of(set, struct subsys_private, subsys);

		guest_bound(&bound);
		if (subsystem->class == &block_class)
			return subsystem;
	}
	guest_fail(STATUS_MALFORMED, "the class of disks isn't among the classes of devices");
}

static bool has_parts_as_devices(void)
{
	return field_exists(struct block_device, bd_stats);
}

bool disk_device_is_whole(const struct device *device)
{
	return (u64)device->type == (u64)&disk_type;
}

const struct gendisk *disk_of_device(const struct device *device)
{
	if (has_parts_as_devices())
		return container_of(device, struct block_device, bd_device)->bd_disk;
	const struct device *whole = disk_device_is_whole(device) ? device : device->parent;
	const struct hd_struct *part = container_of(whole, struct hd_struct, __dev);
	return (const struct gendisk *)container_of(part, struct gendisk___parts, part0);
}

void disks_show(struct rows *rows)
{
	const struct subsys_private *subsystem = block_subsystem();
	const struct klist_node *node;
	struct row_loop loop = ROW_LOOP;

	list_for_each_entry (node, &subsystem->klist_devices.k_list, n_node) {
		row_loop_check(&loop, node);
		const struct device *device = container_of(node, struct device_private, knode_class)->device;

		if (((u64)node->n_klist & 1) == 0 && disk_device_is_whole(device))
			rows_show(rows, disk_of_device(device));
	}
}

/* ---- parts */

static void read_part(const struct block_device *device, struct disk_part *ret_part)
{
	ret_part->object = device;
	ret_part->number = field_exists(struct block_device, bd_partno) ? device->bd_partno
									: (u32)device->__bd_flags.counter & BD_PARTNO;
	ret_part->device = device->bd_dev;
	ret_part->first_sector = device->bd_start_sect;
	ret_part->sector_count = device->bd_nr_sectors;
}

static void read_old_part(const struct hd_struct *part, struct disk_part *ret_part)
{
	ret_part->object = part;
	ret_part->number = (u32)part->partno;
	ret_part->device = part->__dev.devt;
	ret_part->first_sector = part->start_sect;
	ret_part->sector_count = part->nr_sects;
}

void disk_part_of_device(const struct device *device, struct disk_part *ret_part)
{
	if (has_parts_as_devices())
		read_part(container_of(device, struct block_device, bd_device), ret_part);
	else
		read_old_part(container_of(device, struct hd_struct, __dev), ret_part);
}

void disk_walk_start(struct disk_walk *walk, const struct gendisk *disk)
{
	walk->disk = disk;
	walk->next = 0;
	walk->last = -1;
	if (has_parts_as_devices())
		xarray_walk_start(&walk->array, &disk->part_tbl, "partitions of a disk");
}

static bool next_old_part(struct disk_walk *walk, struct disk_part *ret_part)
{
	const struct disk_part_tbl *table = ((const struct gendisk___parts *)walk->disk)->part_tbl;

	if (table->len > DISK_PARTITION_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a disk says that it has more partitions than any could");
	while ((s32)walk->next < table->len) {
		const struct hd_struct *part = READ_ONCE(table->part[walk->next++]);

		if (part == NULL)
			continue;
		read_old_part(part, ret_part);
		return true;
	}
	return false;
}

static bool next_part(struct disk_walk *walk, struct disk_part *ret_part)
{
	const struct block_device *device = xarray_walk_next(&walk->array);

	if (device == NULL)
		return false;
	if (device->bd_disk != walk->disk)
		guest_fail(STATUS_TORN, "a disk has a part that says it is another disk's");
	read_part(device, ret_part);
	return true;
}

bool disk_walk_next(struct disk_walk *walk, struct disk_part *ret_part)
{
	if (!(has_parts_as_devices() ? next_part(walk, ret_part) : next_old_part(walk, ret_part)))
		return false;
	if (ret_part->number <= walk->last)
		guest_fail(STATUS_TORN, "the parts of a disk aren't in order");
	walk->last = ret_part->number;
	return true;
}

static u32 write_number(char *at, u32 number)
{
	u32 length = 1;

	for (u32 rest = number; rest >= 10; rest /= 10)
		length++;
	at[length] = '\0';
	for (u32 i = length; i > 0; i--) {
		at[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	return length;
}

void disk_part_name(const struct gendisk *disk, const struct disk_part *part, char ret_name[DISK_NAME_SIZE])
{
	/* Not field_size(): what the guest says of its types is no bound for our memory. */
	u64 length = guest_string_copy(ret_name, DISK_OWN_NAME_SIZE, disk->disk_name);

	if (length == DISK_OWN_NAME_SIZE)
		length--;
	if (part->number == 0)
		return;
	if (length != 0 && ret_name[length - 1] >= '0' && ret_name[length - 1] <= '9')
		ret_name[length++] = 'p';
	write_number(ret_name + length, part->number);
}

/* ---- what they have done */

static const struct disk_stats *stats_of(const struct disk_part *part)
{
	return has_parts_as_devices() ? ((const struct block_device *)part->object)->bd_stats
				      : ((const struct hd_struct *)part->object)->dkstats;
}

void disk_part_sums(const struct disk_part *part, struct disk_sums *ret_sums)
{
	const struct disk_stats *stats = stats_of(part);
	u32 cpu;

	memset(ret_sums, 0, sizeof *ret_sums);
	for_each_possible_cpu (cpu) {
		const struct disk_stats *own = per_cpu_ptr(stats, cpu);

		for (u32 i = 0; i < DISK_STAT_GROUP_COUNT; i++) {
			ret_sums->nsecs[i] += own->nsecs[i];
			ret_sums->sectors[i] += own->sectors[i];
			ret_sums->ios[i] += own->ios[i];
			ret_sums->merges[i] += own->merges[i];
		}
		ret_sums->busy_ticks += own->io_ticks;
	}
}

/* Older kernels count the requests that a driver works on (up to 6.10 or so). */
static bool counts_requests(const struct gendisk *disk)
{
	return disk->queue->mq_ops != NULL && symbol_exists(blk_mq_in_flight) && symbol_exists(diskstats_show) &&
	       code_refers_to(diskstats_show, blk_mq_in_flight);
}

/* blk_mq_check_inflight(). Every request has a state; those that nobody uses are idle. */
static void count_requests(const struct blk_mq_hw_ctx *context, const struct request_queue *queue,
			   const struct disk_part *part, u32 counts[2])
{
	const struct blk_mq_tags *tags = context->tags;

	if (tags == NULL)
		return;
	if (tags->nr_tags > TAG_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a disk says that it has more requests than any could");
	for (u32 i = 0; i < tags->nr_tags; i++) {
		const struct request *request = READ_ONCE(tags->rqs[i]);

		if (request == NULL || request->q != queue || request->mq_hctx != context ||
		    request->state != STATE_IN_FLIGHT || (part->number != 0 && request->part != part->object))
			continue;
		if (has_parts_as_devices() && (request->part == NULL || (request->rq_flags & REQUEST_COUNTED) == 0))
			continue;
		counts[0]++;
	}
}

static void count_of_queue(const struct request_queue *queue, const struct disk_part *part, u32 counts[2])
{
	const struct blk_mq_hw_ctx *context;
	struct xarray_walk walk;

	if (field_exists(struct request_queue, queue_hw_ctx)) {
		if (queue->nr_hw_queues > QUEUE_COUNT_MAX)
			guest_fail(STATUS_MALFORMED, "a disk says that it has more queues than any could");
		for (u32 i = 0; i < queue->nr_hw_queues; i++)
			count_requests(READ_ONCE(queue->queue_hw_ctx[i]), queue, part, counts);
		return;
	}
	xarray_walk_start(&walk, &queue->hctx_table, "queues of a disk");
	while ((context = xarray_walk_next(&walk)) != NULL)
		count_requests(context, queue, part, counts);
}

void disk_part_busy(const struct gendisk *disk, const struct disk_part *part, u32 ret_counts[2])
{
	const struct disk_stats *stats = stats_of(part);
	s64 counts[2] = {0, 0};
	u32 cpu;

	ret_counts[0] = ret_counts[1] = 0;
	if (counts_requests(disk)) {
		count_of_queue(disk->queue, part, ret_counts);
		return;
	}
	for_each_possible_cpu (cpu) {
		const struct disk_stats *own = per_cpu_ptr(stats, cpu);

		counts[0] += own->in_flight[0].a.counter;
		counts[1] += own->in_flight[1].a.counter;
	}
	for (u32 i = 0; i < 2; i++)
		ret_counts[i] = counts[i] < 0 ? 0 : (u32)counts[i];
}

u32 disk_ticks_to_ms(u64 count)
{
	struct ticks ticks;

	ticks_read(&ticks);
	return (u32)(count * ticks.tick_ns / NS_PER_MS);
}
