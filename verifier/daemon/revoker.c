/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/revoker.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "link/revocation.h"
#include "verifier/grants/primitives.h"
#include "wire/agent.h"

enum {
	ANSWER_SECONDS = 5,
	/* At once. */
	UNDER_WAY_COUNT_MAX = 32,
	/* Between two attempts. Always the same: who floods the source doesn't win time by it. */
	WAIT_SECONDS = 1,
	/* A sentence of an agent's. */
	ANSWER_SIZE_MAX = 1024,
	MESSAGE_SIZE = sizeof(struct agent_frame) + LINK_REVOCATION_ASK_SIZE,
};

/* One that is to be taken back. */
struct task {
	struct revoker *revoker;
	struct ledger_grant grant;
	struct bufferevent *stream; /* NULL: not under way */
	int64_t ends_at; /* the steady clock: its source has forgotten it then, even if our wall clock was wrong */
	int64_t next_at; /* the steady clock, seconds */
	uint8_t proof[LINK_REVOCATION_PROOF_SIZE]; /* that the source will have taken it */
	bool is_told; /* that it can't be taken back yet */
	TAILQ_ENTRY(task) entry;
};

TAILQ_HEAD(tasks, task);

struct revoker {
	struct event_base *base;
	struct ledger *ledger;
	const struct gate *gate;
	struct event *timer;
	struct tasks tasks;
	size_t under_way_count;
};

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

static void hang_up(struct task *task)
{
	if (task->stream == NULL)
		return;
	bufferevent_free(task->stream);
	task->stream = NULL;
	task->revoker->under_way_count--;
}

static void finish(struct task *task)
{
	struct revoker *revoker = task->revoker;

	hang_up(task);
	TAILQ_REMOVE(&revoker->tasks, task, entry);
	free(task);
}

static void tell(const struct task *task, const char *kind, const char *what)
{
	char text[LEDGER_TEXT_SIZE];
	char id[2 * LEDGER_GRANT_ID_SIZE + 1];

	key_to_hex(task->grant.id, sizeof task->grant.id, id);
	snprintf(text, sizeof text, "grant %s: %s", id, what);
	/* Where it can't be kept, the ledger has said so. */
	(void)!ledger_alert_raise(task->revoker->ledger, task->grant.name, kind, text, wall_clock());
}

static void failed(struct task *task, const char *why)
{
	char text[LEDGER_TEXT_SIZE];

	hang_up(task);
	task->next_at = steady_clock_s() + WAIT_SECONDS;
	/* Behind those that wait: some places that don't answer mustn't take all that may be under way. */
	TAILQ_REMOVE(&task->revoker->tasks, task, entry);
	TAILQ_INSERT_TAIL(&task->revoker->tasks, task, entry);
	if (task->is_told)
		return;
	task->is_told = true;
	const int64_t left = task->grant.valid_until - wall_clock();
	snprintf(text, sizeof text, "its source doesn't take the revocation yet (%.100s); it ends by itself in %lld s",
		 why, (long long)(left > 0 ? left : 0));
	tell(task, "unrevoked", text);
}

static void taken(struct task *task)
{
	tell(task, "revoked", "the source answers its enclave no more, and has proven that it is the source");
	(void)!ledger_grant_drop(task->revoker->ledger, task->grant.id);
	finish(task);
}

static void answered(struct bufferevent *stream, void *context)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	char sentence[ANSWER_SIZE_MAX + 1] = "";
	struct task *task = context;
	struct agent_frame head;

	if (evbuffer_copyout(input, &head, sizeof head) != (ssize_t)sizeof head)
		return;
	if (head.magic != AGENT_FRAME_MAGIC || head.reserved != 0 || head.size > ANSWER_SIZE_MAX ||
	    (head.type != AGENT_REVOKED && head.type != AGENT_REFUSED)) {
		failed(task, "what answers there is no source");
		return;
	}
	if (evbuffer_get_length(input) < sizeof head + head.size)
		return;
	evbuffer_drain(input, sizeof head);
	evbuffer_remove(input, sentence, head.size);
	if (head.type == AGENT_REVOKED && head.size == sizeof task->proof &&
	    link_equal(sentence, task->proof, sizeof task->proof)) {
		taken(task);
		return;
	}
	for (char *c = sentence; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	failed(task, head.type == AGENT_REFUSED ? sentence : "what answers there can't prove that it is the source");
}

static void happened(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	failed(context, (what & BEV_EVENT_TIMEOUT) != 0 ? "it doesn't answer" : "it can't be reached, or hung up");
}

/* Behind the revocation a key for this attempt alone: an answer with the proof is the source's, and a new one. */
static status ask_for_proof(struct task *task, uint8_t asked[static LINK_REVOCATION_ASK_SIZE])
{
	struct link_key_pair fresh;

	TRY(link_key_pair_init(&fresh, verifier_primitives()));
	memcpy(asked + LINK_REVOCATION_SIZE, fresh.public, sizeof fresh.public);
	status result =
		link_revocation_prove(verifier_primitives(), fresh.secret, task->grant.source_key, asked, task->proof);
	link_key_pair_deinit(&fresh);
	return result;
}

static status make_message(struct task *task, uint8_t message[static MESSAGE_SIZE])
{
	const struct agent_frame head = {
		.magic = AGENT_FRAME_MAGIC, .type = AGENT_REVOKE, .size = LINK_REVOCATION_ASK_SIZE};
	struct link_revocation revocation = {.valid_until = (uint64_t)task->grant.valid_until};

	memcpy(revocation.grant_id, task->grant.id, sizeof revocation.grant_id);
	memcpy(revocation.source_key, task->grant.source_key, sizeof revocation.source_key);
	memcpy(revocation.source_nonce, task->grant.source_nonce, sizeof revocation.source_nonce);
	TRY(link_revocation_sign(&revocation, verifier_primitives(), owner_key_sign, task->revoker->gate->owner));
	memcpy(message, &head, sizeof head);
	TRY(link_revocation_encode(&revocation, message + sizeof head));
	return ask_for_proof(task, message + sizeof head);
}

union place {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

static int connect_to(struct bufferevent *stream, const char *text)
{
	union place place = {0};
	int size = sizeof place.storage;

	if (text[0] == '/') {
		place.local.sun_family = AF_UNIX;
		snprintf(place.local.sun_path, sizeof place.local.sun_path, "%s", text);
		size = sizeof place.local;
	} else if (evutil_parse_sockaddr_port(text, &place.any, &size) != 0) {
		return -1;
	}
	return bufferevent_socket_connect(stream, &place.any, size);
}

static void start(struct task *task)
{
	const struct timeval wait = {.tv_sec = ANSWER_SECONDS};
	uint8_t message[MESSAGE_SIZE];

	task->stream = bufferevent_socket_new(task->revoker->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (task->stream == NULL || make_message(task, message) != STATUS_OK) {
		if (task->stream != NULL)
			bufferevent_free(task->stream);
		task->stream = NULL;
		task->next_at = steady_clock_s() + WAIT_SECONDS;
		return;
	}
	task->revoker->under_way_count++;
	bufferevent_setcb(task->stream, answered, NULL, happened, task);
	bufferevent_set_timeouts(task->stream, &wait, &wait);
	if (connect_to(task->stream, task->grant.place) != 0) {
		failed(task, "it can't be reached");
		return;
	}
	bufferevent_write(task->stream, message, sizeof message);
	bufferevent_enable(task->stream, EV_READ | EV_WRITE);
}

static void due(int file, short what, void *context)
{
	struct revoker *revoker = context;
	const struct timeval soon = {.tv_sec = 1};
	struct task *task, *next;
	int64_t now = steady_clock_s();

	(void)file, (void)what;
	for (task = TAILQ_FIRST(&revoker->tasks); task != NULL; task = next) {
		next = TAILQ_NEXT(task, entry);
		if (task->stream != NULL)
			continue;
		/* By the steady clock: a wall clock that is set mustn't end it. */
		if (now > task->ends_at) {
			finish(task);
			continue;
		}
		if (task->next_at <= now && revoker->under_way_count < UNDER_WAY_COUNT_MAX)
			start(task);
	}
	if (!TAILQ_EMPTY(&revoker->tasks))
		event_add(revoker->timer, &soon);
}

/* Of a source that isn't enrolled any more: where it was. */
static const char *place_of(const struct revoker *revoker, const struct ledger_grant *grant)
{
	const struct config_grants *grants = &revoker->gate->config->grants;

	for (size_t i = 0; i < grants->source_count; i++)
		if (memcmp(grants->sources[i], grant->source_key, START_KEY_SIZE) == 0)
			return grants->places[i];
	return grant->place;
}

static bool has_task(const struct revoker *revoker, const struct ledger_grant *grant)
{
	const struct task *task;

	TAILQ_FOREACH(task, &revoker->tasks, entry)
	{
		if (memcmp(task->grant.id, grant->id, sizeof grant->id) == 0)
			return true;
	}
	return false;
}

static status consider(void *context, const struct ledger_grant *grant)
{
	struct revoker *revoker = context;
	char place[LEDGER_PLACE_SIZE];

	snprintf(place, sizeof place, "%s", place_of(revoker, grant));
	if (gate_still_wants(revoker->gate, grant) || has_task(revoker, grant))
		return STATUS_OK;
	if (place[0] == '\0') {
		fprintf(stderr,
			"bartizan-verifier: a grant for %s isn't renewed, and ends in %lld s; its source could be told "
			"sooner if `sources` said where it is (`at`)\n",
			grant->name, (long long)(grant->valid_until - wall_clock()));
		return STATUS_OK;
	}
	struct task *task = calloc(1, sizeof *task);
	if (task == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	*task = (struct task){.revoker = revoker, .grant = *grant};
	task->ends_at = steady_clock_s() + grant->valid_until + LEDGER_GRANT_MARGIN_SECONDS - wall_clock();
	snprintf(task->grant.place, sizeof task->grant.place, "%s", place);
	TAILQ_INSERT_TAIL(&revoker->tasks, task, entry);
	return STATUS_OK;
}

static status consider_all(struct revoker *revoker)
{
	const struct timeval at_once = {0};

	TRY(ledger_grants_visit(revoker->ledger, wall_clock(), consider, revoker));
	event_add(revoker->timer, &at_once);
	return STATUS_OK;
}

status revoker_create(struct event_base *base, struct ledger *ledger, const struct gate *gate,
		      struct revoker **ret_revoker)
{
	struct revoker *revoker = calloc(1, sizeof *revoker);

	if (revoker == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	*revoker = (struct revoker){.base = base, .ledger = ledger, .gate = gate};
	TAILQ_INIT(&revoker->tasks);
	revoker->timer = evtimer_new(base, due, revoker);
	status result = revoker->timer != NULL ? consider_all(revoker) : report(STATUS_NO_MEMORY, "out of memory");
	if (result != STATUS_OK) {
		revoker_destroy(revoker);
		return result;
	}
	*ret_revoker = revoker;
	return STATUS_OK;
}

void revoker_destroy(struct revoker *revoker)
{
	if (revoker == NULL)
		return;
	while (!TAILQ_EMPTY(&revoker->tasks))
		finish(TAILQ_FIRST(&revoker->tasks));
	if (revoker->timer != NULL)
		event_free(revoker->timer);
	free(revoker);
}

status revoker_note(struct revoker *revoker, const struct ledger_grant *grant)
{
	return ledger_grant_note(revoker->ledger, grant, wall_clock());
}

void revoker_condemn(struct revoker *revoker, const char *target, const uint8_t stream[static LEDGER_STREAM_SIZE])
{
	if (ledger_grants_condemn(revoker->ledger, target, stream) == STATUS_OK)
		(void)!consider_all(revoker);
}

status revoker_look(struct revoker *revoker)
{
	return consider_all(revoker);
}

status revoker_gate_set(struct revoker *revoker, const struct gate *gate)
{
	revoker->gate = gate;
	return consider_all(revoker);
}
