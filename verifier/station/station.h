/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier's side of wire/verifier.h, without sockets and clocks of its own: challenges go out, heartbeats
 * and results come in, are kept in the ledger, and only then are answered. docs/verifier.md.
 *
 * What comes in is kept in batches: one sync of the disk for all that came since the last
 * station_flush(). Everything a peer says is hostile, even where its evidence was good.
 * One thread.
 */
#ifndef VERIFIER_STATION_STATION_H
#define VERIFIER_STATION_STATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "verifier/ledger/ledger.h"
#include "verifier/vigil/vigil.h"
#include "wire/verifier.h"

enum {
	STATION_SENTENCE_SIZE = 256, /* with its NUL */
	/* Of one batch: a flush is due. 512 heartbeats take about 30 ms to keep. */
	STATION_PENDING_COUNT_MAX = 512,
	/* Upper bounds in ms of the buckets in which handling times are counted. */
	STATION_BUCKET_COUNT = 10,
};

extern const uint32_t station_bucket_ms[STATION_BUCKET_COUNT];

/* One connection; the caller's storage, zeros at first, but for `evidence`. */
struct station_peer {
	void *connection; /* the caller's */
	/* What the channel knows of the other end, in words. */
	char evidence[LEDGER_EVIDENCE_SIZE];
	bool is_welcome; /* the rest holds */
	char target[LEDGER_NAME_SIZE];
	uint8_t stream[VERIFIER_STREAM_SIZE];
	uint32_t interval_ms;
	uint64_t result_number; /* of the last result that came */
	uint64_t dropped_number; /* of the first that the disk didn't take, until it comes again; 0: none */
	bool is_over_quota; /* that one, since its target's quota is used up */
	bool is_challenged;
	uint8_t nonce[VERIFIER_NONCE_SIZE];
	uint32_t pending_count; /* the station's */
};

/* Give a frame to a peer; it is copied. */
typedef void (*station_send)(void *context, struct station_peer *peer, uint16_t type, struct span body);

/* May this peer speak for `target`? STATUS_DENIED: no, and why in the sentence, which is an alert; STATUS_END: no, and
 * that is known to whoever reads alerts. NULL for this: anybody may. */
typedef status (*station_admit)(void *context, const struct station_peer *peer, const char *target,
				char sentence[static STATION_SENTENCE_SIZE]);

/* The steady clock's time (CLOCK_MONOTONIC). */
typedef uint64_t (*station_clock)(void);

/* What happened since the start. */
struct station_figures {
	uint64_t heartbeat_count, late_count, result_count, refused_count, store_failure_count;
	uint64_t untold_refusal_count; /* of alerts "refused" that weren't raised one by one (refusals.h) */
	uint64_t over_quota_count; /* attempts to send a result that wasn't taken: its target's quota is used up */
	bool is_store_failing; /* the last attempt to keep something failed */
	uint64_t handling_counts[STATION_BUCKET_COUNT + 1]; /* the last one: longer */
	uint64_t handling_ns_total;
};

struct station;

/* `ledger` is borrowed. All that it expects is unknown from now on. STATUS_NO_MEMORY, or as the ledger's; reported. */
MUST_USE status station_create(struct ledger *ledger, station_send send, station_admit admit, station_clock clock_ns,
			       void *context, struct station **ret_station);
/* The ledger must still be there: alerts that wait for their minute's end are raised. */
void station_destroy(struct station *station);

/* A target that the ledger expects now, unknown as yet; one that was expected keeps its state and gets the new
 * interval. As vigil_expect(), or the ledger's; reported. */
MUST_USE status station_expect(struct station *station, const char *name, uint32_t interval_ms);
/* It must have looked at its target once in `looks_ms`; 0: it needn't. STATUS_MISSING, not reported: it isn't expected.
 */
MUST_USE status station_looks_expect(struct station *station, const char *name, uint32_t looks_ms);
/* All that it expects may come at once, and wait so long for their turn (vigil_crowd_expect()). */
void station_crowd_expect(struct station *station, uint64_t at_most_ns);
/* One that it doesn't expect any more; its peers are the caller's to end. */
void station_dismiss(struct station *station, const char *name);

/* A frame of the peer's. STATUS_DENIED, not reported: the sentence says why; send it as VERIFIER_REFUSED and end the
 * connection. Faults of the ledger are answered (VERIFIER_REFUSED) and counted, not returned. */
MUST_USE status station_take(struct station *station, struct station_peer *peer, uint16_t type, struct span body,
			     char ret_sentence[static STATION_SENTENCE_SIZE]);
/* A new nonce, which replaces the last one; nothing to a peer that isn't welcome. STATUS_INTERNAL, reported. */
MUST_USE status station_challenge(struct station *station, struct station_peer *peer);
/* The connection is gone, or will be: no answer goes to it any more. That says nothing about the target. */
void station_peer_forget(struct station *station, const struct station_peer *peer);

/* Keep what waits, and answer it. */
void station_flush(struct station *station);
bool station_has_pending(const struct station *station);
/* Flush, then see who is missing. At least every VIGIL_LOOK_NS_MAX. STATUS_IO: an alert couldn't be kept, reported; the
 * next look tries again. */
MUST_USE status station_look(struct station *station);

const struct vigil *station_vigil(const struct station *station);
const struct station_figures *station_figures(const struct station *station);

#endif
