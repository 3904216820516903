/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a made-up platform (verifier/appraisal/fake-platform.h) gives others, as files, for tests of whole programs. */
#ifndef TESTS_PLATFORM_FILES_H
#define TESTS_PLATFORM_FILES_H

#include "verifier/appraisal/fake-platform.h"

/* Its quote, its collateral as Intel's service gives it, and `root`: SHA-256 of its root's certificate, then that
 * one's key (tests/made-up-root.c). Ends the program where a file can't be written. */
void platform_files_write(const struct fake_platform *platform, const char *directory);

/* What is right today, instead of on that day in June 2025. */
struct fake_wishes platform_files_today(void);

enum { PLATFORM_FILES_WISH_COUNT = 14 };

/* One thing that is wrong, by its name; the same for both days. Ends the program where there is none of that name. */
extern const char *const platform_files_names[PLATFORM_FILES_WISH_COUNT];
void platform_files_spoil(struct fake_wishes *wishes, const char *name);

#endif
