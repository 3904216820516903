/* SPDX-License-Identifier: GPL-2.0-or-later */
static __always_inline unsigned long __fls(unsigned long x)
{
	return 63 - __builtin_clzl(x);
}
