/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-code.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/report.h"
#include "base/writer.h"

enum {
	HEAD_ZERO_SIZE = 68,
	CURSOR_ZERO_SIZE = 5,
};

/* What is written fits by PLAN_CODE_SIZE, and what is read is there: these don't run out. */
static void put_u8(struct writer *writer, uint8_t value)
{
	(void)(writer_u8(writer, value) == STATUS_OK);
}

static void put_u16(struct writer *writer, uint16_t value)
{
	(void)(writer_u16(writer, value) == STATUS_OK);
}

static void put_u32(struct writer *writer, uint32_t value)
{
	(void)(writer_u32(writer, value) == STATUS_OK);
}

static void put_u64(struct writer *writer, uint64_t value)
{
	(void)(writer_u64(writer, value) == STATUS_OK);
}

static uint8_t take_u8(struct reader *reader)
{
	uint8_t value = 0;

	(void)(reader_u8(reader, &value) == STATUS_OK);
	return value;
}

static uint16_t take_u16(struct reader *reader)
{
	uint16_t value = 0;

	(void)(reader_u16(reader, &value) == STATUS_OK);
	return value;
}

static uint32_t take_u32(struct reader *reader)
{
	uint32_t value = 0;

	(void)(reader_u32(reader, &value) == STATUS_OK);
	return value;
}

static uint64_t take_u64(struct reader *reader)
{
	uint64_t value = 0;

	(void)(reader_u64(reader, &value) == STATUS_OK);
	return value;
}

/* The next `size` bytes: are they all zero? */
static bool take_zeros(struct reader *reader, size_t size)
{
	static const uint8_t zeros[PLAN_STEP_COUNT_MAX * PLAN_CODE_STEP_SIZE];
	struct span bytes;

	return size <= sizeof zeros && reader_bytes(reader, size, &bytes) == STATUS_OK &&
	       memcmp(bytes.data, zeros, size) == 0;
}

static void put_layout(struct writer *writer, const struct plan_layout *layout)
{
	put_u16(writer, layout->xa_slots);
	put_u16(writer, layout->xa_slot_count);
	put_u16(writer, layout->rb_parent);
	put_u16(writer, layout->rb_left);
	put_u16(writer, layout->rb_right);
	put_u16(writer, layout->maple_pivot);
	put_u16(writer, layout->maple_range_slot);
	put_u16(writer, layout->maple_range_slot_count);
	put_u16(writer, layout->maple_arange_slot);
	put_u16(writer, layout->maple_arange_slot_count);
}

static void take_layout(struct reader *reader, struct plan_layout *layout)
{
	layout->xa_slots = take_u16(reader);
	layout->xa_slot_count = take_u16(reader);
	layout->rb_parent = take_u16(reader);
	layout->rb_left = take_u16(reader);
	layout->rb_right = take_u16(reader);
	layout->maple_pivot = take_u16(reader);
	layout->maple_range_slot = take_u16(reader);
	layout->maple_range_slot_count = take_u16(reader);
	layout->maple_arange_slot = take_u16(reader);
	layout->maple_arange_slot_count = take_u16(reader);
}

static_assert(sizeof(struct plan_step) == PLAN_CODE_STEP_SIZE && offsetof(struct plan_step, size) == 4 &&
		      offsetof(struct plan_step, offset) == 16 && offsetof(struct plan_step, mask) == 40 &&
		      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	      "steps lie in memory as they are encoded: of the dozens that a plan has, all are copied at once");

void plan_encode(const struct plan *plan, uint8_t code[static PLAN_CODE_SIZE])
{
	struct writer writer;

	writer_init(&writer, code, PLAN_CODE_SIZE);
	put_u32(&writer, plan->step_count);
	put_u32(&writer, plan->line_count_max);
	put_u32(&writer, plan->node_count_max);
	put_u32(&writer, plan->space.level_count);
	put_u32(&writer, plan->space.physical_bits);
	put_u32(&writer, plan->answer_size_max);
	put_u64(&writer, plan->space.root.value);
	put_u64(&writer, plan->page_offset);
	put_layout(&writer, &plan->layout);
	(void)(writer_zeros(&writer, HEAD_ZERO_SIZE) == STATUS_OK);
	const size_t step_count = plan->step_count < PLAN_STEP_COUNT_MAX ? plan->step_count : PLAN_STEP_COUNT_MAX;
	(void)(writer_bytes(&writer, plan->step, step_count * PLAN_CODE_STEP_SIZE) == STATUS_OK);
	(void)(writer_zeros(&writer, writer_left(&writer)) == STATUS_OK);
}

status plan_decode(const uint8_t code[static PLAN_CODE_SIZE], struct plan *ret_plan)
{
	struct reader reader;

	reader_init(&reader, (struct span){.data = code, .size = PLAN_CODE_SIZE});
	uint32_t step_count = take_u32(&reader);
	if (step_count > PLAN_STEP_COUNT_MAX)
		return report(STATUS_MALFORMED, "a read plan of %u steps; %d are the most", step_count,
			      PLAN_STEP_COUNT_MAX);
	ret_plan->step_count = step_count;
	ret_plan->line_count_max = take_u32(&reader);
	ret_plan->node_count_max = take_u32(&reader);
	ret_plan->space.level_count = take_u32(&reader);
	ret_plan->space.physical_bits = take_u32(&reader);
	ret_plan->answer_size_max = take_u32(&reader);
	ret_plan->space.root.value = take_u64(&reader);
	ret_plan->page_offset = take_u64(&reader);
	take_layout(&reader, &ret_plan->layout);
	if (!take_zeros(&reader, HEAD_ZERO_SIZE))
		return report(STATUS_MALFORMED, "a read plan has something where zeros belong");
	(void)(reader_copy(&reader, ret_plan->step, (size_t)step_count * PLAN_CODE_STEP_SIZE) == STATUS_OK);
	if (!take_zeros(&reader, reader_left(&reader)))
		return report(STATUS_MALFORMED, "a read plan has something behind its %u steps", step_count);
	return STATUS_OK;
}

void plan_cursor_encode(const struct plan_cursor *cursor, uint8_t code[static PLAN_CURSOR_CODE_SIZE])
{
	struct writer writer;

	writer_init(&writer, code, PLAN_CURSOR_CODE_SIZE);
	put_u8(&writer, cursor->is_done ? 1 : 0);
	put_u8(&writer, cursor->step_index);
	put_u8(&writer, cursor->loop_count);
	(void)(writer_zeros(&writer, CURSOR_ZERO_SIZE) == STATUS_OK);
	put_u64(&writer, cursor->next_line);
	for (int i = 0; i < PLAN_DEPTH_MAX; i++) {
		put_u64(&writer, cursor->place[i].node);
		put_u64(&writer, cursor->place[i].index);
	}
}

status plan_cursor_decode(const uint8_t code[static PLAN_CURSOR_CODE_SIZE], struct plan_cursor *ret_cursor)
{
	struct plan_cursor cursor = {0};
	struct reader reader;

	reader_init(&reader, (struct span){.data = code, .size = PLAN_CURSOR_CODE_SIZE});
	uint8_t is_done = take_u8(&reader);
	cursor.is_done = is_done != 0;
	cursor.step_index = take_u8(&reader);
	cursor.loop_count = take_u8(&reader);
	if (is_done > 1 || cursor.step_index >= PLAN_STEP_COUNT_MAX || cursor.loop_count > PLAN_DEPTH_MAX ||
	    !take_zeros(&reader, CURSOR_ZERO_SIZE))
		return report(STATUS_MALFORMED, "a read plan's place that can't be one: step %u, in %u loops",
			      cursor.step_index, cursor.loop_count);
	cursor.next_line = take_u64(&reader);
	for (int i = 0; i < PLAN_DEPTH_MAX; i++) {
		cursor.place[i].node = take_u64(&reader);
		cursor.place[i].index = take_u64(&reader);
	}
	*ret_cursor = cursor;
	return STATUS_OK;
}
