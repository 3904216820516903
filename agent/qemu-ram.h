/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RAM of a QEMU's guest, in blocks: where each lies in the guest, in the
 * process, and in our own mapping of it, where there is one. */
#ifndef AGENT_QEMU_RAM_H
#define AGENT_QEMU_RAM_H

#include "agent/qemu-process.h"
#include "agent/qmp.h"
#include "guest/memory/source.h"

enum {
	QEMU_BLOCK_COUNT_MAX = RAM_RANGE_COUNT_MAX,
};

/* One run of guest physical addresses that is one run in the process. */
struct qemu_block {
	struct ram_range range;
	struct host_va start; /* in QEMU */
	const uint8_t *bytes; /* in this process, read-only; NULL: not mapped */
	int file; /* of the mapping, else −1 */
	uint64_t file_offset;
};

struct qemu_ram {
	const struct qemu_process *process;
	struct qemu_block blocks[QEMU_BLOCK_COUNT_MAX];
	uint32_t block_count;
	int pagemap; /* /proc/PID/pagemap, −1 where it can't be read */
};

/* Find all blocks and map those that can be. `qmp` may be NULL; *ret_by_qmp
 * says whether it was it that told the layout.
 * STATUS_MISSING: no mapping fits; STATUS_MISMATCH: several do; STATUS_DENIED,
 * STATUS_GONE, STATUS_UNSUPPORTED. Reported. */
MUST_USE status qemu_ram_init(struct qemu_ram *ram, const struct qemu_process *process, struct qmp *qmp,
			      bool *ret_by_qmp);
void qemu_ram_deinit(struct qemu_ram *ram);

/* Can RAM still be read? STATUS_GONE, STATUS_DENIED, STATUS_IO (reported). */
MUST_USE status qemu_ram_check(const struct qemu_ram *ram);

/* As the page source's operations. */
MUST_USE status qemu_ram_read(const struct qemu_ram *ram, struct guest_pa start, void *destination, size_t size);
MUST_USE status qemu_ram_read_pages(const struct qemu_ram *ram, const struct guest_pa *pages, size_t page_count,
				    uint8_t (*destination)[GUEST_PAGE_SIZE], status *results);
MUST_USE status qemu_ram_next_populated(const struct qemu_ram *ram, struct guest_pa start, struct ram_range *ret_range,
					const uint8_t **ret_bytes);

/* Our own mapping of [start, + size), NULL where there is none. *ret_range: all that is mapped in one piece with it. */
const uint8_t *qemu_ram_mapped(const struct qemu_ram *ram, struct guest_pa start, size_t size,
			       struct ram_range *ret_range);

/* How many blocks are mapped. */
uint32_t qemu_ram_mapped_count(const struct qemu_ram *ram);

#endif
