/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at a target's registers: each interrupts all of its CPUs and waits for its monitor, so sessions, which may
 * ask for them as often as they like, share what few looks show.
 */
#ifndef AGENT_SERVE_REGISTER_LOOKS_H
#define AGENT_SERVE_REGISTER_LOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/memory/source.h"

enum {
	/* A look is good for so long at least, … */
	REGISTER_LOOK_MS = 10,
	/* … and looks take this part of the time at most: a monitor that hardly answers is asked less often. */
	REGISTER_LOOK_SHARE = 10,
};

/* All zero: nobody has looked. */
struct register_looks {
	_Atomic uint64_t drop_count;
	uint64_t drop_count_before; /* as it was before the last look began */
	bool is_known; /* there was one */
	status outcome; /* of CPU 0 at it */
	struct cpu_registers first;
	int64_t next_ns; /* until then it is good */
};

/* As the page source's operation: CPU 0 starts a new look where the last isn't good any more, the others belong to the
 * same one. A look that failed is as good as any. `now_ns` is clock_ns(). Not thread-safe. */
MUST_USE status register_looks_ask(struct register_looks *looks, struct page_source *source, uint32_t cpu_index,
				   int64_t now_ns, struct cpu_registers *ret_registers);
/* What was seen is of another time by now: the target stands, or goes on, or somebody else has asked the source. What
 * a look brings that is under way counts as seen. Thread-safe, and waits for no look. */
void register_looks_drop(struct register_looks *looks);

#endif
