/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames (wire/agent.h) on a descriptor: a socket, or a serial port. For both
 * ends, and for the grantor's socket; hosted, not part of any image.
 *
 * The other end is hostile: sizes are checked before anything is read, every
 * wait has an end, and a frame that stops half-way doesn't hold anybody up.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/agent.h"
#include "wire/link-ring.h"

enum {
	/* Without a byte for so long in the middle of a frame, the frame is lost:
	 * far above a virtio-serial port's pauses. */
	FRAME_STALL_MS = 2000,
};

/* What has come of the frame that comes next. */
struct frame_reader {
	int file; /* non-blocking */
	bool is_serial; /* noise is skipped, a lost frame forgotten */
	uint8_t *body; /* the caller's; of body_size_max bytes */
	uint32_t body_size_max;
	struct agent_frame head;
	uint32_t head_filled, body_filled;
	int64_t stalled_at_ms; /* CLOCK_MONOTONIC; when to give the present frame up */
};

/* Read from `file` (made non-blocking; not taken over) into `body`. */
void frame_reader_init(struct frame_reader *reader, int file, bool is_serial, uint8_t *body, uint32_t body_size_max);

/* The next frame, waiting at most `timeout_ms` (0: take what is there).
 * STATUS_TORN: not all of it yet; call again, nothing is lost. STATUS_GONE: the
 * other end hung up, or stopped within a frame for FRAME_STALL_MS (not on serial
 * ports). STATUS_MALFORMED, not reported: no frame, or longer than body_size_max
 * (not on serial ports: skipped there). STATUS_IO, reported. */
MUST_USE status frame_reader_next(struct frame_reader *reader, int timeout_ms, struct agent_frame *ret_head);

/* Send one frame: all of it within `timeout_ms`. STATUS_GONE: the other end hung
 * up or doesn't read; the stream is of no use then. */
MUST_USE status frame_write(int file, uint16_t type, uint32_t sequence, struct span body, int timeout_ms);

#endif
