/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/talk.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/attest/verifier.h"
#include "enclave/runtime/call.h"
#include "wire/agent.h"

enum {
	LOOK_MS = 1000,
	/* Frames that one look takes: each costs the verifier more than us, but it mustn't keep us here. */
	FRAME_COUNT_MAX = 64,
	/* Part of the interval that a challenge may wait for the first look at the target. */
	FIRST_LOOK_PART = 4,
};

int64_t talk_now_ms(void)
{
	struct timespec now = {0};

	if (runtime_call_host(SYS_clock_gettime, CLOCK_MONOTONIC, 0, 0, 0, 0) != 0)
		return 0;
	runtime_window_get(0, &now, sizeof now);
	/* The host's word, and bounded so that no sum of it overflows. */
	if (now.tv_sec < 0 || now.tv_sec > INT32_MAX || now.tv_nsec < 0 || now.tv_nsec >= 1000000000)
		return 0;
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- sending */

void talk_disconnect(struct talk *talk)
{
	verifier_disconnect();
	talk->is_connected = talk->is_welcome = talk->owes_heartbeat = talk->holds_results = false;
	talk->received_size = 0;
}

static status fail(struct talk *talk, status fault)
{
	talk_disconnect(talk);
	return fault;
}

status talk_send(struct talk *talk, enum verifier_frame_type type, struct span body)
{
	const struct agent_frame head = {
		.magic = AGENT_FRAME_MAGIC, .type = (uint16_t)type, .size = (uint32_t)body.size};

	status result = verifier_send((struct span){(const uint8_t *)&head, sizeof head}, talk->patience_ms);
	if (result == STATUS_OK)
		result = verifier_send(body, talk->patience_ms);
	return result == STATUS_OK ? STATUS_OK : fail(talk, result);
}

/* Those that aren't under way. Bounded: they are RESULTS_SIZE_MAX bytes at most, and some. */
static status send_results(struct talk *talk)
{
	if (talk->holds_results)
		return STATUS_OK;
	for (const struct result *result = talk->results.first; result != NULL; result = result->next) {
		if (result->number <= talk->sent_number)
			continue;
		TRY(talk_send(talk, VERIFIER_RESULT, (struct span){result->body, result->size}));
		talk->sent_number = result->number;
	}
	return STATUS_OK;
}

/* The first challenge comes with the welcome: a little later there is something to tell. */
static bool heartbeat_is_due(const struct talk *talk)
{
	return talk->owes_heartbeat && !talk->is_silent &&
	       (talk->facts.scan_count > 0 ||
		talk_now_ms() - talk->challenged_ms >= talk->interval_ms / FIRST_LOOK_PART);
}

static status send_heartbeat(struct talk *talk)
{
	struct verifier_heartbeat heartbeat;

	talk->facts.counter++;
	talk->facts.result_number = talk->results.number;
	heartbeat = talk->facts;
	memcpy(heartbeat.nonce, talk->nonce, sizeof heartbeat.nonce);
	talk->owes_heartbeat = false;
	return talk_send(talk, VERIFIER_HEARTBEAT, (struct span){(const uint8_t *)&heartbeat, sizeof heartbeat});
}

/* ---- receiving */

static status malformed(uint16_t type, size_t size)
{
	return report(STATUS_MALFORMED, "what answers as the verifier sent a frame of type %u with %zu bytes", type,
		      size);
}

static status take_welcome(struct talk *talk, struct span body)
{
	struct verifier_welcome welcome;

	memcpy(&welcome, body.data, sizeof welcome);
	if (talk->is_welcome || welcome.interval_ms == 0 || welcome.kept_number > talk->results.number)
		return malformed(VERIFIER_WELCOME, body.size);
	talk->is_welcome = true;
	talk->interval_ms = welcome.interval_ms;
	results_forget(&talk->results, welcome.kept_number);
	talk->sent_number = talk->kept_number = welcome.kept_number;
	talk->is_behind = false;
	return STATUS_OK;
}

static void take_challenge(struct talk *talk, struct span body)
{
	memcpy(talk->nonce, body.data, sizeof talk->nonce);
	talk->owes_heartbeat = true;
	/* The first over a connection, which comes at once, counts like the others: else who hangs up in each interval
	 * would stop this clock, too. With a link that comes and goes it runs fast, and a sleep is shorter. */
	talk->verified_ms += talk->interval_ms;
	talk->challenged_ms = talk_now_ms();
	talk->holds_results = false;
}

/* In words that are fit for a terminal. */
static void take_sentence(struct talk *talk, struct span body)
{
	const size_t size = body.size < sizeof talk->sentence ? body.size : sizeof talk->sentence - 1;

	memcpy(talk->sentence, body.data, size);
	talk->sentence[size] = '\0';
	for (size_t i = 0; i < size; i++)
		if ((uint8_t)talk->sentence[i] < ' ' || talk->sentence[i] == 0x7f)
			talk->sentence[i] = '?';
}

/* Before the welcome it is the end. Later it may be that the verifier's disk is full: then what we sent is sent
 * again, and where it was the end, the connection is gone too. */
static status take_refusal(struct talk *talk, struct span body)
{
	take_sentence(talk, body);
	talk->is_refused = true;
	if (!talk->is_welcome)
		return report(STATUS_DENIED, "the verifier refused: %s", talk->sentence);
	(void)!report(STATUS_DENIED, "the verifier refused: %s", talk->sentence);
	talk->sent_number = talk->results.first != NULL ? talk->results.first->number - 1 : talk->results.number;
	talk->holds_results = true;
	return STATUS_OK;
}

static status take_number(struct talk *talk, uint16_t type, struct span body)
{
	struct verifier_kept kept;

	memcpy(&kept, body.data, sizeof kept);
	if (kept.number > (type == VERIFIER_HEARD ? talk->facts.counter : talk->results.number))
		return malformed(type, body.size);
	if (type == VERIFIER_HEARD)
		return STATUS_OK;
	results_forget(&talk->results, kept.number);
	talk->kept_number = kept.number;
	talk->is_behind = type == VERIFIER_RESEND;
	if (talk->is_behind)
		talk->sent_number = kept.number;
	return STATUS_OK;
}

static status take_frame(struct talk *talk, uint16_t type, struct span body)
{
	static const uint16_t sizes[] = {
		[VERIFIER_WELCOME] = sizeof(struct verifier_welcome),
		[VERIFIER_CHALLENGE] = sizeof(struct verifier_challenge),
		[VERIFIER_HEARD] = sizeof(struct verifier_heard),
		[VERIFIER_KEPT] = sizeof(struct verifier_kept),
		[VERIFIER_RESEND] = sizeof(struct verifier_kept),
		[VERIFIER_GRANT] = LINK_GRANT_SIZE,
	};
	const size_t size = type < ARRAY_COUNT(sizes) ? sizes[type] : 0;

	if (type == VERIFIER_REFUSED)
		return take_refusal(talk, body);
	if (type == VERIFIER_NO_GRANT) {
		take_sentence(talk, body);
		talk->grant_answer = type;
		return STATUS_OK;
	}
	if (size == 0 || body.size != size || (type != VERIFIER_WELCOME && !talk->is_welcome))
		return malformed(type, body.size);
	switch (type) {
	case VERIFIER_WELCOME: return take_welcome(talk, body);
	case VERIFIER_CHALLENGE: take_challenge(talk, body); return STATUS_OK;
	case VERIFIER_GRANT:
		memcpy(talk->grant, body.data, sizeof talk->grant);
		talk->grant_answer = type;
		return STATUS_OK;
	default: return take_number(talk, type, body);
	}
}

/* The frames that are there whole. */
static status take_frames(struct talk *talk)
{
	struct agent_frame head;
	size_t used = 0;
	status result = STATUS_OK;

	while (result == STATUS_OK && talk->received_size - used >= sizeof head) {
		memcpy(&head, talk->received + used, sizeof head);
		if (head.magic != AGENT_FRAME_MAGIC || head.reserved != 0 || head.sequence != 0 ||
		    head.size > sizeof talk->received - sizeof head)
			return malformed(head.type, head.size);
		if (talk->received_size - used - sizeof head < head.size)
			break;
		used += sizeof head;
		result = take_frame(talk, head.type, (struct span){talk->received + used, head.size});
		used += head.size;
	}
	memmove(talk->received, talk->received + used, talk->received_size - used);
	talk->received_size -= used;
	return result;
}

static status receive(struct talk *talk, uint32_t wait_ms)
{
	size_t size = 0;
	status result = verifier_receive_within(talk->received + talk->received_size,
						sizeof talk->received - talk->received_size, wait_ms, &size);

	if (result == STATUS_TORN)
		return STATUS_TORN;
	if (result == STATUS_GONE)
		return report(STATUS_IO, "the verifier has hung up");
	TRY(result);
	talk->received_size += size;
	return take_frames(talk);
}

static status answer(struct talk *talk)
{
	if (!talk->is_welcome)
		return STATUS_OK;
	if (heartbeat_is_due(talk))
		TRY(send_heartbeat(talk));
	return send_results(talk);
}

status talk_listen(struct talk *talk, uint32_t wait_ms)
{
	status result = answer(talk);

	for (int i = 0; result == STATUS_OK && i < FRAME_COUNT_MAX; i++) {
		result = receive(talk, i == 0 ? wait_ms : 0);
		if (result == STATUS_OK)
			result = answer(talk);
	}
	return result == STATUS_OK || result == STATUS_TORN ? STATUS_OK : fail(talk, result);
}

/* ---- the beginning */

static status say_hello(struct talk *talk)
{
	struct verifier_hello hello = {.version = 1};

	memcpy(hello.stream, talk->results.stream, sizeof hello.stream);
	memcpy(hello.target, talk->results.target, sizeof hello.target);
	TRY(talk_send(talk, VERIFIER_HELLO, (struct span){(const uint8_t *)&hello, sizeof hello}));
	/* It syncs its disk meanwhile. */
	for (uint32_t waited_ms = 0; !talk->is_welcome; waited_ms += LOOK_MS) {
		if (waited_ms >= talk->patience_ms)
			return fail(talk, report(STATUS_IO, "the verifier didn't answer within %u s",
						 talk->patience_ms / 1000));
		TRY(talk_listen(talk, LOOK_MS));
	}
	return STATUS_OK;
}

status talk_connect(struct talk *talk)
{
	talk->is_refused = false;
	TRY(verifier_connect(talk->binding, talk->patience_ms));
	talk->is_connected = true;
	return say_hello(talk);
}
