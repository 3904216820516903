/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer whose evidence was good and who then sends anything: frames one behind the other, each of a type, a size and a
 * body. Where a body's first bit says so, what nobody could guess (the nonce, the chain's hash) is put in, so that
 * what lies behind is reached, too. Whatever comes: each answer is of a known kind, counters
 * only rise, and the ledger has just what was acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/ledger/cut-disk.h"
#include "verifier/station/station.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_SIZE_MAX = 4096, FRAME_COUNT_MAX = 64, HEAD_SIZE = 3, LIFE_INPUT_COUNT = 200 };

static const char target[] = "t";

static struct {
	uint8_t stream[VERIFIER_STREAM_SIZE], nonce[VERIFIER_NONCE_SIZE];
	uint64_t kept_number, heard_counter;
	bool was_asked_again;
	uint8_t previous[LEDGER_HASH_SIZE]; /* of the next result */
	uint8_t next[LEDGER_HASH_SIZE]; /* if the one under way is kept */
	uint64_t next_number;
} seen;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static uint64_t still(void)
{
	return 0;
}

static void hear_answer(void *context, struct station_peer *peer, uint16_t type, struct span body)
{
	struct verifier_kept number = {0};

	(void)context, (void)peer;
	if (type < VERIFIER_WELCOME || type > VERIFIER_RESEND)
		abort();
	if (body.size == sizeof number)
		memcpy(&number, body.data, sizeof number);
	if (type == VERIFIER_CHALLENGE)
		memcpy(seen.nonce, body.data, sizeof seen.nonce);
	if (type == VERIFIER_HEARD && number.number <= seen.heard_counter)
		abort();
	if (type == VERIFIER_HEARD)
		seen.heard_counter = number.number;
	if (type == VERIFIER_RESEND)
		seen.was_asked_again = true;
	/* Some are left out only where they were asked for. */
	if (type == VERIFIER_KEPT && number.number > seen.kept_number + 1 && !seen.was_asked_again)
		abort();
	if (type == VERIFIER_KEPT && number.number > seen.kept_number) {
		seen.kept_number = number.number;
		if (number.number == seen.next_number)
			memcpy(seen.previous, seen.next, sizeof seen.previous);
	}
}

static void put_secrets(const struct station_peer *peer, uint16_t type, uint8_t *body, size_t size)
{
	const size_t from = offsetof(struct verifier_result, kind);
	struct verifier_result head;

	if (type == VERIFIER_HELLO && size >= sizeof(struct verifier_hello))
		memcpy(body + offsetof(struct verifier_hello, stream), seen.stream, sizeof seen.stream);
	if (type == VERIFIER_HEARTBEAT && size >= sizeof seen.nonce)
		memcpy(body, seen.nonce, sizeof seen.nonce);
	if (type != VERIFIER_RESULT || size < sizeof head)
		return;
	seen.next_number = seen.kept_number + 1;
	memcpy(body, &seen.next_number, sizeof seen.next_number);
	memcpy(body + offsetof(struct verifier_result, previous), seen.previous, sizeof seen.previous);
	if (ledger_chain_hash(seen.previous, target, peer->stream, seen.next_number,
			      (struct span){body + from, size - from}, seen.next) != STATUS_OK)
		abort();
}

/* Type, size in 16 bytes (so that a byte is enough), flags; then the body. */
static void feed(struct station *station, const uint8_t *data, size_t size)
{
	struct station_peer peer = {.evidence = "a fuzzer's"};
	char sentence[STATION_SENTENCE_SIZE];
	static uint8_t body[BODY_SIZE_MAX];

	for (int i = 0; i < FRAME_COUNT_MAX && size >= HEAD_SIZE; i++) {
		const uint16_t type = data[0];
		const uint8_t flags = data[2];
		size_t body_size = (size_t)data[1] * 8;

		data += HEAD_SIZE;
		size -= HEAD_SIZE;
		body_size = body_size < size ? body_size : size;
		memcpy(body, data, body_size);
		if ((flags & 1) != 0 || type == VERIFIER_HELLO)
			put_secrets(&peer, type, body, body_size);
		if ((flags & 2) != 0 && station_challenge(station, &peer) != STATUS_OK)
			abort();
		memset(sentence, 0, sizeof sentence);
		status result = station_take(station, &peer, type, (struct span){body, body_size}, sentence);
		if (result == STATUS_DENIED ? sentence[0] == '\0' : result != STATUS_OK)
			abort();
		if ((flags & 4) != 0)
			station_flush(station);
		data += body_size;
		size -= body_size;
		/* The daemon ends such a connection. */
		if (result == STATUS_DENIED)
			break;
	}
	station_flush(station);
	station_peer_forget(station, &peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct station *station;
	static struct ledger *ledger;
	static unsigned int input_count;
	uint64_t last = 0;

	report_sink_set(drop, NULL);
	/* A ledger takes longer to make than an input to look at: each gets a stream of its own instead, which its
	 * hello is given. */
	if (input_count++ % LIFE_INPUT_COUNT == 0) {
		if (station != NULL) {
			station_destroy(station);
			ledger_destroy(ledger);
			cut_disk_deinit();
		}
		cut_disk_init(1);
		if (ledger_create_through("/fuzz", CUT_DISK_VFS, &ledger) != STATUS_OK ||
		    ledger_target_enrol(ledger, target, 1000) != STATUS_OK ||
		    station_create(ledger, hear_answer, NULL, still, NULL, &station) != STATUS_OK)
			abort();
	}
	memset(&seen, 0, sizeof seen);
	memcpy(seen.stream, &input_count, sizeof input_count);
	feed(station, data, size);
	if (ledger_stream_last(ledger, target, seen.stream, &last) != STATUS_OK || last != seen.kept_number)
		abort();
	return 0;
}
