/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw memory: which physical address each byte of the file had. */
#ifndef AGENT_DUMP_LAYOUT_H
#define AGENT_DUMP_LAYOUT_H

#include "agent/dump-elf.h"

enum dump_layout {
	DUMP_LAYOUT_GUESS, /* whichever the kernel's own page tables agree with */
	DUMP_LAYOUT_FLAT, /* the file is the address space, from 0 on */
	DUMP_LAYOUT_Q35, /* the hole begins at 2 GiB */
	DUMP_LAYOUT_PC, /* the hole begins at 3 GiB */
};

/* The pieces of a raw file of `size` bytes (whole pages) under one layout other
 * than DUMP_LAYOUT_GUESS. False where the machine wouldn't split that size. */
bool dump_layout_apply(enum dump_layout layout, uint64_t size, struct dump_contents *ret_contents);

/* Of the possible layouts the one under which a kernel is found whose page
 * tables point to RAM. STATUS_MISSING: no kernel found in any; STATUS_MISMATCH:
 * two fit equally; both reported with the option that settles it. */
MUST_USE status dump_layout_guess(struct span file, int descriptor, enum dump_layout *ret_layout);

#endif
