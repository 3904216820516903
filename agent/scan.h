/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in lines that the kernel or QEMU printed. sscanf() can't say that one was too large. */
#ifndef AGENT_SCAN_H
#define AGENT_SCAN_H

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The number in `base` (10 or 16, unsigned, blanks before it allowed) at *at,
 * followed by the text `after`. *at moves behind both. False, and nothing is
 * touched, where the line isn't like that or the number exceeds `max`. */
static inline bool scan_number(const char **at, int base, uint64_t max, const char *after, uint64_t *ret_number)
{
	const char *start = *at + strspn(*at, " \t");
	size_t after_size = strlen(after);
	char *end;

	if (!isxdigit((unsigned char)*start))
		return false;
	errno = 0;
	uint64_t number = strtoull(start, &end, base);
	if (errno != 0 || end == start || number > max || strncmp(end, after, after_size) != 0)
		return false;
	*at = end + after_size;
	*ret_number = number;
	return true;
}

#endif
