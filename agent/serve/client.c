/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/source-plan.h"
#include "agent/serve/admit.h"
#include "agent/serve/answer.h"
#include "agent/serve/channel.h"
#include "agent/serve/log.h"
#include "base/report.h"
#include "link/renewal.h"
#include "link/revocation.h"

enum {
	/* A thread looks around so often: is the client still there, are we to end? */
	SLICE_MS = 500,
	CONNECT_S = 10, /* from the connection to its first frame */
	PROOF_S = 10, /* from our answer to the record that proves the key */
	PORT_RETRY_S = 1,
	FAREWELL_S = 60, /* a grant has ended: how long until nobody is there to be told so */
	/* A grant of a second, which is the shortest, is renewed each half of one. */
	RENEWALS_PER_SECOND = 4,
	RENEWAL_BURST = 16,
	/* Decoding, OpenSSL and the log's lines need a tenth of it. */
	STACK_SIZE = 256 * 1024,
};

static const int64_t second_ns = 1000000000;

struct client {
	struct daemon *daemon;
	struct listener *listener;
	int file;
	char name[64]; /* for the log */
	bool may_ask_status;
	bool is_evicted; /* atomic */
	bool owes_reply; /* a message was taken and not answered */
	bool in_session;
	struct channel channel;
	struct link_session session;
	struct link_ahead ahead;
	struct link_grant grant;
	struct answerer answerer;
	struct bucket requests;
	struct bucket renewals;
	int64_t expires_ns;
	uint32_t revoked_generation; /* at the last look at whether the grant was taken back */
	/* Record contents; of requests, opened, and of replies, sealed in place. Never in shared
	 * memory: what a cipher works on must not change under it. */
	uint8_t content[LINK_RING_REQUEST_SIZE];
	/* So that a reply's content, which follows its head, is aligned as its slots are. */
	_Alignas(64) uint8_t before_reply[64 - LINK_HEAD_SIZE];
	uint8_t reply[LINK_RING_REPLY_SIZE];
};

static_assert(sizeof(struct client) + sizeof(struct link_ring) + STACK_SIZE +
			      ((SOURCE_PLAN_STORE_KIB + ANSWERER_STORAGE_KIB_MAX) << 10) <=
		      SERVE_SESSION_KIB_MAX << 10,
	      "a session takes no more than is said");

static int64_t seconds_from_now(int64_t seconds)
{
	return clock_ns() + seconds * second_ns;
}

static void count(const struct client *client, enum counter which)
{
	counters_add(&client->daemon->counters, which, 1);
}

static bool is_evicted(const struct client *client)
{
	return __atomic_load_n(&client->is_evicted, __ATOMIC_ACQUIRE);
}

/* Send a message, as the answer that is owed or as last words. */
static void say(struct client *client, size_t size, bool is_last)
{
	struct span message = {client->reply, size};

	if (client->owes_reply)
		(void)!channel_reply(&client->channel, message);
	else if (is_last)
		channel_end(&client->channel, message);
	client->owes_reply = false;
}

/* Why it ends, in words: counted, and told to the client as a hint. */
static status refuse(struct client *client, enum counter why, status result)
{
	count(client, why);
	say(client, link_error_write(log_thread_last(), client->reply), true);
	return result;
}

/* Who may ask for our state is on this machine, and no stranger: he is told all of it. */
static status refuse_target(struct client *client, status result)
{
	if (client->may_ask_status)
		return refuse(client, COUNTER_REFUSED_TARGET, result);
	count(client, COUNTER_REFUSED_TARGET);
	say(client, link_error_write(admit_clear_words(result), client->reply), true);
	return result;
}

/* Since when a grant is worth nothing isn't asked for each record: only once something was taken back. */
static bool is_revoked(struct client *client)
{
	uint32_t generation = revoked_generation(&client->daemon->revoked);

	if (!client->in_session || generation == client->revoked_generation)
		return false;
	client->revoked_generation = generation;
	return revoked_has(&client->daemon->revoked, client->grant.id);
}

static status revoked(struct client *client)
{
	(void)!report(STATUS_DENIED, "the owner has taken the grant back");
	return refuse(client, COUNTER_REFUSED_REVOKED, STATUS_DENIED);
}

/* The next message, until `deadline_ns`. STATUS_TORN: none came. STATUS_LIMIT: we are to
 * end, or were evicted. STATUS_DENIED: the grant was taken back, which was said. Others as channel_receive(). */
static status receive(struct client *client, int64_t deadline_ns, struct span *ret_message)
{
	for (;;) {
		int64_t left_ms = (deadline_ns - clock_ns()) / 1000000;

		if (daemon_is_ending(client->daemon) || is_evicted(client))
			return STATUS_LIMIT;
		if (is_revoked(client))
			return revoked(client);
		if (left_ms <= 0)
			return STATUS_TORN;
		status result = channel_receive(&client->channel, left_ms < SLICE_MS ? (int)left_ms + 1 : SLICE_MS,
						ret_message);
		client->owes_reply = result == STATUS_OK;
		if (result == STATUS_MALFORMED) {
			/* A ring's request without a readable size still waits for an answer. */
			client->owes_reply = client->channel.has_ring || client->channel.has_shared_ring;
			return refuse(client, COUNTER_REFUSED_FRAME, STATUS_MALFORMED);
		}
		/* We hang up on whom we evict. */
		if (result == STATUS_GONE && is_evicted(client))
			return STATUS_LIMIT;
		if (result != STATUS_TORN)
			return result;
	}
}

/* What ended the wait for a message, where it is worth a word. */
static status ended(struct client *client, status why)
{
	const bool is_end = daemon_is_ending(client->daemon);
	static const char oldest[] = "too many connections without a handshake; yours was the oldest";
	size_t size;

	if (why == STATUS_LIMIT && is_end && client->in_session && !link_session_is_over(&client->session) &&
	    link_close(&client->session, client->reply, sizeof client->reply, &size) == STATUS_OK) {
		say(client, size, true);
		log_write(LOG_PRIORITY_INFO, "session closed: the agent ends");
	} else if (why == STATUS_LIMIT) {
		if (!is_end)
			count(client, COUNTER_REFUSED_EVICTED);
		say(client, link_error_write(is_end ? "the agent ends" : oldest, client->reply), true);
	} else if (why == STATUS_GONE && client->in_session) {
		log_write(LOG_PRIORITY_INFO, "hung up without closing its session");
	}
	return why;
}

/* FIRST → SECOND. */
static status handshake(struct client *client)
{
	enum counter why;
	struct span message;
	size_t size;
	status result = receive(client, seconds_from_now(client->daemon->settings->hello_s), &message);

	if (result == STATUS_TORN) {
		(void)!report(STATUS_LIMIT, "no handshake in %u s", client->daemon->settings->hello_s);
		return refuse(client, COUNTER_REFUSED_SILENT, STATUS_LIMIT);
	}
	if (result != STATUS_OK)
		return ended(client, result);
	result = link_first_check(message);
	if (result != STATUS_OK)
		return refuse(client, COUNTER_REFUSED_HANDSHAKE, result);
	/* Only what may be a first message costs anything. */
	if (!listener_take_handshake(client->listener)) {
		(void)!report(STATUS_LIMIT, "more than %u handshakes a second at %s: try again in a moment",
			      client->daemon->settings->handshakes_per_second, client->listener->place);
		return refuse(client, COUNTER_REFUSED_RATE, STATUS_LIMIT);
	}
	count(client, COUNTER_HANDSHAKES);
	result = admit_first(client->daemon, &client->session, message, &client->grant, &why);
	if (result != STATUS_OK)
		return refuse(client, why, result);
	result = link_session_answer(&client->session, client->reply, sizeof client->reply, &size);
	if (result != STATUS_OK)
		return refuse(client, COUNTER_REFUSED_HANDSHAKE, result);
	say(client, size, false);
	return STATUS_OK;
}

/* The next record's content. */
static status receive_record(struct client *client, int64_t deadline_ns, size_t *ret_size)
{
	struct span message;
	status result = receive(client, deadline_ns, &message);

	if (result == STATUS_TORN)
		return STATUS_TORN;
	if (result != STATUS_OK)
		return ended(client, result);
	result = link_open(&client->session, message, client->content, sizeof client->content, ret_size);
	if (status_is_fault(result))
		return refuse(client, COUNTER_REFUSED_RECORD, result);
	return result;
}

/* The first record has opened: the key is proven. Now it may cost something. */
static status begin_session(struct client *client)
{
	struct daemon *daemon = client->daemon;
	struct hub_target *target = NULL;
	struct quota *quota = NULL;
	uint64_t now = grant_clock_now(&daemon->clock);

	status result = daemon_take_session(daemon, client, &client->grant);
	if (result != STATUS_OK)
		return refuse(client, COUNTER_REFUSED_FULL, result);
	client->in_session = true;
	log_thread_limit_set(NULL);
	result = hub_acquire(&daemon->hub, client->grant.target, &target);
	if (result != STATUS_OK)
		return refuse_target(client, result);
	result = quota_acquire(&daemon->quotas, &client->grant, now, &quota);
	if (result != STATUS_OK) {
		hub_release(&daemon->hub, target);
		return refuse(client, COUNTER_REFUSED_GRANT, result);
	}
	answerer_init(&client->answerer, target, &client->grant, &daemon->quotas, quota, &daemon->counters);
	client->answerer.epochs = daemon->settings->no_epochs ? NULL : &daemon->epochs;
	bucket_init(&client->requests, daemon->settings->requests_per_second, daemon->settings->requests_per_second,
		    clock_ns());
	bucket_init(&client->renewals, RENEWALS_PER_SECOND, RENEWAL_BURST, clock_ns());
	client->expires_ns = grant_clock_end_ns(client->grant.valid_until, now);
	link_session_lend(&client->session, &client->ahead);
	count(client, COUNTER_SESSIONS);
	admit_log(&client->grant, "");
	return STATUS_OK;
}

static void end_session(struct client *client)
{
	if (client->answerer.target != NULL) {
		struct hub_target *target = client->answerer.target;

		/* Lets the target go on, if it stands still for this session. */
		answerer_deinit(&client->answerer);
		hub_release(&client->daemon->hub, target);
		quota_release(&client->daemon->quotas, client->answerer.quota);
		client->answerer.target = NULL;
	}
	if (client->in_session)
		daemon_leave_session(client->daemon, &client->grant);
	client->in_session = false;
	log_thread_limit_set(&client->listener->log_limit);
	link_session_deinit(&client->session);
}

/* There is never more than one request under way: to make its answer wait slows the
 * client down to its rate. Gives the time then. */
static int64_t hold_to_rate(struct client *client)
{
	int64_t now_ns = clock_ns();
	int64_t wait_ns = bucket_wait_ns(&client->requests, now_ns);
	const struct timespec pause = {.tv_sec = wait_ns / second_ns, .tv_nsec = wait_ns % second_ns};

	if (wait_ns > 0) {
		nanosleep(&pause, NULL);
		now_ns = clock_ns();
	}
	(void)bucket_take(&client->requests, now_ns);
	return now_ns;
}

static status expired(struct client *client)
{
	(void)!report(STATUS_DENIED, "the grant's time is over");
	return refuse(client, COUNTER_REFUSED_EXPIRED, STATUS_DENIED);
}

/* It ended while nothing was asked. Nothing of the session is kept; but whoever asks next
 * is told why. */
static status expired_idle(struct client *client)
{
	struct span message;

	(void)!report(STATUS_DENIED, "the grant's time is over");
	count(client, COUNTER_REFUSED_EXPIRED);
	end_session(client);
	/* Ports are as many as were asked for; one that was evicted would never serve again. */
	if (!listener_is_port(client->listener))
		daemon_enter_half_open(client->daemon, client);
	status result = receive(client, seconds_from_now(FAREWELL_S), &message);
	if (result == STATUS_OK)
		say(client, link_error_write("the grant's time is over", client->reply), true);
	return result == STATUS_OK ? STATUS_DENIED : result;
}

/* The session goes on with a later grant, if that is good; else with the one it has. */
static status take_renewal(struct client *client, struct span encoded)
{
	struct daemon *daemon = client->daemon;
	/* Before the question whether it was taken back: what comes later is seen. */
	const uint32_t generation = revoked_generation(&daemon->revoked);
	const uint64_t now = grant_clock_now(&daemon->clock);
	struct link_grant grant;
	struct quota *quota;

	/* Each costs a signature's check, and perhaps a place in the table of quotas. */
	if (!bucket_take(&client->renewals, clock_ns()))
		return report(STATUS_LIMIT,
			      "later grants come faster than %d a second: one session shows none more often",
			      RENEWALS_PER_SECOND);
	TRY(admit_renewal(daemon, encoded, &client->grant, &grant));
	if (memcmp(grant.id, client->grant.id, sizeof grant.id) == 0)
		return STATUS_OK;
	TRY(quota_acquire(&daemon->quotas, &grant, now, &quota));
	status result = daemon_renew_session(daemon, &client->grant, &grant);
	if (result != STATUS_OK) {
		quota_release(&daemon->quotas, quota);
		return result;
	}
	quota_release(&daemon->quotas, answerer_renew(&client->answerer, quota));
	client->grant = grant;
	client->revoked_generation = generation;
	client->expires_ns = grant_clock_end_ns(grant.valid_until, now);
	count(client, COUNTER_RENEWALS);
	admit_log(&client->grant, "renewed");
	return STATUS_OK;
}

static status answer_renewal(struct client *client, struct span content, uint8_t *ret_content, size_t *ret_size)
{
	struct link_renewal_reply reply;
	struct span encoded;

	TRY(link_renewal_decode(content, &encoded));
	reply.outcome = take_renewal(client, encoded);
	if (reply.outcome != STATUS_OK && reply.outcome != STATUS_LIMIT)
		reply.outcome = STATUS_DENIED;
	const int64_t left_ns = client->expires_ns - clock_ns();
	reply.left_ms = left_ns > 0 ? (uint64_t)left_ns / 1000000 : 0;
	link_renewal_reply_encode(&reply, ret_content);
	*ret_size = LINK_RENEWAL_REPLY_SIZE;
	return STATUS_OK;
}

static status answer_content(struct client *client, struct span content, int64_t now_ns, uint8_t *ret_content,
			     size_t *ret_size)
{
	return link_renewal_is(content) ? answer_renewal(client, content, ret_content, ret_size)
					: answerer_answer(&client->answerer, content, now_ns, ret_content, ret_size);
}

static status answer_record(struct client *client, size_t content_size)
{
	uint8_t *content = client->reply + LINK_HEAD_SIZE;
	/* Only then: the grant may end, or be taken back, while the record waits. */
	int64_t now_ns = hold_to_rate(client);
	size_t size;

	if (now_ns >= client->expires_ns)
		return expired(client);
	if (is_revoked(client))
		return revoked(client);
	/* Why a read failed, the client isn't told in words. */
	log_thread_told_set(false);
	status result = answer_content(client, (struct span){client->content, content_size}, now_ns, content, &size);
	log_thread_told_set(true);
	/* A long plan takes its time, too: what was answered after AGENT_REVOKED would make that a lie. */
	if (is_revoked(client))
		return revoked(client);
	if (result == STATUS_OK)
		result = link_seal(&client->session, (struct span){content, size}, client->reply, sizeof client->reply,
				   &size);
	if (result != STATUS_OK)
		return refuse(client, COUNTER_REFUSED_RECORD, result);
	client->owes_reply = false;
	TRY(channel_reply(&client->channel, (struct span){client->reply, size}));
	/* While the client opens it. */
	link_prepare(&client->session);
	return STATUS_OK;
}

/* The next record of a session. STATUS_TORN: its grant ended before. */
static status next_record(struct client *client, size_t *ret_size)
{
	const uint32_t idle_s = client->daemon->settings->idle_s;
	const int64_t idle_ns = seconds_from_now(idle_s);

	if (idle_s == 0 || idle_ns >= client->expires_ns)
		return receive_record(client, client->expires_ns, ret_size);
	status result = receive_record(client, idle_ns, ret_size);
	if (result != STATUS_TORN)
		return result;
	(void)!report(STATUS_LIMIT, "nothing was asked for %u s: the session is over", idle_s);
	return refuse(client, COUNTER_REFUSED_SILENT, STATUS_LIMIT);
}

/* One session, from its handshake to its end. STATUS_END: in order; anything else was said. */
static status converse(struct client *client)
{
	size_t size = 0;

	log_thread_forget();
	log_thread_told_set(true);
	client->owes_reply = false;
	TRY(handshake(client));
	status result = receive_record(client, seconds_from_now(PROOF_S), &size);
	if (result == STATUS_TORN) {
		(void)!report(STATUS_LIMIT, "no record in %d s after the handshake", PROOF_S);
		return refuse(client, COUNTER_REFUSED_SILENT, STATUS_LIMIT);
	}
	if (result == STATUS_OK)
		result = begin_session(client);
	while (result == STATUS_OK) {
		result = answer_record(client, size);
		if (result == STATUS_OK)
			result = next_record(client, &size);
		if (result == STATUS_TORN)
			return expired_idle(client);
	}
	return result;
}

static struct agent_hello make_hello(const struct client *client, bool with_ring)
{
	struct agent_hello hello = {.version = 1, .flags = with_ring ? AGENT_WITH_RING : 0};

	memcpy(hello.source_key, client->daemon->identity.binding.source_key, sizeof hello.source_key);
	memcpy(hello.source_nonce, client->daemon->identity.binding.source_nonce, sizeof hello.source_nonce);
	return hello;
}

static status send_hello(struct client *client, bool with_ring)
{
	const struct agent_hello hello = make_hello(client, with_ring);
	const struct span body = {(const uint8_t *)&hello, sizeof hello};

	return with_ring ? channel_share(&client->channel, body) : channel_send(&client->channel, AGENT_HELLO, body);
}

static status send_status(struct client *client)
{
	static const char not_you[] = "only root and the agent's own user may ask for its status";
	char *text = NULL;

	if (client->may_ask_status) {
		json_t *json = daemon_json(client->daemon);
		text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
		json_decref(json);
	}
	struct span body = {(const uint8_t *)(text != NULL ? text : not_you),
			    text != NULL ? strlen(text) : sizeof not_you - 1};
	status result = body.size <= LINK_RING_REPLY_SIZE
				? channel_send(&client->channel, text != NULL ? AGENT_STATUS : AGENT_REFUSED, body)
				: STATUS_LIMIT;
	free(text);
	return result == STATUS_OK ? STATUS_END : result;
}

/* Whose grant it was is ended by its own thread, at its next record or look around. */
static status take_revocation(struct client *client, struct span encoded)
{
	struct daemon *daemon = client->daemon;
	const struct link_binding *own = &daemon->identity.binding;
	struct link_revocation revocation;
	char id[2 * LINK_GRANT_ID_SIZE + 1];

	TRY(link_revocation_decode(encoded, &revocation));
	TRY(link_revocation_check(&revocation, daemon->primitives, own->owner_key, own->source_key));
	/* Of an earlier start of ours, as its grant is: that is void. */
	if (memcmp(revocation.source_nonce, own->source_nonce, sizeof revocation.source_nonce) != 0)
		return STATUS_OK;
	const uint32_t generation = revoked_generation(&daemon->revoked);
	TRY(revoked_add(&daemon->revoked, revocation.grant_id, revocation.valid_until,
			grant_clock_now(&daemon->clock)));
	if (revoked_generation(&daemon->revoked) == generation)
		return STATUS_OK; /* known: anybody who saw it may bring it again */
	identity_hex(revocation.grant_id, sizeof revocation.grant_id, id);
	log_thread_limit_set(NULL);
	log_write(LOG_PRIORITY_NOTICE, "the owner has taken back the grant %s", id);
	count(client, COUNTER_REVOCATIONS);
	return STATUS_OK;
}

/* The revocation is whoever's who brings it; that it was taken, only we can prove. */
static status take_and_prove(struct client *client, size_t size, struct span *ret_proof)
{
	const struct daemon *daemon = client->daemon;
	uint8_t asked[LINK_REVOCATION_ASK_SIZE], *proof = client->content;

	static_assert(sizeof client->content >= LINK_REVOCATION_PROOF_SIZE, "a place for it");
	if (size != sizeof asked)
		return take_revocation(client, (struct span){client->channel.request, size});
	memcpy(asked, client->channel.request, sizeof asked);
	TRY(take_revocation(client, (struct span){asked, LINK_REVOCATION_SIZE}));
	TRY(link_revocation_prove(daemon->primitives, daemon->identity.key.secret, asked + LINK_REVOCATION_SIZE, asked,
				  proof));
	*ret_proof = (struct span){proof, LINK_REVOCATION_PROOF_SIZE};
	return STATUS_OK;
}

static status answer_revocation(struct client *client, size_t size)
{
	struct span answer = {0};
	status result = STATUS_LIMIT;

	log_thread_forget();
	log_thread_told_set(true);
	if (listener_take_revocation(client->listener))
		result = take_and_prove(client, size, &answer);
	else
		(void)!report(STATUS_LIMIT, "too many revocations a second: try again in a moment");
	if (result != STATUS_OK) {
		answer = (struct span){(const uint8_t *)log_thread_last(), strlen(log_thread_last())};
		count(client, COUNTER_REFUSED_HANDSHAKE);
	}
	TRY(channel_send(&client->channel, result == STATUS_OK ? AGENT_REVOKED : AGENT_REFUSED, answer));
	return STATUS_END;
}

static status refuse_frame(struct client *client, const char *why)
{
	count(client, COUNTER_REFUSED_FRAME);
	log_write(LOG_PRIORITY_NOTICE, "%s", why);
	(void)!channel_send(&client->channel, AGENT_REFUSED, (struct span){(const uint8_t *)why, strlen(why)});
	return STATUS_MALFORMED;
}

/* What a connection begins with. STATUS_OK: hello was said, and messages follow. */
static status greet(struct client *client, const struct agent_frame *head)
{
	struct agent_connect ask;

	client->channel.sequence = head->sequence;
	if (head->type == AGENT_ASK_STATUS && head->size == 0)
		return send_status(client);
	if (head->type == AGENT_REVOKE)
		return answer_revocation(client, head->size);
	if (head->type != AGENT_CONNECT || head->size != sizeof ask)
		return refuse_frame(client, "this isn't how a connection begins (AGENT_CONNECT)");
	memcpy(&ask, client->channel.request, sizeof ask);
	if (ask.version != 1)
		return refuse_frame(client, "this agent speaks version 1 only");
	return send_hello(client, (ask.flags & AGENT_WITH_RING) != 0 && client->listener->kind == LISTENER_UNIX);
}

/* The first frame of a connection, or the next of a port, whenever it comes. */
static status await_frame(struct client *client, int64_t deadline_ns, struct agent_frame *ret_head)
{
	while (!daemon_is_ending(client->daemon) && !is_evicted(client) && clock_ns() < deadline_ns) {
		status result = channel_frame(&client->channel, SLICE_MS, ret_head);

		if (result != STATUS_TORN && !is_evicted(client))
			return result;
	}
	return STATUS_LIMIT;
}

static void serve_connection(struct client *client)
{
	struct agent_frame head;
	status result = await_frame(client, seconds_from_now(CONNECT_S), &head);

	if (result == STATUS_MALFORMED)
		result = refuse_frame(client, "what came is no frame of this protocol");
	else if (result == STATUS_LIMIT && !daemon_is_ending(client->daemon))
		count(client, is_evicted(client) ? COUNTER_REFUSED_EVICTED : COUNTER_REFUSED_SILENT);
	if (result == STATUS_OK)
		result = greet(client, &head);
	if (result == STATUS_OK) {
		(void)!converse(client);
		end_session(client);
		channel_end(&client->channel, (struct span){NULL, 0});
	}
}

/* A port has no connections: AGENT_CONNECT begins anew, and everything else is noise. */
static void serve_port_stream(struct client *client)
{
	struct agent_frame head;
	status result = await_frame(client, INT64_MAX, &head);

	while (result == STATUS_OK) {
		bool begun = head.type == AGENT_CONNECT && greet(client, &head) == STATUS_OK;
		status end = begun ? converse(client) : STATUS_OK;

		if (begun)
			end_session(client);
		if (end == STATUS_GONE)
			return;
		/* What interrupted a session is the next one's AGENT_CONNECT. */
		head = client->channel.reader.head;
		if (end != STATUS_END || head.type != AGENT_CONNECT)
			result = await_frame(client, INT64_MAX, &head);
	}
}

static struct client *client_create(struct daemon *daemon, struct listener *listener)
{
	/* Touched as it is used: a connection that says nothing costs a page or two. */
	struct client *client = aligned_alloc(_Alignof(struct client), sizeof *client);

	if (client == NULL)
		return NULL;
	memset(client, 0, offsetof(struct client, content));
	client->daemon = daemon;
	client->listener = listener;
	client->file = -1;
	return client;
}

static void client_destroy(struct client *client)
{
	channel_deinit(&client->channel);
	if (client->file >= 0)
		close(client->file);
	free(client);
}

/* A session's record of its client, on a Unix socket. */
static void name_client(struct client *client)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	int used = snprintf(client->name, sizeof client->name, "client %" PRIu64, client->daemon->client_number);

	if (client->listener->kind != LISTENER_UNIX ||
	    getsockopt(client->file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return;
	snprintf(client->name + used, sizeof client->name - (size_t)used, " (pid %d, uid %d)", (int)peer.pid,
		 (int)peer.uid);
	client->may_ask_status = peer.uid == 0 || peer.uid == geteuid();
}

/* Until it has proven an enclave, anybody may make its lines. */
static void name_thread(const struct client *client)
{
	log_thread_name_set(client->name);
	log_thread_limit_set(&client->listener->log_limit);
}

static void *run_connection(void *context)
{
	struct client *client = context;

	name_thread(client);
	serve_connection(client);
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

static void *run_port(void *context)
{
	struct client *client = context;
	const struct timespec pause = {.tv_sec = PORT_RETRY_S};
	int told_error = 0;

	name_thread(client);
	while (!daemon_is_ending(client->daemon)) {
		client->file = listener_open_port(client->listener);
		log_thread_limit_set(NULL); /* told once */
		listener_tell_trouble(client->file < 0 ? errno : 0, &told_error);
		log_thread_limit_set(&client->listener->log_limit);
		if (client->file >= 0) {
			channel_init(&client->channel, client->file, true);
			serve_port_stream(client);
			channel_deinit(&client->channel);
			close(client->file);
			client->file = -1;
		}
		if (!daemon_is_ending(client->daemon))
			nanosleep(&pause, NULL);
	}
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

/* Its memory is mapped for good, so there is nothing to open again. */
static void *run_shared(void *context)
{
	struct client *client = context;
	const struct agent_hello hello = make_hello(client, true);
	status result = STATUS_OK;

	name_thread(client);
	channel_init_shared(&client->channel, client->listener->shared);
	while (!daemon_is_ending(client->daemon) && (result == STATUS_OK || result == STATUS_TORN)) {
		result = channel_greet(&client->channel, &hello, SLICE_MS);
		if (result != STATUS_OK)
			continue;
		(void)!converse(client);
		end_session(client);
		channel_end(&client->channel, (struct span){NULL, 0});
	}
	if (!daemon_is_ending(client->daemon)) {
		log_thread_limit_set(NULL); /* told once */
		log_write(LOG_PRIORITY_WARNING, "not served any more until the agent starts anew");
		__atomic_store_n(&client->listener->is_lost, true, __ATOMIC_RELEASE);
	}
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

static bool start_thread(void *(*function)(void *), struct client *client)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	bool started = pthread_create(&thread, &attributes, function, client) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

static void turn_away(struct daemon *daemon, int file, const char *why)
{
	counters_add(&daemon->counters, COUNTER_REFUSED_CROWDED, 1);
	(void)!frame_write(file, AGENT_REFUSED, 0, (struct span){(const uint8_t *)why, strlen(why)}, 0);
}

void client_start(struct daemon *daemon, struct listener *listener, int file)
{
	struct client *client = client_create(daemon, listener);

	counters_add(&daemon->counters, COUNTER_CONNECTIONS, 1);
	if (client == NULL) {
		turn_away(daemon, file, "the agent is out of memory");
		close(file);
		return;
	}
	client->file = file;
	channel_init(&client->channel, file, false);
	if (!daemon_enter(daemon, client, true)) {
		turn_away(daemon, file, "too many clients at once");
		client_destroy(client);
		return;
	}
	name_client(client);
	if (!start_thread(run_connection, client)) {
		turn_away(daemon, file, "the agent can't start another thread");
		daemon_leave(daemon, client);
		client_destroy(client);
	}
}

status client_start_port(struct daemon *daemon, struct listener *listener)
{
	struct client *client = client_create(daemon, listener);

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for the port %s", listener->place);
	snprintf(client->name, sizeof client->name, "port %.50s", listener->place);
	if (!daemon_enter(daemon, client, false) ||
	    !start_thread(client->listener->shared != NULL ? run_shared : run_port, client)) {
		client_destroy(client);
		return report(STATUS_NO_MEMORY, "can't start a thread for the port %s", listener->place);
	}
	return STATUS_OK;
}

void client_evict(struct client *client)
{
	__atomic_store_n(&client->is_evicted, true, __ATOMIC_RELEASE);
	channel_hang_up(&client->channel);
}

void client_wake(struct client *client)
{
	channel_wake(&client->channel);
}
