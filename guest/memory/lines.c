/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/lines.h"

#include <assert.h>
#include <string.h>

#include "base/report.h"
#include "guest/memory/cache.h"

enum {
	STORAGE_ALIGNMENT = 64,
	LINES_A_PAGE = GUEST_PAGE_SIZE / PLAN_LINE_SIZE,
	/* A walk that comes to where a plan stopped doesn't always touch the same field
	 * first: objects of the kernel's are at most so large, and lie in a row. */
	NEAR_LINES = 2 * LINES_A_PAGE,
	/* So many lines missing elsewhere, and the walk has passed that place: it was
	 * in a page that came for another reason. */
	MISS_COUNT_MAX = 8,
	STRAYED_MISS_COUNT_MAX = 64,
	/* Bytes of a packed answer for each line of the ring: packed, they are three times as many
	 * lines or more, and less than a source sends at once. */
	PACKED_PART = 80,
	/* Bits for each bucket in which the lines of an answer's rest are looked up: of 60,000, the most that there
	 * are, so few share one that the others are told from them. */
	REST_BITS = 32,
	/* Of the ring, what is unpacked at first, and at a time when more is wanted. */
	UNPACKED_FIRST_PART = 2,
	UNPACKED_PART = 8,
	/* A walk that has looked into the last quarter of such a part is taken to be through with it, and a
	 * line that is missing then for one of the next part's. */
	UNPACKED_USED_PART = 4,
	/* A line that was looked at so many parts after it came is wanted all along; of such, so many
	 * are passed by in one go. */
	LASTING_TIMES = 2,
	LASTING_COUNT_MAX = 64,
	TIME_MASK = 0x7fff,
	/* Of the ring, what may be kept: the rest must hold what is unpacked at first, and more. */
	KEPT_PART = 8,
	/* With fewer lines than this part of the buckets, these are cleared one by one. */
	FEW_PART = 16,
	/* Moments of one run at most; further ones aren't counted. An answer has no more lines. */
	MOMENTS_A_RUN = 1 << 16,
};

/* What a slot holds whose line has moved: no physical address has this number. */
#define NO_LINE UINT64_MAX

static size_t align_up(size_t size)
{
	return (size + STORAGE_ALIGNMENT - 1) & ~(size_t)(STORAGE_ALIGNMENT - 1);
}

static size_t bucket_count_for(size_t line_count)
{
	size_t count = 1;

	while (count < line_count)
		count *= 2;
	return count;
}

size_t guest_memory_lines_storage_size(size_t line_count)
{
	return align_up(sizeof(struct line_cache)) + align_up(line_count * sizeof(struct line_slot)) +
	       align_up(bucket_count_for(line_count) * sizeof(uint32_t)) + line_count * PLAN_LINE_SIZE +
	       align_up(line_count * sizeof(struct line_moments)) + align_up(line_count * PACKED_PART) +
	       align_up(bucket_count_for(line_count) * REST_BITS / 8);
}

/* The most lines that fit. */
static size_t line_count_for(size_t storage_size)
{
	size_t count =
		storage_size / (PLAN_LINE_SIZE + PACKED_PART + sizeof(struct line_slot) + sizeof(struct line_moments));

	/* Ends: what is kept about lines takes less than all of them. */
	while (count > 0 && guest_memory_lines_storage_size(count) > storage_size)
		count--;
	return count < LINE_NONE ? count : LINE_NONE - 1;
}

static uint32_t *bucket_of(const struct line_cache *cache, uint64_t line)
{
	return &cache->buckets[(line * UINT64_C(0x9e3779b97f4a7c15) >> 32) & cache->bucket_mask];
}

static void buckets_clear(struct line_cache *cache)
{
	memset(cache->buckets, 0xff, ((size_t)cache->bucket_mask + 1) * sizeof cache->buckets[0]);
}

/* A short look has touched few of some hundred thousand bytes of buckets. Until the ring is full, its lines are those
 * from its begin to the hand. */
static void buckets_forget(struct line_cache *cache)
{
	if (cache->current_count == cache->slot_count || cache->current_count > cache->bucket_mask / FEW_PART) {
		buckets_clear(cache);
		return;
	}
	for (uint32_t i = 0; i < cache->hand; i++)
		if (cache->slots[i].line != NO_LINE)
			*bucket_of(cache, cache->slots[i].line) = LINE_NONE;
}

static void cache_clear(struct line_cache *cache)
{
	buckets_forget(cache);
	cache->hand = 0;
	cache->current_count = 0;
	cache->kept_count = 0;
	cache->moment_next = cache->moment_end = 1;
	cache->tick_newest = 0;
	cache->kept_until = cache->added_count;
	cache->packed.size = cache->packed.at = 0;
	memset(cache->filter, 0, sizeof cache->filter);
	for (size_t i = 0; i < LINES_PLAN_COUNT; i++)
		cache->stopped[i].is_there = false;
}

static_assert(LINE_NONE == 0xffffffff, "the byte that buckets are cleared with");

status guest_memory_lines_init(struct guest_memory *memory, void *storage, size_t storage_size)
{
	size_t line_count = line_count_for(storage_size), bucket_count = bucket_count_for(line_count);
	struct line_cache *cache = storage;
	uint8_t *next = (uint8_t *)storage + align_up(sizeof *cache);

	if (line_count < GUEST_MEMORY_LINES_MIN || (uintptr_t)storage % STORAGE_ALIGNMENT != 0)
		return report(STATUS_USAGE,
			      "%zu bytes at %p can't hold a cache of lines: %zu, 64-byte aligned, are the least",
			      storage_size, storage, guest_memory_lines_storage_size(GUEST_MEMORY_LINES_MIN));
	memset(cache, 0, sizeof *cache);
	cache->slot_count = (uint32_t)line_count;
	cache->bucket_mask = (uint32_t)bucket_count - 1;
	cache->slots = (struct line_slot *)(void *)next;
	next += align_up(line_count * sizeof(struct line_slot));
	cache->buckets = (uint32_t *)(void *)next;
	next += align_up(bucket_count * sizeof(uint32_t));
	cache->lines = (uint8_t(*)[PLAN_LINE_SIZE])next;
	next += line_count * PLAN_LINE_SIZE;
	cache->moments = (struct line_moments *)(void *)next;
	next += align_up(line_count * sizeof(struct line_moments));
	cache->packed.bytes = next;
	cache->packed.size_max = line_count * PACKED_PART;
	next += align_up(line_count * PACKED_PART);
	cache->packed.rest = (uint64_t *)(void *)next;
	cache->packed.rest_mask = (uint32_t)bucket_count * REST_BITS - 1;
	buckets_clear(cache);
	cache_clear(cache);
	memory->lines = cache;
	return STATUS_OK;
}

/* ---- single lines */

static uint32_t filter_bit(uint64_t page)
{
	return (uint32_t)(page * UINT64_C(0x9e3779b97f4a7c15) >> 40) % LINES_FILTER_BITS;
}

static uint32_t find_slot(const struct line_cache *cache, uint64_t line)
{
	uint32_t index = *bucket_of(cache, line);

	while (index != LINE_NONE && cache->slots[index].line != line)
		index = cache->slots[index].next;
	return index;
}

/* How far a walk has come in what was unpacked: the newest line that it looked at. */
static void note_found(struct line_cache *cache, uint32_t index)
{
	uint32_t behind = cache->hand > index ? cache->hand - index : cache->hand + cache->slot_count - index;

	if (behind < cache->packed.behind)
		cache->packed.behind = behind;
}

const uint8_t *lines_find(const struct guest_memory *memory, uint64_t line)
{
	const struct line_cache *cache = memory->lines;

	if (cache == NULL || cache->current_count == 0)
		return NULL;
	uint32_t index = find_slot(cache, line);
	if (index == LINE_NONE)
		return NULL;
	if (!cache->slots[index].is_kept)
		note_found(memory->lines, index);
	cache->slots[index].used = cache->time & TIME_MASK;
	return cache->lines[index];
}

void lines_keep(const struct guest_memory *memory, uint64_t line)
{
	struct line_cache *cache = memory->lines;

	if (cache == NULL || cache->current_count == 0 || cache->kept_count >= cache->slot_count / KEPT_PART)
		return;
	uint32_t index = find_slot(cache, line);
	if (index == LINE_NONE || cache->slots[index].is_kept)
		return;
	cache->slots[index].is_kept = true;
	cache->kept_count++;
}

static void unlink_slot(struct line_cache *cache, uint32_t index)
{
	uint32_t *link = bucket_of(cache, cache->slots[index].line);

	while (*link != index)
		link = &cache->slots[*link].next;
	*link = cache->slots[index].next;
}

/* Was it looked at again, long after it came? Objects pass by; what a walk needs all along (tables, a few
 * variables of the kernel's) stays. */
static bool is_lasting(const struct line_slot *slot)
{
	return slot->line != NO_LINE && ((slot->used - slot->added) & TIME_MASK) >= LASTING_TIMES;
}

static void hand_advance(struct line_cache *cache)
{
	cache->hand = cache->hand + 1 < cache->slot_count ? cache->hand + 1 : 0;
}

static void pass_kept(struct line_cache *cache)
{
	/* Ends: a part of the ring at most is kept. */
	while (cache->slots[cache->hand].is_kept)
		hand_advance(cache);
}

/* Go past such lines; each has to show anew that it is one. */
static void pass_lasting(struct line_cache *cache)
{
	pass_kept(cache);
	for (int i = 0; i < LASTING_COUNT_MAX && is_lasting(&cache->slots[cache->hand]); i++) {
		cache->slots[cache->hand].added = cache->slots[cache->hand].used = cache->time & TIME_MASK;
		hand_advance(cache);
		pass_kept(cache);
	}
}

static uint32_t tick_told(uint64_t tick)
{
	return tick < UINT32_MAX ? (uint32_t)tick : UINT32_MAX;
}

uint64_t lines_tick(const struct guest_memory *memory, const uint8_t *line)
{
	const struct line_cache *cache = memory->lines;

	if (cache->tick_newest <= memory->used_tick)
		return memory->used_tick;
	uint32_t tick = cache->moments[(size_t)(line - cache->lines[0]) / PLAN_LINE_SIZE].tick;

	return tick < UINT32_MAX ? tick : memory->tick;
}

/* The oldest line goes, if need be: whoever holds a pointer to it must hear of it. */
static void add_line(struct guest_memory *memory, uint64_t line, const uint8_t *bytes)
{
	struct line_cache *cache = memory->lines;

	if (cache->current_count == cache->slot_count)
		pass_lasting(cache);
	uint32_t index = cache->hand, *bucket = bucket_of(cache, line);
	uint64_t page = line / LINES_A_PAGE;

	if (cache->current_count == cache->slot_count) {
		if (cache->slots[index].line != NO_LINE)
			unlink_slot(cache, index);
		memory->generation++;
	} else {
		cache->current_count++;
	}
	cache->slots[index] = (struct line_slot){
		.line = line, .next = *bucket, .added = cache->time & TIME_MASK, .used = cache->time & TIME_MASK};
	*bucket = index;
	uint32_t tick = tick_told(cache->moment_next - 1);
	cache->moments[index] = (struct line_moments){.tick = tick};
	if (tick > cache->tick_newest)
		cache->tick_newest = tick < UINT32_MAX ? tick : UINT64_MAX;
	memcpy(cache->lines[index], bytes, PLAN_LINE_SIZE);
	cache->filter[filter_bit(page) / 64] |= 1ULL << (filter_bit(page) % 64);
	hand_advance(cache);
	cache->added_count++;
	cache->packed.behind += cache->packed.behind < cache->slot_count;
}

/* A line that came again is in use: of the old half of the ring it moves to the new one,
 * with the bytes that it had. Its old place isn't filled before its turn. */
static void renew_line(struct guest_memory *memory, uint32_t index)
{
	struct line_cache *cache = memory->lines;
	uint32_t ahead = (index + cache->slot_count - cache->hand) % cache->slot_count;
	uint64_t line = cache->slots[index].line;
	struct line_moments moments = cache->moments[index];

	if (ahead > cache->slot_count / 2 || cache->slots[index].is_kept)
		return;
	if (ahead == 0) { /* it is its turn: not this time */
		hand_advance(cache);
		return;
	}
	unlink_slot(cache, index);
	cache->slots[index].line = NO_LINE;
	add_line(memory, line, cache->lines[index]);
	index = find_slot(cache, line);
	if (index != LINE_NONE)
		cache->moments[index] = moments;
}

void lines_overlay(const struct guest_memory *memory, uint64_t page, uint8_t *bytes)
{
	const struct line_cache *cache = memory->lines;

	if (cache == NULL || (cache->filter[filter_bit(page) / 64] >> (filter_bit(page) % 64) & 1) == 0)
		return;
	for (uint64_t i = 0; i < LINES_A_PAGE; i++) {
		const uint8_t *line = lines_find(memory, page * LINES_A_PAGE + i);

		if (line != NULL)
			memcpy(bytes + i * PLAN_LINE_SIZE, line, PLAN_LINE_SIZE);
	}
}

void lines_forget(struct guest_memory *memory)
{
	if (memory->lines != NULL)
		cache_clear(memory->lines);
}

/* ---- answers */

/* What a page's lines have in common. */
struct page_facts {
	uint64_t page;
	const uint8_t *copy; /* that this epoch has of it; NULL: none */
};

/* A line into the cache, but what this epoch has seen already stays. */
static status take_line(struct guest_memory *memory, uint64_t line, const uint8_t *bytes, struct page_facts *facts)
{
	uint64_t page = line / LINES_A_PAGE;

	if (page != facts->page) {
		if (line >= UINT64_C(1) << (64 - PLAN_LINE_SHIFT) ||
		    !guest_memory_is_ram(memory, (struct guest_pa){page << GUEST_PAGE_SHIFT}, GUEST_PAGE_SIZE))
			return report(STATUS_MALFORMED, "the source ran a plan and answered %#llx, which isn't RAM",
				      (unsigned long long)line << PLAN_LINE_SHIFT);
		*facts = (struct page_facts){page, cache_page(memory, page)};
	}
	uint32_t index = find_slot(memory->lines, line);
	if (index != LINE_NONE)
		renew_line(memory, index);
	else
		add_line(memory, line,
			 facts->copy != NULL ? facts->copy + line % LINES_A_PAGE * PLAN_LINE_SIZE : bytes);
	return STATUS_OK;
}

/* Memory held a line at a moment, if the cache has it as it was then. */
static void note_line(struct line_cache *cache, uint64_t line, const uint8_t *bytes, uint64_t moment)
{
	uint32_t index = find_slot(cache, line);

	if (index == LINE_NONE || memcmp(cache->lines[index], bytes, PLAN_LINE_SIZE) != 0)
		return;
	cache->moments[index].last = (uint32_t)moment;
	if (cache->moments[index].first == 0)
		cache->moments[index].first = (uint32_t)moment;
}

/* The last `count` lines that were unpacked are of one moment; of an answer that is of one as a whole, its lines are
 * noted as they come. */
static void note_moment(struct line_cache *cache, uint32_t count)
{
	const struct plan_unpack *unpack = &cache->packed.unpack;

	if (count == 0 || cache->moment_next == cache->moment_end || cache->packed.is_still)
		return;
	for (uint32_t i = unpack->numbers.count - count; i != unpack->numbers.count; i++)
		note_line(cache, unpack->numbers.number[i % PLAN_PACK_WINDOW], unpack->lines[i % PLAN_PACK_WINDOW],
			  cache->moment_next);
	cache->moment_next++;
}

static bool has_packed(const struct line_cache *cache)
{
	return cache->packed.at < cache->packed.size;
}

/* Up to `count` lines more; where an answer is wrong, the rest of it is dropped. */
static void unpack(struct guest_memory *memory, size_t count)
{
	struct packed_lines *packed = &memory->lines->packed;
	struct span left = {packed->bytes + packed->at, packed->size - packed->at};
	struct page_facts facts = {.page = UINT64_MAX};
	struct reader reader;
	const uint8_t *bytes;
	uint64_t line;

	memory->lines->time++;
	reader_init(&reader, left);
	for (size_t i = 0; i < count && reader.position < reader.bytes.size; i++) {
		status result = plan_unpack_next(&packed->unpack, &reader, &line, &bytes);

		if (result == STATUS_OK)
			result = take_line(memory, line, bytes, &facts);
		if (result == STATUS_OK && packed->is_still && memory->lines->moment_next != memory->lines->moment_end)
			note_line(memory->lines, line, bytes, memory->lines->moment_next);
		if (result != STATUS_OK) {
			packed->at = packed->size;
			return;
		}
		/* Moments within each other end one after the other. Each round takes some of the answer. */
		for (uint32_t lines; (lines = plan_unpack_moment(&packed->unpack, &reader)) != 0;)
			note_moment(memory->lines, lines);
	}
	packed->at += reader.position;
	packed->miss_count = 0;
	packed->is_rest_known = false;
	packed->next_line =
		plan_unpack_peek(&packed->unpack, (struct span){packed->bytes + packed->at, packed->size - packed->at});
}

static void unpack_all(struct guest_memory *memory)
{
	if (has_packed(memory->lines))
		unpack(memory, SIZE_MAX);
}

struct line_sink {
	struct plan_sink sink; /* must be first */
	struct packed_lines *packed;
};

static status take(struct plan_sink *sink, struct span part)
{
	struct packed_lines *packed = ((struct line_sink *)sink)->packed;

	if (part.size > packed->size_max - packed->size)
		return report(STATUS_MALFORMED, "the source answered a read plan with more than %zu bytes",
			      packed->size_max);
	memcpy(packed->bytes + packed->size, part.data, part.size);
	packed->size += part.size;
	return STATUS_OK;
}

/* ---- plans */

static bool is_same_cursor(const struct plan_cursor *a, const struct plan_cursor *b)
{
	return a->is_done == b->is_done && a->step_index == b->step_index && a->loop_count == b->loop_count &&
	       a->next_line == b->next_line && memcmp(a->place, b->place, sizeof a->place) == 0;
}

/* Lines at most that come before a plan's first loop does anything, and with that loop's own beginning. */
static uint32_t lead_of(const struct plan *plan)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < plan->step_count; i++) {
		const struct plan_step *step = &plan->step[i];
		bool is_loop = step->type >= PLAN_LIST && step->type <= PLAN_PERCPU;

		count += plan->space.level_count + 2 + (is_loop ? 0 : step->size / PLAN_LINE_SIZE);
		if (is_loop)
			break;
	}
	return count;
}

/* Lines came into the slots from `first` on; some of them are wanted as long as the epoch goes on, also when so
 * many others have come that they would have to go. What every epoch begins with: small plans, nothing else
 * before them. And what a plan begins with, which its walk comes back to for each of its objects (variables of the
 * kernel's, heads of tables, and the page tables that lead there). */
static void keep_beginning(struct line_cache *cache, const struct plan *plan, uint32_t first, bool is_first)
{
	uint32_t room = cache->slot_count / KEPT_PART - cache->kept_count;

	if (cache->current_count == cache->slot_count)
		return; /* they aren't in a row */
	uint32_t count = cache->hand - first, lead = lead_of(plan);
	bool is_whole = is_first && !has_packed(cache) && count <= room;
	if (!is_whole && count > lead)
		count = lead;
	if (count > room)
		count = room;
	for (uint32_t i = first; i < first + count; i++)
		cache->slots[i].is_kept = true;
	cache->kept_count += count;
	if (is_whole)
		cache->kept_until = cache->added_count;
}

/* All that is unpacked is of before, and all that is copied from now on is later than the moments that a run shows. */
static void begin_moments(struct guest_memory *memory)
{
	struct line_cache *cache = memory->lines;

	cache->moment_next = cache->moment_end = memory->tick + 1;
	memory->tick += MOMENTS_A_RUN;
	if (memory->tick < UINT32_MAX)
		cache->moment_end = memory->tick + 1;
}

/* One run. A plan without an answer is given up: pages say what is wrong, if anything. */
static void run(struct guest_memory *memory, struct stopped_plan *stopped)
{
	struct packed_lines *packed = &memory->lines->packed;
	struct line_sink sink = {{.take = take}, packed};
	struct plan_cursor before = stopped->cursor;

	unpack_all(memory);
	begin_moments(memory);
	uint32_t first = memory->lines->hand;
	bool is_first = memory->lines->added_count == memory->lines->kept_until;
	packed->size = packed->at = 0;
	packed->unpack.numbers.count = 0;
	memory->lines->packed_from = stopped;
	memory->question_count++;
	memory->plan_run_count++;
	stopped->miss_count = 0;
	status result = memory->source->ops->run_plan(memory->source, &stopped->plan, &stopped->cursor, &sink.sink);
	if (result != STATUS_OK)
		packed->size = 0;
	packed->is_still = sink.sink.is_still;
	unpack(memory, memory->lines->slot_count / UNPACKED_FIRST_PART);
	if (before.step_index == 0 && before.loop_count == 0)
		keep_beginning(memory->lines, &stopped->plan, first, is_first && stopped->cursor.is_done);
	bool stands_still = is_same_cursor(&before, &stopped->cursor);
	stopped->is_there = result == STATUS_OK && !stopped->cursor.is_done && !stands_still;
}

void guest_memory_run_plan(struct guest_memory *memory, const struct plan *plan)
{
	struct line_cache *cache = memory->lines;
	struct stopped_plan *stopped;

	if (cache == NULL || memory->source->ops->run_plan == NULL || plan_validate(plan) != STATUS_OK)
		return;
	stopped = &cache->stopped[cache->stopped_next];
	cache->stopped_next = (cache->stopped_next + 1) % LINES_PLAN_COUNT;
	memset(&stopped->cursor, 0, sizeof stopped->cursor);
	stopped->plan = *plan;
	stopped->plan.answer_size_max = (uint32_t)cache->packed.size_max;
	run(memory, stopped);
}

uint64_t guest_memory_line_mark(const struct guest_memory *memory)
{
	return memory->lines != NULL ? memory->lines->added_count : 0;
}

bool guest_memory_has_lines_since(const struct guest_memory *memory, uint64_t mark)
{
	const struct line_cache *cache = memory->lines;

	if (cache == NULL)
		return false;
	return mark < cache->kept_until || cache->added_count - mark <= cache->slot_count - cache->kept_count;
}

bool guest_memory_plan_is_under_way(const struct guest_memory *memory)
{
	const struct line_cache *cache = memory->lines;
	bool is_under_way = cache != NULL && has_packed(cache);

	for (size_t i = 0; cache != NULL && i < LINES_PLAN_COUNT; i++)
		is_under_way |= cache->stopped[i].is_there;
	return is_under_way;
}

static bool is_near(uint64_t line, uint64_t other)
{
	return line > other ? line - other < NEAR_LINES : other - line < NEAR_LINES;
}

/* Has a walk come through what was unpacked last? */
static bool is_well_used(const struct line_cache *cache)
{
	return cache->packed.behind <= cache->slot_count / UNPACKED_PART / UNPACKED_USED_PART;
}

/* Lines are missing that needn't be what comes next. To bring more must not cost what a walk is still to come to,
 * unless it goes elsewhere. */
static bool is_worth_a_try(const struct line_cache *cache, uint32_t miss_count)
{
	bool has_room = cache->packed.behind < cache->slot_count / 2;

	return miss_count >= (has_room ? MISS_COUNT_MAX : STRAYED_MISS_COUNT_MAX);
}

static uint32_t rest_bit(const struct packed_lines *packed, uint64_t line)
{
	return (uint32_t)(line * UINT64_C(0x9e3779b97f4a7c15) >> 32) & packed->rest_mask;
}

/* Of all lines that aren't unpacked. */
static void note_rest(struct packed_lines *packed)
{
	struct plan_numbers numbers = packed->unpack.numbers;
	struct reader reader;
	uint64_t line;

	reader_init(&reader, (struct span){packed->bytes + packed->at, packed->size - packed->at});
	memset(packed->rest, 0, ((size_t)packed->rest_mask + 1) / 8);
	while (plan_unpack_skip(&numbers, &reader, &line))
		packed->rest[rest_bit(packed, line) / 64] |= 1ULL << (rest_bit(packed, line) % 64);
	packed->is_rest_known = true;
}

/* False where the line surely isn't among those that are still to be unpacked: what is no part of the walk (a file's
 * types and symbols) isn't taken for its end. */
static bool is_of_rest(struct packed_lines *packed, uint64_t line)
{
	if (!packed->is_rest_known)
		note_rest(packed);
	return (packed->rest[rest_bit(packed, line) / 64] >> (rest_bit(packed, line) % 64) & 1) != 0;
}

/* A part of the answer at a time, until the line is there or surely isn't next. */
static bool continue_unpacking(struct guest_memory *memory, uint64_t line)
{
	struct line_cache *cache = memory->lines;
	uint32_t part = cache->slot_count / UNPACKED_PART;
	bool is_next = is_near(line, cache->packed.next_line);

	if (!is_next && !is_of_rest(&cache->packed, line))
		return false;
	cache->packed.miss_count++;
	if (!is_next && !is_well_used(cache) && !is_worth_a_try(cache, cache->packed.miss_count))
		return false;
	/* Ends: there is less of the answer each time. */
	do {
		unpack(memory, part);
	} while (has_packed(cache) && find_slot(cache, line) == LINE_NONE && is_near(line, cache->packed.next_line));
	return true;
}

bool guest_memory_has_used_later(const struct guest_memory *memory)
{
	return memory->lines != NULL && memory->used_tick + 1 >= memory->lines->moment_end;
}

bool guest_memory_unpack_more(struct guest_memory *memory)
{
	const struct line_cache *cache = memory->lines;

	if (cache == NULL || !has_packed(cache) || cache->moment_next > memory->used_tick + 1 ||
	    guest_memory_has_used_later(memory))
		return false;
	unpack(memory, memory->lines->slot_count / UNPACKED_PART);
	return true;
}

/* One line's part of what guest_memory_read_moments() is asked for. */
static bool narrow(const struct line_cache *cache, uint32_t index, struct guest_moments *moments)
{
	const struct line_moments *line = &cache->moments[index];

	if (line->first == 0)
		return false;
	moments->first = line->first > moments->first ? line->first : moments->first;
	moments->last = line->last < moments->last ? line->last : moments->last;
	return moments->first <= moments->last;
}

bool guest_memory_read_moments(const struct guest_memory *memory, struct guest_pa start, void *destination, size_t size,
			       struct guest_moments *moments)
{
	const struct line_cache *cache = memory->lines;
	uint64_t at = start.value;
	uint8_t *to = destination;

	if (cache == NULL || cache->current_count == 0 || memory->used_tick >= UINT32_MAX)
		return false;
	if (moments->first <= memory->used_tick)
		moments->first = (uint32_t)memory->used_tick + 1;
	while (size > 0) {
		size_t offset = at % PLAN_LINE_SIZE, left = PLAN_LINE_SIZE - offset, part = left < size ? left : size;
		uint32_t index = find_slot(cache, at >> PLAN_LINE_SHIFT);

		if (index == LINE_NONE || !narrow(cache, index, moments))
			return false;
		memcpy(to, cache->lines[index] + offset, part);
		at += part;
		to += part;
		size -= part;
	}
	return true;
}

bool lines_continue(struct guest_memory *memory, uint64_t line)
{
	struct line_cache *cache = memory->lines;

	if (cache == NULL)
		return false;
	/* What follows an answer isn't wanted before the answer. */
	if (has_packed(cache))
		return continue_unpacking(memory, line);
	for (size_t i = 0; i < LINES_PLAN_COUNT; i++) {
		struct stopped_plan *stopped = &cache->stopped[i];

		if (!stopped->is_there)
			continue;
		bool is_used = stopped == cache->packed_from && is_well_used(cache);
		if (stopped->cursor.next_line == 0 || is_used || is_near(line, stopped->cursor.next_line) ||
		    is_worth_a_try(cache, ++stopped->miss_count)) {
			run(memory, stopped);
			return true;
		}
	}
	return false;
}
