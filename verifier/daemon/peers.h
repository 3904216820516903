/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of enclaves: libevent's, each with bounded memory and time. A connection that has not
 * said hello is cheap and goes first where there are too many; one that stops within a frame,
 * doesn't read, or is silent for long is ended. None of that decides whether a target is missing.
 */
#ifndef VERIFIER_DAEMON_PEERS_H
#define VERIFIER_DAEMON_PEERS_H

#include <event2/event.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/daemon/gate.h"
#include "verifier/station/station.h"
#include "verifier/daemon/revoker.h"

enum {
	/* From the connection to a hello, evidence included: two quotes, which take the enclave's host 30 s each at
	 * most (host/aesm/aesm.h), and the handshake. */
	PEERS_HELLO_SECONDS = 75,
	/* TLS in front of the frames: a certificate with its quote, or some records. */
	PEERS_TLS_SIZE_MAX = 64 << 10,
	/* What a peer doesn't read: welcomes, challenges and answers are some 60 bytes each. */
	PEERS_UNREAD_SIZE_MAX = 64 << 10,
	/* After the first message of a batch: others share its sync. As long as the last one's sync took, within these.
	 */
	PEERS_BATCH_MS = 5,
	PEERS_BATCH_MS_MAX = 50,
	/* A peer that is silent for so many intervals, and a while, is no use: its target is missing by then. */
	PEERS_SILENT_INTERVALS = 3,
};

struct peers_figures {
	uint32_t connection_count, welcome_count;
	uint64_t accepted_count, dropped_count,
		refused_count; /* dropped: for too many, too slow, too silent; refused: for its evidence */
};

struct peers;

/* `count_max` connections at once; the ledger (borrowed) knows who is barred. STATUS_NO_MEMORY, reported. */
MUST_USE status peers_create(struct event_base *base, struct ledger *ledger, uint32_t count_max,
			     struct peers **ret_peers);
/* Ends them all; the station may still exist, or not any more. */
void peers_destroy(struct peers *peers);
/* Whom their frames go to; before the first peers_listen(). */
void peers_station_set(struct peers *peers, struct station *station);
/* Who gives grants has one who takes them back (borrowed); NULL: none are given. */
void peers_revoker_set(struct peers *peers, struct revoker *revoker);
/* station_send: into the peer's connection. The context is the peers. */
void peers_send(void *context, struct station_peer *peer, uint16_t type, struct span body);

/* Take connections of whoever comes to a listening socket (taken over): nothing is proven, and each is recorded so.
 * STATUS_NO_MEMORY, reported. */
MUST_USE status peers_listen_unproven(struct peers *peers, int listener);

/* Over TLS, with evidence that the gate (borrowed) judges. As above. */
MUST_USE status peers_listen(struct peers *peers, int listener, const struct gate *gate);
/* station_admit: whoever has shown evidence speaks for the targets that name his enclave. */
MUST_USE status peers_admit(void *context, const struct station_peer *peer, const char *target,
			    char sentence[static STATION_SENTENCE_SIZE]);

/* Something was barred: who is concerned is told so, and ended. */
void peers_bar(struct peers *peers);

/* Go on by other rules: who isn't expected any more, or has another interval, or whose evidence was judged by other
 * terms, or doesn't pass now, is told so and has to come again; who hasn't been let in yet, too. The old gate isn't
 * needed any more then. `gate`: NULL where there was none. */
void peers_reload(struct peers *peers, const struct config *config, const struct gate *gate, uint32_t count_max);

const struct peers_figures *peers_figures(const struct peers *peers);

#endif
