/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a made-up platform's quote and collateral into a directory, for tests/test_verifier.py; where a NAME is given,
 * with that wrong. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform-files.h"

int main(int argc, char **argv)
{
	static struct fake_platform platform;
	struct fake_wishes wishes = fake_wishes;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: make-quote DIRECTORY VERSION [NAME]\n");
		return 2;
	}
	wishes.version = strcmp(argv[2], "4") == 0 ? 4 : 3;
	if (argc == 4)
		platform_files_spoil(&wishes, argv[3]);
	fake_platform_init(&platform, &wishes);
	platform_files_write(&platform, argv[1]);
	fake_platform_deinit(&platform);
	return EXIT_SUCCESS;
}
