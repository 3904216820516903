/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: writes kallsyms tables as scripts/kallsyms.c does, in each of its
 * layouts, independently of the code that reads them. */
#ifndef GUEST_KERNEL_KALLSYMS_ENCODER_H
#define GUEST_KERNEL_KALLSYMS_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/kernel/view.h"

/* Linux versions whose scripts/kallsyms.c was taken as the model. */
enum encoder_layout {
	ENCODER_4_4_ABSOLUTE,
	ENCODER_5_10_PERCPU,
	ENCODER_5_10_RELATIVE,
	ENCODER_6_1_SEQS,
	ENCODER_6_12_PERCPU,
	ENCODER_6_12_RELATIVE,
	ENCODER_7_2,
	ENCODER_LAYOUT_COUNT,
};

struct encoder_symbol {
	uint64_t address;
	char type;
	const char *name;
};

/* An image in a buffer: text, noise, and the tables somewhere inside. */
struct encoder_image {
	uint8_t *bytes;
	size_t size;
	uint64_t start; /* the address of bytes[0] */
	/* Where the parts were put, as offsets; for tests that spoil them. */
	size_t names_at, markers_at, tokens_at, token_index_at, values_at, num_syms_at;
	struct kernel_view view; /* one region; its context is this struct */
};

/* `symbols` must ascend by address. Fills `image` of `size` bytes that starts
 * at `start`, the tables `tables_at` bytes into it. Aborts if they don't fit. */
void encoder_image_init(struct encoder_image *image, uint64_t start, size_t size, size_t tables_at,
			enum encoder_layout layout, const struct encoder_symbol *symbols, uint32_t count);
void encoder_image_deinit(struct encoder_image *image);

#endif
