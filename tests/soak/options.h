/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every soak of single lies is told: how many, which, from where. */
#ifndef TESTS_SOAK_OPTIONS_H
#define TESTS_SOAK_OPTIONS_H

#include <stdint.h>

struct soak_options {
	uint64_t count; /* so many lies */
	uint64_t seed; /* which ones */
	uint64_t first; /* the number of the first one */
};

/* From the command line; `doc` says what the program does. Ends the program at --help and at
 * what isn't a number. */
struct soak_options soak_options_parse(int argc, char **argv, const char *doc);

#endif
