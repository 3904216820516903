/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of an image: its segments, at the offsets where the linker put them,
 * zeros between them, and nothing else.
 *
 * What a linker writes besides (section headers, symbols, debugging information with
 * paths of the build machine) isn't loaded and so isn't measured: in an image it
 * could be changed without anybody noticing, and the ELF header, which is measured,
 * would depend on it.
 */
#ifndef HOST_IMAGE_FILE_H
#define HOST_IMAGE_FILE_H

#include "host/image/elf.h"

/* Make an image's file from a linked ELF (or from an image's file: it stays as it
 * is). STATUS_MALFORMED, STATUS_UNSUPPORTED: no image, reported with `name`.
 * STATUS_NO_MEMORY. The caller frees *ret_bytes. */
MUST_USE status image_file_make(const char *name, struct span linked, uint8_t **ret_bytes, size_t *ret_size);

/* Is every byte of the file measured, or zero and outside? STATUS_MALFORMED: no,
 * reported. `layout` is the file's. */
MUST_USE status image_file_check(const char *name, struct span file, const struct image_layout *layout);

#endif
