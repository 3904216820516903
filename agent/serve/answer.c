/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/answer.h"

#include <stdlib.h>

#include "agent/serve/answer-plan.h"
#include "agent/serve/guarded.h"
#include "base/report.h"
#include "guest/memory/space.h"
#include "link/plan.h"

enum { CACHE_PAGES = GUEST_MEMORY_CACHE_PAGES_MIN };

/* Between two looks at whether the target is still there. */
static const int64_t check_interval_ns = 1000000;

void answerer_init(struct answerer *answerer, struct hub_target *target, const struct link_grant *grant,
		   struct quota_table *quotas, struct quota *quota, struct counters *counters)
{
	*answerer = (struct answerer){
		.target = target, .rights = grant->rights, .quotas = quotas, .quota = quota, .counters = counters};
}

static struct page_source *live_source_of(const struct answerer *answerer)
{
	return answerer->target->target->source;
}

struct page_source *answerer_source(struct answerer *answerer)
{
	return answerer->epoch != NULL ? &answerer->frozen.source : live_source_of(answerer);
}

/* Whoever ends while the target stands still for him doesn't leave it so. */
static void let_go(struct answerer *answerer)
{
	struct source_pause pause;

	if (answerer->is_pausing)
		(void)!hub_target_resume(answerer->target, &pause);
	answerer->is_pausing = false;
}

void answerer_deinit(struct answerer *answerer)
{
	let_go(answerer);
	if (answerer->epoch != NULL)
		epochs_leave(answerer->epochs, answerer->epoch);
	answerer->epoch = NULL;
	free(answerer->storage);
	answerer->storage = NULL;
}

struct quota *answerer_renew(struct answerer *answerer, struct quota *quota)
{
	struct quota *unused = answerer->quota;

	answerer->quota = quota;
	return unused;
}

status answerer_sendable(status outcome)
{
	if (outcome == STATUS_MALFORMED)
		return STATUS_UNMAPPED; /* page tables with reserved bits */
	return link_outcome_is_valid(outcome) ? outcome : STATUS_IO;
}

/* A cache for page tables, new for each request. */
static status prepare_memory(struct answerer *answerer)
{
	size_t size = guest_memory_storage_size(CACHE_PAGES);

	if (answerer->storage != NULL)
		return STATUS_OK;
	void *storage = aligned_alloc(16, (size + 15) & ~(size_t)15);
	if (storage == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for page tables");
	status result = guest_memory_init(&answerer->memory, answerer_source(answerer), storage, size);
	if (result != STATUS_OK) {
		free(storage);
		return result;
	}
	answerer->storage = storage;
	return STATUS_OK;
}

static status read_virtual(struct answerer *answerer, const struct link_operation *operation, uint8_t *slot)
{
	struct guest_space space;

	TRY(hub_target_kernel_space(answerer->target, &space));
	if (operation->space == LINK_SPACE_USER)
		space = guest_space_with_root(&space, (struct guest_pa){operation->root});
	TRY(prepare_memory(answerer));
	TRY(guest_memory_refresh(&answerer->memory));
	return guest_space_read(&answerer->memory, &space, (struct guest_va){operation->address}, slot,
				operation->size);
}

static status read_one(struct answerer *answerer, const struct link_operation *operation, uint8_t *slot)
{
	struct page_source *source = answerer_source(answerer);

	if (operation->space == LINK_SPACE_NOW)
		source = live_source_of(answerer);
	else if (operation->space != LINK_SPACE_PHYSICAL)
		return read_virtual(answerer, operation, slot);
	return source->ops->read(source, (struct guest_pa){operation->address}, slot, operation->size);
}

static status answer_ram_map(struct answerer *answerer, uint8_t *slot)
{
	struct page_source *source = answerer_source(answerer);
	struct ram_map found;
	struct call_ram_map map = {0};

	TRY(source->ops->ram_map(source, &found));
	map.range_count = found.range_count;
	for (uint32_t i = 0; i < found.range_count && i < CALL_RAM_RANGE_COUNT_MAX; i++)
		map.range[i] = (struct call_range){found.range[i].start.value, found.range[i].size};
	link_ram_map_write(&map, slot);
	return STATUS_OK;
}

static status answer_registers(struct answerer *answerer, uint64_t cpu_index, uint8_t *slot)
{
	struct cpu_registers found;

	if (cpu_index > UINT32_MAX)
		return STATUS_END;
	TRY(hub_target_registers(answerer->target, (uint32_t)cpu_index, &found));
	const struct call_registers registers = {.cr0 = found.cr0,
						 .cr3 = found.cr3,
						 .cr4 = found.cr4,
						 .efer = found.efer,
						 .idt_base = found.idt_base,
						 .cpu_index = found.cpu_index,
						 .cpl = found.cpl,
						 .lstar = found.lstar};
	link_registers_write(&registers, slot);
	return STATUS_OK;
}

/* A source that doesn't know what is populated: all of it may be. */
static status next_in_map(struct page_source *source, uint64_t start, struct ram_range *ret_range)
{
	struct ram_map map;

	TRY(source->ops->ram_map(source, &map));
	for (uint32_t i = 0; i < map.range_count; i++) {
		uint64_t first = map.range[i].start.value, size = map.range[i].size;

		if (start >= first + size)
			continue;
		uint64_t from = start > first ? start : first;
		*ret_range = (struct ram_range){{from}, first + size - from};
		return STATUS_OK;
	}
	return STATUS_END;
}

static status answer_next_populated(struct answerer *answerer, uint64_t start, uint8_t *slot)
{
	struct page_source *source = answerer_source(answerer);
	struct ram_range found;
	const uint8_t *bytes;

	TRY(source->ops->next_populated != NULL
		    ? source->ops->next_populated(source, (struct guest_pa){start}, &found, &bytes)
		    : next_in_map(source, start, &found));
	const struct call_range range = {found.start.value, found.size};
	link_range_write(&range, slot);
	return STATUS_OK;
}

/* The grant's rights. Physical addresses are the enclave's way to the kernel's memory, and
 * lead to all other memory too: docs/agent.md says what that means. */
static status check_rights(const struct answerer *answerer, const struct link_operation *operation)
{
	uint32_t needed = LINK_RIGHT_KERNEL;

	if (operation->type == LINK_READ && operation->space == LINK_SPACE_USER)
		needed = LINK_RIGHT_USER;
	else if (operation->type == LINK_PAUSE || operation->type == LINK_RESUME)
		needed = LINK_RIGHT_PAUSE;

	if ((answerer->rights & needed) != 0)
		return STATUS_OK;
	counters_add(answerer->counters, COUNTER_REFUSED_RIGHTS, 1);
	return STATUS_DENIED;
}

static status check_quota(struct answerer *answerer, const struct link_operation *operation)
{
	if (quota_take(answerer->quotas, answerer->quota, link_operation_data_size(operation)))
		return STATUS_OK;
	counters_add(answerer->counters, COUNTER_REFUSED_QUOTA, 1);
	return STATUS_LIMIT;
}

static status answer_epoch(struct answerer *answerer, const struct link_operation *operation, uint8_t *slot)
{
	char name[LINK_NAME_SIZE_MAX];
	struct shared_epoch *epoch;

	if (answerer->epochs == NULL || answerer->epoch != NULL)
		return STATUS_UNSUPPORTED;
	TRY(link_name_unpack(operation->address, operation->root, name));
	TRY(epochs_enter(answerer->epochs, name, operation->space == LINK_EPOCH_NEW, answerer->target->name,
			 answerer->rights, &epoch));
	answerer->epoch = epoch;
	frozen_init(&answerer->frozen, live_source_of(answerer), epoch->store);
	/* Its cache is of the other source. */
	free(answerer->storage);
	answerer->storage = NULL;
	const struct link_epoch answer = {frozen_store_age_ns(epoch->store), frozen_store_page_count(epoch->store)};
	link_epoch_write(&answer, slot);
	return STATUS_OK;
}

static status answer_pause(struct answerer *answerer)
{
	if (answerer->is_pausing)
		return STATUS_UNSUPPORTED;
	TRY(hub_target_pause(answerer->target));
	answerer->is_pausing = true;
	return STATUS_OK;
}

static status answer_resume(struct answerer *answerer, uint8_t *slot)
{
	struct source_pause pause;

	if (!answerer->is_pausing)
		return STATUS_UNSUPPORTED;
	answerer->is_pausing = false;
	TRY(hub_target_resume(answerer->target, &pause));
	const struct link_pause answer = {pause.stopped_ns, pause.was_late};
	link_pause_write(&answer, slot);
	return STATUS_OK;
}

static status perform(struct answerer *answerer, const struct link_operation *operation, uint8_t *slot)
{
	switch ((enum link_operation_type)operation->type) {
	case LINK_READ: return read_one(answerer, operation, slot);
	case LINK_RAM_MAP: return answer_ram_map(answerer, slot);
	case LINK_REGISTERS: return answer_registers(answerer, operation->address, slot);
	case LINK_NEXT_POPULATED: return answer_next_populated(answerer, operation->address, slot);
	case LINK_CHECK: return hub_target_check(answerer->target);
	case LINK_EPOCH: return answer_epoch(answerer, operation, slot);
	case LINK_PAUSE: return answer_pause(answerer);
	case LINK_RESUME: return answer_resume(answerer, slot);
	}
	return STATUS_UNSUPPORTED;
}

/* All that the work on a request needs: it may be cut off by a vanished mapping. */
struct answer_work {
	struct answerer *answerer;
	const struct link_request *request;
	struct link_reply *reply;
	uint8_t *content;
	uint32_t done_count;
};

static bool is_whole_page(const struct link_operation *operation)
{
	return operation->type == LINK_READ && operation->space == LINK_SPACE_PHYSICAL &&
	       operation->size == GUEST_PAGE_SIZE && operation->address % GUEST_PAGE_SIZE == 0;
}

/* Whole pages from operation `first` on, whose slots lie in a row: read in one go.
 * How many; 0 where there is nothing to gain. */
static uint32_t page_run(const struct answer_work *work, uint32_t first)
{
	const struct link_request *request = work->request;
	uint32_t count = 0;

	while (first + count < request->operation_count && is_whole_page(&request->operation[first + count]) &&
	       link_request_slot(request, first + count) ==
		       link_request_slot(request, first) + (size_t)count * GUEST_PAGE_SIZE)
		count++;
	return count > 1 && answerer_source(work->answerer)->ops->read_pages != NULL ? count : 0;
}

static void read_run(struct answer_work *work, uint32_t first, uint32_t count)
{
	struct page_source *source = answerer_source(work->answerer);
	uint8_t *slots = work->content + link_request_slot(work->request, first);
	struct guest_pa pages[LINK_OPERATION_COUNT_MAX];
	status outcomes[LINK_OPERATION_COUNT_MAX];

	for (uint32_t i = 0; i < count; i++) {
		pages[i].value = work->request->operation[first + i].address;
		outcomes[i] = STATUS_OK;
	}
	status result =
		source->ops->read_pages(source, pages, count, (uint8_t(*)[GUEST_PAGE_SIZE])(void *)slots, outcomes);
	for (uint32_t i = 0; i < count; i++)
		work->reply->result[first + i].outcome = answerer_sendable(result != STATUS_OK ? result : outcomes[i]);
}

/* How many operations from `first` on are allowed; the next one's refusal, if any. */
static uint32_t allow(struct answer_work *work, uint32_t first, uint32_t count, status *ret_refusal)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct link_operation *operation = &work->request->operation[first + i];
		status refusal = check_rights(work->answerer, operation);

		if (refusal == STATUS_OK)
			refusal = check_quota(work->answerer, operation);
		if (refusal == STATUS_OK)
			continue;
		*ret_refusal = refusal;
		return i;
	}
	return count;
}

static status perform_all(void *context)
{
	struct answer_work *work = context;
	const struct link_request *request = work->request;

	while (work->done_count < request->operation_count) {
		uint32_t first = work->done_count, run = page_run(work, first);
		status refusal = STATUS_OK;
		uint32_t allowed = allow(work, first, run > 0 ? run : 1, &refusal);

		if (run > 0 && allowed > 0)
			read_run(work, first, allowed);
		else if (allowed > 0)
			work->reply->result[first].outcome =
				answerer_sendable(perform(work->answerer, &request->operation[first],
							  work->content + link_request_slot(request, first)));
		work->done_count = first + allowed;
		if (refusal != STATUS_OK)
			work->reply->result[work->done_count++].outcome = refusal;
	}
	return STATUS_OK;
}

/* What is gone is gone for all of the request, also where its RAM's file is still mapped. */
static status see_target(struct answerer *answerer, int64_t now_ns)
{
	if (now_ns - answerer->checked_ns < check_interval_ns)
		return __atomic_load_n(&answerer->target->is_gone, __ATOMIC_ACQUIRE) != 0 ? STATUS_GONE : STATUS_OK;
	answerer->checked_ns = now_ns;
	return hub_target_check(answerer->target);
}

static void count(const struct answer_work *work)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < work->reply->result_count; i++)
		if (work->reply->result[i].outcome == STATUS_OK)
			size += link_operation_data_size(&work->request->operation[i]);
	counters_add(work->answerer->counters, COUNTER_REQUESTS, 1);
	counters_add(work->answerer->counters, COUNTER_OPERATIONS, work->reply->result_count);
	counters_add(work->answerer->counters, COUNTER_BYTES, size);
}

status answerer_answer(struct answerer *answerer, struct span content, int64_t now_ns, uint8_t *ret_content,
		       size_t *ret_size)
{
	struct link_request request;
	struct link_reply reply = {0};
	status seen = see_target(answerer, now_ns);

	if (link_plan_request_is(content))
		return answerer_answer_plan(answerer, content, seen, ret_content, ret_size);
	TRY(link_request_decode(content, &request));
	reply.result_count = request.operation_count;
	struct answer_work work = {.answerer = answerer, .request = &request, .reply = &reply, .content = ret_content};
	if (seen == STATUS_OK)
		seen = guarded_run(perform_all, &work);
	/* Cut off, or never begun. */
	for (uint32_t i = work.done_count; i < request.operation_count; i++)
		reply.result[i].outcome = answerer_sendable(seen);
	reply.epoch = hub_target_epoch(answerer->target);
	quota_left(answerer->quotas, answerer->quota, &reply.quota_bytes_left, &reply.quota_requests_left);
	TRY(link_reply_encode(&request, &reply, ret_content));
	count(&work);
	*ret_size = link_request_reply_size(&request);
	return STATUS_OK;
}
