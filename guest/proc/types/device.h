/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices and their classes (include/linux/device.h, device/class.h, kobject.h,
 * klist.h, drivers/base/base.h). */
#ifndef GUEST_PROC_TYPES_DEVICE_H
#define GUEST_PROC_TYPES_DEVICE_H

#include "guest/proc/types/kernfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct device_private;
struct subsys_private;

struct class
{
	const char *name;
	struct subsys_private *p; /* before 6.4; then they are searched for */
};

struct device_type {
	const char *name;
};

struct device {
	struct kobject kobj;
	struct device *parent;
	const struct class *class;
	const struct device_type *type;
	struct device_private *p;
	u32 devt;
};

struct device_attribute {
	struct attribute attr;
	const void *show;
};

struct klist {
	struct list_head k_list;
};

struct klist_node {
	void *n_klist; /* odd: it has been removed */
	struct list_head n_node;
};

struct device_private {
	struct klist_node knode_class;
	struct device *device;
};

struct kset {
	struct list_head list;
	struct kobject kobj;
};

struct subsys_private {
	struct kset subsys;
	struct klist klist_devices;
	const struct class *class;
};

#include "guest/kernel/guestc-types-end.h"

#endif
