/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-calls' part on read plans in clear: what one call brings, and what the cache above makes of it. The honest host
 * knows one plan's answer, in two runs; its lines hold their pages' numbers, as the pages do.
 */
#include <string.h>

#include "calls.h"
#include "enclave/runtime/source.h"
#include "guest/memory/memory.h"
#include "guest/memory/plan-pack.h"
#include "guest/memory/plan.h"

enum {
	RUN_COUNT = 2,
	RUN_LINES = 300,
	LINE_COUNT = RUN_COUNT * RUN_LINES,
	ANSWER_SIZE_MAX = CALL_DATA_SIZE - 8192,
	PAGES_SIZE = 256 << 10,
	LINES_SIZE = 512 << 10,
};

static const uint64_t first_line = 0x100000 / PLAN_LINE_SIZE;

static const struct plan some_plan = {
	.space = {.root = {0x1000}, .level_count = 4, .physical_bits = 52},
	.step_count = 1,
	.step = {{.type = PLAN_TAKE, .size = 8}},
	.line_count_max = 1000,
	.node_count_max = 1000,
};

/* 16 lines to a page of the second range of RAM: one in four. */
static uint64_t line_number(uint64_t i)
{
	return first_line + (4 * i) % (0x10000 / PLAN_LINE_SIZE);
}

static uint8_t line_byte(uint64_t number)
{
	return (uint8_t)(number * PLAN_LINE_SIZE >> 12);
}

/* The answer's run that begins with line `first`. */
static size_t pack(uint64_t first, uint8_t *to)
{
	static uint8_t lines[RUN_LINES][PLAN_LINE_SIZE];
	static uint64_t numbers[RUN_LINES];
	size_t size = 0;

	for (uint32_t i = 0; i < RUN_LINES; i++) {
		numbers[i] = line_number(first + i);
		memset(lines[i], line_byte(numbers[i]), PLAN_LINE_SIZE);
		size += plan_pack_line(lines, numbers, i, i > 0, to + size);
	}
	return size;
}

status calls_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
		      struct plan_sink *sink)
{
	static uint8_t answer[RUN_LINES * PLAN_PACK_SIZE_MAX];
	const bool is_first = cursor->next_line == 0;

	(void)source;
	(void)plan;
	TRY(sink->take(sink, (struct span){answer, pack(is_first ? 0 : RUN_LINES, answer)}));
	sink->line_count += RUN_LINES;
	*cursor = (struct plan_cursor){.is_done = !is_first, .next_line = is_first ? line_number(RUN_LINES) : 0};
	return STATUS_OK;
}

/* ---- one call */

static struct {
	struct plan_sink sink; /* must be first */
	size_t size;
	uint8_t bytes[ANSWER_SIZE_MAX];
} collected;

static status collect(struct plan_sink *sink, struct span part)
{
	(void)sink;
	if (part.size > ANSWER_SIZE_MAX - collected.size)
		return STATUS_INTERNAL;
	memcpy(collected.bytes + collected.size, part.data, part.size);
	collected.size += part.size;
	return STATUS_OK;
}

static enum verdict check_run(struct plan_cursor *cursor, bool is_first)
{
	static uint8_t expected[RUN_LINES * PLAN_PACK_SIZE_MAX];
	const size_t size = pack(is_first ? 0 : RUN_LINES, expected);

	if (plan_cursor_validate(&some_plan, cursor) != STATUS_OK)
		return calls_bad("a cursor that the plan can't have");
	if (!calls_answer_is_honest())
		return HARMLESS;
	if (cursor->is_done == is_first)
		return calls_bad("done where there is more, or the other way round");
	return collected.size == size && memcmp(collected.bytes, expected, size) == 0
		       ? HARMLESS
		       : calls_bad("%zu bytes that aren't the plan's %zu", collected.size, size);
}

enum verdict try_plan(void)
{
	const bool is_first = calls_below(2);
	const struct plan_cursor before = {.next_line = is_first ? 0 : line_number(RUN_LINES)};
	struct plan_cursor cursor = before;
	struct page_source *source = runtime_source();

	collected.sink = (struct plan_sink){.take = collect};
	collected.size = 0;
	calls_lying = true;
	status result = source->ops->run_plan(source, &some_plan, &cursor, &collected.sink);
	calls_lying = false;
	/* More than the window holds. */
	if (result == STATUS_INTERNAL)
		return calls_bad("more than %d bytes", ANSWER_SIZE_MAX);
	if (result != STATUS_OK)
		return cursor.next_line == before.next_line && cursor.loop_count == 0 && !cursor.is_done
			       ? calls_status_verdict(result)
			       : calls_bad("refused, and the cursor has moved all the same");
	return check_run(&cursor, is_first);
}

/* ---- what the cache makes of it */

static status read_line(struct guest_memory *memory, uint64_t number, uint8_t ret_bytes[static PLAN_LINE_SIZE])
{
	return guest_memory_read_physical(memory, (struct guest_pa){number * PLAN_LINE_SIZE}, ret_bytes,
					  PLAN_LINE_SIZE);
}

/* Whatever came by the plan, what was never in its answer is read as it is; and so is the rest, unless it is the answer
 * itself that lies. */
static enum verdict check_lines(struct guest_memory *memory)
{
	uint8_t bytes[PLAN_LINE_SIZE];

	for (uint64_t i = 0; i < LINE_COUNT; i++) {
		const uint64_t number = line_number(i);
		const status result = read_line(memory, number, bytes);

		if (result != STATUS_OK)
			return calls_bad("line %llu: %s", (unsigned long long)i, status_name(result));
		for (size_t j = 0; j < sizeof bytes && calls_answer_is_honest(); j++)
			if (bytes[j] != line_byte(number))
				return calls_bad("line %llu holds another's bytes", (unsigned long long)i);
	}
	/* Beyond RAM, whatever number the answer gave its lines. */
	return read_line(memory, UINT64_C(1) << 40, bytes) == STATUS_UNMAPPED ? HARMLESS
									      : calls_bad("a line where no RAM is");
}

enum verdict try_plan_lines(void)
{
	static _Alignas(64) uint8_t pages[PAGES_SIZE], lines[LINES_SIZE];
	struct guest_memory memory;

	if (guest_memory_init(&memory, runtime_source(), pages, sizeof pages) != STATUS_OK ||
	    guest_memory_lines_init(&memory, lines, sizeof lines) != STATUS_OK)
		return calls_bad("no memory to run a plan over");
	calls_lying = true;
	guest_memory_run_plan(&memory, &some_plan);
	calls_lying = false;
	const bool has_come = guest_memory_line_mark(&memory) > 0 || guest_memory_plan_is_under_way(&memory);
	const enum verdict verdict = check_lines(&memory);
	return verdict == HARMLESS && !has_come ? REFUSED : verdict;
}
