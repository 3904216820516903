/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link-world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "verifier/grants/keys.h"

enum {
	POOL_COUNT = 64, /* private keys, and as many apart */
	SHARED_COUNT = 1 << 16,
	SIGNED_COUNT = 1 << 10,
	PAGE_BYTES = 4096,
};

char bad_reason[512];
unsigned words_count;
char words_last[1024];
struct link_binding world_binding;
const char world_target[START_TARGET_SIZE] = "qemu:1234";
uint8_t world_mrenclave[SGX_HASH_SIZE];
const struct call_ram_map world_ram = {.range_count = 2, .range = {{0, 0x8000000}, {0x100000000, 0x40000000}}};

static uint64_t random_state;
static bool keys_apart;
static const struct link_primitives *real;
static struct link_primitives table;
static struct link_key_pair source_key;
static struct owner_key *owner, *stranger;

enum verdict bad(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bad_reason, sizeof bad_reason, format, arguments);
	va_end(arguments);
	return BAD;
}

/* SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void random_start(uint64_t seed, uint64_t i)
{
	random_state = mix(mix(seed + 1) + i);
}

uint64_t random_next(void)
{
	return mix(random_state += UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t below(uint64_t limit)
{
	return random_next() % limit;
}

void random_fill(void *destination, size_t size)
{
	uint8_t *bytes = destination;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)random_next();
}

static void hear_words(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	words_count++;
	snprintf(words_last, sizeof words_last, "%s", message);
}

void words_forget(void)
{
	words_count = 0;
	words_last[0] = 0;
}

void words_listen(void)
{
	report_sink_set(hear_words, NULL);
}

static void must(status result)
{
	if (result == STATUS_OK)
		return;
	fprintf(stderr, "soak-records: can't begin: %s\n", words_last);
	exit(2);
}

/* Of the pool: the same number gives the same key. */
static status pool_random(void *destination, size_t size)
{
	uint64_t state = mix(below(POOL_COUNT) + (keys_apart ? POOL_COUNT : 0) + 1);
	uint8_t *bytes = destination;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)mix(state += 3);
	return STATUS_OK;
}

void world_keys_apart(bool apart)
{
	keys_apart = apart;
}

/* FNV-1a: where in a table of what is remembered. */
static size_t place(const uint8_t *a, const uint8_t *b, size_t count)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < LINK_KEY_SIZE; i++)
		hash = ((hash ^ a[i]) * UINT64_C(0x100000001b3) ^ b[i]) * UINT64_C(0x100000001b3);
	return mix(hash) % count;
}

static status shared_once(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t peer[static LINK_KEY_SIZE],
			  uint8_t ret_shared[static LINK_KEY_SIZE])
{
	static struct {
		uint8_t secret[LINK_KEY_SIZE], peer[LINK_KEY_SIZE], shared[LINK_KEY_SIZE];
		bool known;
	} known[SHARED_COUNT];
	size_t i = place(secret, peer, SHARED_COUNT);

	if (!known[i].known || memcmp(known[i].secret, secret, LINK_KEY_SIZE) != 0 ||
	    memcmp(known[i].peer, peer, LINK_KEY_SIZE) != 0) {
		TRY(real->x25519_shared(secret, peer, known[i].shared));
		memcpy(known[i].secret, secret, LINK_KEY_SIZE);
		memcpy(known[i].peer, peer, LINK_KEY_SIZE);
		known[i].known = true;
	}
	memcpy(ret_shared, known[i].shared, LINK_KEY_SIZE);
	return STATUS_OK;
}

static status public_once(const uint8_t secret[static LINK_KEY_SIZE], uint8_t ret_public[static LINK_KEY_SIZE])
{
	/* RFC 7748, 6.1: the public key is the product with 9. */
	static const uint8_t base_point[LINK_KEY_SIZE] = {9};

	return shared_once(secret, base_point, ret_public);
}

/* Only what fits is remembered. */
static status verify_once(const uint8_t key[static LINK_OWNER_KEY_SIZE], const uint8_t digest[static LINK_HASH_SIZE],
			  const uint8_t signature[static LINK_SIGNATURE_SIZE])
{
	static struct {
		uint8_t key[LINK_OWNER_KEY_SIZE], digest[LINK_HASH_SIZE], signature[LINK_SIGNATURE_SIZE];
		bool known;
	} known[SIGNED_COUNT];
	size_t i = place(digest, signature, SIGNED_COUNT);

	if (known[i].known && memcmp(known[i].key, key, sizeof known[i].key) == 0 &&
	    memcmp(known[i].digest, digest, sizeof known[i].digest) == 0 &&
	    memcmp(known[i].signature, signature, sizeof known[i].signature) == 0)
		return STATUS_OK;
	TRY(real->p256_verify(key, digest, signature));
	memcpy(known[i].key, key, sizeof known[i].key);
	memcpy(known[i].digest, digest, sizeof known[i].digest);
	memcpy(known[i].signature, signature, sizeof known[i].signature);
	known[i].known = true;
	return STATUS_OK;
}

const struct link_primitives *world_primitives(void)
{
	if (real != NULL)
		return &table;
	must(agent_primitives(&real));
	table = *real;
	table.random = pool_random;
	table.x25519_shared = shared_once;
	table.x25519_public = public_once;
	table.p256_verify = verify_once;
	must(owner_key_generate(&owner));
	must(owner_key_generate(&stranger));
	world_keys_apart(true);
	must(link_key_pair_init(&source_key, &table));
	world_keys_apart(false);
	memcpy(world_binding.owner_key, owner_key_public(owner), sizeof world_binding.owner_key);
	memcpy(world_binding.source_key, source_key.public, sizeof world_binding.source_key);
	memset(world_binding.source_nonce, 0x5a, sizeof world_binding.source_nonce);
	memset(world_mrenclave, 0xe1, sizeof world_mrenclave);
	return &table;
}

void world_sign(struct link_grant *grant, bool by_owner)
{
	must(link_grant_sign(grant, world_primitives(), owner_key_sign, by_owner ? owner : stranger));
}

void world_grant(const uint8_t enclave_key[static LINK_KEY_SIZE], struct link_grant *ret_grant)
{
	static struct link_grant known[4 * POOL_COUNT];
	struct link_grant *grant = &known[place(enclave_key, enclave_key, 4 * POOL_COUNT)];

	if (memcmp(grant->enclave_key, enclave_key, LINK_KEY_SIZE) != 0) {
		*grant = (struct link_grant){.identity = LINK_IDENTITY_MRENCLAVE,
					     .backend = LINK_BACKEND_SIM,
					     .rights = LINK_RIGHTS_ALL,
					     .id = {1},
					     .valid_until = 2000,
					     .quota_bytes = UINT64_MAX,
					     .quota_requests = UINT64_MAX};
		memcpy(grant->mrenclave, world_mrenclave, sizeof grant->mrenclave);
		memcpy(grant->enclave_key, enclave_key, sizeof grant->enclave_key);
		memcpy(grant->source_key, world_binding.source_key, sizeof grant->source_key);
		memcpy(grant->source_nonce, world_binding.source_nonce, sizeof grant->source_nonce);
		memcpy(grant->target, world_target, sizeof grant->target);
		world_sign(grant, true);
	}
	*ret_grant = *grant;
}

status world_page(uint64_t address, uint8_t *ret_bytes, size_t size)
{
	uint64_t page = address / PAGE_BYTES;
	uint8_t first = (uint8_t)mix(page);

	if (page % 7 == 3)
		return STATUS_UNMAPPED;
	for (size_t i = 0; i < size; i++)
		ret_bytes[i] = (uint8_t)(first + (address + i) % PAGE_BYTES % 251);
	return STATUS_OK;
}

status world_registers(uint64_t cpu, struct call_registers *ret_registers)
{
	if (cpu >= 4)
		return STATUS_END;
	*ret_registers = (struct call_registers){0x80050033, 0x1000 * (cpu + 1), 0x370ef0,    0xd01, 0xfe00,
						 cpu,	     cpu % 2 * 3,	 0x8100 + cpu};
	return STATUS_OK;
}

status world_next(uint64_t start, struct call_range *ret_range)
{
	if (start >= UINT64_C(1) << 36)
		return STATUS_END;
	*ret_range = (struct call_range){(start | 0xfff) + 1, 0x3000};
	return STATUS_OK;
}

void message_copy(struct message *to, const struct message *from)
{
	to->size = from->size;
	memcpy(to->data, from->data, from->size);
}

void source_init(struct source *source)
{
	source->has_answered_first = source->is_over = false;
	source->opened_count = 0;
	source->tamper = NULL;
}

static void refuse(struct source *source, struct message *ret_answer)
{
	source->is_over = true;
	ret_answer->size = link_error_write(words_last, ret_answer->data);
}

static status admit(struct source *source, const struct message *message)
{
	struct link_caller caller;
	struct link_grant grant;

	TRY(link_session_accept(&source->session, world_primitives(), &source_key, &world_binding,
				(struct span){message->data, message->size}, &caller));
	const struct link_grant_use use = {caller.key, world_binding.source_key, world_binding.source_nonce,
					   caller.target, 1000};
	TRY(link_grant_decode((struct span){caller.payload, caller.payload_size}, &grant));
	TRY(link_grant_verify(&grant, world_primitives(), world_binding.owner_key));
	return link_grant_check_use(&grant, &use);
}

static status do_operation(const struct link_operation *operation, uint8_t *slot)
{
	struct call_registers registers;
	struct call_range range;
	status result;

	switch (operation->type) {
	case LINK_READ: return world_page(operation->address, slot, operation->size);
	case LINK_RAM_MAP: link_ram_map_write(&world_ram, slot); return STATUS_OK;
	case LINK_REGISTERS:
		result = world_registers(operation->address, &registers);
		if (result == STATUS_OK)
			link_registers_write(&registers, slot);
		return result;
	case LINK_NEXT_POPULATED:
		result = world_next(operation->address, &range);
		if (result == STATUS_OK)
			link_range_write(&range, slot);
		return result;
	default: return STATUS_OK;
	}
}

static status answer_request(struct source *source, struct span content)
{
	struct link_reply reply = {.epoch = WORLD_EPOCH, .quota_bytes_left = 5, .quota_requests_left = 6};

	TRY(link_request_decode(content, &source->request));
	reply.result_count = source->request.operation_count;
	for (uint32_t i = 0; i < reply.result_count; i++)
		reply.result[i].outcome = do_operation(&source->request.operation[i],
						       source->plain + link_request_slot(&source->request, i));
	TRY(link_reply_encode(&source->request, &reply, source->plain));
	source->plain_size = link_request_reply_size(&source->request);
	if (source->tamper != NULL)
		source->tamper(source);
	return STATUS_OK;
}

static status answer_record(struct source *source, const struct message *message, struct message *ret_answer)
{
	static uint8_t content[LINK_RING_REPLY_SIZE];
	size_t size;
	status result = link_open(&source->session, (struct span){message->data, message->size}, content,
				  sizeof content, &size);

	source->opened_count += !status_is_fault(result);
	if (result == STATUS_END) {
		source->is_over = true;
		return link_close(&source->session, ret_answer->data, sizeof ret_answer->data, &ret_answer->size);
	}
	TRY(result);
	if (source->session.ahead == NULL)
		link_session_lend(&source->session, &source->ahead);
	TRY(answer_request(source, (struct span){content, size}));
	return link_seal(&source->session, (struct span){source->plain, source->plain_size}, ret_answer->data,
			 sizeof ret_answer->data, &ret_answer->size);
}

void source_answer(struct source *source, const struct message *message, struct message *ret_answer)
{
	status result;

	ret_answer->size = 0;
	if (source->is_over)
		return;
	if (source->has_answered_first) {
		result = answer_record(source, message, ret_answer);
	} else {
		result = admit(source, message);
		if (result == STATUS_OK)
			result = link_session_answer(&source->session, ret_answer->data, sizeof ret_answer->data,
						     &ret_answer->size);
		source->has_answered_first = true;
	}
	if (status_is_fault(result))
		refuse(source, ret_answer);
	else
		link_prepare(&source->session);
}

void heard_add(struct heard *heard, bool back, const struct message *message)
{
	if (heard->count[back] < HEARD_MAX)
		message_copy(&heard->message[back][heard->count[back]++], message);
}

static void make_bystander(struct heard *heard)
{
	static struct source source;
	static struct message question, answer;
	static uint8_t content[LINK_REPLY_SIZE_MAX];
	const struct link_primitives *primitives = world_primitives();
	uint8_t plain[LINK_REQUEST_SIZE], encoded[LINK_GRANT_SIZE];
	struct link_session enclave;
	struct link_key_pair own;
	struct link_grant grant;
	size_t size;

	source_init(&source);
	must(link_key_pair_init(&own, primitives));
	world_grant(own.public, &grant);
	must(link_grant_encode(&grant, encoded));
	must(link_session_init_initiator(&enclave, primitives, &own, &world_binding, world_target));
	must(link_session_first(&enclave, (struct span){encoded, sizeof encoded}, question.data, sizeof question.data,
				&question.size));
	source_answer(&source, &question, &answer);
	must(link_session_second(&enclave, (struct span){answer.data, answer.size}));
	heard_add(heard, false, &question);
	heard_add(heard, true, &answer);
	while (heard->count[0] < HEARD_MAX) {
		struct link_request request = {.operation_count = 1 + heard->count[0] % 5};

		for (uint32_t i = 0; i < request.operation_count; i++)
			request.operation[i] = (struct link_operation){LINK_READ, LINK_SPACE_PHYSICAL, PAGE_BYTES,
								       0x5000 + i * 0x1000, 0};
		must(link_request_encode(&request, plain, &size));
		must(link_seal(&enclave, (struct span){plain, size}, question.data, sizeof question.data,
			       &question.size));
		source_answer(&source, &question, &answer);
		must(link_open(&enclave, (struct span){answer.data, answer.size}, content, sizeof content, &size));
		heard_add(heard, false, &question);
		heard_add(heard, true, &answer);
	}
}

const struct heard *world_bystander(void)
{
	static struct heard heard;

	if (heard.count[0] == 0) {
		world_keys_apart(true);
		make_bystander(&heard);
		world_keys_apart(false);
	}
	return &heard;
}
