/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-lines.h"

#include <assert.h>
#include <string.h>

#include "guest/memory/page-entry.h"
#include "guest/memory/plan-pack.h"

enum {
	/* Entries of the table that are looked at for one line. */
	PROBE_COUNT = 4,
	/* A table entry is (line number << 18) | (index + 1): physical addresses have 52 bits. */
	INDEX_BITS = 18,
	LARGE_SHIFT = 21,
	/* Lines that are worth expecting of one object. */
	EXPECTED_COUNT_MAX = 8,
};

#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)
#define NO_LINE UINT64_MAX

static_assert(PLAN_RUN_LINE_COUNT_MAX < 1 << INDEX_BITS, "indices fit");
static_assert(GUEST_PHYSICAL_BITS_MAX - PLAN_LINE_SHIFT + INDEX_BITS <= 64, "lines fit");
static_assert(GUEST_PHYSICAL_BITS_MAX - PLAN_LINE_SHIFT <= PLAN_PACK_NUMBER_BITS, "in answers, too");

/* The part of the table that so many lines need: to clear it costs time. */
static uint32_t table_size(const struct plan_room *room, uint64_t line_count)
{
	uint32_t size = 64;

	while (size < 2 * line_count && size < room->table_count)
		size *= 2;
	return size < room->table_count ? size : room->table_count;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void plan_lines_init(struct plan_lines *lines, const struct plan *plan, struct plan_access *access,
		     const struct plan_room *room)
{
	size_t size_max = least(room->answer_size, PLAN_ANSWER_SIZE_MAX);

	memset(lines->tlb, 0, sizeof lines->tlb);
	memset(lines->large_tlb, 0, sizeof lines->large_tlb);
	memset(lines->sent, 0, plan->step_count * sizeof lines->sent[0]);
	lines->space = &plan->space;
	lines->root = plan->space.root.value;
	lines->reads_user = plan_needs_user_memory(plan);
	lines->page_offset = plan->page_offset;
	lines->access = access;
	lines->room = room;
	lines->size_max = plan->answer_size_max != 0 ? least(size_max, plan->answer_size_max) : size_max;
	lines->used = 0;
	lines->line_count = 0;
	lines->line_count_max = (uint32_t)least(least(room->line_count, PLAN_RUN_LINE_COUNT_MAX), plan->line_count_max);
	lines->steps_left = room->budget != 0 && room->budget < PLAN_BUDGET ? room->budget : PLAN_BUDGET;
	lines->moment = 0;
	lines->wanted_line = 0;
	lines->recent_line = NO_LINE;
	lines->recent_bytes = NULL;
	lines->recent = (struct plan_translation){0};
	lines->table_mask = table_size(room, lines->line_count_max) - 1;
	memset(room->table, 0, (lines->table_mask + 1) * sizeof room->table[0]);
	plan_lines_for_step(lines, 0);
}

/* ---- the answer */

static uint32_t line_hash(uint64_t line)
{
	return (uint32_t)(line * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* The answer's copy of a line, or the table's entry that it may take. */
static const uint8_t *find_line(const struct plan_lines *lines, uint64_t line, uint64_t **ret_entry)
{
	uint32_t hash = line_hash(line), mask = lines->table_mask;

	*ret_entry = &lines->room->table[hash & mask];
	for (uint32_t i = 0; i < PROBE_COUNT; i++) {
		uint64_t *entry = &lines->room->table[(hash + i) & mask];

		if (*entry == 0) {
			*ret_entry = entry;
			return NULL;
		}
		if (*entry >> INDEX_BITS != line)
			continue;
		*ret_entry = entry;
		return (*entry & INDEX_MASK) > lines->moment ? lines->room->lines[(*entry & INDEX_MASK) - 1] : NULL;
	}
	return NULL;
}

/* How far back the line is that this one looks like. */
static uint32_t find_distance(struct plan_lines *lines, uint32_t index)
{
	uint32_t *sent = &lines->sent[lines->step_index][lines->order++ % PLAN_ORDER_COUNT];
	uint32_t distance = *sent != 0 ? index - (*sent - 1) : 0;

	*sent = index + 1;
	return distance <= PLAN_PACK_DISTANCE_MAX ? distance : 0;
}

/* Copy a line behind the others. */
static status append_line(struct plan_lines *lines, uint64_t line, const uint8_t **ret_bytes)
{
	const struct plan_room *room = lines->room;
	const uint32_t cost_max = room->line_cost == 0 ? 0 : room->line_cost + PLAN_PACK_SIZE_MAX / PLAN_COST_BYTES;
	uint32_t index = lines->line_count;

	if (room->answer == NULL || index == lines->line_count_max || lines->size_max < PLAN_PACK_SIZE_MAX ||
	    lines->used > lines->size_max - PLAN_PACK_SIZE_MAX || lines->steps_left < cost_max) {
		lines->wanted_line = line;
		return STATUS_LIMIT;
	}
	TRY(lines->access->read_line(lines->access, (struct guest_pa){line << PLAN_LINE_SHIFT}, room->lines[index]));
	room->numbers[index] = line;
	lines->line_count++;
	const size_t size = plan_pack_line((const uint8_t(*)[PLAN_LINE_SIZE])room->lines, room->numbers, index,
					   find_distance(lines, index), room->answer + lines->used);

	lines->used += size;
	if (room->line_cost != 0)
		lines->steps_left -= room->line_cost + (uint32_t)(size / PLAN_COST_BYTES);
	*ret_bytes = room->lines[index];
	return STATUS_OK;
}

static status get_other_line(struct plan_lines *lines, uint64_t line, const uint8_t **ret_bytes)
{
	const uint8_t *bytes;
	uint64_t *entry;

	bytes = find_line(lines, line, &entry);
	if (bytes == NULL) {
		TRY(append_line(lines, line, &bytes));
		*entry = line << INDEX_BITS | lines->line_count;
	}
	lines->recent_line = line;
	lines->recent_bytes = bytes;
	*ret_bytes = bytes;
	return STATUS_OK;
}

/* The answer's copy of a line, made now if there is none. */
static inline status get_line(struct plan_lines *lines, uint64_t line, const uint8_t **ret_bytes)
{
	TRY(plan_lines_spend(lines));
	if (line != lines->recent_line)
		return get_other_line(lines, line, ret_bytes);
	*ret_bytes = lines->recent_bytes;
	return STATUS_OK;
}

/* ---- moments */

uint32_t plan_lines_moment_begin(struct plan_lines *lines)
{
	uint32_t outer = lines->moment;

	if (lines->access->is_still)
		return outer;
	lines->moment = lines->line_count;
	lines->recent_line = NO_LINE;
	lines->recent = (struct plan_translation){0};
	return outer;
}

/* Memory held each of them all the time from when it was sent until it was read again (or held it again, which a
 * moment takes for the same): so all of them at once when the last one was sent. */
static bool are_still(struct plan_lines *lines, uint32_t first, uint32_t count)
{
	const struct plan_room *room = lines->room;
	uint8_t(*again)[PLAN_LINE_SIZE] = &room->lines[lines->line_count];

	if (count == 0 || count > PLAN_MOMENT_LINES || lines->access->read_again == NULL || count > lines->steps_left ||
	    room->line_count - lines->line_count < count || lines->size_max - lines->used < PLAN_PACK_MOMENT_SIZE)
		return false;
	lines->steps_left -= count;
	return lines->access->read_again(lines->access, &room->numbers[first], count, again) == STATUS_OK &&
	       memcmp(room->lines[first], again, (size_t)count * PLAN_LINE_SIZE) == 0;
}

void plan_lines_moment_end(struct plan_lines *lines, uint32_t outer)
{
	uint32_t first = lines->moment, count = lines->line_count - first;

	lines->moment = outer;
	if (lines->access->is_still || !are_still(lines, first, count))
		return;
	plan_pack_moment(count, lines->room->answer + lines->used);
	lines->used += PLAN_PACK_MOMENT_SIZE;
}

/* ---- translation */

static status load_physical(struct plan_lines *lines, uint64_t address, uint64_t *ret_value)
{
	const uint8_t *bytes;

	TRY(get_line(lines, address >> PLAN_LINE_SHIFT, &bytes));
	memcpy(ret_value, bytes + address % PLAN_LINE_SIZE, sizeof *ret_value);
	return STATUS_OK;
}

/* One step per level. What the CPU would fault on isn't mapped. */
static status walk(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t *ret_physical,
		   uint64_t *ret_page_size)
{
	uint64_t table = root, entry;

	lines->way_count = 0;
	if (!is_canonical(lines->space, address) || (!lines->reads_user && address < GUEST_KERNEL_HALF))
		return STATUS_UNMAPPED;
	for (uint32_t level = lines->space->level_count; level > 0; level--) {
		if (lines->way_count < PLAN_LEVEL_COUNT_MAX)
			lines->way[lines->way_count++] = table;
		TRY(load_physical(lines, table + (uint64_t)table_index(address, level) * ENTRY_SIZE, &entry));
		if ((entry & ENTRY_PRESENT) == 0 || has_reserved_bits(lines->space, entry, level))
			return STATUS_UNMAPPED;
		if (is_leaf(entry, level)) {
			uint64_t size = entry_span(level);

			*ret_physical = (entry & ENTRY_ADDRESS & ~(size - 1)) | (address & (size - 1));
			*ret_page_size = size;
			return STATUS_OK;
		}
		table = entry & ENTRY_ADDRESS;
	}
	return STATUS_UNMAPPED; /* level 1 always ends above */
}

static bool translation_is_of(const struct plan_translation *translation, uint64_t root, uint64_t page)
{
	return translation->page == page + 1 && translation->root == root;
}

static struct plan_translation *entry_of(struct plan_lines *lines, uint64_t address)
{
	return &lines->tlb[(address >> GUEST_PAGE_SHIFT) % PLAN_TLB_COUNT];
}

static struct plan_translation *large_entry_of(struct plan_lines *lines, uint64_t address)
{
	return &lines->large_tlb[(address >> LARGE_SHIFT) % PLAN_TLB_LARGE_COUNT];
}

/* Where an address lies, if its page is known. Inlined: this is done for each line. */
__attribute__((always_inline)) static inline bool find_translation(struct plan_lines *lines, uint64_t root,
								   uint64_t address, uint64_t *ret_physical)
{
	const struct plan_translation *large = large_entry_of(lines, address), *entry = entry_of(lines, address);

	if (translation_is_of(large, root, address >> LARGE_SHIFT))
		*ret_physical = large->physical << LARGE_SHIFT | (address & ((1 << LARGE_SHIFT) - 1));
	else if (translation_is_of(entry, root, address >> GUEST_PAGE_SHIFT))
		*ret_physical = entry->physical << GUEST_PAGE_SHIFT | address % GUEST_PAGE_SIZE;
	else
		return false;
	return true;
}

static status translate(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t *ret_physical)
{
	uint64_t physical, size;
	uint32_t moment = lines->moment;

	if (find_translation(lines, root, address, ret_physical))
		return STATUS_OK;
	/* The kernel's tables aren't what a moment is about: once is enough. */
	if (root == lines->root)
		lines->moment = 0;
	status result = walk(lines, root, address, &physical, &size);
	lines->moment = moment;
	TRY(result);
	if (size >= 1 << LARGE_SHIFT)
		*large_entry_of(lines, address) =
			(struct plan_translation){(address >> LARGE_SHIFT) + 1, root, physical >> LARGE_SHIFT};
	else
		*entry_of(lines, address) = (struct plan_translation){(address >> GUEST_PAGE_SHIFT) + 1, root,
								      physical >> GUEST_PAGE_SHIFT};
	*ret_physical = physical;
	return STATUS_OK;
}

/* A process's tables, and what they lead to, are read where the kernel sees them: by its own tables' way there. */
static status show_way(struct plan_lines *lines, uint64_t physical)
{
	uint64_t way[PLAN_LEVEL_COUNT_MAX + 1], unused;
	uint32_t count = lines->way_count;

	memcpy(way, lines->way, sizeof lines->way);
	way[count++] = physical;
	for (uint32_t i = 0; i < count; i++) {
		status result = translate(lines, lines->root, lines->page_offset + way[i], &unused);

		if (result != STATUS_OK && result != STATUS_UNMAPPED)
			return result;
	}
	return STATUS_OK;
}

status plan_lines_translate(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t *ret_physical)
{
	uint64_t page = address >> GUEST_PAGE_SHIFT, physical;

	if (root == lines->root)
		return translate(lines, root, address, ret_physical);
	if (!translation_is_of(&lines->recent, root, page)) {
		lines->way_count = 0;
		TRY(translate(lines, root, address, &physical));
		TRY(show_way(lines, physical));
		lines->recent = (struct plan_translation){page + 1, root, physical >> GUEST_PAGE_SHIFT};
	}
	*ret_physical = lines->recent.physical << GUEST_PAGE_SHIFT | address % GUEST_PAGE_SIZE;
	return STATUS_OK;
}

/* ---- what plans do */

/* Up to `size` bytes from `address` on, as many as its line has. */
static status get_bytes(struct plan_lines *lines, uint64_t root, uint64_t address, const uint8_t **ret_bytes)
{
	const uint8_t *bytes;
	uint64_t physical;

	if (root != lines->root || !find_translation(lines, root, address, &physical))
		TRY(plan_lines_translate(lines, root, address, &physical));
	TRY(get_line(lines, physical >> PLAN_LINE_SHIFT, &bytes));
	*ret_bytes = bytes + physical % PLAN_LINE_SIZE;
	return STATUS_OK;
}

status plan_lines_load(struct plan_lines *lines, uint64_t address, uint32_t size, uint64_t *ret_value)
{
	uint32_t first = PLAN_LINE_SIZE - address % PLAN_LINE_SIZE;
	uint64_t value = 0;
	const uint8_t *bytes;

	if (first > size)
		first = size;
	TRY(get_bytes(lines, lines->root, address, &bytes));
	memcpy(&value, bytes, first);
	if (first < size) {
		TRY(get_bytes(lines, lines->root, address + first, &bytes));
		memcpy((uint8_t *)&value + first, bytes, size - first);
	}
	*ret_value = value;
	return STATUS_OK;
}

void plan_lines_expect(struct plan_lines *lines, uint64_t address, uint64_t size)
{
	uint64_t count = (address % PLAN_LINE_SIZE + size + PLAN_LINE_SIZE - 1) / PLAN_LINE_SIZE, physical;

	if (lines->access->expect_line == NULL)
		return;
	for (uint64_t i = 0; i < count && i < EXPECTED_COUNT_MAX; i++)
		if (find_translation(lines, lines->root, address + i * PLAN_LINE_SIZE, &physical))
			lines->access->expect_line(lines->access,
						   (struct guest_pa){physical & ~(uint64_t)(PLAN_LINE_SIZE - 1)});
}

bool plan_lines_peek(struct plan_lines *lines, uint64_t address, uint64_t *ret_value)
{
	uint64_t physical;

	return lines->access->peek != NULL && address % PLAN_LINE_SIZE <= PLAN_LINE_SIZE - sizeof *ret_value &&
	       find_translation(lines, lines->root, address, &physical) &&
	       lines->access->peek(lines->access, (struct guest_pa){physical}, ret_value);
}

status plan_lines_take(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t size)
{
	uint64_t count = (address % PLAN_LINE_SIZE + size + PLAN_LINE_SIZE - 1) / PLAN_LINE_SIZE;
	const uint8_t *bytes;

	address -= address % PLAN_LINE_SIZE;
	for (uint64_t i = 0; i < count; i++) {
		status result = get_bytes(lines, root, address + i * PLAN_LINE_SIZE, &bytes);

		if (result != STATUS_OK && result != STATUS_UNMAPPED)
			return result;
	}
	return STATUS_OK;
}
