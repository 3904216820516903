/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/forged.h"

#include <string.h>

#include "base/report.h"
#include "guest/memory/plan-run.h"

enum {
	/* Present, writable, accessed, dirty, 1 GiB (SDM vol. 3A, table 4-17). */
	LARGE_ENTRY = 0xe3,
	TABLE_ENTRY = 0x63,
	TOP_SHIFT = 39, /* of four levels */
	ENTRY_MASK = 511,
};

static struct {
	uint64_t table[PLAN_TABLE_COUNT_MAX];
	uint64_t numbers[PLAN_RUN_LINE_COUNT_MAX];
	uint8_t lines[PLAN_RUN_LINE_COUNT_MAX][PLAN_LINE_SIZE];
	uint8_t answer[PLAN_ANSWER_SIZE_MAX];
} plan_store;

struct forged_access {
	struct plan_access access; /* must be first */
	struct forged_source *forged;
};

/* A copy of what two ranges share. */
static void lay_over(uint64_t start, uint8_t *destination, size_t size, uint64_t from, const uint8_t *bytes,
		     size_t bytes_size)
{
	uint64_t first = from > start ? from : start;
	uint64_t end = from + bytes_size < start + size ? from + bytes_size : start + size;

	if (first < end)
		memcpy(destination + (first - start), bytes + (first - from), end - first);
}

static void climb(const struct forged_ladder *ladder, uint64_t start, uint8_t *destination, size_t size)
{
	uint64_t i = start > ladder->start + 8 ? (start - ladder->start - 8) / ladder->stride : 0;

	for (; i < ladder->count && ladder->start + i * ladder->stride < start + size; i++) {
		uint64_t word = ladder->base + i * ladder->step;
		uint8_t bytes[8];

		memcpy(bytes, &word, sizeof bytes);
		lay_over(start, destination, size, ladder->start + i * ladder->stride, bytes, sizeof bytes);
	}
}

static bool in_arena(uint64_t address)
{
	return address - FORGED_ARENA_PHYSICAL < FORGED_ARENA_SIZE;
}

static void forge(const struct forged_source *forged, uint64_t start, uint8_t *destination, size_t size)
{
	for (uint32_t i = 0; in_arena(start) && i < forged->ladder_count; i++)
		climb(&forged->ladders[i], start, destination, size);
	for (uint32_t i = 0; i < forged->patch_count; i++)
		lay_over(start, destination, size, forged->patches[i].start, forged->patches[i].bytes,
			 forged->patches[i].size);
}

static status forged_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	struct forged_source *forged = (struct forged_source *)source;

	forged->read_count++;
	if (in_arena(start.value))
		memset(destination, 0, size);
	else
		TRY(forged->below->ops->read(forged->below, start, destination, size));
	forge(forged, start.value, destination, size);
	return STATUS_OK;
}

static status forged_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	struct forged_source *forged = (struct forged_source *)source;
	struct ram_map map;

	TRY(forged->below->ops->ram_map(forged->below, &map));
	if (map.range_count == RAM_RANGE_COUNT_MAX)
		return report(STATUS_LIMIT, "the guest has too many ranges of RAM to add one");
	map.range[map.range_count++] = (struct ram_range){{FORGED_ARENA_PHYSICAL}, FORGED_ARENA_SIZE};
	*ret_map = map;
	return STATUS_OK;
}

static status forged_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	struct forged_source *forged = (struct forged_source *)source;

	/* The arena is no place to search for kernels. */
	return forged->below->ops->next_populated(forged->below, start, ret_range, ret_bytes);
}

static status forged_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct forged_source *forged = (struct forged_source *)source;

	return forged->below->ops->registers(forged->below, cpu_index, ret_registers);
}

static status forged_check(struct page_source *source)
{
	struct forged_source *forged = (struct forged_source *)source;

	return forged->below->ops->check(forged->below);
}

static status read_line(struct plan_access *base, struct guest_pa line, uint8_t *destination)
{
	struct forged_access *access = (struct forged_access *)base;

	return forged_read(&access->forged->source, line, destination, PLAN_LINE_SIZE);
}

static status read_again(struct plan_access *base, const uint64_t *numbers, uint32_t count,
			 uint8_t (*destination)[PLAN_LINE_SIZE])
{
	for (uint32_t i = 0; i < count; i++)
		TRY(read_line(base, (struct guest_pa){numbers[i] << PLAN_LINE_SHIFT}, destination[i]));
	return STATUS_OK;
}

static status forged_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	struct forged_access access = {{.read_line = read_line, .read_again = read_again},
				       (struct forged_source *)source};
	const struct plan_room room = {plan_store.answer,   sizeof plan_store.answer, plan_store.lines,
				       plan_store.numbers,  PLAN_RUN_LINE_COUNT_MAX,  plan_store.table,
				       PLAN_TABLE_COUNT_MAX};
	size_t size;

	if (!access.forged->with_plans)
		return STATUS_UNSUPPORTED;
	TRY(plan_run(plan, cursor, &access.access, &room, &size, &sink->line_count));
	return sink->take(sink, (struct span){plan_store.answer, size});
}

void forged_init(struct forged_source *forged, struct page_source *below)
{
	*forged = (struct forged_source){
		.ops = {.read = forged_read,
			.ram_map = forged_ram_map,
			.registers = forged_registers,
			.run_plan = forged_run_plan,
			.check = forged_check},
		.below = below,
		.with_plans = true,
	};
	if (below->ops->next_populated != NULL)
		forged->ops.next_populated = forged_next_populated;
	forged->source.ops = &forged->ops;
}

void forged_clear(struct forged_source *forged)
{
	forged->patch_count = 0;
	forged->ladder_count = 0;
}

status forged_put(struct forged_source *forged, struct guest_pa start, const void *bytes, size_t size)
{
	if (forged->patch_count == FORGED_PATCH_COUNT_MAX || size > FORGED_PATCH_SIZE_MAX)
		return report(STATUS_LIMIT, "no room to forge %zu bytes more", size);
	struct forged_patch *patch = &forged->patches[forged->patch_count++];
	patch->start = start.value;
	patch->size = (uint32_t)size;
	memcpy(patch->bytes, bytes, size);
	return STATUS_OK;
}

status forged_put_ladder(struct forged_source *forged, const struct forged_ladder *ladder)
{
	if (forged->ladder_count == FORGED_LADDER_COUNT_MAX || ladder->stride == 0 || !in_arena(ladder->start))
		return report(STATUS_LIMIT, "no room for another ladder, or it isn't in the arena");
	forged->ladders[forged->ladder_count++] = *ladder;
	return STATUS_OK;
}

static status put_word(struct forged_source *forged, uint64_t start, uint64_t word)
{
	return forged_put(forged, (struct guest_pa){start}, &word, sizeof word);
}

status forged_map_arena(struct forged_source *forged, const struct guest_space *space)
{
	uint64_t index = FORGED_ARENA >> TOP_SHIFT & ENTRY_MASK;

	if (space->level_count != 4)
		return report(STATUS_UNSUPPORTED, "the arena can't be mapped in page tables of %u levels",
			      space->level_count);
	/* The table of the level below lies in the arena's first page. */
	TRY(put_word(forged, space->root.value + 8 * index, FORGED_ARENA_PHYSICAL | TABLE_ENTRY));
	return put_word(forged, FORGED_ARENA_PHYSICAL, FORGED_ARENA_PHYSICAL | LARGE_ENTRY);
}
