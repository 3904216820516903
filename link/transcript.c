/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "link/session.h"
#include "link/transcript.h"

enum { MESSAGE_SIZE = 1024 };

struct transcript {
	struct link_session enclave, source;
	link_transcript_listener listener;
	void *context;
	uint8_t message[MESSAGE_SIZE];
	size_t size;
};

/* What the next ephemeral key is made of. */
static uint8_t next_random;

static status fixed_random(void *destination, size_t size)
{
	memset(destination, next_random, size);
	return STATUS_OK;
}

static struct span message(const struct transcript *transcript)
{
	return (struct span){.data = transcript->message, .size = transcript->size};
}

static void tell(const struct transcript *transcript, const char *name)
{
	transcript->listener(transcript->context, name, message(transcript));
}

static status make_key(struct link_key_pair *pair, const struct link_primitives *primitives, uint8_t byte)
{
	uint8_t secret[LINK_KEY_SIZE];

	memset(secret, byte, sizeof secret);
	return link_key_pair_init_secret(pair, primitives, secret);
}

static status shake_hands(struct transcript *transcript, const struct link_primitives *primitives)
{
	static const char target[START_TARGET_SIZE] = "qemu:1";
	const struct span payload = {.data = (const uint8_t *)"grant", .size = 5};
	struct link_key_pair enclave, source;
	struct link_binding binding;
	struct link_caller caller;

	TRY(make_key(&enclave, primitives, 0x11));
	TRY(make_key(&source, primitives, 0x22));
	memset(binding.owner_key, 0x55, sizeof binding.owner_key);
	memcpy(binding.source_key, source.public, sizeof binding.source_key);
	memset(binding.source_nonce, 0x66, sizeof binding.source_nonce);
	next_random = 0x33;
	TRY(link_session_init_initiator(&transcript->enclave, primitives, &enclave, &binding, target));
	TRY(link_session_first(&transcript->enclave, payload, transcript->message, MESSAGE_SIZE, &transcript->size));
	tell(transcript, "FIRST");
	next_random = 0x44;
	TRY(link_session_accept(&transcript->source, primitives, &source, &binding, message(transcript), &caller));
	TRY(link_session_answer(&transcript->source, transcript->message, MESSAGE_SIZE, &transcript->size));
	tell(transcript, "SECOND");
	return link_session_second(&transcript->enclave, message(transcript));
}

/* One record from the one to the other; told where it has a name. */
static status say(struct transcript *transcript, struct link_session *from, struct link_session *to, const char *text,
		  const char *name)
{
	const struct span content = {.data = (const uint8_t *)text, .size = strlen(text)};
	uint8_t opened[MESSAGE_SIZE];
	size_t size;

	TRY(link_seal(from, content, transcript->message, MESSAGE_SIZE, &transcript->size));
	if (name != NULL)
		tell(transcript, name);
	TRY(link_open(to, message(transcript), opened, sizeof opened, &size));
	if (size != content.size || memcmp(opened, text, size) != 0)
		return report(STATUS_INTERNAL, "a record opens to something else");
	return STATUS_OK;
}

static status close_it(struct transcript *transcript)
{
	uint8_t opened[1];
	size_t size;

	TRY(link_close(&transcript->enclave, transcript->message, MESSAGE_SIZE, &transcript->size));
	tell(transcript, "CLOSE");
	status result = link_open(&transcript->source, message(transcript), opened, sizeof opened, &size);
	return result == STATUS_END ? STATUS_OK : report(STATUS_INTERNAL, "CLOSE doesn't end the session");
}

static status talk(struct transcript *transcript)
{
	struct link_session *enclave = &transcript->enclave, *source = &transcript->source;

	TRY(say(transcript, enclave, source, "request", "RECORD 0 there"));
	TRY(say(transcript, source, enclave, "reply", "RECORD 0 back"));
	for (unsigned i = 1; i < LINK_REKEY_RECORDS; i++) {
		TRY(say(transcript, enclave, source, "", NULL));
		TRY(say(transcript, source, enclave, "", NULL));
	}
	TRY(say(transcript, enclave, source, "rekeyed", "RECORD 8192 there"));
	TRY(say(transcript, source, enclave, "rekeyed", "RECORD 8192 back"));
	return close_it(transcript);
}

status link_transcript_run(const struct link_primitives *primitives, link_transcript_listener listener, void *context)
{
	struct link_primitives fixed = *primitives;
	struct transcript transcript = {.listener = listener, .context = context};

	fixed.random = fixed_random;
	status result = shake_hands(&transcript, &fixed);
	if (result == STATUS_OK)
		result = talk(&transcript);
	link_session_deinit(&transcript.enclave);
	link_session_deinit(&transcript.source);
	return result;
}
