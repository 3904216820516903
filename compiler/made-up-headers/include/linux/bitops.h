/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LINUX_BITOPS_H
#define LINUX_BITOPS_H

static __always_inline int fls(unsigned int x)
{
	int bit;

	__asm__("bsrl %1,%0" : "=r"(bit) : "rm"(x), "0"(-1));
	return bit + 1;
}

static __always_inline unsigned long ffz(unsigned long word)
{
	__asm__("rep; bsf %1,%0" : "=r"(word) : "r"(~word));
	return word;
}

#endif
