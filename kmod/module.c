// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's minor numbers, as the papers have them: a number is a target. 0 is the machine itself. */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "minors.h"

/* As many ports as a virtio-serial device has. */
enum { TARGET_COUNT_MAX = 31 };

static char *targets[TARGET_COUNT_MAX];
static unsigned int target_count;
module_param_array(targets, charp, &target_count, 0444);
MODULE_PARM_DESC(
	targets,
	"the targets 1, 2, ...: NAME=PORT, NAME as grants have it, PORT where the agent outside is reached, as "
	"qemu:web1=/dev/virtio-ports/agent");

static dev_t first_number;
static struct cdev machine_device, forward_device;
static struct class bartizan_class = {.name = "bartizan"};

const char *minors_port(unsigned int minor)
{
	return strrchr(targets[minor - 1], '=') + 1;
}

/* What grants call it: for whoever starts an enclave. */
static ssize_t target_show(struct device *device, struct device_attribute *attribute, char *to)
{
	const char *target = targets[MINOR(device->devt) - 1];

	return scnprintf(to, PAGE_SIZE, "%.*s\n", (int)(strrchr(target, '=') - target), target);
}
static DEVICE_ATTR_RO(target);

static struct attribute *forward_attrs[] = {&dev_attr_target.attr, NULL};
ATTRIBUTE_GROUPS(forward);

static int check_targets(void)
{
	unsigned int i;

	for (i = 0; i < target_count; i++) {
		const char *equals = strrchr(targets[i], '=');

		if (equals == NULL || equals == targets[i] || equals[1] != '/') {
			pr_err("bartizan: \"%s\" is no target: NAME=/PATH/OF/PORT\n", targets[i]);
			return -EINVAL;
		}
	}
	return 0;
}

static void remove_nodes(unsigned int count)
{
	while (count > 0)
		device_destroy(&bartizan_class, MKDEV(MAJOR(first_number), --count));
}

static int make_nodes(void)
{
	unsigned int minor;

	for (minor = 0; minor <= target_count; minor++) {
		struct device *made =
			device_create_with_groups(&bartizan_class, NULL, MKDEV(MAJOR(first_number), minor), NULL,
						  minor > 0 ? forward_groups : NULL, "bartizan%u", minor);

		if (!IS_ERR(made))
			continue;
		remove_nodes(minor);
		return PTR_ERR(made);
	}
	return 0;
}

static int add_devices(void)
{
	int result;

	cdev_init(&machine_device, &machine_operations);
	cdev_init(&forward_device, &forward_operations);
	machine_device.owner = forward_device.owner = THIS_MODULE;
	result = cdev_add(&machine_device, first_number, 1);
	if (result != 0)
		return result;
	if (target_count > 0)
		result = cdev_add(&forward_device, MKDEV(MAJOR(first_number), 1), target_count);
	if (result != 0)
		cdev_del(&machine_device);
	return result;
}

static void remove_devices(void)
{
	if (target_count > 0)
		cdev_del(&forward_device);
	cdev_del(&machine_device);
}

static int add_class(void)
{
	int result = class_register(&bartizan_class);

	if (result != 0)
		return result;
	result = make_nodes();
	if (result != 0)
		class_unregister(&bartizan_class);
	return result;
}

static int __init bartizan_init(void)
{
	int result = check_targets();

	if (result == 0)
		result = alloc_chrdev_region(&first_number, 0, 1 + target_count, "bartizan");
	if (result != 0)
		return result;
	result = add_devices();
	if (result == 0) {
		result = add_class();
		if (result == 0)
			return 0;
		remove_devices();
	}
	unregister_chrdev_region(first_number, 1 + target_count);
	return result;
}

static void __exit bartizan_exit(void)
{
	remove_nodes(1 + target_count);
	class_unregister(&bartizan_class);
	remove_devices();
	unregister_chrdev_region(first_number, 1 + target_count);
}

module_init(bartizan_init);
module_exit(bartizan_exit);
MODULE_DESCRIPTION(
	"Bartizan's devices: this machine's memory by page number, and the sealed way to other machines' agents");
MODULE_LICENSE("GPL");
