/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image's file with its layout and its signature's name. */
#ifndef CLI_IMAGE_FILE_H
#define CLI_IMAGE_FILE_H

#include <limits.h>

#include "host/image/image.h"

struct image_file {
	struct span bytes;
	struct image *image;
};

/* Read and lay out. Reported: what whole_file_read() and image_create() say.
 * On success the caller owes image_file_close(). */
MUST_USE status image_file_open(const char *path, struct image_file *ret_file);
void image_file_close(struct image_file *file);

/* Where an image's SIGSTRUCT lies unless said otherwise: PATH.sig. STATUS_USAGE: too
 * long, reported. */
MUST_USE status image_file_signature_path(const char *path, char ret_path[PATH_MAX]);

#endif
