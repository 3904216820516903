/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exec protocol: between a client and a VM's supervisor (UNIX socket), and
 * between the supervisor and the agent inside the guest (virtio serial port).
 *
 * Both are byte streams of frames: a header, then `size` bytes. One stream
 * number stands for one command; on the client's socket it is always 0. Both
 * ends are x86-64, so the header is sent as it lies in memory.
 *
 * Flow control: of each of a command's three byte streams, at most
 * LAB_WINDOW_SIZE bytes are under way that the receiver hasn't credited. So
 * nobody in between ever holds more than that per stream, and a command that
 * doesn't read, or a client that doesn't, stops only itself.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <stdint.h>

#include "base/status.h"
#include "lab/queue.h"

enum {
	LAB_PROTOCOL_VERSION = 1,
	/* Fits with its header into the 32 KiB that Linux's virtio console takes
	 * in one write (drivers/char/virtio_console.c, port_fops_write). */
	LAB_PAYLOAD_SIZE_MAX = 16384,
	LAB_WINDOW_SIZE = 262144,
	/* Linux takes at most 32 pages a string and 6 MiB in all (fs/exec.c);
	 * more than this is refused here with a message. */
	LAB_ARGUMENTS_SIZE_MAX = 1 << 20,
	LAB_ARGUMENTS_COUNT_MAX = 65536,
	/* Commands that may run in one guest at a time. */
	LAB_STREAM_COUNT_MAX = 64,
};

enum lab_frame_type {
	LAB_FRAME_HELLO = 1, /* guest: u32 protocol version; the guest is ready */
	LAB_FRAME_ARGUMENTS = 2, /* client: a piece of argv, every string with its NUL */
	LAB_FRAME_START = 3, /* client: argv is complete, run it */
	LAB_FRAME_INPUT = 4, /* client: bytes for stdin; no bytes: end of file */
	LAB_FRAME_OUTPUT = 5, /* guest: bytes from stdout */
	LAB_FRAME_ERROR = 6, /* guest: bytes from stderr */
	LAB_FRAME_CREDIT_INPUT = 7, /* guest: u32 bytes of input went to the command */
	LAB_FRAME_CREDIT_OUTPUT = 8, /* client: u32 bytes of stdout were written */
	LAB_FRAME_CREDIT_ERROR = 9, /* client: u32 bytes of stderr were written */
	LAB_FRAME_EXIT = 10, /* guest: u32 exit code, 128 + signal; the last frame */
	LAB_FRAME_HANGUP = 11, /* supervisor: the client has gone, kill the command */
	LAB_FRAME_REFUSED = 12, /* supervisor: text, why there is no command; the last frame */
};

struct lab_frame {
	uint32_t stream;
	uint32_t size; /* of the payload, ≤ LAB_PAYLOAD_SIZE_MAX */
	uint32_t type;
};

/* Append one frame; `payload_size` ≤ LAB_PAYLOAD_SIZE_MAX. STATUS_NO_MEMORY. */
MUST_USE status lab_frame_put(struct lab_queue *queue, uint32_t stream, enum lab_frame_type type, const void *payload,
			      size_t payload_size);
/* Append one frame that carries a number. */
MUST_USE status lab_frame_put_u32(struct lab_queue *queue, uint32_t stream, enum lab_frame_type type, uint32_t value);

/*
 * Take the next frame off the queue. *ret_payload points into the queue and is
 * valid until the queue is next added to. STATUS_END: not all of it is there
 * yet; STATUS_MALFORMED (not reported: the caller knows who sent it): the size
 * is impossible, the stream of bytes is lost.
 */
MUST_USE status lab_frame_take(struct lab_queue *queue, struct lab_frame *ret_frame, const uint8_t **ret_payload);

/* The number carried by a frame; STATUS_MALFORMED if it carries anything else. */
MUST_USE status lab_frame_u32(const struct lab_frame *frame, const uint8_t *payload, uint32_t *ret_value);

#endif
