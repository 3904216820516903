/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole sessions of link/, over OpenSSL and ipsec-mb: what works, and that nothing else does. */
#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "base/test.h"
#include "link/session.h"

enum { MESSAGE_SIZE = 4096 };

struct message {
	uint8_t data[MESSAGE_SIZE];
	size_t size;
};

/* Both ends, and the messages that made them. */
struct pair {
	const struct link_primitives *primitives;
	struct link_key_pair enclave_key, source_key;
	struct link_binding binding;
	char target[START_TARGET_SIZE];
	struct link_session enclave, source;
	struct message first, second;
	struct link_caller caller;
};

static char last_report[1024];

static void keep_report(void *context, status fault, const char *message)
{
	strncpy(last_report, message, sizeof last_report - 1);
}

static struct span span(const struct message *message)
{
	return (struct span){.data = message->data, .size = message->size};
}

static struct span text(const char *text)
{
	return (struct span){.data = (const uint8_t *)text, .size = strlen(text)};
}

static void pair_init(struct pair *pair)
{
	memset(pair, 0, sizeof *pair);
	assert_int_equal(agent_primitives(&pair->primitives), STATUS_OK);
	assert_int_equal(link_key_pair_init(&pair->enclave_key, pair->primitives), STATUS_OK);
	assert_int_equal(link_key_pair_init(&pair->source_key, pair->primitives), STATUS_OK);
	memset(&pair->binding, 7, sizeof pair->binding);
	memcpy(pair->binding.source_key, pair->source_key.public, LINK_KEY_SIZE);
	strcpy(pair->target, "qemu:1234");
}

/* Up to and including FIRST. */
static void call(struct pair *pair)
{
	assert_int_equal(link_session_init_initiator(&pair->enclave, pair->primitives, &pair->enclave_key,
						     &pair->binding, pair->target),
			 STATUS_OK);
	assert_int_equal(link_session_first(&pair->enclave, text("the grant"), pair->first.data, MESSAGE_SIZE,
					    &pair->first.size),
			 STATUS_OK);
}

static status accept_first(struct pair *pair, struct span first)
{
	return link_session_accept(&pair->source, pair->primitives, &pair->source_key, &pair->binding, first,
				   &pair->caller);
}

static void connect_pair(struct pair *pair)
{
	pair_init(pair);
	call(pair);
	assert_int_equal(accept_first(pair, span(&pair->first)), STATUS_OK);
	assert_int_equal(link_session_answer(&pair->source, pair->second.data, MESSAGE_SIZE, &pair->second.size),
			 STATUS_OK);
	assert_int_equal(link_session_second(&pair->enclave, span(&pair->second)), STATUS_OK);
}

static void seal_text(struct link_session *session, const char *content, struct message *ret_message)
{
	assert_int_equal(link_seal(session, text(content), ret_message->data, MESSAGE_SIZE, &ret_message->size),
			 STATUS_OK);
}

static status open_message(struct link_session *session, const struct message *message, char *ret_text)
{
	uint8_t content[MESSAGE_SIZE];
	size_t size;

	TRY(link_open(session, span(message), content, sizeof content, &size));
	memcpy(ret_text, content, size);
	ret_text[size] = 0;
	return STATUS_OK;
}

/* One request and its reply go through. */
static void talk(struct pair *pair)
{
	struct message message;
	char content[MESSAGE_SIZE];

	seal_text(&pair->enclave, "where?", &message);
	assert_int_equal(open_message(&pair->source, &message, content), STATUS_OK);
	assert_string_equal(content, "where?");
	seal_text(&pair->source, "here.", &message);
	assert_int_equal(open_message(&pair->enclave, &message, content), STATUS_OK);
	assert_string_equal(content, "here.");
}

static void both_ends_hear_each_other(void **state)
{
	struct pair pair;

	connect_pair(&pair);
	assert_memory_equal(pair.caller.key, pair.enclave_key.public, LINK_KEY_SIZE);
	assert_string_equal(pair.caller.target, "qemu:1234");
	assert_int_equal(pair.caller.payload_size, strlen("the grant"));
	assert_memory_equal(pair.caller.payload, "the grant", strlen("the grant"));
	assert_int_equal(pair.first.size, strlen("the grant") + LINK_FIRST_OVERHEAD);
	assert_int_equal(pair.second.size, LINK_SECOND_OVERHEAD);
	for (int i = 0; i < 100; i++)
		talk(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_hear_each_other),
	};

	report_sink_set(keep_report, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
