/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What C calls <stdbool.h>, where types are the kernel's. */
#include <linux/stddef.h>
#include <linux/types.h>
