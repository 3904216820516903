/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /sys: its tree, and the values of its files. Guest C. */
#ifndef GUEST_PROC_SYSFS_H
#define GUEST_PROC_SYSFS_H

#include "guest/proc/seq.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/kernfs.h"

enum {
	SYSFS_NAME_SIZE = 256,
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep. */
	SYSFS_TREE_DEPTH_MAX = 64,
	/* Entries of one directory: a device, a module, a slab cache each. */
	SYSFS_ENTRY_COUNT_MAX = 1 << 20,
	/* Directories in each other; a path has 4096 bytes. */
	SYSFS_PATH_DEPTH_MAX = 128,
};

/* A file whose text is made. */
struct sysfs_file {
	struct seq *seq;
	const struct kernfs_node *node;
	const struct kobject *object; /* what it is about */
	const struct attribute *attribute;
	char name[SYSFS_NAME_SIZE];
	char show[SYMBOL_NAME_SIZE]; /* the function that makes its text */
	bool is_of_module; /* that is a module's, whatever it is called */
};

/* Name the function at `address` in file->show; false: it has none. */
GUEST_C bool sysfs_show_name(struct sysfs_file *file, const void *address);
/* Is its text made by the kernel's own function of that name? */
static inline bool sysfs_is_shown_by(const struct sysfs_file *file, const char *function)
{
	return !file->is_of_module && strcmp(file->show, function) == 0;
}

/* What isn't known is an error of this file, by the function's name. */
GUEST_C void sysfs_show_unknown(struct sysfs_file *file);

GUEST_C void sysfs_show_module(struct sysfs_file *file);
GUEST_C void sysfs_show_module_bytes(struct sysfs_file *file);
GUEST_C void sysfs_show_device(struct sysfs_file *file);
GUEST_C void sysfs_show_block_device(struct sysfs_file *file, const void *device);
GUEST_C void sysfs_show_queue(struct sysfs_file *file);
GUEST_C void sysfs_show_net_device(struct sysfs_file *file, const void *device);

#endif
