/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file behind a shared mapping of QEMU's, opened read-only. */
#ifndef AGENT_QEMU_FILE_H
#define AGENT_QEMU_FILE_H

#include <stdbool.h>

#include "agent/qemu-maps.h"
#include "agent/qemu-process.h"

/* A descriptor, or −1 where none of the ways leads to that very file (the RAM
 * is read from the process then). */
int qemu_file_open(const struct qemu_process *process, const struct qemu_mapping *mapping);

/* Does the file reach as far as this range? A mapping beyond its end would
 * end us with SIGBUS. */
bool qemu_file_holds(int file, uint64_t offset, uint64_t size);

#endif
