/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a QEMU process the guest's RAM lies, from /proc/PID/smaps.
 *
 * QEMU marks all of a guest's RAM so that a fork doesn't copy it (VmFlags
 * "dc"); of the mappings that have the mark it is the one of the right size.
 * TCG's code buffer may have that size, but is executable.
 */
#ifndef AGENT_QEMU_MAPS_H
#define AGENT_QEMU_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/address.h"

enum {
	QEMU_MAPPING_COUNT_MAX = 64, /* that may be RAM */
	QEMU_MAPPING_PATH_SIZE = 1024,
};

/* One mapping that may be guest RAM. */
struct qemu_mapping {
	struct host_va start;
	uint64_t size;
	bool is_shared; /* MAP_SHARED: the file's content is the RAM */
	bool is_huge; /* hugetlbfs */
	uint64_t file_offset;
	uint64_t inode; /* 0: anonymous */
	uint32_t device_major, device_minor;
	char path[QEMU_MAPPING_PATH_SIZE]; /* "" where anonymous; may end in " (deleted)" */
};

struct qemu_maps {
	struct qemu_mapping mappings[QEMU_MAPPING_COUNT_MAX];
	uint32_t count;
};

/* Collect from smaps text what may be RAM: readable, writable, not executable,
 * marked, at least 1 MiB; parts of one mapping joined.
 * STATUS_MALFORMED: not smaps. STATUS_LIMIT: too many. Reported. */
MUST_USE status qemu_maps_parse(struct span text, struct qemu_maps *ret_maps);

/* The `index`-th mapping of exactly `size` bytes, counting from the highest
 * address: the kernel places new mappings downwards, so that several equal
 * ones are found in the order in which QEMU made them.
 * STATUS_MISSING, not reported. */
MUST_USE status qemu_maps_find(const struct qemu_maps *maps, uint64_t size, uint32_t index,
			       struct qemu_mapping *ret_mapping);

/* The mapping that holds `address`. STATUS_MISSING, not reported. */
MUST_USE status qemu_maps_at(const struct qemu_maps *maps, struct host_va address, struct qemu_mapping *ret_mapping);

/* How many mappings have exactly this size. */
uint32_t qemu_maps_count(const struct qemu_maps *maps, uint64_t size);

#endif
