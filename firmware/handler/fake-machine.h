/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a machine of 4 MiB with a caller's page tables, which counts what is touched. */
#ifndef FIRMWARE_HANDLER_FAKE_MACHINE_H
#define FIRMWARE_HANDLER_FAKE_MACHINE_H

#include "firmware/handler/buffer.h"

enum {
	MACHINE_SIZE = 4 << 20,
	/* The caller's tables, each on its own page. */
	MACHINE_ROOT = 0x10000,
	MACHINE_LEVEL_4 = 0x11000, /* with 5 levels */
	MACHINE_LEVEL_3 = 0x12000,
	MACHINE_LEVEL_2 = 0x13000,
	MACHINE_LEVEL_1 = 0x14000,
	MACHINE_BUFFER = 0x100000, /* its pages: this one, the next but one, … */
	MACHINE_SMRAM = 0x200000,
	MACHINE_SMRAM_SIZE = 0x100000,
};

#define MACHINE_VIRTUAL UINT64_C(0x00007f0000000000)
#define MACHINE_ENTRY_FLAGS UINT64_C(7) /* present, writable, user */

struct fake_machine {
	struct firmware_memory memory; /* must be first */
	struct firmware_map map;
	struct firmware_caller caller;
	uint8_t *bytes; /* MACHINE_SIZE */
	uint64_t wild_count; /* accesses that the map doesn't allow, that cross a page, or while nothing is open */
	bool is_open, asks_openness; /* between open and close; the latter: of a handler that does so */
	const struct guest_pa *writable;
	uint32_t writable_count;
	uint64_t read_count, write_count;
	uint16_t *byte_reads; /* of each byte */
	bool flips_after_read; /* what was read turns into its complement, as if another CPU wrote there */
};

/* A caller of `size` bytes at MACHINE_VIRTUAL + `offset`, all in order. `levels`: 4 or 5. */
void fake_machine_init(struct fake_machine *machine, uint32_t levels, uint64_t offset, uint64_t size);
void fake_machine_deinit(struct fake_machine *machine);

uint64_t *fake_machine_entry(struct fake_machine *machine, uint64_t table, uint32_t index);

#endif
