/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every node below /sys, one a line, sorted by path; words and rules as in
 * nodes.h. They are the target's own tree, whole. */
LISTED("", sysfs_list, NULL)
TREE_NODE("[*]", sysfs_stat, sysfs_list, sysfs_show)
