/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of devices below /sys: drivers/base/core.c, drivers/base/cpu.c, 5.10 to 7.2. */
#include "guest/proc/sysctl.h"
#include "guest/proc/sysfs.h"
#include "guest/proc/types/device.h"

#include "guest/kernel/guestc-types-begin.h"

struct cpu_attr {
	struct device_attribute attr;
	const struct cpumask *map;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	CLASS_NAME_SIZE = 32,
	MINOR_BITS = 20,
};

static bool is_of_class(const struct device *device, const char *class_name)
{
	char name[CLASS_NAME_SIZE];

	if (device->class == NULL)
		return false;
	guest_string_copy(name, sizeof name, device->class->name);
	return strcmp(name, class_name) == 0;
}

void sysfs_show_device(struct sysfs_file *file)
{
	const struct device_attribute *attribute = container_of(file->attribute, struct device_attribute, attr);
	const struct device *device = container_of(file->object, struct device, kobj);

	if (!sysfs_show_name(file, attribute->show))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's text has no name in the target");
	if (sysfs_is_shown_by(file, "show_cpus_attr")) {
		const struct cpu_attr *cpus = container_of(attribute, struct cpu_attr, attr);

		sysctl_show_bits(file->seq, (const unsigned long *)cpus->map,
				 min(nr_cpu_ids, (u32)GUEST_CPU_COUNT_MAX));
	} else if (sysfs_is_shown_by(file, "dev_show") && device->class != NULL) {
		seq_printf(file->seq, "%u:%u\n", device->devt >> MINOR_BITS, device->devt & ((1 << MINOR_BITS) - 1));
	} else if (is_of_class(device, "net")) {
		sysfs_show_net_device(file, device);
	} else if (is_of_class(device, "block")) {
		sysfs_show_block_device(file, device);
	} else {
		sysfs_show_unknown(file);
	}
}
