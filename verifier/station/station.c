/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/station/station.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "verifier/station/refusals.h"

enum {
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
	/* Nonces that are made at once: OpenSSL's way to random bytes costs more than they do. */
	NONCE_COUNT = 128,
};

const uint32_t station_bucket_ms[STATION_BUCKET_COUNT] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000};

/* What was done for a peer and waits for the disk. */
struct pending {
	struct station_peer *peer; /* NULL: gone */
	char target[LEDGER_NAME_SIZE];
	bool is_heartbeat;
	uint16_t type; /* the answer */
	uint64_t number; /* its only member */
	bool has_looked; /* of a heartbeat: once more than it said before */
	uint64_t came_ns;
};

struct station {
	struct ledger *ledger;
	struct vigil *vigil;
	uint32_t untold_count; /* who were missing in the last look, if that couldn't be kept */
	station_send send;
	station_admit admit;
	station_clock clock_ns;
	void *context;
	struct station_figures figures;
	struct refusals refusals;
	uint64_t came_ns; /* what is being taken */
	bool in_batch;
	uint32_t told_count; /* alerts of the last look */
	uint8_t nonces[NONCE_COUNT][VERIFIER_NONCE_SIZE];
	size_t nonce_count; /* that weren't used yet */
	struct pending pending[STATION_PENDING_COUNT_MAX];
	size_t pending_count;
};

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

static status expect_target(void *context, const struct ledger_target *target)
{
	struct station *station = context;

	return vigil_expect(station->vigil, target->name, target->interval_ms);
}

static status note_unknown(void *context, const struct vigil_target *target)
{
	struct station *station = context;

	return ledger_change_note(station->ledger, target->name, vigil_state_name(VIGIL_UNKNOWN), wall_clock());
}

static status begin(struct station *station)
{
	TRY(vigil_create(station->clock_ns(), &station->vigil));
	TRY(ledger_targets_visit(station->ledger, expect_target, station));
	TRY(ledger_batch_begin(station->ledger));
	status result = vigil_visit_all(station->vigil, note_unknown, station);
	status end = ledger_batch_end(station->ledger);
	return result != STATUS_OK ? result : end;
}

status station_create(struct ledger *ledger, station_send send, station_admit admit, station_clock clock_ns,
		      void *context, struct station **ret_station)
{
	struct station *station = calloc(1, sizeof *station);

	if (station == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	station->ledger = ledger;
	station->send = send;
	station->admit = admit;
	station->clock_ns = clock_ns;
	station->context = context;
	status result = begin(station);
	if (result != STATUS_OK) {
		station_destroy(station);
		return result;
	}
	*ret_station = station;
	return STATUS_OK;
}

static status tell_refusals(void *context, const char *target, const char *text)
{
	struct station *station = context;

	return ledger_alert_raise(station->ledger, target != NULL ? target : LEDGER_EVERY_TARGET, "refused", text,
				  wall_clock());
}

/* Those of the last minute that weren't told one by one; where that can't be kept, the next look tries again. */
static void sum_refusals(struct station *station)
{
	if (ledger_batch_begin(station->ledger) != STATUS_OK)
		return;
	if (refusals_sum(&station->refusals, tell_refusals, station) != STATUS_OK)
		ledger_batch_spoil(station->ledger);
	if (ledger_batch_end(station->ledger) == STATUS_OK)
		refusals_forget(&station->refusals);
}

void station_destroy(struct station *station)
{
	if (station == NULL)
		return;
	/* How many there were is known here alone. */
	if (station->refusals.told_count > 0)
		sum_refusals(station);
	vigil_destroy(station->vigil);
	free(station);
}

status station_expect(struct station *station, const char *name, uint32_t interval_ms)
{
	struct vigil_target known;
	const bool is_new = vigil_find(station->vigil, name, &known) != STATUS_OK;

	TRY(vigil_expect(station->vigil, name, interval_ms));
	if (is_new)
		TRY(ledger_change_note(station->ledger, name, vigil_state_name(VIGIL_UNKNOWN), wall_clock()));
	return STATUS_OK;
}

status station_looks_expect(struct station *station, const char *name, uint32_t looks_ms)
{
	return vigil_looks_expect(station->vigil, name, looks_ms);
}

void station_crowd_expect(struct station *station, uint64_t at_most_ns)
{
	vigil_crowd_expect(station->vigil, at_most_ns);
}

void station_dismiss(struct station *station, const char *name)
{
	/* Whoever isn't expected is dismissed already. */
	(void)!vigil_dismiss(station->vigil, name);
}

__attribute__((format(printf, 3, 4))) static status refuse(struct station *station, char *sentence, const char *format,
							   ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, STATION_SENTENCE_SIZE, format, arguments);
	va_end(arguments);
	station->figures.refused_count++;
	return STATUS_DENIED;
}

static void send_words(struct station *station, struct station_peer *peer, const char *words)
{
	station->send(station->context, peer, VERIFIER_REFUSED, (struct span){(const uint8_t *)words, strlen(words)});
}

static void ask_again(struct station *station, struct station_peer *peer)
{
	send_words(station, peer, "the verifier can't keep anything now (its own messages say why): send it again");
}

static void tell_quota(struct station *station, struct station_peer *peer)
{
	station->figures.over_quota_count++;
	send_words(station, peer,
		   "this target's results have used up its quota in the verifier's store: send it again");
}

static void store_failed(struct station *station, struct station_peer *peer)
{
	station->figures.store_failure_count++;
	station->figures.is_store_failing = true;
	if (peer != NULL)
		ask_again(station, peer);
}

/* A result that isn't taken: those behind it are no gap, for it comes again. */
static void expect_again(struct station_peer *peer, uint64_t number, bool is_over_quota)
{
	if (peer->dropped_number != 0 && number >= peer->dropped_number)
		return;
	peer->dropped_number = number;
	peer->is_over_quota = is_over_quota;
}

static void result_failed(struct station *station, struct station_peer *peer, uint64_t number)
{
	if (peer != NULL)
		expect_again(peer, number, false);
	store_failed(station, peer);
}

static void over_quota(struct station *station, struct station_peer *peer, uint64_t number)
{
	expect_again(peer, number, true);
	tell_quota(station, peer);
}

static void wait_for_disk(struct station *station, struct station_peer *peer, struct pending pending)
{
	pending.peer = peer;
	pending.came_ns = station->came_ns;
	memcpy(pending.target, peer->target, sizeof pending.target);
	station->pending[station->pending_count++] = pending;
	peer->pending_count++;
	if (station->pending_count == STATION_PENDING_COUNT_MAX)
		station_flush(station);
}

/* A name in its place, with its NUL and zeros behind it, that can be printed. */
static bool is_name(const char *place, size_t size)
{
	size_t length = strnlen(place, size);

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)place[i] < 0x20 || (unsigned char)place[i] > 0x7e)
			return false;
	for (size_t i = length; i < size; i++)
		if (place[i] != '\0')
			return false;
	return length < size;
}

/* A batch for what comes now. */
static status open_batch(struct station *station)
{
	if (station->in_batch)
		return STATUS_OK;
	TRY(ledger_batch_begin(station->ledger));
	station->in_batch = true;
	return STATUS_OK;
}

/* Of another connection of the same enclave's, say, which has just broken. */
static bool waits_for_disk(const struct station *station, const char *target)
{
	for (size_t i = 0; i < station->pending_count; i++)
		if (strcmp(station->pending[i].target, target) == 0)
			return true;
	return false;
}

static status greet(struct station *station, struct station_peer *peer)
{
	struct verifier_welcome welcome = {.interval_ms = peer->interval_ms};

	/* A welcome acknowledges, too: what isn't on the disk yet mustn't count. */
	if (waits_for_disk(station, peer->target))
		station_flush(station);
	TRY(ledger_stream_last(station->ledger, peer->target, peer->stream, &welcome.kept_number));
	/* With what else comes now: thousands may connect at once. */
	TRY(open_batch(station));
	TRY(ledger_evidence_note(station->ledger, peer->target, peer->evidence));
	peer->is_welcome = true;
	station->send(station->context, peer, VERIFIER_WELCOME,
		      (struct span){(const uint8_t *)&welcome, sizeof welcome});
	return station_challenge(station, peer);
}

/* A good enclave that isn't the target's is somebody's doing. With what else comes now: he may come often. */
static status alert_refused(struct station *station, const char *target, const char *sentence)
{
	if (!refusals_note(&station->refusals, target, sentence, station->came_ns)) {
		station->figures.untold_refusal_count++;
	} else if (open_batch(station) != STATUS_OK) {
		/* The refusal stands, and the store says so. */
		refusals_settle(&station->refusals, false);
		store_failed(station, NULL);
	} else if (ledger_alert_raise(station->ledger, target, "refused", sentence, wall_clock()) != STATUS_OK) {
		ledger_batch_spoil(station->ledger);
	}
	return STATUS_DENIED;
}

static status take_hello(struct station *station, struct station_peer *peer, struct span body, char *sentence)
{
	struct verifier_hello hello;
	struct vigil_target target;

	if (body.size != sizeof hello)
		return refuse(station, sentence, "a hello has %zu bytes, this one %zu", sizeof hello, body.size);
	memcpy(&hello, body.data, sizeof hello);
	if (peer->is_welcome || hello.version != 1 || hello.reserved != 0)
		return refuse(station, sentence, "a hello comes once, and of version 1");
	if (!is_name(hello.target, sizeof hello.target) || hello.target[0] == '\0')
		return refuse(station, sentence, "a target's name is printable text with zeros behind it");
	if (vigil_find(station->vigil, hello.target, &target) != STATUS_OK)
		return refuse(station, sentence,
			      "the target %.80s isn't enrolled here: it must stand in the verifier's configuration",
			      hello.target);
	const status admitted =
		station->admit != NULL ? station->admit(station->context, peer, target.name, sentence) : STATUS_OK;
	if (admitted != STATUS_OK) {
		station->figures.refused_count++;
		return admitted == STATUS_END ? STATUS_DENIED : alert_refused(station, target.name, sentence);
	}
	snprintf(peer->target, sizeof peer->target, "%s", target.name);
	memcpy(peer->stream, hello.stream, sizeof peer->stream);
	peer->interval_ms = target.interval_ms;
	if (greet(station, peer) != STATUS_OK)
		store_failed(station, peer);
	return STATUS_OK;
}

static bool answers_challenge(struct station_peer *peer, const struct verifier_heartbeat *heartbeat)
{
	bool is_answer = peer->is_challenged && memcmp(heartbeat->nonce, peer->nonce, sizeof peer->nonce) == 0;

	/* A nonce is answered once. */
	if (is_answer)
		peer->is_challenged = false;
	return is_answer;
}

static struct ledger_heartbeat describe(const struct station_peer *peer, const struct verifier_heartbeat *said)
{
	struct ledger_heartbeat heartbeat = {
		.name = peer->target,
		.counter = said->counter,
		.result_number = said->result_number,
		.at = wall_clock(),
		.scan = {.count = said->scan_count,
			 .at = (int64_t)said->scanned_at,
			 .epoch = said->epoch,
			 .exit_status = said->exit_status},
	};

	memcpy(heartbeat.stream, peer->stream, sizeof heartbeat.stream);
	memcpy(heartbeat.scan.source_key, said->source_key, sizeof heartbeat.scan.source_key);
	memcpy(heartbeat.scan.profile_hash, said->profile_hash, sizeof heartbeat.scan.profile_hash);
	snprintf(heartbeat.scan.program, sizeof heartbeat.scan.program, "%s", said->program);
	return heartbeat;
}

static status take_heartbeat(struct station *station, struct station_peer *peer, struct span body, char *sentence)
{
	struct verifier_heartbeat said;

	if (body.size != sizeof said)
		return refuse(station, sentence, "a heartbeat has %zu bytes, this one %zu", sizeof said, body.size);
	memcpy(&said, body.data, sizeof said);
	if (said.reserved != 0 || said.counter > INT64_MAX || said.result_number > INT64_MAX ||
	    !is_name(said.program, sizeof said.program))
		return refuse(station, sentence, "a heartbeat with a number or a program's name that can't be");
	/* It may have crossed with a new challenge: that isn't a fault, and doesn't count either. */
	if (!answers_challenge(peer, &said)) {
		station->figures.late_count++;
		return STATUS_OK;
	}
	struct ledger_heartbeat heartbeat = describe(peer, &said);
	status result = open_batch(station);
	if (result == STATUS_OK)
		result = ledger_heartbeat_note(station->ledger, &heartbeat);
	if (result == STATUS_MISMATCH)
		return refuse(station, sentence, "the counter %" PRIu64 " isn't above that of the last heartbeat",
			      said.counter);
	if (result != STATUS_OK)
		store_failed(station, peer);
	else
		wait_for_disk(station, peer,
			      (struct pending){.is_heartbeat = true,
					       .type = VERIFIER_HEARD,
					       .number = said.counter,
					       .has_looked = heartbeat.has_looked});
	return STATUS_OK;
}

static status check_result(struct station *station, struct span body, struct verifier_result *ret_head, char *sentence)
{
	if (body.size < sizeof *ret_head || body.size > VERIFIER_RESULT_SIZE_MAX)
		return refuse(station, sentence, "a result has %zu to %d bytes, this one %zu", sizeof *ret_head,
			      VERIFIER_RESULT_SIZE_MAX, body.size);
	memcpy(ret_head, body.data, sizeof *ret_head);
	if (ret_head->number == 0 || ret_head->number > INT64_MAX || ret_head->reserved != 0 ||
	    (ret_head->kind != VERIFIER_RESULT_OUTPUT && ret_head->kind != VERIFIER_RESULT_FINDING &&
	     ret_head->kind != VERIFIER_RESULT_END) ||
	    !is_name(ret_head->program, sizeof ret_head->program))
		return refuse(station, sentence, "a result with a number, a kind or a program's name that can't be");
	return STATUS_OK;
}

/* One behind a result that is to come again? Who has that no more (an earlier answer said that it is kept) shows so by
 * sending this one twice. */
static bool is_early(struct station_peer *peer, uint64_t number)
{
	bool is_early = peer->dropped_number != 0 && number > peer->dropped_number && number > peer->result_number;

	if (!is_early)
		peer->dropped_number = 0;
	return is_early;
}

/* As the one before it. */
static void refuse_early(struct station *station, struct station_peer *peer)
{
	if (peer->is_over_quota)
		tell_quota(station, peer);
	else
		ask_again(station, peer);
}

static status take_result(struct station *station, struct station_peer *peer, struct span body, char *sentence)
{
	const size_t from = offsetof(struct verifier_result, kind);
	struct pending answer = {.type = VERIFIER_KEPT};
	struct verifier_result head = {0};
	uint64_t expected = 0;

	TRY(check_result(station, body, &head, sentence));
	if (is_early(peer, head.number)) {
		peer->result_number = head.number;
		refuse_early(station, peer);
		return STATUS_OK;
	}
	struct ledger_finding finding = {.name = peer->target, .number = head.number, .at = wall_clock()};
	finding.content = (struct span){body.data + from, body.size - from};
	finding.is_end = head.kind == VERIFIER_RESULT_END;
	/* They come in order, but where one is asked for again: then from the first that the enclave still has. */
	finding.is_first_left = head.number <= peer->result_number;
	peer->result_number = head.number;
	memcpy(finding.stream, peer->stream, sizeof finding.stream);
	memcpy(finding.previous, head.previous, sizeof finding.previous);
	status result = open_batch(station);
	if (result == STATUS_OK)
		result = ledger_finding_keep(station->ledger, &finding, &expected);
	if (result == STATUS_MISMATCH)
		return refuse(station, sentence, "result %" PRIu64 " doesn't fit the chain of those before",
			      head.number);
	if (result == STATUS_LIMIT) {
		over_quota(station, peer, head.number);
		return STATUS_OK;
	}
	if (result != STATUS_OK && result != STATUS_TORN) {
		result_failed(station, peer, head.number);
		return STATUS_OK;
	}
	answer.number = head.number;
	if (result == STATUS_TORN) {
		answer.type = VERIFIER_RESEND;
		answer.number = expected - 1;
	}
	wait_for_disk(station, peer, answer);
	return STATUS_OK;
}

status station_take(struct station *station, struct station_peer *peer, uint16_t type, struct span body,
		    char ret_sentence[static STATION_SENTENCE_SIZE])
{
	station->came_ns = station->clock_ns();
	if (type == VERIFIER_HELLO)
		return take_hello(station, peer, body, ret_sentence);
	if (!peer->is_welcome)
		return refuse(station, ret_sentence, "a hello comes first");
	switch (type) {
	case VERIFIER_HEARTBEAT: return take_heartbeat(station, peer, body, ret_sentence);
	case VERIFIER_RESULT: return take_result(station, peer, body, ret_sentence);
	default: return refuse(station, ret_sentence, "frames of the type %u aren't for a verifier", type);
	}
}

static status draw_nonce(struct station *station, uint8_t ret_nonce[static VERIFIER_NONCE_SIZE])
{
	if (station->nonce_count == 0) {
		if (RAND_bytes((uint8_t *)station->nonces, sizeof station->nonces) != 1)
			return report(STATUS_INTERNAL, "OpenSSL has no random bytes");
		station->nonce_count = NONCE_COUNT;
	}
	memcpy(ret_nonce, station->nonces[--station->nonce_count], VERIFIER_NONCE_SIZE);
	return STATUS_OK;
}

status station_challenge(struct station *station, struct station_peer *peer)
{
	struct verifier_challenge challenge;

	if (!peer->is_welcome)
		return STATUS_OK;
	TRY(draw_nonce(station, challenge.nonce));
	memcpy(peer->nonce, challenge.nonce, sizeof peer->nonce);
	peer->is_challenged = true;
	station->send(station->context, peer, VERIFIER_CHALLENGE,
		      (struct span){(const uint8_t *)&challenge, sizeof challenge});
	return STATUS_OK;
}

void station_peer_forget(struct station *station, const struct station_peer *peer)
{
	for (size_t i = 0; i < station->pending_count && peer->pending_count > 0; i++)
		if (station->pending[i].peer == peer)
			station->pending[i].peer = NULL;
}

/* It was heard of, and that is on the disk. What is noted then is for people only: the decision stands without it. */
static void hear(struct station *station, const char *name, bool has_looked, uint64_t now_ns)
{
	enum vigil_state before;
	struct vigil_target target;
	bool was_idle;

	station->figures.heartbeat_count++;
	if (vigil_hear(station->vigil, name, now_ns, &before) != STATUS_OK ||
	    vigil_looked(station->vigil, name, has_looked, &was_idle) != STATUS_OK ||
	    vigil_find(station->vigil, name, &target) != STATUS_OK)
		return;
	if (before != VIGIL_HEALTHY || was_idle)
		(void)!ledger_change_note(station->ledger, name, vigil_state_name(target.state), wall_clock());
	if (before == VIGIL_MISSING)
		(void)!ledger_alert_raise(station->ledger, name, "back", "it is heard of again", wall_clock());
	if (was_idle)
		(void)!ledger_alert_raise(station->ledger, name, "looking",
					  has_looked ? "it has looked at its target again"
						     : "it needn't look at its target any more",
					  wall_clock());
}

static void count_handling(struct station_figures *figures, uint64_t took_ns)
{
	size_t bucket = 0;

	while (bucket < STATION_BUCKET_COUNT && took_ns > (uint64_t)station_bucket_ms[bucket] * NS_PER_MS)
		bucket++;
	figures->handling_counts[bucket]++;
	figures->handling_ns_total += took_ns;
}

static void answer(struct station *station, struct pending *pending, bool is_kept, uint64_t now_ns)
{
	const struct verifier_kept body = {.number = pending->number};

	if (pending->peer != NULL)
		pending->peer->pending_count--;
	if (!is_kept && pending->type == VERIFIER_KEPT)
		result_failed(station, pending->peer, pending->number);
	else if (!is_kept)
		store_failed(station, pending->peer);
	if (!is_kept)
		return;
	if (pending->is_heartbeat)
		hear(station, pending->target, pending->has_looked, now_ns);
	else if (pending->type == VERIFIER_KEPT)
		station->figures.result_count++;
	if (pending->peer != NULL)
		station->send(station->context, pending->peer, pending->type,
			      (struct span){(const uint8_t *)&body, sizeof body});
	count_handling(&station->figures, now_ns > pending->came_ns ? now_ns - pending->came_ns : 0);
}

bool station_has_pending(const struct station *station)
{
	return station->in_batch;
}

void station_flush(struct station *station)
{
	if (!station->in_batch)
		return;
	bool is_kept = ledger_batch_end(station->ledger) == STATUS_OK;
	uint64_t now_ns = station->clock_ns();
	station->in_batch = false;
	station->figures.is_store_failing = !is_kept;
	refusals_settle(&station->refusals, is_kept);
	/* Changes of state, if there are any, share one sync again. */
	bool in_second = is_kept && ledger_batch_begin(station->ledger) == STATUS_OK;
	for (size_t i = 0; i < station->pending_count; i++)
		answer(station, &station->pending[i], is_kept, now_ns);
	station->pending_count = 0;
	if (in_second)
		(void)!ledger_batch_end(station->ledger);
}

static status tell_idle(struct station *station, const struct vigil_target *target)
{
	char text[LEDGER_TEXT_SIZE];

	snprintf(text, sizeof text,
		 "it is heard of, and hasn't looked at its target for %.1f s, where a look is due every %.1f s: its "
		 "host "
		 "answers for heartbeats alone, or what it runs hangs",
		 (double)target->unlooked_ns / NS_PER_S, target->looks_ms / 1e3);
	TRY(ledger_alert_raise(station->ledger, target->name, "idle", text, wall_clock()));
	station->told_count++;
	return ledger_change_note(station->ledger, target->name, vigil_state_name(VIGIL_IDLE), wall_clock());
}

static status tell_missing(void *context, const struct vigil_target *target)
{
	struct station *station = context;
	char text[LEDGER_TEXT_SIZE];

	if (target->state == VIGIL_IDLE)
		return tell_idle(station, target);

	snprintf(text, sizeof text, "no heartbeat for %.1f s, where one is due every %.1f s",
		 (double)target->silent_ns / NS_PER_S, target->interval_ms / 1e3);
	TRY(ledger_alert_raise(station->ledger, target->name, "missing", text, wall_clock()));
	TRY(ledger_lost_tell(station->ledger, target->name, wall_clock()));
	station->told_count++;
	return ledger_change_note(station->ledger, target->name, vigil_state_name(VIGIL_MISSING), wall_clock());
}

struct untold {
	uint32_t count;
	const char *name; /* of one of them */
};

static status count_missing(void *context, const struct vigil_target *target)
{
	struct untold *untold = context;

	if (target->state != VIGIL_MISSING)
		return STATUS_OK;
	untold->count++;
	untold->name = target->name;
	return STATUS_OK;
}

/* No output tells of who is missing now, since they tell what was kept: so at least here, whenever there are more. */
static void look_failed(struct station *station)
{
	struct untold untold = {0};

	store_failed(station, NULL);
	(void)!vigil_visit_all(station->vigil, count_missing, &untold);
	if (untold.count > station->untold_count)
		(void)!report(STATUS_IO,
			      "%u targets are missing, %s among them, and nobody is told: it can't be kept, since "
			      "the store's disk is full or fails",
			      untold.count, untold.name);
	station->untold_count = untold.count;
}

/* Where there was something to tell the disk has taken it. */
static void look_kept(struct station *station)
{
	station->untold_count = 0;
	if (station->told_count > 0)
		station->figures.is_store_failing = false;
}

static status cannot_tell(void *context, const struct vigil_target *target)
{
	(void)context;
	(void)target;
	return STATUS_IO;
}

status station_look(struct station *station)
{
	station_flush(station);
	if (refusals_is_over(&station->refusals, station->clock_ns()))
		sum_refusals(station);
	station->told_count = 0;
	status begin = ledger_batch_begin(station->ledger);
	status result = vigil_look(station->vigil, station->clock_ns(), begin == STATUS_OK ? tell_missing : cannot_tell,
				   station);
	status end = begin == STATUS_OK ? ledger_batch_end(station->ledger) : begin;
	if (end != STATUS_OK)
		vigil_look_undo(station->vigil);
	if (end != STATUS_OK || result != STATUS_OK)
		look_failed(station);
	else
		look_kept(station);
	return result != STATUS_OK ? result : end;
}

const struct vigil *station_vigil(const struct station *station)
{
	return station->vigil;
}

const struct station_figures *station_figures(const struct station *station)
{
	return &station->figures;
}
