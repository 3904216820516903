/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/frame.h"

#include <string.h>

status lab_frame_put(struct lab_queue *queue, uint32_t stream, enum lab_frame_type type, const void *payload,
		     size_t payload_size)
{
	const struct lab_frame frame = {.stream = stream, .size = (uint32_t)payload_size, .type = type};
	uint8_t bytes[sizeof frame + LAB_PAYLOAD_SIZE_MAX];

	if (payload_size > LAB_PAYLOAD_SIZE_MAX)
		return STATUS_INTERNAL;
	memcpy(bytes, &frame, sizeof frame);
	if (payload_size > 0)
		memcpy(bytes + sizeof frame, payload, payload_size);
	/* One addition: a frame is queued whole or not at all. */
	return lab_queue_add(queue, bytes, sizeof frame + payload_size);
}

status lab_frame_put_u32(struct lab_queue *queue, uint32_t stream, enum lab_frame_type type, uint32_t value)
{
	return lab_frame_put(queue, stream, type, &value, sizeof value);
}

status lab_frame_take(struct lab_queue *queue, struct lab_frame *ret_frame, const uint8_t **ret_payload)
{
	struct lab_frame frame;
	const uint8_t *payload;

	if (lab_queue_size(queue) < sizeof frame)
		return STATUS_END;
	memcpy(&frame, lab_queue_front(queue), sizeof frame);
	if (frame.size > LAB_PAYLOAD_SIZE_MAX)
		return STATUS_MALFORMED;
	if (lab_queue_size(queue) - sizeof frame < frame.size)
		return STATUS_END;
	payload = lab_queue_front(queue) + sizeof frame;
	lab_queue_drop(queue, sizeof frame + frame.size);
	*ret_frame = frame;
	*ret_payload = payload;
	return STATUS_OK;
}

status lab_frame_u32(const struct lab_frame *frame, const uint8_t *payload, uint32_t *ret_value)
{
	if (frame->size != sizeof *ret_value)
		return STATUS_MALFORMED;
	memcpy(ret_value, payload, sizeof *ret_value);
	return STATUS_OK;
}
