/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan-manifest MANIFEST…: the assembler source of an image's manifest on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "host/image/manifest.h"

static status append_file(const char *path, uint8_t *text, size_t *size)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	*size += fread(text + *size, 1, MANIFEST_SIZE_MAX + 1 - *size, file);
	bool failed = ferror(file);
	fclose(file);
	return failed ? report(STATUS_IO, "%s can't be read", path) : STATUS_OK;
}

static status convert(const char *path)
{
	static uint8_t text[MANIFEST_SIZE_MAX + 1];
	static struct manifest manifest;
	size_t size = 0;
	status result;

	TRY(append_file(path, text, &size));
	TRY(manifest_init(&manifest, path, (struct span){text, size}));
	result = manifest_write_assembler(&manifest, stdout);
	manifest_deinit(&manifest);
	return result;
}

int main(int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: bartizan-manifest MANIFEST >manifest.s\n");
		return 2;
	}
	return convert(argv[1]) == STATUS_OK && fflush(stdout) == 0 ? 0 : 1;
}
