/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a plan, a cursor and an answer, one behind the other. What decodes encodes to the
 * same bytes; of an answer only what is there is taken. Nothing that validates is out of bounds. */
#include "guest/memory/plan-code.h"
#include "guest/memory/plan-pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, status fault, const char *message)
{
}

static void try_plan(const uint8_t *code)
{
	uint8_t again[PLAN_CODE_SIZE];
	struct plan plan;

	if (plan_decode(code, &plan) != STATUS_OK)
		return;
	plan_encode(&plan, again);
	if (memcmp(again, code, sizeof again) != 0)
		abort();
	if (plan_validate(&plan) == STATUS_OK && (plan.step_count == 0 || plan_step_end(&plan, 0) > plan.step_count))
		abort();
}

static void try_cursor(const uint8_t *code)
{
	uint8_t again[PLAN_CURSOR_CODE_SIZE];
	struct plan_cursor cursor;

	if (plan_cursor_decode(code, &cursor) != STATUS_OK)
		return;
	plan_cursor_encode(&cursor, again);
	if (memcmp(again, code, sizeof again) != 0)
		abort();
}

/* Numbers of lines may be any: whoever keeps them checks. What comes next is what was told before. */
static void try_answer(struct span packed)
{
	static struct plan_unpack unpack;
	const uint8_t *bytes;
	struct reader answer;
	uint64_t line, next;

	unpack.numbers.count = 0;
	reader_init(&answer, packed);
	do {
		next = plan_unpack_peek(&unpack,
					(struct span){packed.data + answer.position, packed.size - answer.position});
	} while (plan_unpack_next(&unpack, &answer, &line, &bytes) == STATUS_OK && (line == next || (abort(), false)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	report_sink_set(ignore, NULL);
	if (size >= PLAN_CODE_SIZE)
		try_plan(data);
	if (size >= PLAN_CODE_SIZE + PLAN_CURSOR_CODE_SIZE) {
		try_cursor(data + PLAN_CODE_SIZE);
		try_answer((struct span){data + PLAN_CODE_SIZE + PLAN_CURSOR_CODE_SIZE,
					 size - PLAN_CODE_SIZE - PLAN_CURSOR_CODE_SIZE});
	}
	try_answer((struct span){data, size});
	return 0;
}
