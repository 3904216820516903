/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/duty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/attest/verifier.h"
#include "enclave/duty/fingerprint.h"
#include "enclave/duty/leftover.h"
#include "enclave/duty/output.h"
#include "enclave/duty/results.h"
#include "enclave/duty/talk.h"
#include "enclave/duty/unsent.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/runtime.h"

enum {
	LOOK_MS = 1000,
	/* A program waits for its first grant, and works with one until the next: what is left of that isn't to be
	 * spent on waiting for a verifier that hangs. */
	GRANT_AGAIN_MS = 5000,
	GRANT_AGAIN_MS_MIN = 1000,
	/* Longer than any agent lets a target stand still (2 s at most, 200 ms where nobody says otherwise). */
	HOLD_MS = 2500,
	/* As often as it is sensible to ask a verifier again that gave none, */
	RENEWALS_MAX = 8,
	/* and for a grant so short that it can't be renewed in time. */
	RENEWAL_MS_MIN = 500,
	/* Between two attempts to reach a verifier that isn't there, */
	RETRY_MS = 500,
	/* and at most, where it refuses: each is an alert there. */
	RETRY_REFUSED_MS_MAX = 30000,
	/* The end of a run waits so long for what isn't acknowledged. */
	FAREWELL_MS = 5000,
	FAREWELL_LOOK_MS = 100,
};

static struct {
	bool has_begun;
	bool is_busy; /* in a conversation: what it does must not begin another */
	bool is_ended;
	bool said_lost;
	int64_t retry_at_ms;
	int64_t pause_ms;
	uint64_t kept_number; /* the last result that is sealed on the host's disk */
	struct talk talk;
	status (*renew)(void); /* NULL: the grant isn't to be renewed */
	int64_t renewal_pause_ms; /* until the next attempt, as it was decided */
	int64_t renewal_again_ms; /* from one that fails to the next */
	uint32_t renewal_patience_ms; /* that one may take */
	int64_t held_until_ms; /* the target stands still: 0, it doesn't */
	int64_t renew_at_ms;
} duty;

bool duty_has_verifier(void)
{
	return runtime_has_verifier() && runtime_has_link();
}

/* Does it answer for itself? */
static bool is_on(void)
{
	return duty.has_begun && !duty.is_ended && !runtime_has_parent();
}

static uint64_t wall_clock(void)
{
	struct timespec now = {0};

	if (runtime_call_host(SYS_clock_gettime, CLOCK_REALTIME, 0, 0, 0, 0) != 0)
		return 0;
	runtime_window_get(0, &now, sizeof now);
	return now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0;
}

/* ---- what an end leaves behind */

/* Seal what isn't acknowledged, each once. */
static status keep_unsent(void)
{
	for (const struct result *result = duty.talk.results.first; result != NULL; result = result->next) {
		if (result->number <= duty.kept_number)
			continue;
		TRY(unsent_keep(duty.talk.primitives, &duty.talk.results, result));
		duty.kept_number = result->number;
	}
	return STATUS_OK;
}

/* ---- the connection */

static status bind_keys(const struct verifier_grant_request *request)
{
	const struct span parts[] = {
		{request->enclave_key, sizeof request->enclave_key},
		{request->owner_key, sizeof request->owner_key},
		{request->source_key, sizeof request->source_key},
		{request->source_nonce, sizeof request->source_nonce},
	};

	return duty.talk.primitives->sha256(parts, ARRAY_COUNT(parts), duty.talk.binding);
}

static status begin(const struct link_primitives *primitives, const struct verifier_grant_request *request)
{
	struct talk *talk = &duty.talk;

	talk->primitives = primitives;
	talk->patience_ms = VERIFIER_PATIENCE_MS;
	talk->is_silent = runtime_has_parent();
	TRY(bind_keys(request));
	TRY(primitives->random(talk->results.stream, sizeof talk->results.stream));
	strncpy(talk->results.target, runtime_target(), sizeof talk->results.target - 1);
	memcpy(talk->facts.source_key, runtime_source_key(), sizeof talk->facts.source_key);
	strncpy(talk->facts.program, program_invocation_short_name, sizeof talk->facts.program - 1);
	duty.has_begun = true;
	return runtime_has_parent() ? STATUS_OK : leftover_tell(primitives, talk->binding);
}

/* A program with a grant works on: it isn't to stand still for a minute because of a verifier that hangs. */
static void patience_shorten(void)
{
	if (duty.renew != NULL)
		duty.talk.patience_ms = duty.renewal_patience_ms;
}

static void patience_restore(void)
{
	duty.talk.patience_ms = VERIFIER_PATIENCE_MS;
}

static status connect_again(void)
{
	if (verifier_reconnect() != STATUS_OK)
		return STATUS_IO;
	return talk_connect(&duty.talk);
}

static status request_grant(const struct verifier_grant_request *request)
{
	struct talk *talk = &duty.talk;

	talk->grant_answer = 0;
	talk->is_refused = false;
	TRY(talk_send(talk, VERIFIER_ASK_GRANT, (struct span){(const uint8_t *)request, sizeof *request}));
	/* A look ends with the first frame, which may be another one: what counts is the time. */
	const int64_t start_ms = talk_now_ms();

	while (talk->grant_answer == 0) {
		TRY(talk_listen(talk, LOOK_MS));
		const int64_t waited_ms = talk_now_ms() - start_ms;
		/* A clock that was turned back has no more time for us. */
		if (talk->is_refused || (talk->grant_answer == 0 && (waited_ms >= talk->patience_ms || waited_ms < 0)))
			return report(STATUS_IO, "the verifier gives no grant now");
	}
	if (talk->grant_answer == VERIFIER_NO_GRANT)
		return report(STATUS_DENIED, "the verifier gave no grant: %s", talk->sentence);
	return STATUS_OK;
}

static status ask_grant(const struct link_primitives *primitives, const struct verifier_grant_request *request)
{
	bool is_first = !duty.has_begun;

	if (is_first)
		TRY(begin(primitives, request));
	/* A child has no connection between its grants. */
	if (!duty.talk.is_connected)
		TRY(is_first ? talk_connect(&duty.talk) : connect_again());
	return request_grant(request);
}

status duty_ask_grant(const struct link_primitives *primitives, const struct verifier_grant_request *request,
		      uint8_t ret_grant[static LINK_GRANT_SIZE])
{
	duty.is_busy = true;
	patience_shorten();
	status result = ask_grant(primitives, request);
	patience_restore();
	duty.is_busy = false;
	if (result == STATUS_OK)
		memcpy(ret_grant, duty.talk.grant, LINK_GRANT_SIZE);
	/* Its parent answers for it. */
	if (runtime_has_parent() && duty.talk.is_connected)
		talk_disconnect(&duty.talk);
	return result;
}

/* The connection is gone: said once, and what isn't acknowledged goes to the host's disk. */
static void lose(void)
{
	if (!duty.said_lost)
		(void)!report(STATUS_IO,
			      "the connection to the verifier is lost: it is tried again, and what it hasn't "
			      "got is kept");
	duty.said_lost = true;
	duty.pause_ms = RETRY_MS;
	duty.retry_at_ms = talk_now_ms() + RETRY_MS;
	(void)!keep_unsent();
}

static void try_again(void)
{
	const int64_t now_ms = talk_now_ms();

	/* A clock that was turned back mustn't keep us apart. */
	if (now_ms < duty.retry_at_ms && duty.retry_at_ms - now_ms <= duty.pause_ms)
		return;
	patience_shorten();
	status result = connect_again();
	patience_restore();
	if (result == STATUS_OK) {
		(void)!report(STATUS_OK, "the verifier is there again");
		duty.said_lost = false;
		return;
	}
	duty.pause_ms = duty.talk.is_refused && 2 * duty.pause_ms < RETRY_REFUSED_MS_MAX ? 2 * duty.pause_ms
			: duty.talk.is_refused						 ? RETRY_REFUSED_MS_MAX
											 : RETRY_MS;
	duty.retry_at_ms = talk_now_ms() + duty.pause_ms;
}

/* ---- the grant's renewal */

static void renew_after(int64_t pause_ms)
{
	duty.renewal_pause_ms = pause_ms > RENEWAL_MS_MIN ? pause_ms : RENEWAL_MS_MIN;
	duty.renew_at_ms = talk_now_ms() + duty.renewal_pause_ms;
}

void duty_grant_note(uint64_t left_ms, status (*renew)(void))
{
	duty.renew = renew;
	/* What holds for more than weeks is as good as any. */
	const int64_t half_ms = left_ms / 2 < INT32_MAX ? (int64_t)(left_ms / 2) : INT32_MAX;

	duty.renewal_again_ms = half_ms / RENEWALS_MAX;
	duty.renewal_patience_ms = half_ms / 4 > GRANT_AGAIN_MS	      ? GRANT_AGAIN_MS
				   : half_ms / 4 < GRANT_AGAIN_MS_MIN ? GRANT_AGAIN_MS_MIN
								      : (uint32_t)(half_ms / 4);
	renew_after(half_ms);
}

/* A child has no connection, until it asks. */
static bool can_ask(void)
{
	return runtime_has_parent() || duty.talk.is_connected;
}

void duty_hold(bool is_held)
{
	duty.held_until_ms = is_held ? talk_now_ms() + HOLD_MS : 0;
}

/* A clock that was turned back mustn't hold us for longer. */
static bool is_held(void)
{
	if (duty.held_until_ms == 0)
		return false;
	const int64_t left_ms = duty.held_until_ms - talk_now_ms();

	return left_ms > 0 && left_ms <= HOLD_MS;
}

static void renew_if_due(void)
{
	const int64_t now_ms = talk_now_ms();

	/* A clock that was turned back mustn't keep us from it. */
	if (duty.renew == NULL || duty.is_busy || !can_ask() || is_held() ||
	    (now_ms < duty.renew_at_ms && duty.renew_at_ms - now_ms <= duty.renewal_pause_ms))
		return;
	if (duty.renew() != STATUS_OK && duty.renew != NULL)
		renew_after(duty.renewal_again_ms);
}

/* One look, of at most `wait_ms`. None while the target stands still: what is sent may have to wait. */
static void listen_for(uint32_t wait_ms)
{
	if (duty.is_busy || is_held())
		return;
	duty.is_busy = true;
	if (!duty.talk.is_connected)
		try_again();
	if (duty.talk.is_connected && talk_listen(&duty.talk, wait_ms) != STATUS_OK)
		lose();
	/* All that was sealed meanwhile is known now. */
	if (duty.kept_number > 0 && duty.talk.results.first == NULL) {
		duty.kept_number = 0;
		unsent_forget(CALL_UNSENT_OWN);
	}
	duty.is_busy = false;
}

/* ---- for the program */

void duty_pump(void)
{
	if (duty.has_begun)
		renew_if_due();
	if (!is_on())
		return;
	listen_for(0);
	/* What waits for more of its kind has waited for an interval. */
	if (duty.talk.is_connected && !duty.is_busy && duty.talk.owes_heartbeat)
		duty_output_flush();
}

static void host_sleep(int64_t ms)
{
	const struct timespec duration = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	runtime_window_put(0, &duration, sizeof duration);
	(void)runtime_call_host(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 0, 0, 0);
}

/* Until then, by whichever clock is ahead: a host whose clock stands still would have us sleep for ever, while each
 * heartbeat said that all is well. */
struct sleep_end {
	int64_t host_ms, verified_ms;
};

static int64_t sleep_left(const struct sleep_end *end)
{
	return duty.talk.verified_ms < end->verified_ms ? end->host_ms - talk_now_ms() : 0;
}

bool duty_sleep(const struct timespec *duration)
{
	/* More than a year is as good as for ever, and doesn't overflow. */
	const int64_t sleep_ms =
		(duration->tv_sec < INT32_MAX ? duration->tv_sec : INT32_MAX) * 1000 + duration->tv_nsec / 1000000;
	struct sleep_end end;
	int64_t left_ms;

	/* Before the clock is read: that is a call of the host, and an exit. */
	if (!is_on() && duty.renew == NULL)
		return false;
	end.host_ms = talk_now_ms() + sleep_ms;
	if (is_on()) {
		duty_output_flush();
		/* What came before is of earlier. */
		listen_for(0);
	}
	/* Of the interval that ends with the first challenge from now on an unknown part is over. */
	end.verified_ms = duty.talk.verified_ms + sleep_ms + duty.talk.interval_ms;
	while ((left_ms = sleep_left(&end)) > 0) {
		const uint32_t part_ms = left_ms < LOOK_MS ? (uint32_t)left_ms : LOOK_MS;

		if (is_on())
			listen_for(part_ms);
		if (!duty.talk.is_connected)
			host_sleep(part_ms < RETRY_MS ? part_ms : RETRY_MS);
		renew_if_due();
	}
	return true;
}

int64_t duty_verified_ms(void)
{
	return duty.talk.verified_ms;
}

int64_t duty_verified_step_ms(void)
{
	return duty.talk.interval_ms;
}

bool duty_output_begin(bool in_clear)
{
	if (!is_on())
		return false;
	duty_output_take(in_clear);
	return true;
}

void duty_look_note(uint64_t epoch)
{
	struct verifier_heartbeat *facts = &duty.talk.facts;

	if (!is_on())
		return;
	facts->scan_count++;
	facts->scanned_at = wall_clock();
	facts->epoch = epoch;
}

void duty_profile_note(struct span piece)
{
	(void)duty_fingerprint_piece(piece, duty.talk.facts.profile_hash);
}

void duty_program_note(const char *program, uint32_t exit_status)
{
	struct verifier_heartbeat *facts = &duty.talk.facts;

	memset(facts->program, 0, sizeof facts->program);
	strncpy(facts->program, program, sizeof facts->program - 1);
	facts->exit_status = exit_status;
}

/* Until there is room: the verifier is slow, or its disk full, or it isn't there. */
static void make_way(size_t size)
{
	while (duty.talk.results.size + size > RESULTS_SIZE_MAX && duty.talk.results.first != NULL) {
		listen_for(LOOK_MS);
		if (!duty.talk.is_connected)
			host_sleep(RETRY_MS);
	}
}

status duty_tell(enum verifier_result_kind kind, const char *program, struct span content)
{
	if (!is_on())
		return STATUS_MISSING;
	if (kind != VERIFIER_RESULT_OUTPUT)
		duty_output_flush();
	make_way(content.size);
	TRY(results_add(&duty.talk.results, duty.talk.primitives, kind, duty.talk.facts.epoch,
			program != NULL ? program : program_invocation_short_name, content));
	if (!duty.talk.is_connected)
		(void)!keep_unsent();
	listen_for(0);
	return STATUS_OK;
}

/* How the run ended, and what was said on standard error. */
static status tell_end(int exit_status)
{
	const struct span said = duty_output_errors();
	struct verifier_end head = {.exit_status = (uint32_t)exit_status, .scan_count = duty.talk.facts.scan_count};
	uint8_t content[sizeof head + 2048];
	size_t size = said.size < sizeof content - sizeof head ? said.size : sizeof content - sizeof head;

	memcpy(content, &head, sizeof head);
	if (size > 0)
		memcpy(content + sizeof head, said.data, size);
	return duty_tell(VERIFIER_RESULT_END, NULL, (struct span){content, sizeof head + size});
}

static void leave_results(void)
{
	if (keep_unsent() == STATUS_OK) {
		(void)!report(STATUS_IO,
			      "the verifier hasn't taken all that was found: it is kept, sealed, and told by "
			      "the next run of this image");
		return;
	}
	runtime_fault_note();
	(void)!report(STATUS_IO, "the verifier hasn't taken all that was found, and nobody keeps it: it is lost");
}

void duty_end(int exit_status)
{
	if (!is_on())
		return;
	duty_output_flush();
	duty.talk.facts.exit_status = (uint32_t)exit_status;
	if (tell_end(exit_status) != STATUS_OK)
		runtime_fault_note();
	for (int waited_ms = 0; duty.talk.results.first != NULL && waited_ms < FAREWELL_MS && duty.talk.is_connected;
	     waited_ms += FAREWELL_LOOK_MS)
		listen_for(FAREWELL_LOOK_MS);
	if (duty.talk.results.first != NULL)
		leave_results();
	duty.is_ended = true;
	if (duty.talk.is_connected)
		talk_disconnect(&duty.talk);
}
