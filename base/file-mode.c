/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file-mode.h"

#include <stdlib.h>
#include <string.h>

status file_mode_parse(const char *text, mode_t *ret_mode)
{
	const size_t length = strlen(text);

	/* strtoul() alone takes a sign and blanks, too. */
	if (length == 0 || strspn(text, "01234567") != length)
		return STATUS_MALFORMED;
	const unsigned long mode = strtoul(text, NULL, 8);
	if (mode > 0777)
		return STATUS_MALFORMED;
	*ret_mode = (mode_t)mode;
	return STATUS_OK;
}
