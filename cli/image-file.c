/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/image-file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/report.h"
#include "base/whole-file.h"

status image_file_open(const char *path, struct image_file *ret_file)
{
	struct image_file file = {0};
	status result;

	TRY(whole_file_read(path, &file.bytes));
	result = image_create(path, file.bytes, &file.image);
	if (result != STATUS_OK) {
		free((void *)file.bytes.data);
		return result;
	}
	*ret_file = file;
	return STATUS_OK;
}

void image_file_close(struct image_file *file)
{
	image_destroy(file->image);
	free((void *)file->bytes.data);
}

status image_file_signature_path(const char *path, char ret_path[PATH_MAX])
{
	if ((size_t)snprintf(ret_path, PATH_MAX, "%s.sig", path) >= PATH_MAX)
		return report(STATUS_USAGE, "the path %s is too long", path);
	return STATUS_OK;
}
