/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a user's keys are kept, for every program of ours; hosted only. */
#ifndef BASE_STATE_HOME_H
#define BASE_STATE_HOME_H

#include <stddef.h>

#include "base/status.h"

/* ${XDG_STATE_HOME:-~/.local/state}/bartizan, which may not be there yet; only absolute paths
 * count, as the XDG Base Directory Specification says.
 * STATUS_USAGE, reported: neither names a directory, or the path is longer than `size`. */
MUST_USE status state_home(char *ret_path, size_t size);

#endif
