/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes waiting to be written, or read and waiting to be understood. */
#ifndef LAB_QUEUE_H
#define LAB_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* All zero is an empty queue. Bytes leave at the front, enter at the back. */
struct lab_queue {
	uint8_t *data;
	size_t start; /* of what is queued, ≤ end */
	size_t end; /* ≤ capacity */
	size_t capacity; /* of data */
};

void lab_queue_deinit(struct lab_queue *queue);

size_t lab_queue_size(const struct lab_queue *queue);
const uint8_t *lab_queue_front(const struct lab_queue *queue);
/* Forget the first `size` ≤ lab_queue_size() bytes. */
void lab_queue_drop(struct lab_queue *queue, size_t size);

/* STATUS_NO_MEMORY leaves the queue as it was. */
MUST_USE status lab_queue_add(struct lab_queue *queue, const void *bytes, size_t size);

/*
 * Read once from a descriptor, at most `size_max` bytes. STATUS_END: end of
 * file or the other end has gone. Nothing to read now (EAGAIN) is STATUS_OK.
 * STATUS_IO, STATUS_NO_MEMORY; nothing is reported.
 */
MUST_USE status lab_queue_read(struct lab_queue *queue, int fd, size_t size_max);
/* Write what the descriptor takes now. STATUS_END: the other end has gone;
 * STATUS_IO; nothing is reported. SIGPIPE must be ignored. */
MUST_USE status lab_queue_write(struct lab_queue *queue, int fd);

#endif
