/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/types.h>
size_t strlen(const char *string);
