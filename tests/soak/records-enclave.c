/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enclave's end as it is: enclave/link/ asks for a grant, shakes hands through the
 * ring, and reads memory through the session. This file is its host, with the source
 * behind it and somebody between the two.
 */
#include <stdio.h>
#include <string.h>

#include "enclave/crypto/primitives.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "records.h"
#include "wire/grantor.h"

enum {
	GUARD_BYTE = 0xa5,
	ROOM_PAGES = LINK_OPERATION_COUNT_MAX,
	GUARD_SIZE = 256,
	/* FIRST and SECOND; the hello; then what the program reads. */
	EXCHANGE_FIRST = 0,
	EXCHANGE_HELLO = 1,
	EXCHANGE_READ = 2,
	/* As many waits as a host may make of one; the enclave gives up after 30. */
	TORN_COUNT = 3,
};

static struct call_window window __attribute__((aligned(4096)));
static struct link_ring ring __attribute__((aligned(4096)));
static struct source source;
static struct heard heard;

/* The lie of this run. */
static struct {
	enum enclave_lie lie;
	enum mutation mutation;
	unsigned exchange;
	bool back;
	bool told, changed; /* was it told, and is what the other end got another message? */
	bool never_answers;
	unsigned late_count; /* waits that are still answered with nothing */
	bool grant_is_bad;
} plan;

static unsigned exchange;
static uint64_t served;
static struct message question, answer;

static struct {
	uint8_t before[GUARD_SIZE];
	uint8_t bytes[ROOM_PAGES][GUEST_PAGE_SIZE];
	uint8_t after[GUARD_SIZE];
} room;

/* In the places of start.c, enclu.c, entry.S, enclave/crypto and an image's manifest. */
const char image_paths[] = "";
const char image_environment[] = "";
const char image_programs[] = "";
const uint16_t image_calls[] = {IMAGE_CALLS_END};

bool runtime_has_link(void)
{
	return true;
}

struct link_ring *runtime_link_ring(void)
{
	return &ring;
}

const uint8_t *runtime_owner_key(void)
{
	return world_binding.owner_key;
}

const uint8_t *runtime_source_key(void)
{
	return world_binding.source_key;
}

const uint8_t *runtime_source_nonce(void)
{
	return world_binding.source_nonce;
}

const char *runtime_target(void)
{
	return world_target;
}

bool runtime_has_vaes(void)
{
	return false;
}

const struct link_primitives *enclave_primitives(bool use_vaes)
{
	(void)use_vaes;
	return world_primitives();
}

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	(void)target;
	*ret_report = (struct sgx_report){.cpusvn = GRANTOR_SIM_CPUSVN};
	memcpy(ret_report->mrenclave, world_mrenclave, sizeof ret_report->mrenclave);
	memcpy(ret_report->report_data, report_data, sizeof ret_report->report_data);
	return STATUS_OK;
}

/* Well signed: what an enclave has to see by itself. What it leaves to the source stays good here. */
static void make_other_grant(struct link_grant *grant)
{
	bool by_owner = true;

	plan.grant_is_bad = true;
	switch (below(9)) {
	case 0: grant->enclave_key[below(32)] ^= 4; break;
	case 1: grant->source_key[below(32)] ^= 4; break;
	case 2: grant->source_nonce[below(32)] ^= 4; break;
	case 3: memcpy(grant->target, "qemu:1235", 10); break;
	case 4: grant->backend = LINK_BACKEND_SGX; break;
	case 5: grant->mrenclave[below(32)] ^= 4; break;
	case 6: by_owner = false; break;
	case 7: grant->valid_until = below(1001); break; /* over, by the source's clock */
	default:
		plan.grant_is_bad = false;
		grant->flags = below(2) ? LINK_GRANT_DEBUG : 0;
		grant->quota_bytes = random_next();
	}
	world_sign(grant, by_owner);
}

static int64_t answer_grant(const struct call_slot *slot)
{
	struct grantor_request request;
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_grant grant;

	memcpy(&request, window.data + slot->argument[0], sizeof request);
	world_grant(request.enclave_key, &grant);
	if (plan.lie == ENCLAVE_GRANT_OTHER)
		make_other_grant(&grant);
	if (link_grant_encode(&grant, encoded) != STATUS_OK)
		return STATUS_DENIED;
	if (plan.lie == ENCLAVE_GRANT_OTHER)
		plan.told = true;
	if (plan.lie == ENCLAVE_GRANT_CHANGED) {
		plan.told = plan.grant_is_bad = true;
		if (below(8) == 0)
			return (int64_t)(below(2) ? below(LINK_GRANT_SIZE) : random_next() | 1);
		for (uint64_t count = 1 + below(3); count > 0; count--)
			encoded[(count * 170 + below(170)) % LINK_GRANT_SIZE] ^= (uint8_t)(1 + below(255));
	}
	memcpy(window.data + slot->argument[2], encoded, sizeof encoded);
	return LINK_GRANT_SIZE;
}

/* Is it time for the lie? */
static bool is_due(bool back)
{
	return exchange == plan.exchange && plan.back == back;
}

static void maybe_mutate(struct message *message, bool back)
{
	if (plan.lie != ENCLAVE_MUTATION || !is_due(back) || message->size == 0)
		return;
	plan.told = plan.changed = true;
	message_mutate(message, plan.mutation, back, &heard);
}

static bool maybe_drop(bool back)
{
	if (plan.lie != ENCLAVE_DROPPED || !is_due(back))
		return false;
	plan.told = plan.changed = plan.never_answers = true;
	return true;
}

static uint64_t other_size(uint64_t size)
{
	static const uint64_t sizes[] = {
		0, 1, LINK_RING_REPLY_SIZE, LINK_RING_REPLY_SIZE + 1, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX};
	uint64_t other = below(2) ? sizes[below(7)] : below(2) ? size + 1 + below(40) : random_next();

	return other != size ? other : size + 1;
}

/* What isn't the answer: the program's own words, those about sleep, bytes behind the answer. */
static void change_ring_content(void)
{
	size_t left = sizeof ring.reply - answer.size;

	plan.told = true;
	ring.request_sequence = random_next();
	ring.request_size = random_next();
	ring.client_asleep = random_next();
	ring.source_gone = random_next();
	/* Seldom: an enclave that believes it awake looks for a while. */
	ring.source_asleep = below(16) == 0 ? 0 : random_next() | 1;
	memset(ring.request, (int)random_next(), sizeof ring.request);
	random_fill(ring.reply + answer.size, left < 64 ? left : 64);
}

static void lie_in_ring(void)
{
	switch (plan.lie) {
	case ENCLAVE_RING_SIZE:
		plan.told = plan.changed = true;
		ring.reply_size = other_size(answer.size);
		return;
	case ENCLAVE_RING_SEQUENCE:
		plan.told = true;
		plan.never_answers = below(4) == 0;
		plan.changed = plan.never_answers;
		plan.late_count = 1 + (unsigned)below(TORN_COUNT);
		ring.reply_sequence = served + (below(2) ? 1 + below(3) : UINT64_MAX - below(3));
		if (below(3) == 0)
			ring.reply_sequence = random_next() | UINT64_C(1) << 62;
		return;
	case ENCLAVE_RING_CONTENT: change_ring_content(); return;
	case ENCLAVE_WAIT_RESULT:
		plan.told = true;
		ring.reply_sequence = served - 1;
		plan.late_count = 1 + (unsigned)below(TORN_COUNT);
		return;
	default: return;
	}
}

/* The request that lies in the ring, to the source; its answer into the ring. */
static void relay(void)
{
	served = ring.request_sequence;
	question.size = ring.request_size;
	memcpy(question.data, ring.request, question.size);
	maybe_mutate(&question, false);
	if (maybe_drop(false))
		return;
	source_answer(&source, &question, &answer);
	heard_add(&heard, false, &question);
	maybe_mutate(&answer, true);
	if (maybe_drop(true))
		return;
	if (answer.size == 0) {
		ring.source_gone = 1;
		return;
	}
	heard_add(&heard, true, &answer);
	memcpy(ring.reply, answer.data, answer.size);
	ring.reply_size = answer.size;
	ring.reply_sequence = served;
	if (is_due(true))
		lie_in_ring();
	exchange++;
}

static int64_t made_up_result(void)
{
	static const int64_t results[] = {
		STATUS_OK, STATUS_TORN, STATUS_GONE, STATUS_UNMAPPED, STATUS_DENIED, INT64_MIN, INT64_MAX, -4096, 77};

	return below(4) ? results[below(9)] : (int64_t)random_next();
}

static int64_t answer_wait(uint64_t sequence)
{
	if (sequence != served)
		relay();
	if (plan.never_answers)
		return STATUS_TORN;
	if (plan.late_count > 0 && --plan.late_count > 0)
		return plan.lie == ENCLAVE_WAIT_RESULT ? made_up_result() : STATUS_TORN;
	if (plan.lie == ENCLAVE_WAIT_RESULT && plan.told && ring.reply_sequence == served - 1) {
		/* The last wait: it lies with the answer, or without. */
		int64_t result = made_up_result();

		if (below(2) || result == STATUS_OK)
			ring.reply_sequence = served;
		else if (result == STATUS_TORN)
			plan.never_answers = true;
		return result;
	}
	if (plan.lie == ENCLAVE_RING_SEQUENCE && plan.told)
		ring.reply_sequence = served;
	return ring.source_gone != 0 && ring.reply_sequence != served ? STATUS_GONE : STATUS_OK;
}

void runtime_enter_host(void)
{
	struct call_slot *slot = &window.slot;

	slot->result = STATUS_USAGE;
	if (slot->number == CALL_GRANT)
		slot->result = answer_grant(slot);
	else if (slot->number == CALL_LINK_WAIT)
		slot->result = answer_wait(slot->argument[0]);
	slot->done = slot->posted;
}

/* What a program asked for, and what it must get. */
static struct {
	uint8_t type; /* enum link_operation_type */
	uint64_t address;
	size_t size; /* LINK_READ of one */
	size_t page_count; /* LINK_READ of many; 0: of one */
	struct guest_pa page[ROOM_PAGES];
	status outcome[ROOM_PAGES];
	struct ram_map map;
	struct cpu_registers registers;
	struct ram_range range;
} asked;

static void choose_operation(void)
{
	static const uint8_t types[] = {LINK_READ,    LINK_READ,      LINK_READ,
					LINK_RAM_MAP, LINK_REGISTERS, LINK_NEXT_POPULATED};

	memset(&asked, 0, sizeof asked);
	asked.type = types[below(6)];
	asked.address = asked.type == LINK_REGISTERS ? below(6) : below(64) << 12;
	if (asked.type == LINK_NEXT_POPULATED && below(4) == 0)
		asked.address = UINT64_C(1) << 40;
	if (asked.type != LINK_READ)
		return;
	if (below(2)) {
		size_t offset = below(4096);

		asked.address += offset;
		asked.size = 1 + below(4096 - offset);
		return;
	}
	asked.page_count = below(8) == 0 ? 1 + below(ROOM_PAGES) : 1 + below(3);
	for (size_t i = 0; i < asked.page_count; i++)
		asked.page[i].value = below(64) << 12;
}

static status ask(void)
{
	struct page_source *from = enclave_link_source();
	const uint8_t *bytes = NULL;

	switch (asked.type) {
	case LINK_READ:
		if (asked.page_count > 0)
			return from->ops->read_pages(from, asked.page, asked.page_count, room.bytes, asked.outcome);
		return from->ops->read(from, (struct guest_pa){asked.address}, room.bytes, asked.size);
	case LINK_RAM_MAP: return from->ops->ram_map(from, &asked.map);
	case LINK_REGISTERS: return from->ops->registers(from, (uint32_t)asked.address, &asked.registers);
	case LINK_NEXT_POPULATED:
		return from->ops->next_populated(from, (struct guest_pa){asked.address}, &asked.range, &bytes);
	default: return from->ops->check(from);
	}
}

static bool is_guard(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != GUARD_BYTE)
			return false;
	return true;
}

static enum verdict check_pages(const status *expected, const uint8_t *const *data)
{
	static const uint8_t zeros[GUEST_PAGE_SIZE];

	for (size_t i = 0; i < asked.page_count; i++) {
		const uint8_t *right = expected[i] == STATUS_OK ? data[i] : zeros;

		if (asked.outcome[i] != expected[i])
			return bad("page %zu: \"%s\" instead of \"%s\"", i, status_name(asked.outcome[i]),
				   status_name(expected[i]));
		if (memcmp(room.bytes[i], right, GUEST_PAGE_SIZE) != 0)
			return bad("page %zu has wrong bytes", i);
	}
	return HARMLESS;
}

static bool map_is(const uint8_t *slot)
{
	if (asked.map.range_count != reply_u64(slot))
		return false;
	for (size_t i = 0; i < asked.map.range_count; i++)
		if (asked.map.range[i].start.value != reply_u64(slot + 8 + 16 * i) ||
		    asked.map.range[i].size != reply_u64(slot + 16 + 16 * i))
			return false;
	return true;
}

static bool registers_are(const uint8_t *slot)
{
	const struct cpu_registers *registers = &asked.registers;
	const uint64_t got[] = {registers->cr0,	     registers->cr3,	   registers->cr4, registers->efer,
				registers->idt_base, registers->cpu_index, registers->cpl, registers->lstar};

	for (size_t i = 0; i < sizeof got / sizeof got[0]; i++)
		if (got[i] != reply_u64(slot + 8 * i))
			return false;
	return true;
}

/* `result` against the outcomes and data that there must be. */
static enum verdict check_result(status result, const status *expected, const uint8_t *const *data)
{
	bool right = true;

	if (!is_guard(room.before, GUARD_SIZE) || !is_guard(room.after, GUARD_SIZE) ||
	    !is_guard(room.bytes[asked.page_count] + asked.size,
		      (size_t)(room.after - room.bytes[asked.page_count]) - asked.size))
		return bad("memory beyond the answer's was written");
	if (asked.page_count > 0)
		return result == STATUS_OK ? check_pages(expected, data) : bad("pages: %s", status_name(result));
	if (result != expected[0])
		return bad("\"%s\" instead of \"%s\"", status_name(result), status_name(expected[0]));
	if (result != STATUS_OK)
		return is_guard(room.bytes[0], asked.size) ? HARMLESS : bad("no answer, and something was written");
	switch (asked.type) {
	case LINK_READ: right = memcmp(room.bytes, data[0], asked.size) == 0; break;
	case LINK_RAM_MAP: right = map_is(data[0]); break;
	case LINK_REGISTERS: right = registers_are(data[0]); break;
	case LINK_NEXT_POPULATED:
		right = asked.range.start.value == reply_u64(data[0]) && asked.range.size == reply_u64(data[0] + 8);
		break;
	default: break;
	}
	return right ? HARMLESS : bad("wrong data for an operation of type %u", asked.type);
}

/* Against what the source's memory holds. */
static enum verdict check_truth(status result)
{
	static uint8_t bytes[ROOM_PAGES][GUEST_PAGE_SIZE], other[2048];
	const uint8_t *data[ROOM_PAGES];
	status expected[ROOM_PAGES] = {STATUS_OK};
	struct call_registers registers;
	struct call_range range;

	for (size_t i = 0; i < asked.page_count; i++) {
		expected[i] = world_page(asked.page[i].value, bytes[i], GUEST_PAGE_SIZE);
		data[i] = bytes[i];
	}
	if (asked.page_count > 0)
		return check_result(result, expected, data);
	data[0] = asked.type == LINK_READ ? bytes[0] : other;
	switch (asked.type) {
	case LINK_READ: expected[0] = world_page(asked.address, bytes[0], asked.size); break;
	case LINK_RAM_MAP: memcpy(other, &world_ram, sizeof world_ram); break;
	case LINK_REGISTERS:
		expected[0] = world_registers(asked.address, &registers);
		memcpy(other, &registers, sizeof registers);
		break;
	case LINK_NEXT_POPULATED:
		expected[0] = world_next(asked.address, &range);
		memcpy(other, &range, sizeof range);
		break;
	default: break;
	}
	return check_result(result, expected, data);
}

/* After a fault the source isn't even asked again, and the fault stays what it is. */
static enum verdict check_over(status fault)
{
	uint64_t before = ring.request_sequence;

	if (words_count == 0)
		return bad("refused without words (%s)", status_name(fault));
	memset(&room, GUARD_BYTE, sizeof room);
	choose_operation();
	status result = ask();
	if (result != fault)
		return bad("after the fault \"%s\", \"%s\"", status_name(fault), status_name(result));
	if (ring.request_sequence != before || !is_guard((const uint8_t *)&room, sizeof room))
		return bad("after a fault the session goes on");
	return REFUSED;
}

/* What the source made of a message that was changed on its way there. */
static enum verdict check_source(unsigned opened_before)
{
	if (!plan.told || !plan.changed || plan.back || plan.lie != ENCLAVE_MUTATION)
		return HARMLESS;
	if (source.opened_count != opened_before)
		return bad("the source took a changed record");
	/* A FIRST that is a replay proves nothing, and gets nothing. */
	if (source.is_over || (plan.exchange == EXCHANGE_FIRST && !link_session_is_proven(&source.session)))
		return REFUSED;
	return bad("the source goes on after a changed record");
}

/* The lie was told in the exchange that `fault` comes from, and must have been told. */
static enum verdict check_refusal(status fault, unsigned opened_before)
{
	if (!status_is_fault(fault))
		return bad("\"%s\", where the session should have ended", status_name(fault));
	if (!plan.told)
		return bad("a fault without a lie: %s", words_last);
	if (check_source(opened_before) == BAD)
		return BAD;
	return check_over(fault);
}

static enum verdict try_start(void)
{
	status result = enclave_link_start();

	if (result != STATUS_OK)
		return check_refusal(result, 0);
	if (plan.told && (plan.changed || plan.grant_is_bad))
		return bad("the link stands, over a changed message or grant");
	return HARMLESS;
}

static void prepare(enum enclave_lie lie, enum mutation mutation)
{
	memset(&plan, 0, sizeof plan);
	plan.lie = lie;
	plan.mutation = mutation;
	plan.back = lie != ENCLAVE_MUTATION && lie != ENCLAVE_DROPPED ? true : below(2);
	plan.exchange = (unsigned)below(EXCHANGE_READ + 3);
	memset(&ring, 0, 4096);
	ring.request_sequence = ring.reply_sequence = served;
	ring.source_asleep = 1;
	exchange = 0;
	heard.count[0] = heard.count[1] = 0;
	source_init(&source);
	runtime_window_init(&window);
	window.slot.done = 0;
	window.slot.helper = CALL_HELPER_NONE;
	words_forget();
}

/* One operation; the lie falls into it, or is over, or is still to come. */
static enum verdict read_once(void)
{
	unsigned opened_before = source.opened_count;
	bool told_before = plan.told;

	memset(&room, GUARD_BYTE, sizeof room);
	choose_operation();
	status result = ask();
	if (plan.told && !told_before && plan.changed)
		return check_refusal(result, opened_before);
	/* Lies about waiting may end a session; what they let through must be right. */
	if (plan.told && !told_before && status_is_fault(result))
		return check_refusal(result, opened_before);
	return check_truth(result);
}

static enum verdict try_reads(void)
{
	bool over = plan.told;
	enum verdict verdict = HARMLESS;

	/* The lie in one of them, and one more behind it. */
	for (unsigned i = 0; i < EXCHANGE_READ + 4 && verdict == HARMLESS; i++) {
		if (over && i > 0)
			break;
		over = plan.told;
		verdict = read_once();
	}
	return verdict != HARMLESS || plan.told ? verdict : bad("the lie was never told");
}

/* The source's own reply, well sealed: what may come of it is in records-reply.c. */
static enum verdict try_reply(void (*tamper)(struct source *source))
{
	status expected[ROOM_PAGES], result;
	const uint8_t *data[ROOM_PAGES];

	result = enclave_link_start();
	if (result != STATUS_OK)
		return bad("no link: %s", words_last);
	for (uint64_t honest = below(2); honest > 0; honest--)
		if (read_once() == BAD)
			return BAD;
	source.tamper = tamper;
	plan.told = true;
	memset(&room, GUARD_BYTE, sizeof room);
	choose_operation();
	words_forget();
	result = ask();
	source.tamper = NULL;
	if (reply_must_be_refused(&source, expected))
		return check_refusal(result, 0);
	if (enclave_link_epoch() != reply_u64(source.plain + 8))
		return bad("another epoch than the source's");
	for (uint32_t i = 0; i < source.request.operation_count; i++)
		data[i] = reply_slot(&source, i);
	if (check_result(result, expected, data) == BAD)
		return BAD;
	return read_once();
}

enum verdict try_enclave(enum enclave_lie lie, enum mutation mutation)
{
	enum verdict verdict;

	prepare(lie, mutation);
	switch (lie) {
	case ENCLAVE_REPLY_HEAD: return try_reply(reply_tamper_head);
	case ENCLAVE_REPLY_RESULTS: return try_reply(reply_tamper_results);
	case ENCLAVE_REPLY_DATA: return try_reply(reply_tamper_data);
	case ENCLAVE_REPLY_SIZE: return try_reply(reply_tamper_size);
	default: break;
	}
	verdict = try_start();
	return verdict == HARMLESS ? try_reads() : verdict;
}
