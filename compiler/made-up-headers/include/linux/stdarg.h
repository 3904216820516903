/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef __builtin_va_list va_list;
