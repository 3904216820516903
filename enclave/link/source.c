/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/memory's page source, by requests over the session. */
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/duty/duty.h"
#include "enclave/link/link.h"
#include "enclave/link/session.h"
#include "enclave/runtime/runtime.h"
#include "enclave/runtime/source.h"
#include "guest/memory/plan-code.h"
#include "wire/smi.h"

enum {
	/* One question costs as much as two or three pages, waking a sleeping agent
	 * as much as ten. */
	AHEAD_PAGES = 16,
};

static_assert((int)AHEAD_PAGES < (int)SMI_READ_PAGES_MAX,
	      "a page and what comes ahead with it is one question everywhere");

static_assert((int)LINK_PLAN_CODE_SIZE == (int)PLAN_CODE_SIZE, "the link carries plans");
static_assert((int)LINK_PLAN_CURSOR_SIZE == (int)PLAN_CURSOR_CODE_SIZE, "and their cursors");
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

static status read_space(enum link_space space, struct guest_pa start, void *destination, size_t size)
{
	const struct link_operation operation = {
		.type = LINK_READ, .space = space, .size = (uint32_t)size, .address = start.value};
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

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	return read_space(LINK_SPACE_PHYSICAL, start, destination, size);
}

static status now_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	return read_space(LINK_SPACE_NOW, start, destination, size);
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

/* One answer's, of whole pages. */
static size_t page_count_max(void)
{
	return enclave_link_is_of_this_machine() ? (size_t)SMI_READ_PAGES_MAX : (size_t)LINK_OPERATION_COUNT_MAX;
}

static status source_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
				uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	for (size_t done = 0; done < page_count;) {
		size_t left = page_count - done;
		size_t part = left < page_count_max() ? left : page_count_max();

		TRY(read_batch(pages + done, part, destination + done, results + done));
		done += part;
	}
	return STATUS_OK;
}

static_assert((int)PAGE_PART_COUNT_MAX == (int)LINK_OPERATION_COUNT_MAX, "one request for all parts");

static status read_parts(const struct page_part *parts, size_t part_count)
{
	struct link_request request = {.operation_count = (uint32_t)part_count};
	struct link_reply reply;
	const uint8_t *content;

	for (size_t i = 0; i < part_count; i++)
		request.operation[i] = (struct link_operation){.type = LINK_READ,
							       .space = LINK_SPACE_PHYSICAL,
							       .size = (uint32_t)parts[i].size,
							       .address = parts[i].start.value};
	TRY(session_transact(&request, &reply, &content));
	for (size_t i = 0; i < part_count; i++) {
		TRY(reply.result[i].outcome);
		memcpy(parts[i].destination, content + link_request_slot(&request, (uint32_t)i), parts[i].size);
	}
	return STATUS_OK;
}

/* As many parts from the first one on as one answer holds. */
static size_t fitting_count(const struct page_part *parts, size_t part_count)
{
	size_t size = 0;

	for (size_t i = 0; i < part_count; i++) {
		size += (parts[i].size + LINK_DATA_ALIGNMENT - 1) / LINK_DATA_ALIGNMENT * LINK_DATA_ALIGNMENT;
		if (size > page_count_max() * GUEST_PAGE_SIZE)
			return i > 0 ? i : 1;
	}
	return part_count;
}

static status source_read_parts(struct page_source *source, const struct page_part *parts, size_t part_count)
{
	if (part_count > PAGE_PART_COUNT_MAX)
		return report(STATUS_INTERNAL, "%zu parts of pages in one question", part_count);
	while (part_count > 0) {
		const size_t count = fitting_count(parts, part_count);

		TRY(read_parts(parts, count));
		parts += count;
		part_count -= count;
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
	if (result == STATUS_OK)
		result = runtime_take_ram_map(&answer, ret_map);
	return result == STATUS_OK ? STATUS_OK : session_end(result);
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
	status result = runtime_take_registers(&answer, cpu_index, ret_registers);
	return result == STATUS_OK ? STATUS_OK : session_end(result);
}

/* Every answer says whether the target is still there, and an epoch begins with a question: only after an
 * answer that it isn't, there is something to ask. */
static status source_check(struct page_source *source)
{
	const struct link_operation operation = {.type = LINK_CHECK};
	const uint8_t *data;

	return session_heard_end() ? ask(&operation, &data) : session_failure();
}

static status source_pause(struct page_source *source)
{
	const struct link_operation operation = {.type = LINK_PAUSE};
	const uint8_t *data;

	/* What waits for a verifier isn't done while the target stands still. */
	duty_hold(true);
	status result = ask(&operation, &data);
	if (result != STATUS_OK)
		duty_hold(false);
	return result;
}

static status source_resume(struct page_source *source, struct source_pause *ret_pause)
{
	const struct link_operation operation = {.type = LINK_RESUME};
	struct link_pause answer;
	const uint8_t *data;

	status result = ask(&operation, &data);
	duty_hold(false);
	TRY(result);
	result = link_pause_read(data, &answer);
	if (result != STATUS_OK)
		return session_end(result);
	*ret_pause = (struct source_pause){answer.stopped_ns, answer.was_late != 0};
	return STATUS_OK;
}

static status source_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	uint8_t plan_code[PLAN_CODE_SIZE], cursor_code[PLAN_CURSOR_CODE_SIZE];
	struct link_plan_reply reply;
	struct plan_cursor next;
	struct span runs;

	plan_encode(plan, plan_code);
	plan_cursor_encode(cursor, cursor_code);
	TRY(session_transact_plan(plan_code, cursor_code, &reply, &runs));
	TRY(reply.outcome);
	status result = plan_cursor_decode(reply.cursor, &next);
	if (result == STATUS_OK)
		result = plan_cursor_validate(plan, &next);
	sink->is_still = reply.is_still;
	/* Whether the lines can be is the sink's to judge. */
	if (result == STATUS_OK && runs.size > 0)
		result = sink->take(sink, runs);
	if (result != STATUS_OK)
		return result == STATUS_MALFORMED ? session_end(result) : result;
	*cursor = next;
	return STATUS_OK;
}

static const struct page_source_ops link_source_ops = {
	.read = source_read,
	.read_pages = source_read_pages,
	.read_parts = source_read_parts,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.run_plan = source_run_plan,
	.pause = source_pause,
	.resume = source_resume,
	.check = source_check,
};

/* Plans run over the epoch only; whoever looks past it needs a handful of pages. */
static const struct page_source_ops now_source_ops = {
	.read = now_read,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.check = source_check,
};

static struct page_source link_source = {.ops = &link_source_ops, .ahead_pages = AHEAD_PAGES};
static struct page_source now_source = {.ops = &now_source_ops};

struct page_source *enclave_link_source(void)
{
	return runtime_has_link() ? &link_source : NULL;
}

status enclave_link_epoch_enter(const char *name, bool is_new)
{
	struct link_operation operation = {.type = LINK_EPOCH, .space = is_new ? LINK_EPOCH_NEW : LINK_EPOCH_JOIN};
	const uint8_t *data;

	if (link_name_pack(name, &operation.address, &operation.root) != STATUS_OK)
		return report(STATUS_USAGE, "'%.40s' can't be an epoch's name: 1 to %d characters", name,
			      LINK_NAME_SIZE_MAX - 1);
	status result = ask(&operation, &data);
	if (result == STATUS_MISSING)
		return report(
			STATUS_USAGE,
			"--at %s: the agent has no epoch of that name for this target and these rights (any more): "
			"begin one with --new-epoch",
			name);
	if (result == STATUS_UNSUPPORTED)
		return report(result, "the agent keeps no epochs that programs share");
	TRY(result);
	link_source.now = &now_source;
	return STATUS_OK;
}
