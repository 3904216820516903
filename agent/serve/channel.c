/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/report.h"

void channel_init(struct channel *channel, int file, bool is_serial)
{
	channel->file = file;
	channel->is_serial = is_serial;
	channel->has_ring = false;
	channel->ring = (struct source_ring){0};
	channel->has_shared_ring = false;
	channel->sequence = 0;
	frame_reader_init(&channel->reader, file, is_serial, channel->request, sizeof channel->request);
}

void channel_init_shared(struct channel *channel, struct link_shared *shared)
{
	channel_init(channel, -1, false);
	channel->has_shared_ring = true;
	shared_ring_init(&channel->shared, shared);
}

void channel_deinit(struct channel *channel)
{
	source_ring_deinit(&channel->ring);
}

status channel_frame(struct channel *channel, int timeout_ms, struct agent_frame *ret_head)
{
	return frame_reader_next(&channel->reader, timeout_ms, ret_head);
}

status channel_send(struct channel *channel, enum agent_frame_type type, struct span body)
{
	int more_ms = (int)(body.size / CHANNEL_SEND_BYTES_PER_MS);

	return frame_write(channel->file, type, channel->sequence, body, CHANNEL_SEND_MS + more_ms);
}

/* AGENT_HELLO with a descriptor: both small, so one call takes them or nothing. */
static status send_with_descriptor(int file, struct span hello, int descriptor)
{
	struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = AGENT_HELLO, .size = (uint32_t)hello.size};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec parts[] = {{&head, sizeof head}, {(void *)(uintptr_t)hello.data, hello.size}};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	*rights = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof descriptor)};
	memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
	ssize_t sent = sendmsg(file, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent == (ssize_t)(sizeof head + hello.size) ? STATUS_OK : STATUS_GONE;
}

status channel_greet(struct channel *channel, const struct agent_hello *hello, int timeout_ms)
{
	return shared_ring_greet(&channel->shared, hello, timeout_ms);
}

status channel_share(struct channel *channel, struct span hello)
{
	int descriptor;

	TRY(source_ring_init(&channel->ring, &descriptor));
	status result = send_with_descriptor(channel->file, hello, descriptor);
	close(descriptor);
	__atomic_store_n(&channel->has_ring, result == STATUS_OK, __ATOMIC_RELEASE);
	return result;
}

/* With a ring the client says nothing more on the connection: anything is its end. */
static bool is_hung_up(const struct channel *channel)
{
	struct pollfd connection = {.fd = channel->file, .events = POLLIN | POLLRDHUP};

	return poll(&connection, 1, 0) != 0;
}

static status receive_ring(struct channel *channel, int timeout_ms, struct span *ret_message)
{
	size_t size;
	status result = source_ring_take(&channel->ring, timeout_ms, channel->request, &size);

	/* Looked at only where nothing came: a request costs no system call. Last words may have
	 * come just before the end. */
	if (result == STATUS_TORN && is_hung_up(channel)) {
		result = source_ring_take(&channel->ring, 0, channel->request, &size);
		if (result == STATUS_TORN)
			return STATUS_GONE;
	}
	TRY(result);
	*ret_message = (struct span){channel->request, size};
	return STATUS_OK;
}

static status receive_shared(struct channel *channel, int timeout_ms, struct span *ret_message)
{
	size_t size;

	TRY(shared_ring_take(&channel->shared, timeout_ms, channel->request, &size));
	*ret_message = (struct span){channel->request, size};
	return STATUS_OK;
}

static status receive_frame(struct channel *channel, int timeout_ms, struct span *ret_message)
{
	struct agent_frame head;
	status result = frame_reader_next(&channel->reader, timeout_ms, &head);

	if (result == STATUS_MALFORMED)
		return report(STATUS_MALFORMED, "the client sent something that is no frame");
	TRY(result);
	if (head.type == AGENT_CONNECT && channel->is_serial)
		return STATUS_END;
	if (head.type != AGENT_MESSAGE)
		return report(STATUS_MALFORMED, "the client sent a frame of type %u where a message belongs",
			      head.type);
	channel->sequence = head.sequence;
	*ret_message = (struct span){channel->request, head.size};
	return STATUS_OK;
}

status channel_receive(struct channel *channel, int timeout_ms, struct span *ret_message)
{
	if (channel->has_shared_ring)
		return receive_shared(channel, timeout_ms, ret_message);
	return channel->has_ring ? receive_ring(channel, timeout_ms, ret_message)
				 : receive_frame(channel, timeout_ms, ret_message);
}

status channel_reply(struct channel *channel, struct span message)
{
	if (channel->has_shared_ring)
		return shared_ring_reply(&channel->shared, message);
	if (!channel->has_ring)
		return channel_send(channel, AGENT_MESSAGE, message);
	source_ring_reply(&channel->ring, message);
	return STATUS_OK;
}

void channel_end(struct channel *channel, struct span last_words)
{
	if (channel->has_shared_ring)
		(void)!shared_ring_end(&channel->shared, last_words);
	else if (channel->has_ring)
		source_ring_end(&channel->ring, last_words);
	else if (last_words.size > 0)
		(void)!channel_send(channel, AGENT_MESSAGE, last_words);
}

void channel_hang_up(struct channel *channel)
{
	if (channel->file >= 0)
		(void)!shutdown(channel->file, SHUT_RDWR);
	/* It may sleep on the ring, and may just be about to: then it looks in a second. */
	channel_wake(channel);
}

void channel_wake(struct channel *channel)
{
	if (__atomic_load_n(&channel->has_ring, __ATOMIC_ACQUIRE))
		source_ring_wake(&channel->ring);
}
