/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/conversation.h"

#include <string.h>
#include <time.h>

#include "agent/serve/admit.h"
#include "agent/serve/log.h"
#include "base/report.h"
#include "link/renewal.h"

enum {
	PROOF_S = 10, /* from our answer to the record that proves the key */
	/* A session has ended while nothing was asked: how long until nobody is there to be told so. */
	FAREWELL_S = 3600,
	/* A grant of a second, which is the shortest, is renewed each half of one. */
	RENEWALS_PER_SECOND = 4,
	RENEWAL_BURST = 16,
};

static const int64_t second_ns = 1000000000;

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
	client_count(client, why);
	say(client, link_error_write(log_thread_last(), client->reply), true);
	return result;
}

/* Who may ask for our state is on this machine, and no stranger: he is told all of it. */
static status refuse_target(struct client *client, status result)
{
	if (client->may_ask_status)
		return refuse(client, COUNTER_REFUSED_TARGET, result);
	client_count(client, COUNTER_REFUSED_TARGET);
	say(client, link_error_write(admit_clear_words(result), client->reply), true);
	return result;
}

/* Since when a grant is worth nothing isn't asked for each record: only once something was taken back. */
static bool is_revoked(struct client *client)
{
	const uint32_t generation = revoked_generation(&client->daemon->revoked);

	if (!client->in_session)
		return false;
	if (generation != client->revoked_generation)
		client->is_revoked = revoked_has(&client->daemon->revoked, client->grant.id);
	client->revoked_generation = generation;
	return client->is_revoked;
}

static status report_revoked(void)
{
	return report(STATUS_DENIED, "the owner has taken the grant back");
}

/* The next message, until `deadline_ns`. STATUS_TORN: none came. STATUS_LIMIT: we are to
 * end, were evicted, or the grant was taken back. Others as channel_receive(). */
static status receive(struct client *client, int64_t deadline_ns, struct span *ret_message)
{
	for (;;) {
		int64_t left_ms = (deadline_ns - clock_ns()) / 1000000;

		if (daemon_is_ending(client->daemon) || client_is_evicted(client) || is_revoked(client))
			return STATUS_LIMIT;
		if (left_ms <= 0)
			return STATUS_TORN;
		status result = channel_receive(
			&client->channel, left_ms < CLIENT_SLICE_MS ? (int)left_ms + 1 : CLIENT_SLICE_MS, ret_message);
		client->owes_reply = result == STATUS_OK;
		if (result == STATUS_MALFORMED) {
			/* A ring's request without a readable size still waits for an answer. */
			client->owes_reply = client->channel.has_ring || client->channel.has_shared_ring;
			return refuse(client, COUNTER_REFUSED_FRAME, STATUS_MALFORMED);
		}
		/* We hang up on whom we evict. */
		if (result == STATUS_GONE && client_is_evicted(client))
			return STATUS_LIMIT;
		if (result != STATUS_TORN)
			return result;
	}
}

/* It ended while nothing was asked, for the reason reported last. Nothing of the session is kept; but whoever asks next
 * is told why. */
static status farewell(struct client *client, enum counter why, status result)
{
	const size_t size = link_error_write(log_thread_last(), client->reply);
	struct span message;

	client_count(client, why);
	conversation_end(client);
	/* Ports are as many as were asked for; one that was evicted would never serve again. */
	if (!listener_is_port(client->listener))
		daemon_enter_half_open(client->daemon, client);
	TRY(receive(client, client_deadline_ns(FAREWELL_S), &message));
	say(client, size, true);
	return result;
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
	} else if (why == STATUS_LIMIT && !is_end && client->in_session && client->is_revoked) {
		return farewell(client, COUNTER_REFUSED_REVOKED, report_revoked());
	} else if (why == STATUS_LIMIT) {
		if (!is_end)
			client_count(client, COUNTER_REFUSED_EVICTED);
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
	status result = receive(client, client_deadline_ns(client->daemon->settings->hello_s), &message);

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
	client_count(client, COUNTER_HANDSHAKES);
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
	client->is_revoked = false;
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
	client_count(client, COUNTER_SESSIONS);
	admit_log(&client->grant, "");
	return STATUS_OK;
}

void conversation_end(struct client *client)
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

static status report_expired(void)
{
	return report(STATUS_DENIED, "the grant's time is over");
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
	client_count(client, COUNTER_RENEWALS);
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
		return refuse(client, COUNTER_REFUSED_EXPIRED, report_expired());
	if (is_revoked(client))
		return refuse(client, COUNTER_REFUSED_REVOKED, report_revoked());
	/* Why a read failed, the client isn't told in words. */
	log_thread_told_set(false);
	status result = answer_content(client, (struct span){client->content, content_size}, now_ns, content, &size);
	log_thread_told_set(true);
	/* A long plan takes its time, too: what was answered after AGENT_REVOKED would make that a lie. */
	if (is_revoked(client))
		return refuse(client, COUNTER_REFUSED_REVOKED, report_revoked());
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

/* The next record of a session. */
static status next_record(struct client *client, size_t *ret_size)
{
	const uint32_t idle_s = client->daemon->settings->idle_s;
	const int64_t idle_ns = client_deadline_ns(idle_s);
	const bool may_idle = idle_s == 0 || idle_ns >= client->expires_ns;
	status result = receive_record(client, may_idle ? client->expires_ns : idle_ns, ret_size);

	if (result != STATUS_TORN)
		return result;
	if (may_idle)
		return farewell(client, COUNTER_REFUSED_EXPIRED, report_expired());
	return farewell(client, COUNTER_REFUSED_SILENT,
			report(STATUS_LIMIT, "nothing was asked for %u s: the session is over", idle_s));
}

/* One session, from its handshake to its end. STATUS_END: in order; anything else was said. */
status conversation_hold(struct client *client)
{
	size_t size = 0;

	log_thread_forget();
	log_thread_told_set(true);
	client->owes_reply = false;
	TRY(handshake(client));
	status result = receive_record(client, client_deadline_ns(PROOF_S), &size);
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
	}
	return result;
}
