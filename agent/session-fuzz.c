/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first byte says what the rest is for: a source that waits for FIRST, an enclave that waits for
 * SECOND, or a session that waits for its next record. Nobody without the keys makes a message that
 * is taken; where the input has the right head, counter and size, the tag is what stands
 * in its way.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "link/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_SIZE = 2048 };

struct world {
	const struct link_primitives *primitives;
	struct link_key_pair enclave_key, source_key;
	struct link_binding binding;
	struct link_session asked, ready; /* an enclave's, after FIRST; a source's, after SECOND */
};

static void ignore(void *context, status fault, const char *message)
{
}

static void must(status result)
{
	if (result != STATUS_OK)
		abort();
}

static void make_world(struct world *world)
{
	static const char target[START_TARGET_SIZE] = "qemu:1";
	uint8_t message[MESSAGE_SIZE];
	struct link_caller caller;
	size_t size;

	must(agent_primitives_sse(&world->primitives));
	must(link_key_pair_init(&world->enclave_key, world->primitives));
	must(link_key_pair_init(&world->source_key, world->primitives));
	memcpy(world->binding.source_key, world->source_key.public, LINK_KEY_SIZE);
	must(link_session_init_initiator(&world->asked, world->primitives, &world->enclave_key, &world->binding,
					 target));
	must(link_session_first(&world->asked, (struct span){0}, message, sizeof message, &size));
	must(link_session_accept(&world->ready, world->primitives, &world->source_key, &world->binding,
				 (struct span){.data = message, .size = size}, &caller));
	must(link_session_answer(&world->ready, message, sizeof message, &size));
}

static status try(const struct world *world, uint8_t what, struct span message)
{
	static uint8_t content[UINT16_MAX];
	static struct link_session session;
	struct link_caller caller;
	size_t size;

	switch (what % 3) {
	case 0:
		return link_session_accept(&session, world->primitives, &world->source_key, &world->binding, message,
					   &caller);
	case 1: session = world->asked; return link_session_second(&session, message);
	default: session = world->ready; return link_open(&session, message, content, sizeof content, &size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;

	report_sink_set(ignore, NULL);
	if (world.primitives == NULL)
		make_world(&world);
	if (size == 0)
		return 0;
	if (!status_is_fault(try(&world, data[0], (struct span){.data = data + 1, .size = size - 1})))
		abort();
	return 0;
}
