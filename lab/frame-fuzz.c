/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes are frames, or incomplete, or malformed; never anything outside. */
#include <stdint.h>
#include <stdlib.h>

#include "lab/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab_queue queue = {};
	struct lab_frame frame;
	const uint8_t *payload;
	size_t left = size;
	uint32_t sum = 0;

	if (lab_queue_add(&queue, data, size) != STATUS_OK)
		return 0;
	while (lab_frame_take(&queue, &frame, &payload) == STATUS_OK) {
		left -= sizeof frame + frame.size;
		for (uint32_t i = 0; i < frame.size; i++)
			sum += payload[i];
		if (lab_queue_size(&queue) != left)
			abort();
	}
	lab_queue_deinit(&queue);
	return sum == UINT32_MAX ? -1 : 0;
}
