/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bartizan`, but for what it does with messages between a program inside and one that it runs, when
 * LIE says so: "WHAT:N", which message from the child it is done to (1 answer, 2 SECOND, then records). For
 * tests/test_spawn.py; not installed. Linked with --wrap.
 *
 *   flip drop replay truncate forge
 *   end (says that the child has ended) kill (kills it)   before the message is handed on
 *   other (starts another image) plain (starts it without an enclave) source (with another agent)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/children.h"

int64_t __real_peers_receive(struct peers *peers, uint64_t number, void *message, size_t capacity);
int64_t __wrap_peers_receive(struct peers *peers, uint64_t number, void *message, size_t capacity);
int64_t __real_peers_start(struct peers *peers, const char *name);
int64_t __wrap_peers_start(struct peers *peers, const char *name);

static struct {
	char what[16];
	int at;
	int count; /* messages so far */
	uint8_t kept[PEER_MESSAGE_SIZE_MAX];
	int64_t kept_size;
} lie;

static bool lies(const struct peers *peers, const char *what)
{
	const char *text = getenv("LIE");

	if (text == NULL || peers->socket[PEER_PARENT] >= 0)
		return false;
	sscanf(text, "%15[a-z]:%d", lie.what, &lie.at);
	return what == NULL || strcmp(lie.what, what) == 0;
}

static void without(struct children *children, const char *option)
{
	for (size_t i = 0; i + 1 < children->option_count; i += 2) {
		if (strcmp(children->option[i], option) != 0)
			continue;
		memmove(&children->option[i], &children->option[i + 2],
			(children->option_count - i - 2) * sizeof children->option[0]);
		children->option_count -= 2;
		children->option[children->option_count] = NULL;
	}
}

int64_t __wrap_peers_start(struct peers *peers, const char *name)
{
	if (lies(peers, "other"))
		name = "tr"; /* one that is granted, too */
	if (lies(peers, "plain") || lies(peers, "source")) {
		without(peers->context, "--agent");
		without(peers->context, "--grantor");
	}
	if (lies(peers, "plain")) {
		without(peers->context, "--backend");
		children_option(peers->context, "--backend", "plain");
	}
	return __real_peers_start(peers, name);
}

static int64_t keep(const void *message, int64_t size)
{
	memcpy(lie.kept, message, (size_t)size);
	lie.kept_size = size;
	return size;
}

static int64_t kill_child(struct peers *peers, uint64_t number)
{
	siginfo_t info;

	kill(peers->pid[number], SIGKILL);
	waitid(P_PID, (id_t)peers->pid[number], &info, WEXITED | WNOWAIT);
	return -STATUS_GONE;
}

/* The message it is done to. */
static int64_t tamper(struct peers *peers, uint64_t number, uint8_t *message, int64_t size)
{
	if (lies(peers, "flip"))
		message[size / 2] ^= 1;
	if (lies(peers, "truncate"))
		return size - 1;
	if (lies(peers, "drop"))
		return -STATUS_TORN;
	if (lies(peers, "forge"))
		memset(message + 16, 0x5a, (size_t)size - 16);
	if (lies(peers, "end"))
		return -STATUS_GONE;
	if (lies(peers, "kill"))
		return kill_child(peers, number);
	if (lies(peers, "replay") && lie.kept_size > 0) {
		memcpy(message, lie.kept, (size_t)lie.kept_size);
		return lie.kept_size;
	}
	return size;
}

int64_t __wrap_peers_receive(struct peers *peers, uint64_t number, void *message, size_t capacity)
{
	int64_t size = __real_peers_receive(peers, number, message, capacity);

	if (size <= 0 || !lies(peers, NULL))
		return size;
	if (++lie.count != lie.at)
		return keep(message, size);
	return tamper(peers, number, message, size);
}
