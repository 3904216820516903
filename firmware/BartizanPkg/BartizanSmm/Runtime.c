/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a C library would have, by edk2's; and report(), which has nobody to tell here: the caller
 * gets a number (wire/smi.h). */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#include <string.h>

#include "base/report.h"

/* The compiler calls these by itself, too, when link-time optimisation has already looked for who does. */
#define KEPT __attribute__((used))

KEPT void *memcpy(void *destination, const void *source, size_t size)
{
	return CopyMem(destination, source, size);
}

KEPT void *memmove(void *destination, const void *source, size_t size)
{
	return CopyMem(destination, source, size);
}

KEPT void *memset(void *destination, int byte, size_t size)
{
	const size_t whole = (UINTN)destination % sizeof(UINT64) == 0 ? size & ~(sizeof(UINT64) - 1) : 0;

	/* SetMem() does bytes, one by one. */
	if (whole > 0)
		SetMem64(destination, whole, (UINT8)byte * 0x0101010101010101ULL);
	if (size > whole)
		SetMem((UINT8 *)destination + whole, size - whole, (UINT8)byte);
	return destination;
}

KEPT int memcmp(const void *left, const void *right, size_t size)
{
	const UINT64 *one = left, *other = right;

	/* CompareMem() does bytes, one by one. */
	for (; size >= sizeof *one && *one == *other; size -= sizeof *one) {
		one++;
		other++;
	}
	return (int)CompareMem(one, other, size);
}

KEPT size_t strlen(const char *text)
{
	return AsciiStrLen(text);
}

KEPT int strcmp(const char *left, const char *right)
{
	return (int)AsciiStrCmp(left, right);
}

status(report)(status fault, const char *format, ...)
{
	return fault;
}
