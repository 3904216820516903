/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/peers.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "verifier/daemon/channel-tls.h"
#include "verifier/ledger/barred.h"
#include "wire/agent.h"

enum {
	ENTRANCE_COUNT_MAX = 2,
	PAUSE_MS = 10,
	/* For who is sent away to take the last words. */
	END_MS = 1000,
	/* Grants for one connection: each program that it runs takes one, and may run each second. */
	GRANT_COUNT_MAX = 64,
	GRANT_WINDOW_SECONDS = 10,
	/* Of judging those that stay after a reload, before others have their turn. */
	JUDGE_MS = 20,
};

static const char configuration_changed[] =
	"the verifier's configuration has changed: come again, and show who you are";

/* Where connections come from, and what they must show; no gate: nothing. */
struct entrance {
	struct peers *peers;
	const struct gate *gate;
	struct evconnlistener *listener;
};

struct connection {
	struct peers *peers;
	struct bufferevent *stream;
	struct channel_tls *tls; /* NULL: in clear, and nothing is proven */
	struct evbuffer *clear; /* tls: what it has opened */
	struct event *timer; /* until the hello: its end; then the next challenge */
	struct station_peer peer;
	uint32_t silent_intervals;
	size_t bound; /* of its input, as it is set */
	/* Grants that were asked for since then (the steady clock, seconds). */
	int64_t grants_since;
	uint32_t grant_count;
	bool owes_evidence; /* is to be judged by the new configuration */
	bool is_ending; /* what was written goes out, nothing more comes in */
	TAILQ_ENTRY(connection) entry;
};

TAILQ_HEAD(connections, connection);

struct peers {
	struct event_base *base;
	struct ledger *ledger;
	struct station *station;
	struct revoker *revoker;
	struct event *batch_timer;
	struct event *judge_timer; /* after a change of the configuration: whose evidence passes by the new one? */
	uint32_t batch_ms; /* how long the next batch gathers what comes */
	struct evbuffer *outgoing; /* one message on its way to a socket */
	struct entrance entrances[ENTRANCE_COUNT_MAX];
	size_t entrance_count;
	uint32_t count_max;
	struct connections strangers; /* no hello yet, oldest first */
	struct connections welcome;
	struct peers_figures figures;
};

static struct timeval interval(uint32_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static void connection_destroy(struct connection *connection)
{
	if (connection->stream != NULL)
		bufferevent_free(connection->stream);
	if (connection->timer != NULL)
		event_free(connection->timer);
	if (connection->clear != NULL)
		evbuffer_free(connection->clear);
	channel_tls_destroy(connection->tls);
	free(connection);
}

static void end(struct connection *connection)
{
	struct peers *peers = connection->peers;

	if (connection->peer.is_welcome)
		peers->figures.welcome_count--;
	TAILQ_REMOVE(connection->peer.is_welcome ? &peers->welcome : &peers->strangers, connection, entry);
	peers->figures.connection_count--;
	if (peers->station != NULL)
		station_peer_forget(peers->station, &connection->peer);
	connection_destroy(connection);
}

static void drop(struct connection *connection)
{
	connection->peers->figures.dropped_count++;
	end(connection);
}

/* Nothing more is read; it ends when all is written, or when its timer says so. */
static void end_politely(struct connection *connection)
{
	const bool is_written = evbuffer_get_length(bufferevent_get_output(connection->stream)) == 0;
	const struct timeval wait = interval(is_written ? 0 : END_MS);

	connection->is_ending = true;
	bufferevent_disable(connection->stream, EV_READ);
	event_add(connection->timer, &wait);
}

static status put_bytes(struct connection *connection, struct span bytes)
{
	struct evbuffer *outgoing = connection->peers->outgoing;

	if (connection->tls != NULL)
		return channel_tls_send(connection->tls, bytes, outgoing);
	return evbuffer_add(outgoing, bytes.data, bytes.size) == 0 ? STATUS_OK : STATUS_INTERNAL;
}

/* Nearly always the socket takes it at once; to have libevent ask first costs four system calls more. What is left, and
 * what a broken connection is told by, is libevent's. */
static void send_outgoing(struct connection *connection)
{
	struct evbuffer *outgoing = connection->peers->outgoing, *output = bufferevent_get_output(connection->stream);

	if (evbuffer_get_length(output) == 0)
		(void)!evbuffer_write(outgoing, bufferevent_getfd(connection->stream));
	if (evbuffer_get_length(outgoing) > 0)
		evbuffer_add_buffer(output, outgoing);
}

void peers_send(void *context, struct station_peer *peer, uint16_t type, struct span body)
{
	const struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = type, .size = (uint32_t)body.size};
	struct connection *connection = peer->connection;

	(void)context;
	/* Cut off where it would hold more: its reader ends it at the next event. */
	if (evbuffer_get_length(bufferevent_get_output(connection->stream)) > PEERS_UNREAD_SIZE_MAX) {
		end_politely(connection);
		return;
	}
	bool is_put = put_bytes(connection, (struct span){(const uint8_t *)&head, sizeof head}) == STATUS_OK &&
		      put_bytes(connection, body) == STATUS_OK;
	send_outgoing(connection);
	if (!is_put)
		end_politely(connection);
}

static uint32_t body_size_max(const struct connection *connection)
{
	return connection->peer.is_welcome ? VERIFIER_RESULT_SIZE_MAX : sizeof(struct verifier_hello);
}

static void refuse(struct connection *connection, const char *sentence)
{
	peers_send(connection->peers, &connection->peer, VERIFIER_REFUSED,
		   (struct span){(const uint8_t *)sentence, strlen(sentence)});
	end_politely(connection);
}

/* It has said hello, and is one of those who are asked. */
static void became_welcome(struct connection *connection)
{
	struct peers *peers = connection->peers;
	const struct timeval next = interval(connection->peer.interval_ms);

	TAILQ_REMOVE(&peers->strangers, connection, entry);
	TAILQ_INSERT_TAIL(&peers->welcome, connection, entry);
	peers->figures.welcome_count++;
	event_add(connection->timer, &next);
}

static struct ledger_grant to_note(const struct gate *gate, const struct connection *connection,
				   const struct link_grant *grant)
{
	const struct attest_enclave *enclave = channel_tls_enclave(connection->tls);
	struct ledger_grant noted = {
		.isv_prod_id = enclave->isv_prod_id,
		.isv_svn = enclave->isv_svn,
		.valid_until = (int64_t)grant->valid_until,
	};

	memcpy(noted.id, grant->id, sizeof noted.id);
	memcpy(noted.name, connection->peer.target, sizeof noted.name);
	memcpy(noted.stream, connection->peer.stream, sizeof noted.stream);
	memcpy(noted.mrenclave, enclave->mrenclave, sizeof noted.mrenclave);
	memcpy(noted.mrsigner, enclave->mrsigner, sizeof noted.mrsigner);
	memcpy(noted.source_key, grant->source_key, sizeof noted.source_key);
	memcpy(noted.source_nonce, grant->source_nonce, sizeof noted.source_nonce);
	for (size_t i = 0; i < gate->config->grants.source_count; i++)
		if (memcmp(gate->config->grants.sources[i], grant->source_key, START_KEY_SIZE) == 0)
			memcpy(noted.place, gate->config->grants.places[i], sizeof noted.place);
	return noted;
}

/* Each costs a signature and a sync of the disk, in the one thread. */
static status take_turn(struct connection *connection, char sentence[static GRANTOR_SENTENCE_SIZE])
{
	const int64_t now = steady_clock_s();

	if (now - connection->grants_since >= GRANT_WINDOW_SECONDS) {
		connection->grants_since = now;
		connection->grant_count = 0;
	}
	if (connection->grant_count < GRANT_COUNT_MAX) {
		connection->grant_count++;
		return STATUS_OK;
	}
	snprintf(sentence, GRANTOR_SENTENCE_SIZE, "more than %d grants in %d s: ask again later", GRANT_COUNT_MAX,
		 GRANT_WINDOW_SECONDS);
	return STATUS_DENIED;
}

static struct ledger_subject subject_of(enum ledger_subject_kind kind, const void *value, size_t size)
{
	struct ledger_subject subject = {.kind = kind, .size = size};

	memcpy(subject.value, value, size);
	return subject;
}

/* STATUS_END: it is barred, in words. Where the store can't say it isn't let in either. */
static status check_bar(struct ledger *ledger, struct ledger_subject subject, const char *what,
			char sentence[static STATION_SENTENCE_SIZE])
{
	const status result = ledger_subject_find(ledger, &subject);

	if (result == STATUS_END)
		return STATUS_OK;
	snprintf(sentence, STATION_SENTENCE_SIZE,
		 result == STATUS_OK ? "the verifier's operator has revoked %s"
				     : "the verifier can't tell whether its operator has revoked %s",
		 what);
	return STATUS_END;
}

static status check_bars(const struct connection *connection, const char *target,
			 char sentence[static STATION_SENTENCE_SIZE])
{
	const struct attest_enclave *enclave = connection->tls != NULL ? channel_tls_enclave(connection->tls) : NULL;
	struct ledger *ledger = connection->peers->ledger;

	TRY(check_bar(ledger, subject_of(LEDGER_SUBJECT_TARGET, target, strlen(target)), "this target", sentence));
	if (enclave == NULL)
		return STATUS_OK;
	return check_bar(ledger, subject_of(LEDGER_SUBJECT_ENCLAVE, enclave->mrenclave, sizeof enclave->mrenclave),
			 "this enclave", sentence);
}

static status check_source(struct ledger *ledger, struct span request, char sentence[static STATION_SENTENCE_SIZE])
{
	struct verifier_grant_request asked;

	/* Of another size it is refused by whom it is for. */
	if (request.size != sizeof asked)
		return STATUS_OK;
	memcpy(&asked, request.data, sizeof asked);
	return check_bar(ledger, subject_of(LEDGER_SUBJECT_SOURCE, asked.source_key, sizeof asked.source_key),
			 "this source", sentence);
}

/* Its evidence, by today's collateral, which may say something else of the platform than when it came: some signatures'
 * worth of work. Not STATUS_OK: in words, why it wouldn't be let in now. */
static status judge_again(const struct connection *connection, char sentence[static STATION_SENTENCE_SIZE])
{
	const struct gate *gate = channel_tls_gate(connection->tls);

	TRY(channel_tls_judge(connection->tls, &gate->policy, sentence, STATION_SENTENCE_SIZE));
	return peers_admit(connection->peers, &connection->peer, connection->peer.target, sentence);
}

/* What couldn't be taken back after a restart isn't given: first it is noted, on the disk. */
static status give_grant(struct connection *connection, struct span body, uint8_t ret_encoded[static LINK_GRANT_SIZE],
			 char sentence[static GRANTOR_SENTENCE_SIZE])
{
	const struct gate *gate = connection->tls != NULL ? channel_tls_gate(connection->tls) : NULL;
	struct peers *peers = connection->peers;
	struct link_grant grant;

	if (gate == NULL || peers->revoker == NULL || gate->config->grants.source_count == 0) {
		snprintf(sentence, GRANTOR_SENTENCE_SIZE,
			 "this verifier gives no grants (`grants` in its configuration), or not here");
		return STATUS_DENIED;
	}
	TRY(take_turn(connection, sentence));
	const struct ledger_subject run =
		subject_of(LEDGER_SUBJECT_STREAM, connection->peer.stream, sizeof connection->peer.stream);
	if (judge_again(connection, sentence) != STATUS_OK ||
	    check_bar(peers->ledger, run, "a grant of this run", sentence) != STATUS_OK ||
	    check_source(peers->ledger, body, sentence) != STATUS_OK)
		return STATUS_DENIED;
	TRY(gate_grant(gate, channel_tls_enclave(connection->tls), connection->peer.target, body, &grant, sentence));
	struct ledger_grant noted = to_note(gate, connection, &grant);
	TRY(gate_terms_hash(gate, noted.name, noted.terms));
	station_flush(peers->station);
	TRY(revoker_note(peers->revoker, &noted));
	return link_grant_encode(&grant, ret_encoded);
}

static void answer_grant(struct connection *connection, struct span body)
{
	char sentence[GRANTOR_SENTENCE_SIZE] = "";
	uint8_t grant[LINK_GRANT_SIZE];

	if (give_grant(connection, body, grant, sentence) == STATUS_OK) {
		peers_send(connection->peers, &connection->peer, VERIFIER_GRANT, (struct span){grant, sizeof grant});
		return;
	}
	if (sentence[0] == '\0')
		snprintf(sentence, sizeof sentence, "the verifier itself failed; its own messages say how");
	fprintf(stderr, "bartizan-verifier: no grant for %s: %s\n", connection->peer.target, sentence);
	peers_send(connection->peers, &connection->peer, VERIFIER_NO_GRANT,
		   (struct span){(const uint8_t *)sentence, strlen(sentence)});
}

/* Who was let in, and then says what can't be, is no enclave of ours any more, or not alone. */
static void distrust(const struct connection *connection)
{
	struct peers *peers = connection->peers;

	if (connection->tls == NULL || peers->revoker == NULL)
		return;
	station_flush(peers->station);
	revoker_condemn(peers->revoker, connection->peer.target, connection->peer.stream);
}

static void take(struct connection *connection, uint16_t type, struct span body)
{
	struct peers *peers = connection->peers;
	char sentence[STATION_SENTENCE_SIZE] = "";
	bool was_welcome = connection->peer.is_welcome;
	const struct timeval soon = interval(peers->batch_ms);

	connection->silent_intervals = 0;
	if (was_welcome && type == VERIFIER_ASK_GRANT) {
		answer_grant(connection, body);
		return;
	}
	status result = station_take(peers->station, &connection->peer, type, body, sentence);
	if (!was_welcome && connection->peer.is_welcome)
		became_welcome(connection);
	if (result != STATUS_OK)
		refuse(connection, sentence);
	if (result != STATUS_OK && was_welcome)
		distrust(connection);
	if (station_has_pending(peers->station) && !event_pending(peers->batch_timer, EV_TIMEOUT, NULL))
		event_add(peers->batch_timer, &soon);
}

/* One frame, if it is whole. STATUS_TORN: not yet; STATUS_MALFORMED: it can't be one. */
static status take_frame(struct connection *connection, struct evbuffer *input)
{
	struct agent_frame head;

	if (evbuffer_copyout(input, &head, sizeof head) != (ssize_t)sizeof head)
		return STATUS_TORN;
	if (head.magic != AGENT_FRAME_MAGIC || head.reserved != 0 || head.size > body_size_max(connection))
		return STATUS_MALFORMED;
	if (evbuffer_get_length(input) < sizeof head + head.size)
		return STATUS_TORN;
	const uint8_t *frame = evbuffer_pullup(input, (ssize_t)(sizeof head + head.size));
	if (frame == NULL)
		return STATUS_NO_MEMORY;
	take(connection, head.type, (struct span){frame + sizeof head, head.size});
	evbuffer_drain(input, sizeof head + head.size);
	return STATUS_OK;
}

/* How much may wait to be looked at. */
static void bound_input(struct connection *connection)
{
	size_t frame_size = sizeof(struct agent_frame) + body_size_max(connection);
	size_t bound = connection->tls != NULL ? (size_t)PEERS_TLS_SIZE_MAX : frame_size;

	if (bound != connection->bound)
		bufferevent_setwatermark(connection->stream, EV_READ, 0, bound);
	connection->bound = bound;
}

static void has_shown(struct connection *connection)
{
	const struct attest_enclave *enclave = channel_tls_enclave(connection->tls);

	if (enclave != NULL && connection->peer.evidence[0] == '\0')
		gate_describe(enclave, connection->peer.evidence, sizeof connection->peer.evidence);
}

/* TLS' part of what has come. */
static status open_tls(struct connection *connection, struct evbuffer *input)
{
	status result =
		channel_tls_take(connection->tls, input, connection->clear, bufferevent_get_output(connection->stream));

	has_shown(connection);
	if (result != STATUS_DENIED)
		return result;
	connection->peers->figures.refused_count++;
	fprintf(stderr, "bartizan-verifier: an enclave is refused: %s\n", channel_tls_sentence(connection->tls));
	end_politely(connection);
	return STATUS_OK;
}

static void readable(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	status result = STATUS_OK, opened = STATUS_OK;

	if (connection->tls != NULL) {
		opened = open_tls(connection, input);
		input = connection->clear;
	}
	/* What came whole before an end counts. */
	while (result == STATUS_OK && !connection->is_ending)
		result = take_frame(connection, input);
	/* In TLS nobody but the enclave can have sent it. (Who is on the way can break TLS, which takes nothing back.)
	 */
	if (result == STATUS_MALFORMED && connection->peer.is_welcome)
		distrust(connection);
	if (opened == STATUS_GONE)
		end(connection);
	else if (opened != STATUS_OK || status_is_fault(result)) /* our own lack of memory isn't its fault */
		drop(connection);
	else
		bound_input(connection);
}

static void written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	if (connection->is_ending && evbuffer_get_length(bufferevent_get_output(stream)) == 0)
		end(connection);
}

static void happened(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		end(context);
	else
		drop(context);
}

static void due(int file, short what, void *context)
{
	struct connection *connection = context;
	const struct timeval next = interval(connection->peer.interval_ms);

	(void)file, (void)what;
	if (connection->is_ending && evbuffer_get_length(bufferevent_get_output(connection->stream)) == 0) {
		end(connection);
		return;
	}
	if (connection->is_ending || !connection->peer.is_welcome ||
	    ++connection->silent_intervals > PEERS_SILENT_INTERVALS ||
	    station_challenge(connection->peers->station, &connection->peer) != STATUS_OK) {
		drop(connection);
		return;
	}
	if (!connection->is_ending)
		event_add(connection->timer, &next);
}

/* The next batch gathers for as long as this one took: a slow disk, or a busy machine, is asked for fewer syncs, each
 * for more. */
static void batch_due(int file, short what, void *context)
{
	struct peers *peers = context;
	uint64_t before_ms = steady_clock_ms();

	(void)file, (void)what;
	station_flush(peers->station);
	uint64_t took_ms = steady_clock_ms() - before_ms;
	peers->batch_ms = took_ms < PEERS_BATCH_MS	 ? PEERS_BATCH_MS
			  : took_ms > PEERS_BATCH_MS_MAX ? PEERS_BATCH_MS_MAX
							 : (uint32_t)took_ms;
}

/* The socket is the caller's still where this fails. */
static status connection_create(const struct entrance *entrance, int file, struct connection **ret_connection)
{
	struct peers *peers = entrance->peers;
	struct connection *connection = calloc(1, sizeof *connection);
	status result = STATUS_OK;

	if (connection == NULL)
		return STATUS_NO_MEMORY;
	connection->peers = peers;
	connection->peer.connection = connection;
	connection->timer = evtimer_new(peers->base, due, connection);
	connection->clear = evbuffer_new();
	if (entrance->gate != NULL)
		result = channel_tls_create(entrance->gate, &connection->tls);
	if (result == STATUS_OK && connection->timer != NULL && connection->clear != NULL)
		connection->stream = bufferevent_socket_new(peers->base, file, BEV_OPT_CLOSE_ON_FREE);
	if (connection->stream == NULL) {
		connection_destroy(connection);
		return STATUS_NO_MEMORY;
	}
	*ret_connection = connection;
	return STATUS_OK;
}

static void make_room(struct peers *peers)
{
	/* Who hasn't said hello has waited longest for nothing; where all have, the newcomer is refused below. */
	if (peers->figures.connection_count >= peers->count_max && !TAILQ_EMPTY(&peers->strangers))
		drop(TAILQ_FIRST(&peers->strangers));
}

static void came(struct evconnlistener *listener, int file, struct sockaddr *address, int size, void *context)
{
	const struct timeval wait = interval(PEERS_HELLO_SECONDS * 1000);
	const struct entrance *entrance = context;
	struct peers *peers = entrance->peers;
	struct connection *connection;

	(void)listener, (void)address, (void)size;
	peers->figures.accepted_count++;
	make_room(peers);
	if (peers->figures.connection_count >= peers->count_max ||
	    connection_create(entrance, file, &connection) != STATUS_OK) {
		peers->figures.dropped_count++;
		evutil_closesocket(file);
		return;
	}
	peers->figures.connection_count++;
	TAILQ_INSERT_TAIL(&peers->strangers, connection, entry);
	if (connection->tls == NULL)
		snprintf(connection->peer.evidence, sizeof connection->peer.evidence,
			 "none: this verifier believes anybody (--insecure-accept-anyone)");
	event_add(connection->timer, &wait);
	bufferevent_setcb(connection->stream, readable, written, happened, connection);
	bound_input(connection);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

/* No descriptor is left, say: what waits is asked again by libevent at once, so it must be let alone for a while. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	(void)listener;
	make_room(((const struct entrance *)context)->peers);
	usleep(PAUSE_MS * 1000);
}

static status listen_at(struct peers *peers, int listener, const struct gate *gate)
{
	struct entrance *entrance = &peers->entrances[peers->entrance_count];
	struct evconnlistener *made = NULL;

	if (peers->entrance_count < ENTRANCE_COUNT_MAX) {
		*entrance = (struct entrance){.peers = peers, .gate = gate};
		made = evconnlistener_new(peers->base, came, entrance, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
					  listener);
	}
	if (made == NULL) {
		close(listener);
		return report(STATUS_NO_MEMORY, "no memory for a listener");
	}
	evconnlistener_set_error_cb(made, accept_failed);
	entrance->listener = made;
	peers->entrance_count++;
	return STATUS_OK;
}

status peers_listen_unproven(struct peers *peers, int listener)
{
	return listen_at(peers, listener, NULL);
}

status peers_listen(struct peers *peers, int listener, const struct gate *gate)
{
	return listen_at(peers, listener, gate);
}

status peers_admit(void *context, const struct station_peer *peer, const char *target,
		   char sentence[static STATION_SENTENCE_SIZE])
{
	const struct connection *connection = peer->connection;

	(void)context;
	TRY(check_bars(connection, target, sentence));
	/* Who has nothing to show came where anybody is believed. */
	if (connection->tls == NULL)
		return STATUS_OK;
	const struct gate *gate = channel_tls_gate(connection->tls);
	const struct policy *own = gate_target_policy(gate, target);

	TRY(gate_check(gate, channel_tls_enclave(connection->tls), target, sentence));
	return own == NULL ? STATUS_OK : channel_tls_judge(connection->tls, own, sentence, STATION_SENTENCE_SIZE);
}

static int by_name(const void *name, const void *target)
{
	return strcmp(name, ((const struct config_target *)target)->name);
}

/* Is it judged by the same terms as by the old gate, and named by the new one? */
static bool has_same_terms(const struct connection *connection, const struct gate *gate)
{
	uint8_t before[LEDGER_HASH_SIZE], now[LEDGER_HASH_SIZE];
	const char *target = connection->peer.target;
	char sentence[STATION_SENTENCE_SIZE];

	return gate_terms_hash(channel_tls_gate(connection->tls), target, before) == STATUS_OK &&
	       gate_terms_hash(gate, target, now) == STATUS_OK && memcmp(before, now, sizeof now) == 0 &&
	       gate_check(gate, channel_tls_enclave(connection->tls), target, sentence) == STATUS_OK;
}

/* It is told to come again, and loses what it was given. */
static void turn_out(struct connection *connection, const char *why)
{
	fprintf(stderr, "bartizan-verifier: evidence for %s doesn't pass any more: %s\n", connection->peer.target, why);
	/* Where it can't be kept, the ledger has said so: its grants end by not being renewed. */
	(void)!ledger_grants_condemn(connection->peers->ledger, connection->peer.target, connection->peer.stream);
	refuse(connection, configuration_changed);
}

/* As many as the others can wait for. True: not all have had their turn. */
static bool judge_some(struct peers *peers)
{
	const uint64_t end_ms = steady_clock_ms() + JUDGE_MS;
	char sentence[STATION_SENTENCE_SIZE];
	struct connection *connection;

	TAILQ_FOREACH(connection, &peers->welcome, entry)
	{
		if (!connection->owes_evidence || connection->is_ending)
			continue;
		if (steady_clock_ms() >= end_ms)
			return true;
		connection->owes_evidence = false;
		if (judge_again(connection, sentence) != STATUS_OK)
			turn_out(connection, sentence);
	}
	return false;
}

static void judge_due(int file, short what, void *context)
{
	const struct timeval at_once = {0};
	struct peers *peers = context;

	(void)file, (void)what;
	/* What those lose who don't pass shares a sync. */
	station_flush(peers->station);
	const bool is_batch = ledger_batch_begin(peers->ledger) == STATUS_OK, is_more = judge_some(peers);
	if (is_batch)
		(void)!ledger_batch_end(peers->ledger);
	if (is_more)
		event_add(peers->judge_timer, &at_once);
	else if (peers->revoker != NULL)
		(void)!revoker_look(peers->revoker);
}

static void reconsider(struct connection *connection, const struct config *config, const struct gate *gate)
{
	const struct config_target *target = bsearch(connection->peer.target, config->targets, config->target_count,
						     sizeof *config->targets, by_name);
	bool stays = target != NULL && target->interval_ms == connection->peer.interval_ms &&
		     (connection->tls == NULL || has_same_terms(connection, gate));

	if (connection->tls != NULL)
		channel_tls_gate_set(connection->tls, gate);
	connection->owes_evidence = stays && connection->tls != NULL;
	if (!stays && !connection->is_ending)
		refuse(connection, configuration_changed);
}

void peers_bar(struct peers *peers)
{
	char sentence[STATION_SENTENCE_SIZE];
	struct connection *connection;

	TAILQ_FOREACH(connection, &peers->welcome, entry)
	{
		if (!connection->is_ending && check_bars(connection, connection->peer.target, sentence) != STATUS_OK)
			refuse(connection, sentence);
	}
}

void peers_reload(struct peers *peers, const struct config *config, const struct gate *gate, uint32_t count_max)
{
	const struct timeval at_once = {0};
	struct connection *connection, *next;

	peers->count_max = count_max;
	for (size_t i = 0; i < peers->entrance_count; i++)
		if (peers->entrances[i].gate != NULL)
			peers->entrances[i].gate = gate;
	for (connection = TAILQ_FIRST(&peers->strangers); connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (connection->tls != NULL)
			drop(connection);
	}
	TAILQ_FOREACH(connection, &peers->welcome, entry)
	{
		reconsider(connection, config, gate);
	}
	event_add(peers->judge_timer, &at_once);
}

status peers_create(struct event_base *base, struct ledger *ledger, uint32_t count_max, struct peers **ret_peers)
{
	struct peers *peers = calloc(1, sizeof *peers);

	if (peers == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	peers->base = base;
	peers->ledger = ledger;
	peers->count_max = count_max;
	peers->batch_ms = PEERS_BATCH_MS;
	TAILQ_INIT(&peers->strangers);
	TAILQ_INIT(&peers->welcome);
	peers->batch_timer = evtimer_new(base, batch_due, peers);
	peers->judge_timer = evtimer_new(base, judge_due, peers);
	peers->outgoing = evbuffer_new();
	if (peers->batch_timer == NULL || peers->judge_timer == NULL || peers->outgoing == NULL) {
		peers_destroy(peers);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	*ret_peers = peers;
	return STATUS_OK;
}

void peers_destroy(struct peers *peers)
{
	if (peers == NULL)
		return;
	peers->station = NULL;
	while (!TAILQ_EMPTY(&peers->strangers))
		end(TAILQ_FIRST(&peers->strangers));
	while (!TAILQ_EMPTY(&peers->welcome))
		end(TAILQ_FIRST(&peers->welcome));
	for (size_t i = 0; i < peers->entrance_count; i++)
		evconnlistener_free(peers->entrances[i].listener);
	if (peers->batch_timer != NULL)
		event_free(peers->batch_timer);
	if (peers->judge_timer != NULL)
		event_free(peers->judge_timer);
	if (peers->outgoing != NULL)
		evbuffer_free(peers->outgoing);
	free(peers);
}

void peers_station_set(struct peers *peers, struct station *station)
{
	peers->station = station;
}

void peers_revoker_set(struct peers *peers, struct revoker *revoker)
{
	peers->revoker = revoker;
}

const struct peers_figures *peers_figures(const struct peers *peers)
{
	return &peers->figures;
}
