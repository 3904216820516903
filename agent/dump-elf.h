/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ELF core says: which bytes of the file are which memory, and the
 * registers that QEMU noted. Parses only; the bytes may be anything. */
#ifndef AGENT_DUMP_ELF_H
#define AGENT_DUMP_ELF_H

#include <stdbool.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/source.h"

enum {
	DUMP_CPU_COUNT_MAX = 1024,
};

/* One PT_LOAD: RAM at `range`, in the file from `offset` on. */
struct dump_segment {
	struct ram_range range;
	uint64_t offset;
};

struct dump_contents {
	struct dump_segment segments[RAM_RANGE_COUNT_MAX];
	uint32_t segment_count;
	struct cpu_registers registers[DUMP_CPU_COUNT_MAX];
	uint32_t cpu_count; /* 0: none noted */
};

/* Does the file start as an ELF file? */
bool dump_is_elf(struct span file);

/* Nothing is promised about *ret_contents unless the call succeeds (it is too
 * large to be copied). STATUS_MALFORMED: broken, or truncated (says at which byte of how many);
 * STATUS_UNSUPPORTED: ELF, but no x86-64 core with physical addresses. */
MUST_USE status dump_parse_elf(struct span file, struct dump_contents *ret_contents);

#endif
