/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image file says about itself: the ELF notes of wire/image.h. */
#ifndef HOST_IMAGE_NOTES_H
#define HOST_IMAGE_NOTES_H

#include "host/image/elf.h"
#include "wire/image.h"

/* Spans point into the file. */
struct image_notes {
	struct image_note_manifest manifest;
	/* Where EEXIT is, from the image's start. */
	uint64_t exit_offset;
	/* Strings and numbers as wire/image.h describes them, checked to be whole. */
	struct span paths, environment, calls, programs;
};

/* Read and check the notes of an image whose layout is `layout`.
 * STATUS_UNSUPPORTED: one of the six notes isn't there. STATUS_MALFORMED: broken
 * notes, one that comes twice or isn't known, numbers outside their bounds, no EEXIT
 * where it should be. Both are reported with `name`. */
MUST_USE status image_notes_read(const char *name, const struct image_layout *layout, struct image_notes *ret_notes);

#endif
