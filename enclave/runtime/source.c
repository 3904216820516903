/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/source.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/runtime/call.h"
#include "guest/memory/plan-code.h"
#include "link/request.h"

enum {
	/* Where the three arrays of CALL_SOURCE_READ_PAGES lie in the window. */
	ADDRESS_OFFSET = 0,
	RESULT_OFFSET = CALL_PAGE_COUNT_MAX * 8,
	PAGE_OFFSET = 4096,
	/* And those of CALL_SOURCE_PLAN, whose question stands at 0. */
	PLAN_ANSWER_OFFSET = 6144,
	RUN_OFFSET = 8192,
	/* Some runs of 64 lines. */
	PART_SIZE = 16384,
};

static_assert(RESULT_OFFSET + CALL_PAGE_COUNT_MAX * 8 <= PAGE_OFFSET, "the arrays don't overlap");
static_assert(PAGE_OFFSET + CALL_PAGE_COUNT_MAX * GUEST_PAGE_SIZE <= CALL_DATA_SIZE, "the pages fit");
static_assert(sizeof(struct call_plan) <= PLAN_ANSWER_OFFSET, "a plan's question and answer don't overlap");
static_assert(PLAN_ANSWER_OFFSET + sizeof(struct call_plan_answer) <= RUN_OFFSET, "nor its answer and its lines");
static_assert((int)CALL_PLAN_CODE_SIZE == (int)PLAN_CODE_SIZE, "a call carries plans");
static_assert((int)CALL_PLAN_CURSOR_SIZE == (int)PLAN_CURSOR_CODE_SIZE, "and their cursors");
static_assert((int)CALL_RAM_RANGE_COUNT_MAX == (int)RAM_RANGE_COUNT_MAX, "both sides mean the same map");

/* What a source may answer (guest/memory/source.h). Anything else, and every
 * success beyond STATUS_OK, is a host that makes things up. */
static status check_answer(int64_t answer, const char *question)
{
	switch (answer) {
	case STATUS_OK:
	case STATUS_UNMAPPED:
	case STATUS_MISSING:
	case STATUS_GONE:
	case STATUS_END:
	case STATUS_NO_MEMORY:
	case STATUS_LIMIT: /* of a shared epoch */
	case STATUS_IO:
	case STATUS_DENIED:
	case STATUS_UNSUPPORTED: return (status)answer;
	default:
		return report(STATUS_MALFORMED, "the host answered %lld when asked for %s: not an answer that exists",
			      (long long)answer, question);
	}
}

/* Until it enters an epoch that others share, the program sees memory as it is. */
static uint64_t sees_now = 1;

static status read_batch(const struct guest_pa *pages, size_t page_count, uint8_t (*destination)[GUEST_PAGE_SIZE],
			 status *results, uint64_t now)
{
	int64_t answers[CALL_PAGE_COUNT_MAX];
	uint64_t addresses[CALL_PAGE_COUNT_MAX];

	for (size_t i = 0; i < page_count; i++)
		addresses[i] = pages[i].value;
	runtime_window_put(ADDRESS_OFFSET, addresses, page_count * sizeof addresses[0]);
	TRY(check_answer(
		runtime_call_host(CALL_SOURCE_READ_PAGES, ADDRESS_OFFSET, page_count, PAGE_OFFSET, RESULT_OFFSET, now),
		"pages"));
	runtime_window_get(RESULT_OFFSET, answers, page_count * sizeof answers[0]);
	/* The pages first, all of them: report() below may use the window. */
	runtime_window_get(PAGE_OFFSET, destination, page_count * GUEST_PAGE_SIZE);
	for (size_t i = 0; i < page_count; i++) {
		results[i] = check_answer(answers[i], "a page");
		if (results[i] != STATUS_OK)
			memset(destination[i], 0, GUEST_PAGE_SIZE);
	}
	return STATUS_OK;
}

static status source_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
				uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	(void)source;
	for (size_t done = 0; done < page_count;) {
		size_t part = page_count - done < CALL_PAGE_COUNT_MAX ? page_count - done : CALL_PAGE_COUNT_MAX;

		TRY(read_batch(pages + done, part, destination + done, results + done, sees_now));
		done += part;
	}
	return STATUS_OK;
}

static status read_part(struct guest_pa start, void *destination, size_t size, uint64_t now)
{
	uint64_t offset = start.value % GUEST_PAGE_SIZE;
	struct guest_pa page = {start.value - offset};
	uint8_t copy[1][GUEST_PAGE_SIZE];
	status result;

	if (!checked_within(offset, size, GUEST_PAGE_SIZE))
		return report(STATUS_INTERNAL, "a read of %zu bytes at %#llx crosses a page", size,
			      (unsigned long long)start.value);
	TRY(read_batch(&page, 1, copy, &result, now));
	if (result == STATUS_OK)
		memcpy(destination, copy[0] + offset, size);
	return result;
}

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	return read_part(start, destination, size, sees_now);
}

static status now_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	return read_part(start, destination, size, 1);
}

status runtime_take_ram_map(const struct call_ram_map *answer, struct ram_map *ret_map)
{
	TRY(link_ram_map_check(answer));
	memset(ret_map, 0, sizeof *ret_map);
	ret_map->range_count = (uint32_t)answer->range_count;
	for (uint32_t i = 0; i < ret_map->range_count; i++) {
		ret_map->range[i].start.value = answer->range[i].start;
		ret_map->range[i].size = answer->range[i].size;
	}
	return STATUS_OK;
}

status runtime_take_registers(const struct call_registers *answer, uint32_t cpu_index,
			      struct cpu_registers *ret_registers)
{
	if (answer->cpu_index != cpu_index || (answer->cpl != 0 && answer->cpl != 3))
		return report(STATUS_MALFORMED,
			      "registers of CPU %u were asked for, and those of CPU %llu came, CPL %llu", cpu_index,
			      (unsigned long long)answer->cpu_index, (unsigned long long)answer->cpl);
	*ret_registers = (struct cpu_registers){.cr0 = answer->cr0,
						.cr3 = answer->cr3,
						.cr4 = answer->cr4,
						.efer = answer->efer,
						.idt_base = answer->idt_base,
						.cpu_index = cpu_index,
						.cpl = (uint32_t)answer->cpl,
						.lstar = answer->lstar};
	return STATUS_OK;
}

static status source_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	struct call_ram_map answer;

	(void)source;
	TRY(check_answer(runtime_call_host(CALL_SOURCE_RAM_MAP, 0, 0, 0, 0, 0), "the RAM map"));
	runtime_window_get(0, &answer, sizeof answer);
	if (answer.range_count == 0)
		return report(STATUS_MALFORMED, "the host's memory map has no memory");
	return runtime_take_ram_map(&answer, ret_map);
}

/* Where RAM may hold anything but zeros. Candidates for a search only: bytes are
 * read through the cache. */
static status source_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	struct call_range answer;

	(void)source;
	TRY(check_answer(runtime_call_host(CALL_SOURCE_NEXT_POPULATED, start.value, 0, 0, 0, 0), "populated RAM"));
	runtime_window_get(0, &answer, sizeof answer);
	if (answer.start < start.value || answer.size == 0 ||
	    !checked_within(answer.start, answer.size, UINT64_C(1) << 52))
		return report(STATUS_MALFORMED, "the host was asked for RAM from %#llx on and answered %#llx+%#llx",
			      (unsigned long long)start.value, (unsigned long long)answer.start,
			      (unsigned long long)answer.size);
	ret_range->start.value = answer.start;
	ret_range->size = answer.size;
	*ret_bytes = NULL;
	return STATUS_OK;
}

static status source_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct call_registers answer;

	(void)source;
	TRY(check_answer(runtime_call_host(CALL_SOURCE_REGISTERS, cpu_index, 0, 0, 0, 0), "registers"));
	runtime_window_get(0, &answer, sizeof answer);
	return runtime_take_registers(&answer, cpu_index, ret_registers);
}

static status source_check(struct page_source *source)
{
	(void)source;
	return check_answer(runtime_call_host(CALL_SOURCE_CHECK, 0, 0, 0, 0, 0), "whether the target is there");
}

/* The answer, each byte read once, a part at a time to the sink. */
static status take_runs(struct plan_sink *sink, uint64_t run_size)
{
	uint8_t part[PART_SIZE];

	for (uint64_t at = 0; at < run_size;) {
		size_t size = sizeof part < run_size - at ? sizeof part : run_size - at;

		runtime_window_get(RUN_OFFSET + at, part, size);
		TRY(sink->take(sink, (struct span){part, size}));
		at += size;
	}
	return STATUS_OK;
}

static status source_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	struct call_plan_answer answer;
	struct plan_cursor next;
	struct call_plan call;

	(void)source;
	plan_encode(plan, call.plan);
	plan_cursor_encode(cursor, call.cursor);
	runtime_window_put(0, &call, sizeof call);
	status result = check_answer(runtime_call_host(CALL_SOURCE_PLAN, 0, PLAN_ANSWER_OFFSET, RUN_OFFSET,
						       CALL_DATA_SIZE - RUN_OFFSET, sees_now),
				     "the run of a plan");
	if (result == STATUS_UNMAPPED || result == STATUS_MISSING || result == STATUS_END)
		return report(STATUS_MALFORMED, "the host answered \"%s\" to a read plan", status_name(result));
	TRY(result);
	runtime_window_get(PLAN_ANSWER_OFFSET, &answer, sizeof answer);
	if (answer.run_size > CALL_DATA_SIZE - RUN_OFFSET)
		return report(STATUS_MALFORMED, "the host answered a read plan with %llu bytes, %d are possible",
			      (unsigned long long)answer.run_size, CALL_DATA_SIZE - RUN_OFFSET);
	TRY(plan_cursor_decode(answer.cursor, &next));
	TRY(plan_cursor_validate(plan, &next));
	TRY(take_runs(sink, answer.run_size));
	*cursor = next;
	return STATUS_OK;
}

static status source_pause(struct page_source *source)
{
	(void)source;
	return check_answer(runtime_call_host(CALL_SOURCE_PAUSE, 0, 0, 0, 0, 0), "a pause");
}

static status source_resume(struct page_source *source, struct source_pause *ret_pause)
{
	struct call_pause answer;

	(void)source;
	TRY(check_answer(runtime_call_host(CALL_SOURCE_RESUME, 0, 0, 0, 0, 0), "a pause's end"));
	runtime_window_get(0, &answer, sizeof answer);
	if (answer.was_late > 1)
		return report(STATUS_MALFORMED, "the host answered a pause that is neither late nor not (%#llx)",
			      (unsigned long long)answer.was_late);
	*ret_pause = (struct source_pause){answer.stopped_ns, answer.was_late != 0};
	return STATUS_OK;
}

static const struct page_source_ops runtime_source_ops = {
	.read = source_read,
	.read_pages = source_read_pages,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.run_plan = source_run_plan,
	.pause = source_pause,
	.resume = source_resume,
	.check = source_check,
};

static const struct page_source_ops now_source_ops = {
	.read = now_read,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.check = source_check,
};

static struct page_source source = {.ops = &runtime_source_ops};
static struct page_source now_source = {.ops = &now_source_ops};

struct page_source *runtime_source(void)
{
	return &source;
}

void runtime_source_epoch_enter(void)
{
	sees_now = 0;
	source.now = &now_source;
}
