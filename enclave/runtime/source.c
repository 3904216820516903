/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/source.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/runtime/call.h"

enum {
	/* Where the three arrays of CALL_SOURCE_READ_PAGES lie in the window. */
	ADDRESS_OFFSET = 0,
	RESULT_OFFSET = CALL_PAGE_COUNT_MAX * 8,
	PAGE_OFFSET = 4096,
};

static_assert(RESULT_OFFSET + CALL_PAGE_COUNT_MAX * 8 <= PAGE_OFFSET, "the arrays don't overlap");
static_assert(PAGE_OFFSET + CALL_PAGE_COUNT_MAX * GUEST_PAGE_SIZE <= CALL_DATA_SIZE, "the pages fit");
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
	case STATUS_IO:
	case STATUS_DENIED:
	case STATUS_UNSUPPORTED: return (status)answer;
	default:
		return report(STATUS_MALFORMED, "the host answered %lld when asked for %s: not an answer that exists",
			      (long long)answer, question);
	}
}

static status read_batch(const struct guest_pa *pages, size_t page_count, uint8_t (*destination)[GUEST_PAGE_SIZE],
			 status *results)
{
	int64_t answers[CALL_PAGE_COUNT_MAX];
	uint64_t addresses[CALL_PAGE_COUNT_MAX];

	for (size_t i = 0; i < page_count; i++)
		addresses[i] = pages[i].value;
	runtime_window_put(ADDRESS_OFFSET, addresses, page_count * sizeof addresses[0]);
	TRY(check_answer(
		runtime_call_host(CALL_SOURCE_READ_PAGES, ADDRESS_OFFSET, page_count, PAGE_OFFSET, RESULT_OFFSET, 0),
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

		TRY(read_batch(pages + done, part, destination + done, results + done));
		done += part;
	}
	return STATUS_OK;
}

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	uint64_t offset = start.value % GUEST_PAGE_SIZE;
	struct guest_pa page = {start.value - offset};
	uint8_t copy[1][GUEST_PAGE_SIZE];
	status result;

	(void)source;
	if (!checked_within(offset, size, GUEST_PAGE_SIZE))
		return report(STATUS_INTERNAL, "a read of %zu bytes at %#llx crosses a page", size,
			      (unsigned long long)start.value);
	TRY(read_batch(&page, 1, copy, &result));
	if (result == STATUS_OK)
		memcpy(destination, copy[0] + offset, size);
	return result;
}

static status source_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	struct call_ram_map answer;
	uint64_t end = 0;

	(void)source;
	TRY(check_answer(runtime_call_host(CALL_SOURCE_RAM_MAP, 0, 0, 0, 0, 0), "the RAM map"));
	runtime_window_get(0, &answer, sizeof answer);
	if (answer.range_count == 0 || answer.range_count > RAM_RANGE_COUNT_MAX)
		return report(STATUS_MALFORMED, "the host's RAM map has %llu ranges, 1 to %d are possible",
			      (unsigned long long)answer.range_count, RAM_RANGE_COUNT_MAX);
	for (uint64_t i = 0; i < answer.range_count; i++) {
		uint64_t start = answer.range[i].start, size = answer.range[i].size;

		if (start < end || size == 0 || (start | size) % GUEST_PAGE_SIZE != 0 ||
		    !checked_within(start, size, UINT64_C(1) << 52))
			return report(STATUS_MALFORMED,
				      "the host's RAM map is unsorted, overlaps or isn't made of pages "
				      "(range %llu: %#llx+%#llx)",
				      (unsigned long long)i, (unsigned long long)start, (unsigned long long)size);
		end = start + size;
	}
	memset(ret_map, 0, sizeof *ret_map);
	ret_map->range_count = (uint32_t)answer.range_count;
	for (uint32_t i = 0; i < ret_map->range_count; i++) {
		ret_map->range[i].start.value = answer.range[i].start;
		ret_map->range[i].size = answer.range[i].size;
	}
	return STATUS_OK;
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
	if (answer.cpu_index != cpu_index || (answer.cpl != 0 && answer.cpl != 3))
		return report(STATUS_MALFORMED, "the host was asked for CPU %u and answered with CPU %llu, CPL %llu",
			      cpu_index, (unsigned long long)answer.cpu_index, (unsigned long long)answer.cpl);
	ret_registers->cr0 = answer.cr0;
	ret_registers->cr3 = answer.cr3;
	ret_registers->cr4 = answer.cr4;
	ret_registers->efer = answer.efer;
	ret_registers->idt_base = answer.idt_base;
	ret_registers->cpu_index = cpu_index;
	ret_registers->cpl = (uint32_t)answer.cpl;
	return STATUS_OK;
}

static status source_check(struct page_source *source)
{
	(void)source;
	return check_answer(runtime_call_host(CALL_SOURCE_CHECK, 0, 0, 0, 0, 0), "whether the target is there");
}

static const struct page_source_ops runtime_source_ops = {
	.read = source_read,
	.read_pages = source_read_pages,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.check = source_check,
};

struct page_source *runtime_source(void)
{
	static struct page_source source = {.ops = &runtime_source_ops};

	return &source;
}
