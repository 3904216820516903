/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-calls' part on programs that a program inside runs: the host starts them, tells who is ready, and hands sealed
 * messages on. Here they are no processes: the test holds the other end of each one's socket, and of the sealed
 * conversation with one of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/primitives.h"
#include "calls.h"
#include "enclave/crypto/cmac.h"
#include "enclave/crypto/primitives.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/conversation.h"
#include "enclave/spawn/peer.h"
#include "host/serve/peers.h"

enum {
	TALKER = 0, /* whom the conversation is with */
	LISTENER = 1, /* who gets messages as they are */
	STARTED_COUNT = 2, /* the next one's number */
	WRITING_SHIFT = 16,
};

static struct peers peers;
static int child[PEERS_COUNT]; /* the other ends; -1: none */
static int next_child = -1; /* of the one that was started last */
static uint8_t bytes[PEER_MESSAGE_SIZE_MAX];
static const struct link_primitives *primitives;
static struct conversation *conversation;
static struct link_session talker; /* the child's end */
static bool is_handed_on; /* what the talker sealed came at its turn so far */

/* ---- in the place of the rest of the image: who attests what to whom is tests/test_spawn.py's */

const uint8_t *runtime_owner_key(void)
{
	return bytes;
}

const uint8_t *runtime_source_key(void)
{
	return bytes;
}

const uint8_t *runtime_source_nonce(void)
{
	return bytes;
}

const char *runtime_target(void)
{
	return "qemu:1";
}

bool runtime_is_plain(void)
{
	return true;
}

bool runtime_has_vaes(void)
{
	return false;
}

const struct link_primitives *enclave_primitives(bool use_vaes)
{
	(void)use_vaes;
	return primitives;
}

status enclave_cmac(const uint8_t key[static ENCLAVE_CMAC_SIZE], struct span message,
		    uint8_t ret_mac[static ENCLAVE_CMAC_SIZE])
{
	(void)key, (void)message, (void)ret_mac;
	return STATUS_UNSUPPORTED;
}

/* ---- */

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "soak-calls: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A child that is no process. */
static status start_child(void *context, const char *name, int socket, pid_t *ret_pid)
{
	(void)context;
	(void)name;
	if (next_child >= 0)
		close(next_child);
	next_child = fcntl(socket, F_DUPFD_CLOEXEC, 3);
	*ret_pid = 0;
	return next_child >= 0 ? STATUS_OK : STATUS_IO;
}

static void start_honestly(unsigned number)
{
	if (peers_start(&peers, "a-port") != (int64_t)number)
		give_up("no child");
	child[number] = next_child;
	next_child = -1;
}

/* ---- the conversation */

static void must(status result)
{
	if (result != STATUS_OK)
		give_up("no conversation");
}

static void shake_hands(void)
{
	static const char name[START_TARGET_SIZE] = "a program that another one runs";
	static uint8_t first[LINK_FIRST_OVERHEAD + 1], second[LINK_SECOND_OVERHEAD];
	struct link_key_pair own, theirs;
	struct link_binding binding = {0};
	struct link_caller caller;
	size_t size;

	must(link_key_pair_init(&own, primitives));
	must(link_key_pair_init(&theirs, primitives));
	memcpy(binding.source_key, theirs.public, sizeof binding.source_key);
	must(link_session_init_initiator(&conversation->session, primitives, &own, &binding, name));
	must(link_session_first(&conversation->session, (struct span){bytes, 1}, first, sizeof first, &size));
	must(link_session_accept(&talker, primitives, &theirs, &binding, (struct span){first, size}, &caller));
	must(link_session_answer(&talker, second, sizeof second, &size));
	must(link_session_second(&conversation->session, (struct span){second, size}));
	link_key_pair_deinit(&own);
	link_key_pair_deinit(&theirs);
}

/* Its end would be the child's, with whom others of these calls speak on. */
static void forget_conversation(void)
{
	if (conversation == NULL)
		return;
	link_session_deinit(&conversation->session);
	link_session_deinit(&talker);
	free(conversation);
	conversation = NULL;
}

static void drain(int socket)
{
	static uint8_t nothing[PEER_MESSAGE_SIZE_MAX];

	while (recv(socket, nothing, sizeof nothing, MSG_DONTWAIT) > 0)
		continue;
}

/* Whatever an earlier lie did to the one before. */
static void begin_conversation(void)
{
	if (conversation != NULL && conversation->fault == STATUS_OK && is_handed_on)
		return;
	forget_conversation();
	drain(peers.socket[TALKER]);
	drain(child[TALKER]);
	must(conversation_create(TALKER, "a-port", &conversation));
	shake_hands();
	/* The first record proves the key, and goes the parent's way. */
	must(conversation_put(conversation, (struct span){bytes, 1}));
	drain(child[TALKER]);
	is_handed_on = true;
}

/* ---- the calls */

enum verdict try_child_start(void)
{
	unsigned number = PEERS_COUNT;

	calls_lying = true;
	status result = peer_start("a-port", &number);
	calls_lying = false;
	for (unsigned i = STARTED_COUNT; i < PEER_CHILD_COUNT_MAX; i++)
		(void)peers_end(&peers, i);
	if (result != STATUS_OK)
		return number == PEERS_COUNT ? calls_status_verdict(result)
					     : calls_bad("refused, and a number all the same");
	if (number >= PEER_CHILD_COUNT_MAX)
		return calls_bad("a child of the number %u", number);
	return calls_answer_is_honest() && number != STARTED_COUNT ? calls_bad("another's number, %u", number)
								   : HARMLESS;
}

enum verdict try_child_end(void)
{
	start_honestly(STARTED_COUNT);
	calls_lying = true;
	peer_end(STARTED_COUNT);
	calls_lying = false;
	(void)peers_end(&peers, STARTED_COUNT);
	close(child[STARTED_COUNT]);
	child[STARTED_COUNT] = -1;
	return HARMLESS;
}

enum verdict try_peer_wait(void)
{
	/* The listener always takes another message, and has something to say or not. */
	const struct peer_set wanted = {.reading = (uint32_t)calls_below(4),
					.writing = 1u << LISTENER | (uint32_t)calls_below(4)};
	const bool says = calls_below(2);
	struct peer_set ready = {0};

	drain(peers.socket[LISTENER]);
	if (says && send(child[LISTENER], bytes, 1, 0) != 1)
		give_up("a socket takes nothing");
	calls_lying = true;
	status result = peer_wait(wanted, &ready);
	calls_lying = false;
	drain(peers.socket[LISTENER]);
	if (result != STATUS_OK)
		return calls_status_verdict(result);
	if ((ready.reading & ~wanted.reading) != 0 || (ready.writing & ~wanted.writing) != 0)
		return calls_bad("%#x, %#x are ready where %#x, %#x were wanted", ready.reading, ready.writing,
				 wanted.reading, wanted.writing);
	if (calls_answer_is_honest() && ((ready.writing >> LISTENER & 1) == 0 ||
					 (ready.reading >> LISTENER & 1) != (says && (wanted.reading >> LISTENER & 1))))
		return calls_bad("%#x, %#x are ready", ready.reading, ready.writing);
	return HARMLESS;
}

enum verdict try_peer_send(void)
{
	static uint8_t got[PEER_MESSAGE_SIZE_MAX + 1];
	const size_t size = 1 + calls_below(PEER_MESSAGE_SIZE_MAX);

	drain(child[LISTENER]);
	calls_lying = true;
	status result = peer_send(LISTENER, (struct span){bytes, size});
	calls_lying = false;
	ssize_t arrived = recv(child[LISTENER], got, sizeof got, MSG_DONTWAIT);
	drain(child[LISTENER]);
	if (calls_answer_is_honest() && result == STATUS_OK &&
	    (arrived != (ssize_t)size || memcmp(got, bytes, size) != 0))
		return calls_bad("%zu bytes were sent, and %zd arrived", size, arrived);
	return calls_status_verdict(result);
}

/* What a child says comes whole, or not at all, whatever the host answers. */
enum verdict try_peer_receive(void)
{
	static uint8_t message[PEER_MESSAGE_SIZE_MAX];
	const size_t size = 1 + calls_below(PEER_CONTENT_SIZE_MAX);
	const uint8_t *content = bytes + calls_below(PEER_MESSAGE_SIZE_MAX - size + 1);
	struct span came = {0};
	size_t message_size;

	begin_conversation();
	must(link_seal(&talker, (struct span){content, size}, message, sizeof message, &message_size));
	if (send(child[TALKER], message, message_size, 0) != (ssize_t)message_size)
		give_up("a socket takes nothing");
	calls_lying = true;
	status result = conversation_receive(conversation, &came);
	calls_lying = false;
	is_handed_on = result == STATUS_OK;
	if (result != STATUS_OK)
		return calls_status_verdict(result);
	return came.size == size && memcmp(came.data, content, size) == 0
		       ? HARMLESS
		       : calls_bad("%zu bytes that aren't the child's %zu", came.size, size);
}

/* ---- the host is made anew */

static void end_all(void)
{
	forget_conversation();
	peers_deinit(&peers);
	for (int i = 0; i < PEERS_COUNT; i++) {
		if (child[i] >= 0)
			close(child[i]);
		child[i] = -1;
	}
	if (next_child >= 0)
		close(next_child);
	next_child = -1;
}

void calls_children_init(void)
{
	if (agent_primitives(&primitives) != STATUS_OK)
		exit(2);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(1 + i % 249);
	for (int i = 0; i < PEERS_COUNT; i++)
		child[i] = -1;
	peers_init(&peers, -1);
}

void calls_children_renew(struct serve *serve)
{
	end_all();
	peers_init(&peers, -1);
	peers.start = start_child;
	serve->peers = &peers;
	start_honestly(TALKER);
	start_honestly(LISTENER);
}

void calls_children_deinit(void)
{
	end_all();
}
