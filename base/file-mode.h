/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Permissions of a file, as people write them; hosted only. */
#ifndef BASE_FILE_MODE_H
#define BASE_FILE_MODE_H

#include <sys/types.h>

#include "base/status.h"

/* Octal digits alone, up to 0777. STATUS_MALFORMED, not reported: anything else. */
MUST_USE status file_mode_parse(const char *text, mode_t *ret_mode);

#endif
