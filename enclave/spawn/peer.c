/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/peer.h"

#include <string.h>

#include "base/report.h"
#include "enclave/runtime/call.h"

enum { WRITING_SHIFT = 16 };

static_assert((int)PEER_MESSAGE_SIZE_MAX <= (int)CALL_DATA_SIZE, "a message fits the window");
static_assert((int)PEER_PARENT < (int)WRITING_SHIFT, "a bit for each peer");

static status refuse_answer(const char *what, int64_t host_answer)
{
	return report(STATUS_MALFORMED,
		      "the host answered %lld when it was asked to %s: the machine that runs this program is broken or "
		      "hostile",
		      (long long)host_answer, what);
}

status peer_start(const char *name, unsigned *ret_peer)
{
	size_t size = strlen(name) + 1;
	int64_t host_answer;

	if (size > PEER_NAME_SIZE_MAX)
		return report(STATUS_USAGE, "the name %.80s… is no port's", name);
	runtime_window_put(0, name, size);
	host_answer = runtime_call_host(CALL_CHILD_START, 0, size, 0, 0, 0);
	if (host_answer >= STATUS_INTERNAL && host_answer < 0)
		return report(STATUS_DENIED, "the host didn't start %s, which this program wants to run (%s)", name,
			      status_name((status)host_answer));
	if (host_answer < 0 || host_answer >= PEER_CHILD_COUNT_MAX)
		return refuse_answer("start a program", host_answer);
	*ret_peer = (unsigned)host_answer;
	return STATUS_OK;
}

void peer_end(unsigned peer)
{
	(void)runtime_call_host(CALL_CHILD_END, peer, 0, 0, 0, 0);
}

status peer_wait(struct peer_set wanted, struct peer_set *ret_ready)
{
	int64_t host_answer = runtime_call_host(CALL_PEER_WAIT, wanted.reading, wanted.writing, 0, 0, 0);
	uint64_t possible = wanted.reading | (uint64_t)wanted.writing << WRITING_SHIFT;

	if (host_answer < 0 || ((uint64_t)host_answer & ~possible) != 0)
		return refuse_answer("wait for programs that this one runs", host_answer);
	ret_ready->reading = (uint32_t)host_answer & ((1u << WRITING_SHIFT) - 1);
	ret_ready->writing = (uint32_t)(host_answer >> WRITING_SHIFT);
	return STATUS_OK;
}

status peer_send(unsigned peer, struct span message)
{
	int64_t host_answer;

	if (message.size == 0 || message.size > PEER_MESSAGE_SIZE_MAX)
		return report(STATUS_INTERNAL, "a message of %zu bytes isn't one", message.size);
	runtime_window_put(0, message.data, message.size);
	host_answer = runtime_call_host(CALL_PEER_SEND, peer, 0, message.size, 0, 0);
	if (host_answer == STATUS_OK || host_answer == STATUS_TORN || host_answer == STATUS_GONE)
		return (status)host_answer;
	return refuse_answer("hand a message on", host_answer);
}

status peer_receive(unsigned peer, uint8_t *ret_message, size_t capacity, size_t *ret_size)
{
	int64_t host_answer = runtime_call_host(CALL_PEER_RECEIVE, peer, 0, capacity, 0, 0);

	if (host_answer == -STATUS_TORN || host_answer == -STATUS_GONE)
		return (status)-host_answer;
	if (host_answer < 1 || (uint64_t)host_answer > capacity)
		return refuse_answer("bring a message", host_answer);
	runtime_window_get(0, ret_message, (size_t)host_answer);
	*ret_size = (size_t)host_answer;
	return STATUS_OK;
}
