/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports: images that are found by name. They lie beside this program, in ports/ as it is
 * built, or in ../lib/bartizan/ports as it is installed. */
#ifndef CLI_PORTS_H
#define CLI_PORTS_H

#include <stddef.h>

#include "base/status.h"

/* The path of the image of program `name`. STATUS_MISSING, STATUS_IO. */
MUST_USE status ports_find(const char *name, char *ret_path, size_t size);

/* Print the names of all ports to standard output, sorted, one a line.
 * STATUS_MISSING where there are none, STATUS_IO. */
MUST_USE status ports_print(void);

#endif
