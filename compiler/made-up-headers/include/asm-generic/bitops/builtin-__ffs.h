/* SPDX-License-Identifier: GPL-2.0-or-later */
static __always_inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}
