/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/memory's page source, by requests over the session. */
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/link/link.h"
#include "enclave/link/session.h"
#include "enclave/runtime/runtime.h"

enum {
	/* One question costs as much as two or three pages, waking a sleeping agent
	 * as much as ten. */
	AHEAD_PAGES = 16,
};

static_assert((int)LINK_PAGE_SIZE == (int)GUEST_PAGE_SIZE, "a slot is a page");
static_assert((int)CALL_RAM_RANGE_COUNT_MAX == (int)RAM_RANGE_COUNT_MAX, "both sides mean the same map");

/* One operation, its outcome as status, its data in place. */
static status ask(const struct link_operation *operation, const uint8_t **ret_data)
{
	const struct link_request request = {.operation_count = 1, .operation = {*operation}};
	struct link_reply reply;
	const uint8_t *content;

	TRY(session_transact(&request, &reply, &content));
	TRY(reply.result[0].outcome);
	*ret_data = content + link_request_slot(&request, 0);
	return STATUS_OK;
}

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	const struct link_operation operation = {
		.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = (uint32_t)size, .address = start.value};
	const uint8_t *data;

	if (size == 0)
		return STATUS_OK;
	if (!checked_within(start.value % GUEST_PAGE_SIZE, size, GUEST_PAGE_SIZE))
		return report(STATUS_INTERNAL, "a read of %zu bytes at %#llx crosses a page", size,
			      (unsigned long long)start.value);
	TRY(ask(&operation, &data));
	memcpy(destination, data, size);
	return STATUS_OK;
}

static status read_batch(const struct guest_pa *pages, size_t page_count, uint8_t (*destination)[GUEST_PAGE_SIZE],
			 status *results)
{
	struct link_request request = {.operation_count = (uint32_t)page_count};
	struct link_reply reply;
	const uint8_t *content;

	for (size_t i = 0; i < page_count; i++)
		request.operation[i] = (struct link_operation){.type = LINK_READ,
							       .space = LINK_SPACE_PHYSICAL,
							       .size = GUEST_PAGE_SIZE,
							       .address = pages[i].value};
	TRY(session_transact(&request, &reply, &content));
	for (size_t i = 0; i < page_count; i++) {
		results[i] = reply.result[i].outcome;
		if (results[i] == STATUS_OK)
			memcpy(destination[i], content + link_request_slot(&request, (uint32_t)i), GUEST_PAGE_SIZE);
		else
			memset(destination[i], 0, GUEST_PAGE_SIZE);
	}
	return STATUS_OK;
}

static status source_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
				uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	for (size_t done = 0; done < page_count;) {
		size_t left = page_count - done;
		size_t part = left < LINK_OPERATION_COUNT_MAX ? left : LINK_OPERATION_COUNT_MAX;

		TRY(read_batch(pages + done, part, destination + done, results + done));
		done += part;
	}
	return STATUS_OK;
}

static status source_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	const struct link_operation operation = {.type = LINK_RAM_MAP};
	struct call_ram_map answer;
	const uint8_t *data;

	TRY(ask(&operation, &data));
	status result = link_ram_map_read(data, &answer);
	if (result != STATUS_OK)
		return session_end(result);
	memset(ret_map, 0, sizeof *ret_map);
	ret_map->range_count = (uint32_t)answer.range_count;
	for (uint32_t i = 0; i < ret_map->range_count; i++) {
		ret_map->range[i].start.value = answer.range[i].start;
		ret_map->range[i].size = answer.range[i].size;
	}
	return STATUS_OK;
}

static status source_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	const struct link_operation operation = {.type = LINK_NEXT_POPULATED, .address = start.value};
	struct call_range answer;
	const uint8_t *data;

	TRY(ask(&operation, &data));
	status result = link_range_read(data, &answer);
	/* A search that was sent back would never end. */
	if (result == STATUS_OK && answer.start < start.value)
		result = report(STATUS_MALFORMED, "the agent was asked for RAM from %#llx on and answered %#llx+%#llx",
				(unsigned long long)start.value, (unsigned long long)answer.start,
				(unsigned long long)answer.size);
	if (result != STATUS_OK)
		return session_end(result);
	ret_range->start.value = answer.start;
	ret_range->size = answer.size;
	*ret_bytes = NULL;
	return STATUS_OK;
}

static status source_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	const struct link_operation operation = {.type = LINK_REGISTERS, .address = cpu_index};
	struct call_registers answer;
	const uint8_t *data;

	TRY(ask(&operation, &data));
	link_registers_read(data, &answer);
	if (answer.cpu_index != cpu_index || (answer.cpl != 0 && answer.cpl != 3))
		return session_end(
			report(STATUS_MALFORMED, "the agent was asked for CPU %u and answered with CPU %llu, CPL %llu",
			       cpu_index, (unsigned long long)answer.cpu_index, (unsigned long long)answer.cpl));
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
	const struct link_operation operation = {.type = LINK_CHECK};
	const uint8_t *data;

	return ask(&operation, &data);
}

static const struct page_source_ops link_source_ops = {
	.read = source_read,
	.read_pages = source_read_pages,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.check = source_check,
};

struct page_source *enclave_link_source(void)
{
	static struct page_source source = {.ops = &link_source_ops, .ahead_pages = AHEAD_PAGES};

	return runtime_has_link() ? &source : NULL;
}
