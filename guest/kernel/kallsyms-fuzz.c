// SPDX-License-Identifier: GPL-2.0-or-later
/* kallsyms in an image whose bytes the input changes: the first byte chooses
 * the layout, then records of (position, value) spoil a good image; a rest that
 * is no record stands for the whole image. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kallsyms-encoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT = 1100, IMAGE_SIZE = 1 << 15, RECORD_SIZE = 4, WHOLE_IMAGE = 0xff, SAMPLE_STEP = 61 };

static const uint64_t START = 0xffffffff81000000;

static void be_silent(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void make_image(struct encoder_image *image, enum encoder_layout layout)
{
	static struct encoder_symbol symbols[COUNT];
	static char names[COUNT][16];

	for (uint32_t i = 0; i < COUNT; i++) {
		memcpy(names[i], "tcp_x0000", 10);
		for (uint32_t digit = 0, rest = i; digit < 4; digit++, rest /= 10)
			names[i][8 - digit] = (char)('0' + rest % 10);
		symbols[i] = (struct encoder_symbol){START + 16 * (uint64_t)i, 't', names[i]};
	}
	encoder_image_init(image, START, IMAGE_SIZE, 0x400, layout, symbols, COUNT);
}

/* What creation let pass must hold. */
static void use(struct guest_symbols *symbols)
{
	struct guest_symbol symbol;
	struct guest_va address;
	uint64_t distance;

	for (uint32_t i = 0; i < guest_symbols_count(symbols); i += SAMPLE_STEP) {
		if (guest_symbols_get(symbols, i, &symbol) != STATUS_OK)
			abort();
		status found = guest_symbols_find(symbols, symbol.name, &address);
		if (found != STATUS_LIMIT && (found != STATUS_OK || address.value > symbol.address.value))
			abort();
		if (guest_symbols_nearest(symbols, symbol.address, &symbol, &distance) != STATUS_OK || distance != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct encoder_image images[ENCODER_LAYOUT_COUNT];
	static uint8_t bytes[IMAGE_SIZE];
	struct guest_symbols *symbols;

	report_sink_set(be_silent, NULL);
	if (size == 0)
		return 0;
	struct encoder_image *good = &images[data[0] % ENCODER_LAYOUT_COUNT];
	if (good->bytes == NULL)
		make_image(good, (enum encoder_layout)(data[0] % ENCODER_LAYOUT_COUNT));
	memcpy(bytes, good->bytes, IMAGE_SIZE);
	struct encoder_image image = *good;
	image.bytes = bytes;
	image.view.context = &image;
	if (data[0] == WHOLE_IMAGE) {
		memcpy(image.bytes, data + 1, size - 1 < IMAGE_SIZE ? size - 1 : IMAGE_SIZE);
	} else {
		for (size_t at = 1; at + RECORD_SIZE <= size; at += RECORD_SIZE)
			image.bytes[(data[at] | data[at + 1] << 8) % IMAGE_SIZE] = data[at + 2];
	}
	if (guest_symbols_create(&image.view, &symbols) == STATUS_OK) {
		use(symbols);
		guest_symbols_destroy(symbols);
	}
	return 0;
}
