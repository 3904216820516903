/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What C calls <stdarg.h>, where types are the kernel's. */
#include <linux/stdarg.h>
