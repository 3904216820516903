/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read plans: the walk is guest/memory's, what of it one SMI does is handler.h's. */
#include <assert.h>
#include <string.h>

#include "firmware/handler/answer.h"
#include "guest/memory/plan-code.h"

static_assert((int)LINK_PLAN_CODE_SIZE == (int)PLAN_CODE_SIZE, "the link carries plans");
static_assert((int)LINK_PLAN_CURSOR_SIZE == (int)PLAN_CURSOR_CODE_SIZE, "and their cursors");

enum {
	REGION_SHIFT = 21,
	OPEN_REGION_COUNT = 32,
};

struct open_memory {
	struct plan_access access; /* must be first */
	const struct firmware_map *map;
	struct firmware_memory *memory;
	/* Of 2 MiB, by number: the last one that was found open as a whole, its number + 1; 0: none yet. */
	uint64_t open_regions[OPEN_REGION_COUNT];
};

/* Most of memory is open, and what a walk reads lies in few places, between which it goes to and fro. */
static bool is_open(struct open_memory *open, struct guest_pa line)
{
	const uint64_t region = line.value >> REGION_SHIFT;
	uint64_t *known = &open->open_regions[region % OPEN_REGION_COUNT];

	if (*known == region + 1)
		return true;
	if (firmware_map_is_open(open->map, (struct guest_pa){region << REGION_SHIFT}, 1 << REGION_SHIFT)) {
		*known = region + 1;
		return true;
	}
	return firmware_map_is_open(open->map, line, PLAN_LINE_SIZE);
}

static status read_line(struct plan_access *access, struct guest_pa line, uint8_t *destination)
{
	struct open_memory *open = (struct open_memory *)access;

	if (!is_open(open, line))
		return STATUS_UNMAPPED;
	open->memory->read(open->memory, line, destination, PLAN_LINE_SIZE);
	return STATUS_OK;
}

/* Where CPUs go on meanwhile. */
static status read_again(struct plan_access *access, const uint64_t *numbers, uint32_t count,
			 uint8_t (*destination)[PLAN_LINE_SIZE])
{
	for (uint32_t i = 0; i < count; i++)
		TRY(read_line(access, (struct guest_pa){numbers[i] << PLAN_LINE_SHIFT}, destination[i]));
	return STATUS_OK;
}

status firmware_plan_take(struct firmware_handler *handler, struct span request)
{
	struct firmware_plan_store *store = &handler->plan_store;
	const uint8_t *plan, *cursor;

	TRY(link_plan_request_decode(request, &plan, &cursor));
	TRY(plan_decode(plan, &store->plan));
	TRY(plan_cursor_decode(cursor, &store->cursor));
	TRY(plan_validate(&store->plan));
	return plan_cursor_validate(&store->plan, &store->cursor);
}

/* The most bytes of runs whose reply, rounded up, has at most `capacity`. */
static size_t run_size_max(size_t capacity)
{
	size_t size = capacity < FIRMWARE_PLAN_REPLY_SIZE_MAX ? capacity : FIRMWARE_PLAN_REPLY_SIZE_MAX;

	size -= LINK_PLAN_REPLY_HEAD_SIZE;
	/* Rounding adds an eighth at most: some tens of rounds. */
	while (size > GUEST_PAGE_SIZE && link_plan_reply_size(size) > capacity)
		size -= GUEST_PAGE_SIZE / 4;
	return size;
}

static status check(const struct firmware_session *session, const struct plan *plan)
{
	const uint32_t needed = LINK_RIGHT_KERNEL | (plan_needs_user_memory(plan) ? LINK_RIGHT_USER : 0);

	if ((session->rights & needed) != needed)
		return STATUS_DENIED;
	return session->quota->requests_left > 0 && session->quota->bytes_left >= PLAN_LINE_SIZE ? STATUS_OK
												 : STATUS_LIMIT;
}

/* In the quota it is one request, and the bytes of memory that it brings. */
static status run(struct firmware_handler *handler, struct firmware_session *session, bool is_still, uint8_t *runs,
		  size_t size_max, size_t *ret_size)
{
	struct firmware_plan_store *store = &handler->plan_store;
	struct open_memory open = {.access = {.read_line = read_line, .read_again = read_again, .is_still = is_still},
				   .map = handler->map,
				   .memory = handler->memory};
	const uint64_t lines_left = session->quota->bytes_left / PLAN_LINE_SIZE;
	const struct plan_room room = {
		.answer = runs,
		.answer_size = size_max,
		.lines = store->lines,
		.numbers = store->numbers,
		.line_count =
			lines_left < FIRMWARE_PLAN_LINE_COUNT_MAX ? (uint32_t)lines_left : FIRMWARE_PLAN_LINE_COUNT_MAX,
		.table = store->table,
		.table_count = FIRMWARE_PLAN_TABLE_COUNT,
		.budget = FIRMWARE_PLAN_BUDGET,
		.line_cost = FIRMWARE_PLAN_LINE_COST,
	};
	uint32_t line_count;

	if (store->cursor.is_done)
		return STATUS_OK;
	session->quota->requests_left--;
	handler->memory->open(handler->memory, NULL, 0);
	status result = plan_run(&store->plan, &store->cursor, &open.access, &room, ret_size, &line_count);
	handler->memory->close(handler->memory);
	TRY(result);
	session->quota->bytes_left -= (uint64_t)line_count * PLAN_LINE_SIZE;
	return STATUS_OK;
}

status firmware_answer_plan(struct firmware_handler *handler, struct firmware_session *session, bool is_still,
			    uint8_t *content, size_t capacity, size_t *ret_size)
{
	struct link_plan_reply reply = {.epoch = 1, .is_still = is_still};
	size_t run_size = 0;

	if (capacity < LINK_PLAN_REPLY_SIZE_MIN)
		return STATUS_LIMIT;
	status outcome = check(session, &handler->plan_store.plan);
	if (outcome == STATUS_OK)
		outcome = run(handler, session, is_still, content + LINK_PLAN_REPLY_HEAD_SIZE, run_size_max(capacity),
			      &run_size);
	reply.outcome =
		outcome == STATUS_OK || outcome == STATUS_DENIED || outcome == STATUS_LIMIT ? outcome : STATUS_IO;
	reply.run_size = outcome == STATUS_OK ? (uint32_t)run_size : 0;
	reply.quota_bytes_left = session->quota->bytes_left;
	reply.quota_requests_left = session->quota->requests_left;
	if (outcome == STATUS_OK)
		plan_cursor_encode(&handler->plan_store.cursor, reply.cursor);
	TRY(link_plan_reply_encode(&reply, content));
	*ret_size = link_plan_reply_size(reply.run_size);
	return STATUS_OK;
}
