/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Epochs of this user's runs that no running agent keeps: one file each, in the user's
 * runtime directory, which is memory and goes with the login.
 */
#ifndef CLI_EPOCH_FILE_H
#define CLI_EPOCH_FILE_H

#include <stdbool.h>

#include "agent/frozen.h"
#include "base/status.h"

/* The epoch `name` of this target, as choose_target_name() gives it: one that is there, or with `is_new` a
 * new one, which takes the place of one of that name. The file is the caller's to close.
 * STATUS_USAGE: no such epoch, it is over or another target's, or no name; STATUS_DENIED, STATUS_IO: the
 * directory; others as frozen_store_create(). All reported. */
MUST_USE status epoch_file_open(const char *name, bool is_new, const char *target, int *ret_file,
				struct frozen_store **ret_store);

#endif
