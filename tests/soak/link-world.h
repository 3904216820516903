/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For soak-records: both ends of the link in one process, and a man in the middle. What
 * the source's memory holds is a function of the address, so that whoever reads it can
 * be checked without asking anybody.
 */
#ifndef TESTS_SOAK_LINK_WORLD_H
#define TESTS_SOAK_LINK_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "link/grant.h"
#include "link/primitives.h"
#include "link/request.h"
#include "link/session.h"

enum verdict { REFUSED, HARMLESS, BAD };

/* BAD, and why. */
enum verdict bad(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern char bad_reason[512];

/* All that is random comes from here: number `i` of a seed is the same again. */
void random_start(uint64_t seed, uint64_t i);
uint64_t random_next(void);
uint64_t below(uint64_t limit);
void random_fill(void *destination, size_t size);

/* Faults in words, since words_forget(). */
extern unsigned words_count;
extern char words_last[1024];
void words_forget(void);
void words_listen(void);

/* The agent's primitives; private keys come from a pool, and X25519 and signatures
 * are remembered: they are what would take the time. Exits where the machine has none. */
const struct link_primitives *world_primitives(void);
/* Keys are from another part of the pool meanwhile: no session has the same ones by chance. */
void world_keys_apart(bool apart);

extern struct link_binding world_binding;
extern const char world_target[START_TARGET_SIZE];
extern uint8_t world_mrenclave[SGX_HASH_SIZE];
/* The grant for an enclave with this key; and signed anew, after changes, by the owner or by
 * somebody else. */
void world_grant(const uint8_t enclave_key[static LINK_KEY_SIZE], struct link_grant *ret_grant);
void world_sign(struct link_grant *grant, bool by_owner);

/* The source's memory. */
status world_page(uint64_t address, uint8_t *ret_bytes, size_t size);
status world_registers(uint64_t cpu, struct call_registers *ret_registers);
status world_next(uint64_t start, struct call_range *ret_range);
extern const struct call_ram_map world_ram;
enum { WORLD_EPOCH = 77 };

struct message {
	size_t size;
	uint8_t data[LINK_RING_REPLY_SIZE];
};

void message_copy(struct message *to, const struct message *from);

/* The source: what agent/serve/ makes of link/, without connections, clock and quota. */
struct source {
	struct link_session session;
	struct link_ahead ahead; /* lent to it from the first record on, as the agent does */
	bool has_answered_first, is_over;
	unsigned opened_count; /* records that it took as genuine */
	struct link_request request; /* the last one */
	size_t plain_size;
	uint8_t plain[LINK_REPLY_SIZE_MAX + 64]; /* the last reply, as it was sealed */
	/* If set, changes the reply, and may change its size, before it is sealed. */
	void (*tamper)(struct source *source);
};

void source_init(struct source *source);
/* Answer a message. No answer, a size of 0: it has ended. */
void source_answer(struct source *source, const struct message *message, struct message *ret_answer);

enum mutation {
	MUTATE_BIT,
	MUTATE_BYTES,
	MUTATE_CUT,
	MUTATE_LONGER,
	MUTATE_REPLAYED,
	MUTATE_OTHER_SESSION,
	MUTATE_REFLECTED,
	MUTATE_FORGED,
	MUTATE_SPLICED,
	MUTATE_TYPE,
	MUTATE_SIZE,
	MUTATE_COUNTER,
	MUTATE_VERSION,
	MUTATE_ERROR,
	MUTATE_CLOSE,
	MUTATE_HANDSHAKE,
	MUTATE_COUNT,
};

/* What the man in the middle has heard. */
enum { HEARD_MAX = 16 };
struct heard {
	struct message message[2][HEARD_MAX]; /* there, back; oldest first */
	unsigned count[2];
};

void heard_add(struct heard *heard, bool back, const struct message *message);
/* A session beside the one that is attacked: same source, another enclave; FIRST and SECOND,
 * then records. Made once. */
const struct heard *world_bystander(void);
/* Change a message: it is another one afterwards, always. `heard` is what came before it. */
void message_mutate(struct message *message, enum mutation mutation, bool back, const struct heard *heard);

#endif
