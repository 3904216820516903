/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/report.h"
#include "host/image/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* What every layout promises, whatever the file: the loader relies on it. */
static void check(const struct image_layout *layout, const uint8_t *data, size_t size)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];

		if (segment->offset < end || segment->offset % IMAGE_PAGE_SIZE != 0 ||
		    segment->size % IMAGE_PAGE_SIZE != 0 || segment->size == 0 ||
		    segment->data_offset + segment->data.size > segment->size || segment->data.data < data ||
		    segment->data.data + segment->data.size > data + size ||
		    ((segment->access & IMAGE_WRITE) && (segment->access & IMAGE_EXECUTE)))
			abort();
		end = segment->offset + segment->size;
	}
	if (end != layout->size || layout->size > IMAGE_SIZE_MAX || layout->entry >= layout->size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_layout layout;

	report_sink_set(drop, NULL);
	if (image_layout_read("fuzz", (struct span){data, size}, &layout) == STATUS_OK)
		check(&layout, data, size);
	return 0;
}
