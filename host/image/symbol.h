/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of an image's functions, for messages. The file is hostile as ever. */
#ifndef HOST_IMAGE_SYMBOL_H
#define HOST_IMAGE_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"

/* The function in which `offset` (from the image's base) lies, and how far from its
 * start. *ret_name is printable and points into `file`. False if the file has no
 * symbol there, or no symbols that can be read: never reported. */
bool image_symbol_find(struct span file, uint64_t offset, const char **ret_name, uint64_t *ret_distance);

#endif
