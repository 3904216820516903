/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sealing costs, by leaving it out: for measurements only (tools/test/bench-smm). */
#ifndef BENCH_UNSEALED_H
#define BENCH_UNSEALED_H

#include "link/primitives.h"

/* The same primitives, but AES-GCM copies: nothing is encrypted, and no tag is made or checked. Both ends of a session
 * must have them: one that seals takes nothing from one that doesn't. */
const struct link_primitives *unsealed_primitives(const struct link_primitives *sealed);

#endif
