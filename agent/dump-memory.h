/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading RAM out of a dump's bytes: shared by the source itself and by the
 * search for the layout. */
#ifndef AGENT_DUMP_MEMORY_H
#define AGENT_DUMP_MEMORY_H

#include <stdbool.h>

#include "agent/dump-elf.h"
#include "guest/memory/source.h"

struct dump_memory {
	struct page_source source; /* must be first */
	struct span file;
	int descriptor; /* of the file, to skip its holes; −1: none */
	struct dump_contents contents;
	bool cut_told; /* that the file became shorter: said once */
};

/* A source over `file`, which must outlive it, as must its descriptor (−1: none);
 * `contents` is filled in before the first use. */
void dump_memory_init(struct dump_memory *memory, struct span file, int descriptor);

#endif
