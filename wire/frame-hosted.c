/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/frame.h"

#include <errno.h> /* lint: allow errno: this file talks to sockets */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void frame_reader_init(struct frame_reader *reader, int file, bool is_serial, uint8_t *body, uint32_t body_size_max)
{
	*reader = (struct frame_reader){
		.file = file, .is_serial = is_serial, .body = body, .body_size_max = body_size_max};
	int flags = fcntl(file, F_GETFL);
	if (flags >= 0)
		(void)!fcntl(file, F_SETFL, flags | O_NONBLOCK);
}

/* A frame's head could begin at head[from]: whatever there is of the magic fits. */
static bool may_begin_at(const struct frame_reader *reader, uint32_t from)
{
	const uint32_t magic = AGENT_FRAME_MAGIC;
	uint32_t size = reader->head_filled - from;

	return memcmp((const uint8_t *)&reader->head + from, &magic, size < sizeof magic ? size : sizeof magic) == 0;
}

/* Forget the head's first bytes, up to the next that may begin one. */
static void skip_noise(struct frame_reader *reader)
{
	uint32_t from = 1;

	while (from < reader->head_filled && !may_begin_at(reader, from))
		from++;
	reader->head_filled -= from;
	memmove(&reader->head, (const uint8_t *)&reader->head + from, reader->head_filled);
}

static bool head_holds(const struct frame_reader *reader)
{
	return reader->head.magic == AGENT_FRAME_MAGIC && reader->head.reserved == 0 &&
	       reader->head.size <= reader->body_size_max;
}

/* STATUS_OK: the head is whole and good, or more of it is awaited. */
static status check_head(struct frame_reader *reader)
{
	while (reader->head_filled > 0 &&
	       (!may_begin_at(reader, 0) || (reader->head_filled == sizeof reader->head && !head_holds(reader)))) {
		if (!reader->is_serial)
			return STATUS_MALFORMED;
		skip_noise(reader);
	}
	return STATUS_OK;
}

/* Take what is there of the head or the body. STATUS_TORN: nothing now. */
static status take_some(struct frame_reader *reader)
{
	bool in_head = reader->head_filled < sizeof reader->head;
	uint8_t *to = in_head ? (uint8_t *)&reader->head + reader->head_filled : reader->body + reader->body_filled;
	size_t wanted = in_head ? sizeof reader->head - reader->head_filled : reader->head.size - reader->body_filled;
	ssize_t got = wanted == 0 ? 0 : read(reader->file, to, wanted);

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) /* lint: allow errno: as above */
		return STATUS_TORN;
	if (got < 0 || (got == 0 && wanted != 0))
		return STATUS_GONE;
	reader->stalled_at_ms = now_ms() + FRAME_STALL_MS;
	if (!in_head) {
		reader->body_filled += (uint32_t)got;
		return STATUS_OK;
	}
	reader->head_filled += (uint32_t)got;
	return check_head(reader);
}

static bool is_complete(const struct frame_reader *reader)
{
	return reader->head_filled == sizeof reader->head && reader->body_filled == reader->head.size;
}

static void start_over(struct frame_reader *reader)
{
	reader->head_filled = 0;
	reader->body_filled = 0;
}

/* Nothing to read now: wait for more, or give up. */
static status wait_for_more(struct frame_reader *reader, int64_t deadline_ms)
{
	int64_t now = now_ms();
	bool within = reader->head_filled > 0;

	if (within && now >= reader->stalled_at_ms) {
		if (!reader->is_serial)
			return STATUS_GONE;
		start_over(reader);
		within = false;
	}
	if (now >= deadline_ms)
		return STATUS_TORN;
	int64_t until = within && reader->stalled_at_ms < deadline_ms ? reader->stalled_at_ms : deadline_ms;
	struct pollfd waiting = {.fd = reader->file, .events = POLLIN};
	if (poll(&waiting, 1, (int)(until - now)) < 0 && errno != EINTR) /* lint: allow errno: as above */
		return report(STATUS_IO, "can't wait for a connection's bytes: %s",
			      strerror(errno)); /* lint: allow errno: as above */
	return STATUS_OK;
}

status frame_reader_next(struct frame_reader *reader, int timeout_ms, struct agent_frame *ret_head)
{
	int64_t deadline_ms = now_ms() + timeout_ms;

	if (is_complete(reader))
		start_over(reader);
	for (;;) {
		status result = take_some(reader);

		if (result == STATUS_TORN)
			result = wait_for_more(reader, deadline_ms);
		TRY(result);
		if (is_complete(reader)) {
			*ret_head = reader->head;
			return STATUS_OK;
		}
		/* Noise may come without end. What has begun as a frame has its own time. */
		if (reader->head_filled < sizeof reader->head && now_ms() > deadline_ms)
			return STATUS_TORN;
	}
}

/* Ports aren't sockets: they know no MSG_NOSIGNAL, and send no SIGPIPE either. */
static ssize_t write_some(int file, struct iovec *parts, size_t part_count)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = part_count};
	ssize_t sent = sendmsg(file, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno == ENOTSOCK) /* lint: allow errno: as above */
		sent = writev(file, parts, (int)part_count);
	return sent;
}

/* Drop `size` bytes from the front. */
static void advance(struct iovec *parts, size_t part_count, size_t size)
{
	for (size_t i = 0; i < part_count; i++) {
		size_t step = size < parts[i].iov_len ? size : parts[i].iov_len;

		parts[i].iov_base = (uint8_t *)parts[i].iov_base + step;
		parts[i].iov_len -= step;
		size -= step;
	}
}

status frame_write(int file, uint16_t type, uint32_t sequence, struct span body, int timeout_ms)
{
	struct agent_frame head = {
		.magic = AGENT_FRAME_MAGIC, .type = (uint16_t)type, .size = (uint32_t)body.size, .sequence = sequence};
	/* Head and body in one call: one segment, one wakeup. */
	struct iovec parts[] = {{&head, sizeof head}, {(void *)(uintptr_t)body.data, body.size}};
	int64_t deadline_ms = now_ms() + timeout_ms;

	if (body.size > LINK_RING_REPLY_SIZE)
		return report(STATUS_INTERNAL, "a frame of %zu bytes is too long", body.size);
	while (parts[0].iov_len + parts[1].iov_len > 0) {
		ssize_t sent = write_some(file, parts, 2);

		if (sent < 0 && errno != EAGAIN && errno != EINTR) /* lint: allow errno: as above */
			return STATUS_GONE;
		if (sent > 0) {
			advance(parts, 2, (size_t)sent);
			continue;
		}
		struct pollfd waiting = {.fd = file, .events = POLLOUT};
		int64_t left_ms = deadline_ms - now_ms();
		if (left_ms <= 0 || poll(&waiting, 1, (int)left_ms) == 0)
			return STATUS_GONE;
	}
	return STATUS_OK;
}
