/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program inside that crashes ends its run: with a line on stderr. */
#ifndef HOST_LOADER_CRASH_H
#define HOST_LOADER_CRASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

struct crash {
	uint32_t vector; /* the CPU's exception: SDM vol. 3A, table 6-1 */
	/* Of the instruction, from the image's base; may be anything. CALL_CRASH_WITHHELD: the
	 * enclave doesn't say. */
	uint64_t offset;
	uint32_t error_code;
	uint64_t address; /* that the instruction used, for #PF */
};

/* The signal with which Linux ends a process for this exception; SIGKILL for one
 * that no program can raise. */
int crash_signal(uint32_t vector);

/* Say it, with the symbol at `offset` where the ELF file `symbols` has one. */
void crash_say(const struct crash *crash, struct span symbols);

#endif
