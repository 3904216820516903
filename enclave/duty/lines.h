/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program printed, as a set of lines: their order says nothing, and neither does how often one comes. */
#ifndef ENCLAVE_DUTY_LINES_H
#define ENCLAVE_DUTY_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char *text; /* NULs between them */
	char **line; /* sorted by bytes, each once, none empty */
	size_t count;
};

/* `text` is of malloc(), ends in a NUL, and is the lines' from then on. False: no memory, and it is still the
 * caller's. */
bool lines_init(struct lines *lines, char *text);
void lines_deinit(struct lines *lines);

#endif
