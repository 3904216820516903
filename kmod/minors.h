/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the module's minor numbers: 0 is this machine, N the target N of the parameter `targets`. */
#ifndef KMOD_MINORS_H
#define KMOD_MINORS_H

#include <linux/fs.h>

extern const struct file_operations machine_operations; /* minor 0 */
extern const struct file_operations forward_operations; /* all others */

/* Where the agent of this target is reached: the path of a port. Valid as long as the module. */
const char *minors_port(unsigned int minor);

#endif
