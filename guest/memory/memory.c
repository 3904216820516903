/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/memory.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/memory/cache.h"
#include "guest/memory/lines.h"

enum {
	STORAGE_ALIGNMENT = 16,
	/* Pages handed to the source in one call. */
	BATCH_PAGES = 64,
	/* Of all pages, how many go at once where there is no room. */
	EVICTED_PART = 16,
	/* Pages that are fetched ahead in one go, at most. */
	AHEAD_PAGES_MAX = 32,
	/* A kernel's slabs are mostly blocks of up to 8 pages in a row (slab_max_order 3:
	 * mm/slub.c), and its tables are longer. */
	BLOCK_PAGES = 8,
	/* Fetching ahead pays where half of what it brings is used, and is tried again
	 * after so many pages fetched one by one. */
	AHEAD_COST = 8,
	AHEAD_GAIN = 16,
	AHEAD_CREDIT_MAX = 1024,
	AHEAD_CREDIT_MIN = -256,
	/* Events of one memory: at one a microsecond, half a year's worth. */
	GENERATION_BITS = 44,
};

/* How many there have been in this process: no two have the same generation. */
static uint64_t memory_count;

static size_t align_up(size_t size)
{
	return (size + STORAGE_ALIGNMENT - 1) & ~(size_t)(STORAGE_ALIGNMENT - 1);
}

/* The smallest power of two ≥ count: chains stay about one slot long. */
static size_t bucket_count_for(size_t page_count)
{
	size_t count = 1;

	while (count < page_count)
		count *= 2;
	return count;
}

size_t guest_memory_storage_size(size_t page_count)
{
	return align_up(sizeof(struct page_cache)) + align_up(page_count * sizeof(struct cache_slot)) +
	       align_up(bucket_count_for(page_count) * sizeof(uint32_t)) + page_count * GUEST_PAGE_SIZE;
}

/* The most pages that fit. */
static size_t page_count_for(size_t storage_size)
{
	size_t count = storage_size / (GUEST_PAGE_SIZE + sizeof(struct cache_slot));

	/* Ends: the bookkeeping takes less than a sixteenth of the pages. */
	while (count > 0 && guest_memory_storage_size(count) > storage_size)
		count--;
	return count < CACHE_NONE ? count : CACHE_NONE - 1;
}

static void cache_clear(struct page_cache *cache)
{
	cache->hand = 0;
	cache->current_count = 0;
	cache->ahead_credit = 0;
	for (uint32_t i = 0; i < cache->slot_count; i++)
		cache->slots[i] = (struct cache_slot){.next = CACHE_NONE};
	for (uint32_t i = 0; i <= cache->bucket_mask; i++)
		cache->buckets[i] = CACHE_NONE;
	memset(cache->translations, 0, sizeof cache->translations);
	memset(cache->large_translations, 0, sizeof cache->large_translations);
}

static struct page_cache *cache_init(void *storage, size_t page_count)
{
	struct page_cache *cache = storage;
	size_t bucket_count = bucket_count_for(page_count);
	uint8_t *next = (uint8_t *)storage + align_up(sizeof *cache);

	cache->slot_count = (uint32_t)page_count;
	cache->bucket_mask = (uint32_t)bucket_count - 1;
	cache->slots = (struct cache_slot *)(void *)next;
	next += align_up(page_count * sizeof(struct cache_slot));
	cache->buckets = (uint32_t *)(void *)next;
	next += align_up(bucket_count * sizeof(uint32_t));
	cache->pages = (uint8_t(*)[GUEST_PAGE_SIZE])next;
	cache_clear(cache);
	return cache;
}

static status ram_map_validate(const struct ram_map *map)
{
	uint64_t end = 0;

	if (map->range_count == 0 || map->range_count > RAM_RANGE_COUNT_MAX)
		return report(STATUS_MALFORMED, "the source describes %u ranges of RAM; 1 to %d are expected",
			      map->range_count, RAM_RANGE_COUNT_MAX);
	for (uint32_t i = 0; i < map->range_count; i++) {
		uint64_t start = map->range[i].start.value, size = map->range[i].size;

		if (start % GUEST_PAGE_SIZE != 0 || size % GUEST_PAGE_SIZE != 0 || size == 0 || start < end ||
		    !checked_add(start, size, &end))
			return report(
				STATUS_MALFORMED,
				"the source's RAM range %u (0x%llx, 0x%llx bytes) is unaligned, empty or out of order",
				i, (unsigned long long)start, (unsigned long long)size);
	}
	return STATUS_OK;
}

status guest_memory_init(struct guest_memory *memory, struct page_source *source, void *storage, size_t storage_size)
{
	size_t page_count = page_count_for(storage_size);
	struct ram_map ram;

	if (page_count < GUEST_MEMORY_CACHE_PAGES_MIN || (uintptr_t)storage % STORAGE_ALIGNMENT != 0)
		return report(STATUS_USAGE,
			      "%zu bytes at %p can't hold a page cache: %zu, 16-byte aligned, are the least",
			      storage_size, storage, guest_memory_storage_size(GUEST_MEMORY_CACHE_PAGES_MIN));
	TRY(source->ops->ram_map(source, &ram));
	TRY(ram_map_validate(&ram));
	uint64_t number = __atomic_fetch_add(&memory_count, 1, __ATOMIC_RELAXED);
	*memory = (struct guest_memory){
		.source = source,
		.cache = cache_init(storage, page_count),
		.ram = ram,
		.epoch = 1,
		.tick = 1,
		.generation = (number << GENERATION_BITS) + 1,
	};
	return STATUS_OK;
}

status guest_memory_refresh(struct guest_memory *memory)
{
	memory->question_count++;
	TRY(memory->source->ops->check(memory->source));
	memory->epoch++;
	memory->generation++;
	memory->tick = 1;
	memory->used_tick = 0;
	lines_forget(memory);
	memory->cache->current_count = 0;
	return STATUS_OK;
}

bool guest_memory_is_ram(const struct guest_memory *memory, struct guest_pa start, uint64_t size)
{
	uint64_t at = start.value;

	/* Neighbouring ranges may touch: go on where one ends. */
	for (uint32_t i = 0; i < memory->ram.range_count; i++) {
		const struct ram_range *range = &memory->ram.range[i];

		if (at < range->start.value || at - range->start.value >= range->size)
			continue;
		uint64_t left = range->size - (at - range->start.value);
		if (size <= left)
			return true;
		size -= left;
		at += left;
	}
	return false;
}

static uint32_t *bucket_of(struct page_cache *cache, uint64_t page)
{
	/* Fibonacci hashing: neighbouring pages go to different buckets. */
	return &cache->buckets[(page * 0x9e3779b97f4a7c15ULL >> 32) & cache->bucket_mask];
}

static uint32_t cache_find(struct page_cache *cache, uint64_t page)
{
	uint32_t index = *bucket_of(cache, page);

	/* A chain holds each slot at most once. */
	while (index != CACHE_NONE && cache->slots[index].page != page)
		index = cache->slots[index].next;
	return index;
}

const uint8_t *cache_page(const struct guest_memory *memory, uint64_t page)
{
	uint32_t index = cache_find(memory->cache, page);

	return index != CACHE_NONE && memory->cache->slots[index].epoch == memory->epoch ? memory->cache->pages[index]
											 : NULL;
}

static void cache_unlink(struct page_cache *cache, uint32_t index)
{
	uint32_t *link = bucket_of(cache, cache->slots[index].page);

	while (*link != CACHE_NONE && *link != index)
		link = &cache->slots[*link].next;
	if (*link == index)
		*link = cache->slots[index].next;
	cache->slots[index] = (struct cache_slot){.next = CACHE_NONE};
}

static void cache_link(struct page_cache *cache, uint32_t index, uint64_t page)
{
	uint32_t *bucket = bucket_of(cache, page);

	cache->slots[index].page = page;
	cache->slots[index].next = *bucket;
	*bucket = index;
}

static void hand_advance(struct page_cache *cache)
{
	cache->hand = cache->hand + 1 < cache->slot_count ? cache->hand + 1 : 0;
}

/* Make room: of the pages of this epoch, the clock takes the first that weren't
 * used since its last round. Many at once, since whoever holds pointers must find
 * all of his pages anew after each time. */
static void cache_evict(struct guest_memory *memory)
{
	struct page_cache *cache = memory->cache;
	uint32_t wanted = cache->slot_count / EVICTED_PART + 1;

	/* Two rounds at most: the first clears every `used`. */
	for (uint32_t hand = cache->hand; wanted > 0; hand = hand + 1 < cache->slot_count ? hand + 1 : 0) {
		struct cache_slot *slot = &cache->slots[hand];

		/* Not one that has just gone, where all others were used. */
		if (!slot->used && slot->epoch != 0) {
			cache_unlink(cache, hand);
			cache->current_count--;
			wanted--;
		}
		slot->used = false;
	}
	memory->generation++;
}

/* A slot to fill: whatever isn't of this epoch goes, nobody may hold a pointer to it. */
static uint32_t cache_take_slot(struct guest_memory *memory)
{
	struct page_cache *cache = memory->cache;

	if (cache->current_count == cache->slot_count)
		cache_evict(memory);
	/* One round at most: not all are of this epoch. */
	while (cache->slots[cache->hand].epoch == memory->epoch)
		hand_advance(cache);
	uint32_t index = cache->hand;
	hand_advance(cache);
	if (cache->slots[index].epoch != 0)
		cache_unlink(cache, index);
	return index;
}

static void slot_filled(struct guest_memory *memory, uint32_t index, bool ahead)
{
	struct cache_slot *slot = &memory->cache->slots[index];

	memory->fetched_pages++;
	lines_overlay(memory, slot->page, memory->cache->pages[index]);
	slot->epoch = memory->epoch;
	slot->tick = memory->tick;
	slot->used = false;
	slot->ahead = ahead;
	memory->cache->current_count++;
}

/* Copy the page into the slot, which holds nothing that anybody may use. */
static status slot_fill(struct guest_memory *memory, uint32_t index, uint64_t page)
{
	struct page_cache *cache = memory->cache;
	struct guest_pa start = {page << GUEST_PAGE_SHIFT};
	memory->question_count++;
	status result = memory->source->ops->read(memory->source, start, cache->pages[index], GUEST_PAGE_SIZE);

	if (result != STATUS_OK)
		return result;
	slot_filled(memory, index, false);
	return STATUS_OK;
}

static void credit_add(struct page_cache *cache, int32_t amount)
{
	int32_t credit = cache->ahead_credit + amount;

	cache->ahead_credit = credit > AHEAD_CREDIT_MAX	  ? AHEAD_CREDIT_MAX
			      : credit < AHEAD_CREDIT_MIN ? AHEAD_CREDIT_MIN
							  : credit;
}

/* How many pages to fetch at once for one that is asked for. */
static uint32_t ahead_limit(struct guest_memory *memory)
{
	uint32_t limit = memory->source->ahead_pages;

	if (limit < 2 || memory->source->ops->read_pages == NULL)
		return 1;
	credit_add(memory->cache, 1);
	return memory->cache->ahead_credit <= 0 ? 1 : limit < AHEAD_PAGES_MAX ? limit : AHEAD_PAGES_MAX;
}

/* Note what came of pages that lie in slots, the first of which was asked for. */
static status slots_filled(struct guest_memory *memory, const uint32_t *indices, const status *results, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (results[i] == STATUS_OK)
			slot_filled(memory, indices[i], i > 0);
		else
			cache_unlink(memory->cache, indices[i]);
	}
	credit_add(memory->cache, -AHEAD_COST * (int32_t)(count - 1));
	return results[0];
}

/* A page that an earlier epoch had. Slots are filled in the order in which pages
 * are asked for: what lay behind this one will be asked for next, if the same is done
 * again. */
static status fetch_again(struct guest_memory *memory, uint32_t index, uint32_t limit)
{
	struct page_cache *cache = memory->cache;
	struct guest_pa pages[AHEAD_PAGES_MAX];
	status results[AHEAD_PAGES_MAX];
	uint32_t indices[AHEAD_PAGES_MAX], count = 0;

	do {
		indices[count] = index + count;
		pages[count].value = cache->slots[index + count].page << GUEST_PAGE_SHIFT;
		count++;
	} while (count < limit && index + count < cache->slot_count && cache->slots[index + count].epoch != 0 &&
		 cache->slots[index + count].epoch != memory->epoch);
	memory->question_count++;
	/* Whatever comes of it, the old bytes are gone. */
	status result = memory->source->ops->read_pages(memory->source, pages, count, &cache->pages[index], results);
	for (uint32_t i = 0; result != STATUS_OK && i < count; i++)
		results[i] = result;
	return slots_filled(memory, indices, results, count);
}

/* The page first, then its block's others, as far as they are RAM and unknown. */
static uint32_t list_block(struct guest_memory *memory, uint64_t page, uint32_t limit, struct guest_pa *pages)
{
	uint64_t block = page - page % BLOCK_PAGES;
	uint32_t count = 0;

	pages[count++].value = page << GUEST_PAGE_SHIFT;
	for (uint64_t next = block; next < block + BLOCK_PAGES && count < limit; next++) {
		struct guest_pa start = {next << GUEST_PAGE_SHIFT};

		if (next != page && cache_find(memory->cache, next) == CACHE_NONE &&
		    guest_memory_is_ram(memory, start, GUEST_PAGE_SIZE))
			pages[count++] = start;
	}
	return count;
}

/* A page that is new to the cache, in `index`; into further slots what lies around it,
 * for which nothing of this epoch has to go. */
static status fetch_block(struct guest_memory *memory, uint64_t page, uint32_t index, uint32_t limit)
{
	struct page_cache *cache = memory->cache;
	uint8_t bytes[BLOCK_PAGES][GUEST_PAGE_SIZE];
	struct guest_pa pages[BLOCK_PAGES];
	status results[BLOCK_PAGES];
	uint32_t indices[BLOCK_PAGES], count = list_block(memory, page, limit, pages), taken = 1;

	indices[0] = index;
	memory->question_count++;
	status result = memory->source->ops->read_pages(memory->source, pages, count, bytes, results);
	if (result != STATUS_OK)
		return slots_filled(memory, indices, &result, 1);
	for (; taken < count && cache->current_count + taken < cache->slot_count; taken++) {
		indices[taken] = cache_take_slot(memory);
		cache_link(cache, indices[taken], pages[taken].value >> GUEST_PAGE_SHIFT);
	}
	for (uint32_t i = 0; i < taken; i++)
		memcpy(cache->pages[indices[i]], bytes[i], GUEST_PAGE_SIZE);
	return slots_filled(memory, indices, results, taken);
}

static status cache_fetch(struct guest_memory *memory, uint64_t page, uint32_t index, uint32_t *ret_index)
{
	struct page_cache *cache = memory->cache;
	bool known = index != CACHE_NONE;
	status result;

	if (!known) {
		if (!guest_memory_is_ram(memory, (struct guest_pa){page << GUEST_PAGE_SHIFT}, GUEST_PAGE_SIZE))
			return STATUS_UNMAPPED;
		index = cache_take_slot(memory);
		cache_link(cache, index, page);
	}
	uint32_t limit = ahead_limit(memory);

	if (limit > 1) {
		result = known ? fetch_again(memory, index, limit) : fetch_block(memory, page, index, limit);
		if (result == STATUS_OK)
			*ret_index = index;
		return result;
	}
	result = slot_fill(memory, index, page);
	if (result != STATUS_OK) {
		cache_unlink(cache, index);
		return result;
	}
	*ret_index = index;
	return STATUS_OK;
}

void guest_memory_begin_use(struct guest_memory *memory)
{
	memory->used_tick = 0;
}

static void note_use(struct guest_memory *memory, uint64_t tick)
{
	if (tick > memory->used_tick)
		memory->used_tick = tick;
}

static void slot_use(struct page_cache *cache, struct cache_slot *slot)
{
	if (slot->ahead)
		credit_add(cache, AHEAD_GAIN);
	else
		slot->used = true; /* again: a scan's pages stay unused */
	slot->ahead = false;
}

status guest_memory_page(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_page)
{
	struct page_cache *cache = memory->cache;
	uint64_t page = address.value >> GUEST_PAGE_SHIFT;
	uint32_t index = cache_find(cache, page);

	if (index == CACHE_NONE || cache->slots[index].epoch != memory->epoch)
		TRY(cache_fetch(memory, page, index, &index));
	else
		slot_use(cache, &cache->slots[index]);
	note_use(memory, cache->slots[index].tick);
	*ret_page = cache->pages[index];
	return STATUS_OK;
}

static bool find_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
		       size_t *ret_size)
{
	struct page_cache *cache = memory->cache;
	const uint8_t *line = lines_find(memory, address.value >> PLAN_LINE_SHIFT);

	if (line != NULL) {
		note_use(memory, lines_tick(memory, line));
		*ret_bytes = line + address.value % PLAN_LINE_SIZE;
		*ret_size = PLAN_LINE_SIZE - address.value % PLAN_LINE_SIZE;
		return true;
	}
	uint32_t index = cache_find(cache, address.value >> GUEST_PAGE_SHIFT);
	if (index == CACHE_NONE || cache->slots[index].epoch != memory->epoch)
		return false;
	slot_use(cache, &cache->slots[index]);
	note_use(memory, cache->slots[index].tick);
	*ret_bytes = cache->pages[index] + address.value % GUEST_PAGE_SIZE;
	*ret_size = GUEST_PAGE_SIZE - address.value % GUEST_PAGE_SIZE;
	return true;
}

status guest_memory_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
			  size_t *ret_size)
{
	const uint8_t *page;

	if (find_bytes(memory, address, ret_bytes, ret_size))
		return STATUS_OK;
	if (lines_continue(memory, address.value >> PLAN_LINE_SHIFT) &&
	    find_bytes(memory, address, ret_bytes, ret_size))
		return STATUS_OK;
	TRY(guest_memory_page(memory, address, &page));
	*ret_bytes = page + address.value % GUEST_PAGE_SIZE;
	*ret_size = GUEST_PAGE_SIZE - address.value % GUEST_PAGE_SIZE;
	return STATUS_OK;
}

status guest_memory_read_now(struct guest_memory *memory, const struct page_part *parts, size_t part_count)
{
	struct page_source *source = memory->source;

	memory->tick++;
	for (size_t i = 0; i < part_count; i++)
		if (parts[i].size > GUEST_PAGE_SIZE - parts[i].start.value % GUEST_PAGE_SIZE ||
		    !guest_memory_is_ram(memory, parts[i].start, parts[i].size))
			return STATUS_UNMAPPED;
	if (source->ops->read_parts != NULL)
		return source->ops->read_parts(source, parts, part_count);
	for (size_t i = 0; i < part_count; i++)
		TRY(source->ops->read(source, parts[i].start, parts[i].destination, parts[i].size));
	return STATUS_OK;
}

/* Pages that the cache doesn't hold, in one call where the source can. */
static status fetch_past_cache(struct guest_memory *memory, const struct guest_pa *pages, size_t page_count,
			       uint8_t (*destination)[GUEST_PAGE_SIZE])
{
	struct page_source *source = memory->source;
	status results[BATCH_PAGES];

	for (size_t i = 0; i < page_count; i++)
		if (!guest_memory_is_ram(memory, pages[i], GUEST_PAGE_SIZE))
			return STATUS_UNMAPPED;
	memory->fetched_pages += page_count;
	memory->question_count++;
	note_use(memory, memory->tick);
	if (source->ops->read_pages != NULL)
		TRY(source->ops->read_pages(source, pages, page_count, destination, results));
	for (size_t i = 0; i < page_count; i++) {
		TRY(source->ops->read_pages != NULL
			    ? results[i]
			    : source->ops->read(source, pages[i], destination[i], GUEST_PAGE_SIZE));
		lines_overlay(memory, pages[i].value >> GUEST_PAGE_SHIFT, destination[i]);
	}
	return STATUS_OK;
}

status guest_memory_read_pages(struct guest_memory *memory, const struct guest_pa *pages, size_t page_count,
			       uint8_t (*destination)[GUEST_PAGE_SIZE])
{
	struct page_cache *cache = memory->cache;
	size_t done = 0;

	while (done < page_count) {
		size_t run = 0;
		uint32_t index = CACHE_NONE;

		/* As many pages as the cache lacks. */
		for (; done + run < page_count && run < BATCH_PAGES; run++) {
			index = cache_find(cache, pages[done + run].value >> GUEST_PAGE_SHIFT);
			if (index != CACHE_NONE && cache->slots[index].epoch == memory->epoch)
				break;
			index = CACHE_NONE;
		}
		if (run > 0)
			TRY(fetch_past_cache(memory, &pages[done], run, &destination[done]));
		done += run;
		if (index != CACHE_NONE) {
			note_use(memory, cache->slots[index].tick);
			memcpy(destination[done++], cache->pages[index], GUEST_PAGE_SIZE);
		}
	}
	return STATUS_OK;
}

static status read_whole_pages(struct guest_memory *memory, uint64_t start, uint8_t *destination, size_t page_count)
{
	while (page_count > 0) {
		struct guest_pa pages[BATCH_PAGES];
		size_t count = page_count < BATCH_PAGES ? page_count : BATCH_PAGES;

		for (size_t i = 0; i < count; i++)
			pages[i].value = start + i * GUEST_PAGE_SIZE;
		TRY(guest_memory_read_pages(memory, pages, count, (uint8_t(*)[GUEST_PAGE_SIZE])destination));
		start += count * GUEST_PAGE_SIZE;
		destination += count * GUEST_PAGE_SIZE;
		page_count -= count;
	}
	return STATUS_OK;
}

status guest_memory_read_physical(struct guest_memory *memory, struct guest_pa start, void *destination, size_t size)
{
	uint8_t *to = destination;
	uint64_t at = start.value;

	if (size == 0)
		return STATUS_OK;
	if (!guest_memory_is_ram(memory, start, size))
		return STATUS_UNMAPPED;
	while (size > 0) {
		size_t offset = at % GUEST_PAGE_SIZE, part = size - size % GUEST_PAGE_SIZE;
		const uint8_t *bytes;

		if (offset == 0 && size / GUEST_PAGE_SIZE >= GUEST_MEMORY_DIRECT_PAGES) {
			TRY(read_whole_pages(memory, at, to, part / GUEST_PAGE_SIZE));
		} else {
			TRY(guest_memory_bytes(memory, (struct guest_pa){at}, &bytes, &part));
			part = part < size ? part : size;
			memcpy(to, bytes, part);
		}
		at += part;
		to += part;
		size -= part;
	}
	return STATUS_OK;
}
