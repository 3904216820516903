/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay between a guest that we play and clients that we play. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/relay.h"

struct fixture {
	struct relay relay;
	int guest_fd; /* the guest's end */
	struct sockaddr_un address;
	socklen_t address_size;
	struct lab_queue guest_out;
};

static void swallow(void *context, status fault, const char *message)
{
}

static int opened(int fd)
{
	if (fd < 0)
		abort();
	return fd;
}

static int setup(void **state)
{
	static struct fixture fixture;
	int ends[2], listen_fd = opened(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

	fixture = (struct fixture){};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	fixture.guest_fd = ends[1];
	/* Only the family: the kernel finds an abstract name (unix(7), autobind). */
	fixture.address.sun_family = AF_UNIX;
	assert_int_equal(bind(listen_fd, (struct sockaddr *)&fixture.address, sizeof(sa_family_t)), 0);
	fixture.address_size = sizeof fixture.address;
	assert_int_equal(getsockname(listen_fd, (struct sockaddr *)&fixture.address, &fixture.address_size), 0);
	assert_int_equal(listen(listen_fd, 8), 0);
	relay_init(&fixture.relay, ends[0], listen_fd);
	report_sink_set(swallow, NULL);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	relay_deinit(&fixture->relay);
	close(fixture->guest_fd);
	lab_queue_deinit(&fixture->guest_out);
	report_sink_set(NULL, NULL);
	return 0;
}

static void say_from_guest(struct fixture *fixture)
{
	assert_int_equal(lab_queue_write(&fixture->guest_out, fixture->guest_fd), STATUS_OK);
}

static void say_hello(struct fixture *fixture)
{
	assert_int_equal(lab_frame_put_u32(&fixture->guest_out, 0, LAB_FRAME_HELLO, LAB_PROTOCOL_VERSION), STATUS_OK);
	say_from_guest(fixture);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	assert_true(fixture->relay.ready);
}

static int join(struct fixture *fixture)
{
	int fd = opened(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

	assert_int_equal(connect(fd, (struct sockaddr *)&fixture->address, fixture->address_size), 0);
	return fd;
}

static void client_says(int fd, enum lab_frame_type type, const void *bytes, size_t size)
{
	struct lab_queue queue = {};

	assert_int_equal(lab_frame_put(&queue, 0, type, bytes, size), STATUS_OK);
	assert_int_equal(lab_queue_write(&queue, fd), STATUS_OK);
	lab_queue_deinit(&queue);
}

/* The next frame at one end; its payload is compared with `text`. */
static struct lab_frame expect(int fd, enum lab_frame_type type, const char *text, size_t text_size)
{
	struct lab_queue queue = {};
	struct lab_frame frame = {};
	const uint8_t *payload;

	/* Exactly one frame: what follows stays for the next call. */
	assert_int_equal(lab_queue_read(&queue, fd, sizeof frame), STATUS_OK);
	memcpy(&frame, lab_queue_front(&queue), sizeof frame);
	if (frame.size > 0)
		assert_int_equal(lab_queue_read(&queue, fd, frame.size), STATUS_OK);
	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_OK);
	assert_int_equal(frame.type, type);
	assert_int_equal(frame.size, text_size);
	assert_memory_equal(payload, text, text_size);
	lab_queue_deinit(&queue);
	return frame;
}

static void frames_reach_their_own_client(void **state)
{
	struct fixture *fixture = *state;
	int first, second;

	say_hello(fixture);
	first = join(fixture);
	client_says(first, LAB_FRAME_ARGUMENTS, "one", 4);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	second = join(fixture);
	client_says(second, LAB_FRAME_ARGUMENTS, "two", 4);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	struct lab_frame one = expect(fixture->guest_fd, LAB_FRAME_ARGUMENTS, "one", 4);
	struct lab_frame two = expect(fixture->guest_fd, LAB_FRAME_ARGUMENTS, "two", 4);

	assert_int_not_equal(one.stream, two.stream);
	assert_int_equal(lab_frame_put(&fixture->guest_out, two.stream, LAB_FRAME_OUTPUT, "to two", 6), STATUS_OK);
	assert_int_equal(lab_frame_put(&fixture->guest_out, one.stream, LAB_FRAME_ERROR, "to one", 6), STATUS_OK);
	say_from_guest(fixture);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	expect(first, LAB_FRAME_ERROR, "to one", 6);
	expect(second, LAB_FRAME_OUTPUT, "to two", 6);
	close(first);
	close(second);
}

static void a_client_before_the_guest_is_ready_is_refused(void **state)
{
	struct fixture *fixture = *state;
	int client = join(fixture);

	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	expect(client, LAB_FRAME_REFUSED, "the guest is still booting", 26);
	close(client);
}

static void a_client_that_goes_hangs_up_its_command(void **state)
{
	struct fixture *fixture = *state;
	int client;

	say_hello(fixture);
	client = join(fixture);
	client_says(client, LAB_FRAME_ARGUMENTS, "x", 2);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	uint32_t stream = expect(fixture->guest_fd, LAB_FRAME_ARGUMENTS, "x", 2).stream;

	close(client);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	assert_int_equal(expect(fixture->guest_fd, LAB_FRAME_HANGUP, "", 0).stream, stream);
}

static void a_client_cannot_send_what_is_the_guests_to_send(void **state)
{
	struct fixture *fixture = *state;
	char byte;
	int client;

	say_hello(fixture);
	client = join(fixture);
	client_says(client, LAB_FRAME_HELLO, "\1\0\0\0", 4);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
}

static void a_guest_that_sends_garbage_is_malformed(void **state)
{
	struct fixture *fixture = *state;

	say_hello(fixture);
	assert_int_equal(write(fixture->guest_fd, "garbage, garbage, garbage", 25), 25);
	assert_int_equal(relay_step(&fixture->relay), STATUS_MALFORMED);
}

static void a_guest_that_greets_again_has_rebooted(void **state)
{
	struct fixture *fixture = *state;
	int client;

	say_hello(fixture);
	client = join(fixture);
	client_says(client, LAB_FRAME_ARGUMENTS, "x", 2);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	say_hello(fixture);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	expect(client, LAB_FRAME_REFUSED, "the guest rebooted", 18);
	close(client);
}

static void a_guest_of_another_version_is_a_mismatch(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(lab_frame_put_u32(&fixture->guest_out, 0, LAB_FRAME_HELLO, LAB_PROTOCOL_VERSION + 1),
			 STATUS_OK);
	say_from_guest(fixture);
	assert_int_equal(relay_step(&fixture->relay), STATUS_MISMATCH);
}

static void frames_for_nobody_are_dropped(void **state)
{
	struct fixture *fixture = *state;

	say_hello(fixture);
	assert_int_equal(lab_frame_put(&fixture->guest_out, 12345, LAB_FRAME_OUTPUT, "?", 1), STATUS_OK);
	say_from_guest(fixture);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
}

static void a_guest_that_ignores_its_window_is_stopped(void **state)
{
	static const uint8_t bytes[LAB_PAYLOAD_SIZE_MAX];
	struct fixture *fixture = *state;
	status result = STATUS_OK;
	int client;

	say_hello(fixture);
	client = join(fixture);
	client_says(client, LAB_FRAME_ARGUMENTS, "x", 2);
	assert_int_equal(relay_step(&fixture->relay), STATUS_OK);
	uint32_t stream = expect(fixture->guest_fd, LAB_FRAME_ARGUMENTS, "x", 2).stream;

	/* The client reads nothing; 64 MiB can't be what two windows allow. */
	for (int i = 0; i < 4096 && result == STATUS_OK; i++) {
		if (lab_queue_size(&fixture->guest_out) == 0)
			assert_int_equal(
				lab_frame_put(&fixture->guest_out, stream, LAB_FRAME_OUTPUT, bytes, sizeof bytes),
				STATUS_OK);
		say_from_guest(fixture);
		result = relay_step(&fixture->relay);
	}
	assert_int_equal(result, STATUS_LIMIT);
	close(client);
}

static void a_guest_that_goes_is_gone(void **state)
{
	struct fixture *fixture = *state;

	shutdown(fixture->guest_fd, SHUT_RDWR);
	assert_int_equal(relay_step(&fixture->relay), STATUS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_reach_their_own_client, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_before_the_guest_is_ready_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_that_goes_hangs_up_its_command, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_cannot_send_what_is_the_guests_to_send, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_sends_garbage_is_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_greets_again_has_rebooted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_of_another_version_is_a_mismatch, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_for_nobody_are_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_ignores_its_window_is_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_goes_is_gone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
