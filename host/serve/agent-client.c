/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/agent-client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/patience.h"
#include "base/report.h"
#include "host/serve/agent-address.h"
#include "host/serve/shared-memory.h"
#include "host/serve/smi.h"
#include "wire/frame.h"

enum {
	HELLO_MS = 1500,
	/* A serial port may still be full of an earlier client's bytes, and the agent
	 * on its other end in the middle of what it took for a frame. */
	SERIAL_HELLO_COUNT = 4,
	SEND_MS = 5000,
	WAIT_MS = 1000,
	/* The agent's end isn't told by a futex: looked for so often. */
	WAIT_SLICE_MS = 50,
	/* By the clock, since a pause takes from 13 to 50 ns, as the CPU goes: more than it takes to wake an agent
	 * and to have its answer to a read plan over some hundred processes. */
	SPIN_NS = 300000,
	/* Looks between two looks at the clock. */
	SPIN_LOOKS = 32,
};

struct agent_client {
	struct agent_address address;
	int file;
	struct link_ring *ring;
	bool is_shared; /* the ring is the agent's; else ours, carried over `file` */
	struct smi *smi; /* AGENT_ADDRESS_SMM: whose answer is there at once */
	struct shared_memory memory; /* AGENT_ADDRESS_IVSHMEM: the ring is in it, and nobody wakes us */
	bool is_gone;
	uint64_t sent_sequence; /* carried so far */
	struct patience patience;
	struct agent_hello hello;
	struct frame_reader reader;
	uint8_t body[LINK_RING_REPLY_SIZE];
};

/* The agent's words, for a terminal. */
static status refused(struct agent_client *client, uint32_t size)
{
	char text[512];
	uint32_t count = size < sizeof text - 1 ? size : (uint32_t)sizeof text - 1;

	for (uint32_t i = 0; i < count; i++)
		text[i] = client->body[i] >= ' ' && client->body[i] < 127 ? (char)client->body[i] : '?';
	text[count] = 0;
	return report(STATUS_DENIED, "the agent at %s refused: %s", client->address.text, text);
}

static status no_hello(const struct agent_client *client, status why)
{
	if (status_is_fault(why) && why != STATUS_MALFORMED)
		return why;
	if (why == STATUS_MALFORMED)
		return report(STATUS_MALFORMED, "what answers at %s is no bartizan-agent of this version",
			      client->address.text);
	return report(STATUS_GONE, "the agent at %s %s; its log says why", client->address.text,
		      why == STATUS_TORN ? "doesn't answer" : "hung up");
}

/* On a Unix socket a descriptor may come with the first bytes of an answer. They
 * are only looked at here: the frame's reader takes them. */
static status receive_descriptor(struct agent_client *client, int *ret_descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	uint8_t first;
	struct iovec part = {&first, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	struct pollfd waiting = {.fd = client->file, .events = POLLIN};

	int ready;

	do {
		ready = poll(&waiting, 1, HELLO_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready != 1)
		return STATUS_TORN;
	ssize_t got = recvmsg(client->file, &message, MSG_PEEK | MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return STATUS_GONE;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_descriptor, CMSG_DATA(head), sizeof(int));
	return STATUS_OK;
}

static status await_hello(struct agent_client *client, struct agent_frame *ret_head)
{
	const struct agent_connect ask = {.version = 1, .flags = client->is_shared ? AGENT_WITH_RING : 0};
	struct agent_frame head;
	/* Frames meant for an earlier client of a serial port: there may be one, or
	 * several hellos. */
	int stale_count_max = client->address.is_serial ? 16 : 0;

	TRY(frame_write(client->file, AGENT_CONNECT, 0, (struct span){(const uint8_t *)&ask, sizeof ask}, SEND_MS));
	for (int stale_count = 0;; stale_count++) {
		TRY(frame_reader_next(&client->reader, HELLO_MS, &head));
		if (head.type == AGENT_REFUSED || head.type == AGENT_HELLO)
			break;
		if (stale_count == stale_count_max)
			return STATUS_MALFORMED;
	}
	*ret_head = head;
	return STATUS_OK;
}

static status say_hello(struct agent_client *client)
{
	struct agent_frame head = {0};
	int tries = client->address.is_serial ? SERIAL_HELLO_COUNT : 1;
	status result = STATUS_TORN;

	for (int i = 0; i < tries && result == STATUS_TORN; i++)
		result = await_hello(client, &head);
	if (result != STATUS_OK)
		return no_hello(client, result);
	if (head.type == AGENT_REFUSED)
		return refused(client, head.size);
	if (head.size != sizeof client->hello)
		return no_hello(client, STATUS_MALFORMED);
	memcpy(&client->hello, client->body, sizeof client->hello);
	return client->hello.version == 1 ? STATUS_OK : no_hello(client, STATUS_MALFORMED);
}

static status map_ring(struct agent_client *client, int descriptor)
{
	/* The size is sealed: without that, whoever cuts the file ends us by SIGBUS. */
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
	int flags = descriptor >= 0 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
	struct stat found;

	if (descriptor >= 0 && (fstat(descriptor, &found) != 0 || found.st_size != sizeof(struct link_ring) ||
				(fcntl(descriptor, F_GET_SEALS) & wanted) != wanted))
		return report(STATUS_MALFORMED, "the shared memory from the agent at %s isn't a sealed ring",
			      client->address.text);
	void *ring = mmap(NULL, sizeof(struct link_ring), PROT_READ | PROT_WRITE, flags, descriptor, 0);
	if (ring == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "can't map the ring: %s", strerror(errno));
	client->ring = ring;
	return STATUS_OK;
}

/* Hello with a ring: AGENT_HELLO's bytes bring the memory with them. */
static status connect_shared(struct agent_client *client)
{
	const struct agent_connect ask = {.version = 1, .flags = AGENT_WITH_RING};
	struct agent_frame head;
	int descriptor = -1;

	if (frame_write(client->file, AGENT_CONNECT, 0, (struct span){(const uint8_t *)&ask, sizeof ask}, SEND_MS) !=
	    STATUS_OK)
		return no_hello(client, STATUS_GONE);
	status result = receive_descriptor(client, &descriptor);
	if (result == STATUS_OK)
		result = frame_reader_next(&client->reader, HELLO_MS, &head);
	if (result != STATUS_OK)
		result = no_hello(client, result);
	else if (head.type == AGENT_REFUSED)
		result = refused(client, head.size);
	else if (head.type != AGENT_HELLO || head.size != sizeof client->hello || descriptor < 0)
		result = no_hello(client, STATUS_MALFORMED);
	if (result == STATUS_OK) {
		memcpy(&client->hello, client->body, sizeof client->hello);
		result = client->hello.version == 1 ? map_ring(client, descriptor) : no_hello(client, STATUS_MALFORMED);
	}
	if (descriptor >= 0)
		close(descriptor);
	return result;
}

static status connect_carried(struct agent_client *client)
{
	TRY(say_hello(client));
	TRY(map_ring(client, -1));
	/* Nothing goes before we are called to carry it: no answer to look for. */
	client->ring->source_asleep = 1;
	return STATUS_OK;
}

static status connect_memory(struct agent_client *client)
{
	TRY(shared_memory_init(&client->memory, client->file, client->address.text));
	if (shared_memory_connect(&client->memory, HELLO_MS, &client->hello) != STATUS_OK)
		return report(
			STATUS_MISSING,
			"no agent answers through the shared memory %s: start bartizan-agent serve --ivshmem with "
			"its file",
			client->address.text);
	if (client->hello.version != 1)
		return no_hello(client, STATUS_MALFORMED);
	client->ring = &client->memory.shared->ring;
	return STATUS_OK;
}

static status connect_firmware(struct agent_client *client)
{
	TRY(smi_create(&client->smi));
	client->hello = *smi_hello(client->smi);
	TRY(map_ring(client, -1));
	/* It answers when it is called, not before: nothing to look for. */
	client->ring->source_asleep = 1;
	return STATUS_OK;
}

static status connect_by_kind(struct agent_client *client)
{
	if (client->address.kind == AGENT_ADDRESS_SMM)
		return connect_firmware(client);
	if (client->address.kind == AGENT_ADDRESS_IVSHMEM)
		return connect_memory(client);
	client->is_shared = client->address.can_share;
	return client->is_shared ? connect_shared(client) : connect_carried(client);
}

status agent_client_create(const char *address, struct agent_client **ret_client)
{
	struct agent_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while connecting to the agent");
	client->file = -1;
	status result = agent_address_parse(address, "agent", &client->address);
	if (result == STATUS_OK)
		result = agent_address_connect(&client->address, &client->file);
	if (result == STATUS_OK) {
		frame_reader_init(&client->reader, client->file, client->address.is_serial, client->body,
				  sizeof client->body);
		result = connect_by_kind(client);
	}
	if (result != STATUS_OK) {
		agent_client_destroy(client);
		return result;
	}
	*ret_client = client;
	return STATUS_OK;
}

static status mark_gone(struct agent_client *client)
{
	client->is_gone = true;
	__atomic_store_n(&client->ring->source_gone, 1, __ATOMIC_SEQ_CST);
	return STATUS_GONE;
}

/* The request, copied: it may change while it is being sent, which is the
 * enclave's loss alone, but not its size. */
static status carry_request(struct agent_client *client, uint64_t sequence)
{
	uint64_t size = __atomic_load_n(&client->ring->request_size, __ATOMIC_SEQ_CST);

	if (size > LINK_RING_REQUEST_SIZE)
		return mark_gone(client);
	client->sent_sequence = sequence;
	if (frame_write(client->file, AGENT_MESSAGE, (uint32_t)sequence, (struct span){client->ring->request, size},
			SEND_MS) != STATUS_OK)
		return mark_gone(client);
	return STATUS_OK;
}

static void put_reply(struct agent_client *client, uint64_t sequence, uint32_t size)
{
	struct link_ring *ring = client->ring;

	memcpy(ring->reply, client->body, size);
	__atomic_store_n(&ring->reply_size, size, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->reply_sequence, sequence, __ATOMIC_SEQ_CST);
}

static status wait_firmware(struct agent_client *client, uint64_t sequence)
{
	uint64_t request_size = __atomic_load_n(&client->ring->request_size, __ATOMIC_SEQ_CST);
	size_t size;

	if (client->is_gone)
		return STATUS_GONE;
	if (client->sent_sequence == sequence)
		return STATUS_OK;
	if (request_size > LINK_RING_REQUEST_SIZE ||
	    smi_exchange(client->smi, (struct span){client->ring->request, request_size}, client->body,
			 sizeof client->body, &size) != STATUS_OK)
		return mark_gone(client);
	client->sent_sequence = sequence;
	put_reply(client, sequence, (uint32_t)size);
	return STATUS_OK;
}

/* The enclave's last message asks for no answer (CLOSE): it may still lie in the ring. */
static void carry_last_words(struct agent_client *client)
{
	uint64_t sequence = __atomic_load_n(&client->ring->request_sequence, __ATOMIC_SEQ_CST);

	if (sequence != client->sent_sequence)
		(void)!(client->smi != NULL ? wait_firmware(client, sequence) : carry_request(client, sequence));
}

void agent_client_destroy(struct agent_client *client)
{
	if (client == NULL)
		return;
	const bool is_memory = client->memory.shared != NULL;

	if (client->ring != NULL && !is_memory && !client->is_shared && !client->is_gone)
		carry_last_words(client);
	smi_destroy(client->smi);
	shared_memory_deinit(&client->memory);
	if (client->ring != NULL && !is_memory)
		munmap(client->ring, sizeof *client->ring);
	if (client->file >= 0)
		close(client->file);
	free(client);
}

const struct agent_hello *agent_client_hello(const struct agent_client *client)
{
	return &client->hello;
}

struct link_ring *agent_client_ring(struct agent_client *client)
{
	return client->ring;
}

/* With a ring the agent never writes to the connection: anything readable is its end. */
static bool is_hung_up(struct agent_client *client)
{
	if (client->memory.shared != NULL)
		return client->is_gone || shared_memory_is_gone(&client->memory);
	if (client->smi != NULL)
		return client->is_gone;
	struct pollfd connection = {.fd = client->file, .events = client->is_shared ? POLLIN | POLLRDHUP : 0};

	/* A signal that is pending ends even a poll() that doesn't wait: that says nothing. */
	return client->is_gone || poll(&connection, 1, 0) > 0;
}

bool agent_client_is_gone(struct agent_client *client)
{
	if (!client->is_gone && is_hung_up(client))
		(void)!mark_gone(client);
	return client->is_gone;
}

/* The word that the kernel compares: the low half, on a little-endian machine. */
static uint32_t *futex_word(uint64_t *sequence)
{
	return (uint32_t *)sequence;
}

static void futex_wake(uint64_t *sequence)
{
	syscall(SYS_futex, futex_word(sequence), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void futex_wait(uint64_t *sequence, uint64_t while_it_is, int timeout_ms)
{
	const struct timespec timeout = {.tv_nsec = timeout_ms * 1000000L};

	/* Woken, changed already, interrupted, time over: whoever calls looks again. */
	syscall(SYS_futex, futex_word(sequence), FUTEX_WAIT, (uint32_t)while_it_is, &timeout, NULL, 0);
}

static bool has_reply(struct link_ring *ring, uint64_t sequence, uint64_t *ret_reply_sequence)
{
	*ret_reply_sequence = __atomic_load_n(&ring->reply_sequence, __ATOMIC_SEQ_CST);
	return *ret_reply_sequence == sequence;
}

/* The agent may answer sooner than we would be asleep. */
static bool spin(struct agent_client *client, uint64_t sequence)
{
	bool came = false;
	uint64_t seen;

	if (!patience_may_look(&client->patience))
		return false;
	const int64_t end_ns = shared_memory_now_ns() + SPIN_NS;
	do {
		for (int i = 0; i < SPIN_LOOKS && !came; i++) {
			__builtin_ia32_pause();
			came = has_reply(client->ring, sequence, &seen);
		}
	} while (!came && shared_memory_now_ns() < end_ns);
	patience_note(&client->patience, came);
	return came;
}

static status wait_shared(struct agent_client *client, uint64_t sequence)
{
	struct link_ring *ring = client->ring;
	status result = STATUS_TORN;
	uint64_t seen;

	if (__atomic_load_n(&ring->source_asleep, __ATOMIC_SEQ_CST) != 0)
		futex_wake(&ring->request_sequence);
	if (spin(client, sequence))
		return STATUS_OK;
	__atomic_store_n(&ring->client_asleep, 1, __ATOMIC_SEQ_CST);
	for (int waited_ms = 0; result == STATUS_TORN && waited_ms < WAIT_MS; waited_ms += WAIT_SLICE_MS) {
		if (has_reply(ring, sequence, &seen))
			result = STATUS_OK;
		else if (__atomic_load_n(&ring->source_gone, __ATOMIC_SEQ_CST) != 0 || is_hung_up(client))
			/* Its last words may have come just before. */
			result = has_reply(ring, sequence, &seen) ? STATUS_OK : mark_gone(client);
		else
			futex_wait(&ring->reply_sequence, seen, WAIT_SLICE_MS);
	}
	if (result == STATUS_TORN && has_reply(ring, sequence, &seen))
		result = STATUS_OK;
	__atomic_store_n(&ring->client_asleep, 0, __ATOMIC_SEQ_CST);
	return result;
}

/* Nobody wakes us: look, seldom and seldomer. */
static status wait_memory(struct agent_client *client, uint64_t sequence)
{
	const int64_t start_ns = shared_memory_now_ns();
	struct link_ring *ring = client->ring;
	uint64_t seen;

	for (bool came = spin(client, sequence); !came; came = has_reply(ring, sequence, &seen)) {
		if (shared_memory_now_ns() - start_ns > WAIT_MS * INT64_C(1000000))
			return STATUS_TORN;
		/* Its last words may have come just before. */
		if (__atomic_load_n(&ring->source_gone, __ATOMIC_SEQ_CST) != 0 || is_hung_up(client))
			return has_reply(ring, sequence, &seen) ? STATUS_OK : mark_gone(client);
		shared_memory_pause(start_ns);
	}
	return STATUS_OK;
}

static status wait_carried(struct agent_client *client, uint64_t sequence)
{
	struct agent_frame head;

	if (client->is_gone)
		return STATUS_GONE;
	if (client->sent_sequence != sequence)
		TRY(carry_request(client, sequence));
	/* Other frames are late answers to an earlier request, or noise: few. */
	for (int i = 0; i < 64; i++) {
		status result = frame_reader_next(&client->reader, WAIT_MS, &head);

		if (result == STATUS_TORN)
			return STATUS_TORN;
		if (result != STATUS_OK || head.type == AGENT_REFUSED)
			return mark_gone(client);
		if (head.type == AGENT_MESSAGE && head.sequence == (uint32_t)sequence) {
			put_reply(client, sequence, head.size);
			return STATUS_OK;
		}
	}
	return mark_gone(client);
}

status agent_client_wait(struct agent_client *client, uint64_t sequence)
{
	if (client->smi != NULL)
		return wait_firmware(client, sequence);
	if (client->memory.shared != NULL)
		return wait_memory(client, sequence);
	return client->is_shared ? wait_shared(client, sequence) : wait_carried(client, sequence);
}
