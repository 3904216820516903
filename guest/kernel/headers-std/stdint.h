/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What C calls <stdint.h>, where types are the kernel's. */
#include <linux/types.h>
