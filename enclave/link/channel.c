/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/link/channel.h"

#include "base/patience.h"
#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/outside.h"
#include "enclave/runtime/runtime.h"
#include "wire/link-ring.h"

enum {
	/* 100 to 400 µs of pauses, as the CPU goes (an enclave has no clock): a source on another core answers a
	 * page in less than five, and most read plans in that time; else each of them is an exit. Longer waits are the
	 * host's, which has a clock: on a busy machine, spinning keeps the very process from running that is waited
	 * for, and is soon seldom (base/patience.h). */
	SPIN_COUNT_MAX = 8000,
	/* Waits of a second, as wire/call.h asks of the host: longer than an agent that
	 * attaches to a large machine, or one that others keep busy. */
	UNANSWERED_COUNT_MAX = 30,
	/* A host that is honest says so once for each answer; a few more times where it woke for nothing. */
	EMPTY_COUNT_MAX = 64,
};

static uint64_t sequence; /* of the last request */
static struct patience patience;

static bool has_answer(struct link_ring *host_ring)
{
	return outside_load_acquire(&host_ring->reply_sequence) == sequence;
}

/* Is the source looking at the ring, or must the host wake it? Its word is looked at
 * after our sequence number was written, as it sets it before it looks at ours. */
static bool source_is_awake(struct link_ring *host_ring)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return outside_load(&host_ring->source_asleep) == 0;
}

static bool spin(struct link_ring *host_ring)
{
	bool came = false;

	if (!patience_may_look(&patience))
		return false;
	for (int i = 0; i < SPIN_COUNT_MAX && !came; i++) {
		__builtin_ia32_pause();
		came = has_answer(host_ring);
	}
	patience_note(&patience, came);
	return came;
}

/* The host waits for us. Whatever it says, only the ring has the answer. */
static status wait_outside(struct link_ring *host_ring)
{
	int unanswered_count = 0, empty_count = 0;

	while (!has_answer(host_ring)) {
		int64_t host_answer = runtime_call_host(CALL_LINK_WAIT, sequence, 0, 0, 0, 0);

		if (host_answer == STATUS_TORN && ++unanswered_count == UNANSWERED_COUNT_MAX)
			return report(STATUS_IO,
				      "no answer came from the agent for about %d seconds: it hangs, or somebody "
				      "on the way drops its messages",
				      UNANSWERED_COUNT_MAX);
		/* The last answer may have come just before the end. */
		if (host_answer == STATUS_GONE && !has_answer(host_ring))
			return report(STATUS_IO, "the agent has ended or hung up: nothing more of the target can be "
						 "read. Is bartizan-agent still running?");
		if (host_answer == STATUS_OK && !has_answer(host_ring) && ++empty_count == EMPTY_COUNT_MAX)
			return report(
				STATUS_MALFORMED,
				"the host said %d times that the agent's answer had come, and none had: the machine "
				"that runs this program is broken or hostile",
				EMPTY_COUNT_MAX);
		if (host_answer != STATUS_OK && host_answer != STATUS_TORN && host_answer != STATUS_GONE)
			return report(
				STATUS_MALFORMED,
				"the host answered %lld when it was asked to wait for the agent: the machine that "
				"runs this program is broken or hostile",
				(long long)host_answer);
	}
	return STATUS_OK;
}

static void post(struct link_ring *host_ring, struct span message)
{
	outside_put((uint64_t *)host_ring->request, message.data, message.size);
	outside_store(&host_ring->request_size, message.size);
	outside_store_release(&host_ring->request_sequence, ++sequence);
}

void channel_leave(struct span message)
{
	post(runtime_link_ring(), message);
}

status channel_send(struct span message)
{
	if (message.size == 0 || message.size > LINK_RING_REQUEST_SIZE)
		return report(STATUS_INTERNAL, "a message of %zu bytes doesn't fit the ring", message.size);
	post(runtime_link_ring(), message);
	return STATUS_OK;
}

status channel_receive(uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	struct link_ring *host_ring = runtime_link_ring();
	uint64_t host_size;

	if (!source_is_awake(host_ring) || !spin(host_ring))
		TRY(wait_outside(host_ring));
	host_size = outside_load(&host_ring->reply_size);
	if (host_size == 0 || host_size > capacity || host_size > LINK_RING_REPLY_SIZE)
		return report(STATUS_MALFORMED, "an answer of %llu bytes lies in the ring, 1 to %zu are possible",
			      (unsigned long long)host_size, capacity);
	outside_get(ret_answer, (const uint64_t *)host_ring->reply, host_size);
	*ret_size = host_size;
	return STATUS_OK;
}

status channel_exchange(struct span message, uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	TRY(channel_send(message));
	return channel_receive(ret_answer, capacity, ret_size);
}
