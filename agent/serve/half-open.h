/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that haven't proven yet that an enclave with a grant is behind them.
 * Anybody can make these, so there are few: a new one takes the place of the oldest.
 */
#ifndef AGENT_SERVE_HALF_OPEN_H
#define AGENT_SERVE_HALF_OPEN_H

#include <stdint.h>

enum { HALF_OPEN_COUNT_MAX = 256 };

/* Not thread-safe: the caller's lock. */
struct half_open {
	void *entry[HALF_OPEN_COUNT_MAX]; /* oldest first */
	uint32_t entry_count;
	uint32_t count_max; /* 1…HALF_OPEN_COUNT_MAX */
};

void half_open_init(struct half_open *table, uint32_t count_max);

/* Enter the newest. Returns the one that has to go for it, or NULL. */
void *half_open_enter(struct half_open *table, void *entry);

/* It has proven itself, or gone. Nothing happens where it isn't in the table any more. */
void half_open_leave(struct half_open *table, const void *entry);

#endif
