/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/answer.h"

#include "guest/memory/page-entry.h"

struct answering {
	struct firmware_handler *handler;
	struct firmware_session *session;
	const struct firmware_caller *caller;
};

static status read_physical(const struct answering *work, uint64_t address, uint8_t *slot, uint32_t size)
{
	if (!firmware_map_is_open(work->handler->map, (struct guest_pa){address}, size))
		return STATUS_UNMAPPED;
	work->handler->memory->read(work->handler->memory, (struct guest_pa){address}, slot, size);
	return STATUS_OK;
}

/* By the tables of the calling CPU for the kernel's half (each process maps that half alike; under
 * KPTI the enclave asks by a root that it knows), by the root that the request names for a process. */
static status read_virtual(const struct answering *work, const struct link_operation *operation, uint8_t *slot)
{
	struct guest_space space, kernel_space;
	struct firmware_mapping mapping;

	TRY(guest_space_from_registers(&work->caller->registers, &space, &kernel_space));
	if (operation->space == LINK_SPACE_USER)
		kernel_space = guest_space_with_root(&kernel_space, (struct guest_pa){operation->root});
	if (!is_canonical(&kernel_space, operation->address))
		return STATUS_UNMAPPED;
	const struct firmware_walk walk = {work->handler->map, work->handler->memory, &kernel_space, NULL};
	if (firmware_walk_page(&walk, operation->address, &mapping) != FIRMWARE_ACCEPTED)
		return STATUS_UNMAPPED;
	return read_physical(work, mapping.page.value + operation->address % GUEST_PAGE_SIZE, slot, operation->size);
}

static status answer_read(const struct answering *work, const struct link_operation *operation, uint8_t *slot)
{
	/* Nothing is kept here, so all that is read is as memory is now. */
	if (operation->space == LINK_SPACE_PHYSICAL || operation->space == LINK_SPACE_NOW)
		return read_physical(work, operation->address, slot, operation->size);
	return read_virtual(work, operation, slot);
}

static void answer_ram_map(const struct answering *work, uint8_t *slot)
{
	const struct ram_map *ram = &work->handler->map->ram;
	struct call_ram_map map = {.range_count = ram->range_count};

	for (uint32_t i = 0; i < ram->range_count; i++)
		map.range[i] = (struct call_range){ram->range[i].start.value, ram->range[i].size};
	link_ram_map_write(&map, slot);
}

static status answer_registers(const struct answering *work, uint64_t index, uint8_t *slot)
{
	struct firmware_machine *machine = work->handler->machine;
	struct cpu_registers found;

	if (index > UINT32_MAX)
		return STATUS_END;
	TRY(machine->registers(machine, (uint32_t)index, &found));
	const struct call_registers registers = {
		.cr0 = found.cr0,
		.cr3 = found.cr3,
		.cr4 = found.cr4,
		.efer = found.efer,
		.idt_base = found.idt_base,
		.cpu_index = found.cpu_index,
		.cpl = found.cpl,
		.lstar = found.lstar,
	};
	link_registers_write(&registers, slot);
	return STATUS_OK;
}

/* Firmware doesn't know what was ever touched: all RAM may hold something. */
static status answer_next_populated(const struct answering *work, uint64_t start, uint8_t *slot)
{
	const struct ram_map *ram = &work->handler->map->ram;

	for (uint32_t i = 0; i < ram->range_count; i++) {
		const uint64_t first = ram->range[i].start.value, end = first + ram->range[i].size;

		if (start >= end)
			continue;
		const uint64_t from = start > first ? start : first;
		const struct call_range range = {from, end - from};
		link_range_write(&range, slot);
		return STATUS_OK;
	}
	return STATUS_END;
}

static bool has_right(const struct answering *work, const struct link_operation *operation)
{
	const bool is_user = operation->type == LINK_READ && operation->space == LINK_SPACE_USER;

	return (work->session->rights & (is_user ? LINK_RIGHT_USER : LINK_RIGHT_KERNEL)) != 0;
}

static bool take_quota(struct firmware_quota *quota, uint64_t size)
{
	if (quota->requests_left == 0 || quota->bytes_left < size)
		return false;
	quota->requests_left--;
	quota->bytes_left -= size;
	return true;
}

static status perform(const struct answering *work, const struct link_operation *operation, uint8_t *slot)
{
	if (!has_right(work, operation))
		return STATUS_DENIED;
	if (!take_quota(work->session->quota, link_operation_data_size(operation)))
		return STATUS_LIMIT;
	switch ((enum link_operation_type)operation->type) {
	case LINK_READ: return answer_read(work, operation, slot);
	case LINK_RAM_MAP: answer_ram_map(work, slot); return STATUS_OK;
	case LINK_REGISTERS: return answer_registers(work, operation->address, slot);
	case LINK_NEXT_POPULATED: return answer_next_populated(work, operation->address, slot);
	case LINK_CHECK:
		return STATUS_OK; /* the machine that answers is there */
	/* Nothing is kept here from one call to the next, and the machine stands still in each. */
	case LINK_EPOCH:
	case LINK_PAUSE:
	case LINK_RESUME: break;
	}
	return STATUS_UNSUPPORTED;
}

status firmware_answer(struct firmware_handler *handler, struct firmware_session *session,
		       const struct firmware_caller *caller, const struct link_request *request, bool is_still,
		       uint8_t *content)
{
	const struct answering work = {handler, session, caller};
	/* A new start has a new nonce, so every session is of the same one. */
	struct link_reply reply = {.epoch = 1, .is_still = is_still, .result_count = request->operation_count};

	handler->memory->open(handler->memory, NULL, 0);
	for (uint32_t i = 0; i < request->operation_count; i++) {
		status outcome = perform(&work, &request->operation[i], content + link_request_slot(request, i));

		reply.result[i].outcome = link_outcome_is_valid(outcome) ? outcome : STATUS_IO;
	}
	handler->memory->close(handler->memory);
	reply.quota_bytes_left = session->quota->bytes_left;
	reply.quota_requests_left = session->quota->requests_left;
	return link_reply_encode(request, &reply, content);
}
