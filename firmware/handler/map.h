/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which physical memory the handler may touch on somebody's behalf: the machine's RAM, but
 * for System Management RAM and what firmware keeps for itself. Taken from firmware's own
 * tables before SmmReadyToLock, when no operating system has run yet, and never changed after.
 */
#ifndef FIRMWARE_HANDLER_MAP_H
#define FIRMWARE_HANDLER_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/source.h"

enum {
	/* SMRAM ranges, firmware's reserved and runtime memory, the EPC: a dozen as a rule. */
	FIRMWARE_FORBIDDEN_COUNT_MAX = 64,
};

struct firmware_map {
	struct ram_map ram; /* whole pages */
	struct ram_range forbidden[FIRMWARE_FORBIDDEN_COUNT_MAX]; /* in no order, may overlap */
	uint32_t forbidden_count;
};

/* Does an operating system use what UEFI's map has under this type as memory (UEFI 2.10, table 7.6)? What it has
 * reserved isn't: devices, what firmware keeps, and the EPC, which SGX firmware reports so. */
bool firmware_map_is_system_memory(uint32_t uefi_type);

/* Nothing is RAM. */
void firmware_map_init(struct firmware_map *map);

/* Add RAM; what isn't a whole page at either end is left out, what touches the last range
 * makes that longer. Ranges come in rising order, as firmware's memory maps have them after
 * sorting. STATUS_LIMIT: too many. STATUS_MALFORMED: out of order, or beyond 52 bits. */
MUST_USE status firmware_map_add_ram(struct firmware_map *map, struct guest_pa start, uint64_t size);
/* Nobody gets to it, RAM or not; counted by pages that it touches. STATUS_LIMIT: too many.
 * STATUS_MALFORMED: it wraps around. */
MUST_USE status firmware_map_forbid(struct firmware_map *map, struct guest_pa start, uint64_t size);

/* Is every byte of [start, start + size) RAM that isn't forbidden? */
bool firmware_map_is_open(const struct firmware_map *map, struct guest_pa start, uint64_t size);

#endif
