/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LINUX_STDDEF_H
#define LINUX_STDDEF_H

#define NULL ((void *)0)
enum { false = 0, true = 1 };

#endif
