/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"

enum { QUEUE_SIZE_MIN = 4096 };

void lab_queue_deinit(struct lab_queue *queue)
{
	free(queue->data);
	*queue = (struct lab_queue){};
}

size_t lab_queue_size(const struct lab_queue *queue)
{
	return queue->end - queue->start;
}

const uint8_t *lab_queue_front(const struct lab_queue *queue)
{
	return queue->data + queue->start;
}

void lab_queue_drop(struct lab_queue *queue, size_t size)
{
	queue->start += size;
	if (queue->start == queue->end)
		queue->start = queue->end = 0;
}

/* Make room for `size` more bytes at the back. */
static status reserve(struct lab_queue *queue, size_t size)
{
	size_t used = lab_queue_size(queue), capacity = queue->capacity;
	uint64_t wanted;
	uint8_t *data;

	if (capacity - queue->end >= size)
		return STATUS_OK;
	if (queue->start > 0) {
		memmove(queue->data, queue->data + queue->start, used);
		queue->start = 0;
		queue->end = used;
	}
	if (!checked_add(used, size, &wanted))
		return STATUS_NO_MEMORY;
	if (wanted <= capacity)
		return STATUS_OK;
	if (!checked_multiply(wanted, 2, &wanted))
		return STATUS_NO_MEMORY;
	capacity = wanted < QUEUE_SIZE_MIN ? QUEUE_SIZE_MIN : wanted;
	data = realloc(queue->data, capacity);
	if (data == NULL)
		return STATUS_NO_MEMORY;
	queue->data = data;
	queue->capacity = capacity;
	return STATUS_OK;
}

status lab_queue_add(struct lab_queue *queue, const void *bytes, size_t size)
{
	if (size == 0)
		return STATUS_OK;
	TRY(reserve(queue, size));
	memcpy(queue->data + queue->end, bytes, size);
	queue->end += size;
	return STATUS_OK;
}

status lab_queue_read(struct lab_queue *queue, int fd, size_t size_max)
{
	ssize_t got;

	TRY(reserve(queue, size_max));
	got = read(fd, queue->data + queue->end, size_max);
	if (got > 0)
		queue->end += (size_t)got;
	else if (got == 0 || errno == ECONNRESET)
		return STATUS_END;
	else if (errno != EAGAIN && errno != EINTR)
		return STATUS_IO;
	return STATUS_OK;
}

status lab_queue_write(struct lab_queue *queue, int fd)
{
	while (lab_queue_size(queue) > 0) {
		ssize_t put = write(fd, lab_queue_front(queue), lab_queue_size(queue));

		if (put > 0)
			lab_queue_drop(queue, (size_t)put);
		else if (put < 0 && errno == EAGAIN)
			return STATUS_OK;
		else if (put < 0 && (errno == EPIPE || errno == ECONNRESET))
			return STATUS_END;
		else if (put < 0 && errno != EINTR)
			return STATUS_IO;
	}
	return STATUS_OK;
}
