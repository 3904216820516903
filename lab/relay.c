/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "lab/scope.h"

enum {
	READ_SIZE = 64 * 1024,
	/* Clients aren't read while this much waits for the guest. */
	TO_GUEST_SIZE_BUSY = 256 * 1024,
	/* Two windows of output, their headers at worst one a byte, and credits:
	 * a guest that makes us hold more ignores its windows. */
	TO_CLIENT_SIZE_MAX = 32 * LAB_WINDOW_SIZE,
};

void relay_init(struct relay *relay, int guest_fd, int listen_fd)
{
	*relay = (struct relay){.guest_fd = guest_fd, .listen_fd = listen_fd, .next_stream = 1};
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++)
		relay->clients[i].fd = -1;
}

static void drop_client(struct relay_client *client)
{
	scope_close(&client->fd);
	lab_queue_deinit(&client->from);
	lab_queue_deinit(&client->to);
	*client = (struct relay_client){.fd = -1};
}

void relay_deinit(struct relay *relay)
{
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++)
		drop_client(&relay->clients[i]);
	scope_close(&relay->guest_fd);
	scope_close(&relay->listen_fd);
	lab_queue_deinit(&relay->from_guest);
	lab_queue_deinit(&relay->to_guest);
}

/* The client has gone, or broke the protocol: the command shall end, too. */
static status hang_up(struct relay *relay, struct relay_client *client)
{
	uint32_t stream = client->stream;
	bool ended = client->ended;

	drop_client(client);
	return ended ? STATUS_OK : lab_frame_put(&relay->to_guest, stream, LAB_FRAME_HANGUP, NULL, 0);
}

static status refuse(struct relay_client *client, const char *why)
{
	client->ended = true;
	return lab_frame_put(&client->to, 0, LAB_FRAME_REFUSED, why, strlen(why));
}

static status accept_client(struct relay *relay)
{
	struct relay_client *place = NULL;
	int fd;

	for (size_t i = 0; i < ARRAY_COUNT(relay->clients) && place == NULL; i++)
		if (relay->clients[i].fd < 0)
			place = &relay->clients[i];
	/* The rest wait in the socket's queue until a command ends. */
	if (place == NULL)
		return STATUS_OK;
	fd = accept4(relay->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return STATUS_OK;
	*place = (struct relay_client){.fd = fd, .stream = relay->next_stream++};
	return relay->ready ? STATUS_OK : refuse(place, "the guest is still booting");
}

static struct relay_client *find_client(struct relay *relay, uint32_t stream)
{
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++)
		if (relay->clients[i].fd >= 0 && relay->clients[i].stream == stream)
			return &relay->clients[i];
	return NULL;
}

static bool may_come_from_client(uint32_t type)
{
	return type == LAB_FRAME_ARGUMENTS || type == LAB_FRAME_START || type == LAB_FRAME_INPUT ||
	       type == LAB_FRAME_CREDIT_OUTPUT || type == LAB_FRAME_CREDIT_ERROR;
}

static bool may_come_from_guest(uint32_t type)
{
	return type == LAB_FRAME_OUTPUT || type == LAB_FRAME_ERROR || type == LAB_FRAME_CREDIT_INPUT ||
	       type == LAB_FRAME_EXIT;
}

static status read_client(struct relay *relay, struct relay_client *client)
{
	struct lab_frame frame;
	const uint8_t *payload;
	status result = lab_queue_read(&client->from, client->fd, READ_SIZE);

	if (result != STATUS_OK)
		return result;
	while ((result = lab_frame_take(&client->from, &frame, &payload)) == STATUS_OK) {
		if (!may_come_from_client(frame.type))
			return STATUS_MALFORMED;
		TRY(lab_frame_put(&relay->to_guest, client->stream, frame.type, payload, frame.size));
	}
	return result == STATUS_END ? STATUS_OK : result;
}

static status step_client(struct relay *relay, struct relay_client *client)
{
	status result = STATUS_OK;

	if (lab_queue_size(&relay->to_guest) < TO_GUEST_SIZE_BUSY && !client->ended)
		result = read_client(relay, client);
	if (result == STATUS_OK)
		result = lab_queue_write(&client->to, client->fd);
	if (result == STATUS_NO_MEMORY)
		return result;
	if (result != STATUS_OK || (client->ended && lab_queue_size(&client->to) == 0))
		return hang_up(relay, client);
	return STATUS_OK;
}

/* The guest rebooted: its commands are gone, and so is who would have read
 * what is still queued. */
static status start_over(struct relay *relay)
{
	lab_queue_drop(&relay->to_guest, lab_queue_size(&relay->to_guest));
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++)
		if (relay->clients[i].fd >= 0 && !relay->clients[i].ended)
			TRY(refuse(&relay->clients[i], "the guest rebooted"));
	return STATUS_OK;
}

static status greet(struct relay *relay, const struct lab_frame *frame, const uint8_t *payload)
{
	uint32_t version;

	if (lab_frame_u32(frame, payload, &version) != STATUS_OK)
		return report(STATUS_MALFORMED, "the guest's agent greets wrongly");
	if (version != LAB_PROTOCOL_VERSION)
		return report(STATUS_MISMATCH, "the guest's agent speaks version %u, this program %d: build again",
			      version, LAB_PROTOCOL_VERSION);
	if (relay->ready)
		return start_over(relay);
	relay->ready = true;
	return STATUS_OK;
}

static status pass_to_client(struct relay *relay, const struct lab_frame *frame, const uint8_t *payload)
{
	struct relay_client *client = find_client(relay, frame->stream);

	if (frame->type == LAB_FRAME_HELLO)
		return greet(relay, frame, payload);
	if (!may_come_from_guest(frame->type))
		return report(STATUS_MALFORMED, "the guest's agent sent a frame of type %u", frame->type);
	/* It may have hung up meanwhile. */
	if (client == NULL || client->ended)
		return STATUS_OK;
	if (lab_queue_size(&client->to) > TO_CLIENT_SIZE_MAX)
		return report(STATUS_LIMIT, "the guest's agent sends more than the window");
	client->ended = frame->type == LAB_FRAME_EXIT;
	return lab_frame_put(&client->to, 0, frame->type, payload, frame->size);
}

static status read_guest(struct relay *relay)
{
	struct lab_frame frame;
	const uint8_t *payload;
	status result = lab_queue_read(&relay->from_guest, relay->guest_fd, READ_SIZE);

	if (result != STATUS_OK)
		return result == STATUS_NO_MEMORY ? result : STATUS_GONE;
	while ((result = lab_frame_take(&relay->from_guest, &frame, &payload)) == STATUS_OK)
		TRY(pass_to_client(relay, &frame, payload));
	if (result == STATUS_MALFORMED)
		return report(result, "the guest's agent sends no frames");
	return result == STATUS_END ? STATUS_OK : result;
}

nfds_t relay_watch(const struct relay *relay, struct pollfd polls[RELAY_POLL_COUNT_MAX])
{
	bool busy = lab_queue_size(&relay->to_guest) >= TO_GUEST_SIZE_BUSY, full = true;
	nfds_t count = 0;

	polls[count++] = (struct pollfd){
		.fd = relay->guest_fd,
		.events = POLLIN | (lab_queue_size(&relay->to_guest) > 0 ? POLLOUT : 0),
	};
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++) {
		const struct relay_client *client = &relay->clients[i];

		full = full && client->fd >= 0;
		polls[count++] = (struct pollfd){
			/* A client that isn't read isn't watched either: its
			 * hanging up would be reported again and again. */
			.fd = busy && lab_queue_size(&client->to) == 0 ? -1 : client->fd,
			.events =
				(busy || client->ended ? 0 : POLLIN) | (lab_queue_size(&client->to) > 0 ? POLLOUT : 0),
		};
	}
	polls[count++] = (struct pollfd){.fd = full ? -1 : relay->listen_fd, .events = POLLIN};
	return count;
}

status relay_step(struct relay *relay)
{
	TRY(read_guest(relay));
	TRY(accept_client(relay));
	for (size_t i = 0; i < ARRAY_COUNT(relay->clients); i++)
		if (relay->clients[i].fd >= 0)
			TRY(step_client(relay, &relay->clients[i]));
	return lab_queue_write(&relay->to_guest, relay->guest_fd) == STATUS_OK ? STATUS_OK : STATUS_GONE;
}
