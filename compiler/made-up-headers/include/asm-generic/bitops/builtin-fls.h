/* SPDX-License-Identifier: GPL-2.0-or-later */
static __always_inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}
