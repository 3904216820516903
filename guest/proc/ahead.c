/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/ahead.h"

#include <string.h>

#include "base/report.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/plan.h"
#include "guest/proc/prelude.h"
#include "guest/proc/running.h"

enum {
	/* What one run brings at most, beside what the source can send. */
	LINE_COUNT_MAX = 1 << 20,
	/* No loop of the kernel's is longer: PID_MAX_LIMIT (include/linux/threads.h). */
	NODE_COUNT_MAX = 4 << 20,
	/* Plans that are known to have run in this epoch: of the files that a program reads
	 * together, few share one. */
	KNOWN_COUNT = 16,
	/* What a key is of is in the bits from here on: an address of the kernel's has the highest. */
	PROCESS_KEY_SHIFT = 61,
	/* Who asks about so many processes one by one will ask about the others. */
	SEVERAL = 4,
};

struct known_plan {
	uint64_t key; /* 0: none */
	uint64_t mark; /* guest_memory_line_mark() before */
};

static struct {
	struct plan plan;
	uint32_t depth; /* of the next step */
	uint32_t lost; /* steps that there was no room for */
	/* Where the direct map starts, of this boot. */
	uint64_t page_offset, boot_id;
	uint64_t key;
	struct known_plan known[KNOWN_COUNT];
	uint64_t known_epoch;
	uint32_t known_next;
	uint64_t listed_epoch; /* when processes were listed last; 0: never */
	uint32_t process_count; /* plans of one process in this epoch */
	uint32_t gap; /* bytes between fields that are one step */
	struct prelude prelude;
	bool has_come_with_check; /* in this epoch, more than what every look begins with */
} building;

/* What the program reads of each process. */
static struct {
	struct {
		uint32_t pid; /* of which it did last */
		uint32_t count;
		uint64_t epoch; /* of those processes */
	} wish[AHEAD_WISH_COUNT];
	uint32_t pid, settled; /* what ahead_wishes() said of this process */
	bool have_no_room; /* this kernel's fields lie so that such a plan would have too many steps */
} wishes;

static const struct known_plan *find_known(uint64_t key, uint64_t epoch)
{
	if (building.known_epoch != epoch)
		return NULL;
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (building.known[i].key == key)
			return &building.known[i];
	return NULL;
}

static void note_known(uint64_t key, const struct guest_memory *memory)
{
	if (building.known_epoch != memory->epoch) {
		memset(building.known, 0, sizeof building.known);
		building.process_count = 0;
	}
	building.known_epoch = memory->epoch;
	/* Keys of sockets have this bit, too. */
	building.process_count += key >> PROCESS_KEY_SHIFT == AHEAD_KEY_PROCESS >> PROCESS_KEY_SHIFT;
	building.known[building.known_next] = (struct known_plan){key, guest_memory_line_mark(memory)};
	building.known_next = (building.known_next + 1) % KNOWN_COUNT;
}

bool ahead_has_run(uint64_t key)
{
	const struct guest_kernel *kernel = proc_running_kernel();

	return kernel != NULL && find_known(key, kernel->memory->epoch) != NULL;
}

static void ask(uint64_t key, const struct guest_memory *memory)
{
	prelude_ask(&building.prelude, key, !guest_memory_plan_is_under_way(memory));
}

bool ahead_is_here(uint64_t key)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	const struct known_plan *known = kernel != NULL ? find_known(key, kernel->memory->epoch) : NULL;

	if (known != NULL)
		ask(key, kernel->memory);
	return known != NULL && guest_memory_has_lines_since(kernel->memory, known->mark);
}

bool ahead_of_all(void)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	uint64_t epoch = kernel != NULL ? kernel->memory->epoch : 0;

	/* A listing is often the last thing of an epoch: the first file after it may have been read before. */
	if (building.listed_epoch != 0 && epoch - building.listed_epoch <= 1)
		return true;
	return building.known_epoch == epoch && building.process_count >= SEVERAL;
}

void ahead_wish(enum ahead_wish wish)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	const uint32_t pid = subject_pid(), index = wish == AHEAD_WISH_FILES ? 0 : 1;

	if (kernel == NULL || pid == 0 || pid == wishes.wish[index].pid)
		return;
	/* What it read of one in each epoch doesn't add up. */
	if (kernel->memory->epoch - wishes.wish[index].epoch > 1)
		wishes.wish[index].count = 0;
	wishes.wish[index].pid = pid;
	wishes.wish[index].epoch = kernel->memory->epoch;
	if (wishes.wish[index].count < SEVERAL)
		wishes.wish[index].count++;
}

uint32_t ahead_wishes(void)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	const uint32_t pid = subject_pid();

	if (pid == wishes.pid)
		return wishes.settled;
	wishes.pid = pid;
	wishes.settled = 0;
	for (uint32_t i = 0; i < AHEAD_WISH_COUNT && kernel != NULL && !wishes.have_no_room; i++)
		if (wishes.wish[i].count == SEVERAL && kernel->memory->epoch - wishes.wish[i].epoch <= 1)
			wishes.settled |= 1U << i;
	return wishes.settled;
}

void ahead_renew(uint64_t key)
{
	const struct guest_kernel *kernel = proc_running_kernel();

	if (!ahead_has_run(key) || ahead_is_here(key) || guest_memory_plan_is_under_way(kernel->memory))
		return;
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (building.known[i].key == key)
			building.known[i].key = 0;
}

bool ahead_begin(uint64_t key)
{
	const struct guest_kernel *kernel = proc_running_kernel();

	if (kernel == NULL || kernel->memory->lines == NULL)
		return false;
	ask(key, kernel->memory);
	if (key == AHEAD_KEY_LISTING)
		building.listed_epoch = kernel->memory->epoch;
	if (ahead_has_run(key))
		return false;
	building.plan.step_count = 0;
	memset(&building.plan.layout, 0, sizeof building.plan.layout);
	building.plan.page_offset = 0;
	building.plan.space = kernel->space;
	building.plan.line_count_max = LINE_COUNT_MAX;
	building.plan.node_count_max = NODE_COUNT_MAX;
	building.depth = building.lost = 0;
	building.gap = PLAN_LINE_SIZE;
	building.key = key;
	return true;
}

static struct plan_step *add(enum plan_step_type type, int64_t offset)
{
	static struct plan_step nowhere;
	struct plan_step *step = &nowhere;

	if (building.plan.step_count < PLAN_STEP_COUNT_MAX && building.depth < PLAN_DEPTH_MAX)
		step = &building.plan.step[building.plan.step_count++];
	else
		building.lost++;
	*step = (struct plan_step){
		.type = (uint8_t)type,
		.depth = (uint8_t)building.depth,
		.offset = offset,
		.mask = ~0ULL,
	};
	return step;
}

static struct plan_step *add_below(enum plan_step_type type, int64_t offset)
{
	struct plan_step *step = add(type, offset);

	building.depth++;
	return step;
}

static struct plan_step *add_loop(enum plan_step_type type, int64_t offset)
{
	struct plan_step *step = add_below(type, offset);

	step->count = NODE_COUNT_MAX;
	return step;
}

bool ahead_has_room(uint32_t step_count)
{
	return step_count <= PLAN_STEP_COUNT_MAX - building.plan.step_count;
}

bool ahead_up(void)
{
	building.depth--;
	return false;
}

bool ahead_start(uint64_t address)
{
	add_below(PLAN_START_AT, 0)->value = address;
	return true;
}

bool ahead_at(int64_t offset)
{
	add_below(PLAN_AT, offset);
	return true;
}

bool ahead_follow(int64_t offset, uint64_t mask)
{
	add_below(PLAN_FOLLOW, offset)->mask = mask;
	return true;
}

bool ahead_list(int64_t offset, int64_t node_offset)
{
	add_loop(PLAN_LIST, offset)->node_offset = node_offset;
	return true;
}

bool ahead_chain(int64_t offset, int64_t node_offset, uint64_t next, uint64_t mask)
{
	struct plan_step *step = add_loop(PLAN_CHAIN, offset);

	step->node_offset = node_offset;
	step->value = next;
	step->mask = mask;
	return true;
}

bool ahead_array(int64_t offset, uint64_t stride, uint64_t count, bool indirect, int64_t count_offset,
		 uint32_t count_size, bool is_mask)
{
	struct plan_step *step = add_loop(PLAN_ARRAY, offset);

	step->stride = (uint32_t)stride;
	step->count = (uint32_t)count;
	step->flags = (uint8_t)((indirect ? PLAN_INDIRECT : 0) | (is_mask ? PLAN_PLUS_ONE : 0));
	step->node_offset = count_offset;
	step->count_size = (uint8_t)count_size;
	return true;
}

bool ahead_xarray(int64_t offset, uint64_t slots, uint64_t slot_count)
{
	add_loop(PLAN_XARRAY, offset);
	building.plan.layout.xa_slots = (uint16_t)slots;
	building.plan.layout.xa_slot_count = (uint16_t)slot_count;
	return true;
}

bool ahead_maple(int64_t offset, uint64_t pivot, uint64_t range_slot, uint64_t range_slot_count, uint64_t arange_slot,
		 uint64_t arange_slot_count)
{
	struct plan_layout *layout = &building.plan.layout;

	add_loop(PLAN_MAPLE, offset);
	layout->maple_pivot = (uint16_t)pivot;
	layout->maple_range_slot = (uint16_t)range_slot;
	layout->maple_range_slot_count = (uint16_t)range_slot_count;
	layout->maple_arange_slot = (uint16_t)arange_slot;
	layout->maple_arange_slot_count = (uint16_t)arange_slot_count;
	return true;
}

bool ahead_rbtree(int64_t offset, int64_t node_offset, uint64_t left, uint64_t right)
{
	add_loop(PLAN_RBTREE, offset)->node_offset = node_offset;
	/* __rb_parent_color is the first member (include/linux/rbtree_types.h). */
	building.plan.layout.rb_parent = 0;
	building.plan.layout.rb_left = (uint16_t)left;
	building.plan.layout.rb_right = (uint16_t)right;
	return true;
}

bool ahead_percpu(uint64_t table, uint32_t count)
{
	struct plan_step *step = add_loop(PLAN_PERCPU, 0);

	step->value = table;
	step->count = count;
	return true;
}

bool ahead_if(int64_t offset, uint32_t size, uint64_t value, uint64_t mask, bool unless)
{
	struct plan_step *step = add_below(PLAN_IF, offset);

	step->size = size;
	step->value = value;
	step->mask = mask;
	step->flags = unless ? PLAN_UNLESS : 0;
	return true;
}

bool ahead_only(uint64_t index, int64_t offset, uint32_t size)
{
	/* Nothing to change where there was no room for it. */
	struct plan_step *step = &building.plan.step[building.plan.step_count - 1];

	if (building.lost > 0)
		return true;
	step->flags = PLAN_ONE;
	step->value = index;
	step->node_offset = offset;
	step->count_size = (uint8_t)size;
	return true;
}

bool ahead_at_most(uint32_t count)
{
	if (building.lost == 0)
		building.plan.step[building.plan.step_count - 1].count = count;
	return true;
}

/* The direct map doesn't move as long as the kernel runs. */
static uint64_t page_offset(struct guest_kernel *kernel)
{
	struct guest_va variable;
	uint64_t value;

	if (building.page_offset != 0 && building.boot_id == kernel->boot_id)
		return building.page_offset;
	if (guest_symbols_find(kernel->symbols, "page_offset_base", &variable) != STATUS_OK ||
	    guest_kernel_read(kernel, variable, &value, sizeof value) != STATUS_OK)
		return ~0ULL; /* nothing lies behind it: SPACE leads nowhere */
	building.boot_id = kernel->boot_id;
	return building.page_offset = value;
}

bool ahead_moment(void)
{
	add_below(PLAN_MOMENT, 0);
	return true;
}

bool ahead_space(int64_t offset)
{
	building.plan.page_offset = page_offset(proc_running_kernel());
	add_below(PLAN_SPACE, offset);
	return true;
}

void ahead_widen(uint32_t line_count)
{
	building.gap = line_count * PLAN_LINE_SIZE;
}

/* A TAKE that is as deep, below the same step, and less than a line away (as it is told): no line lies between the two,
 * so that taking both at once takes no more of them. step_count where there is none. */
static uint32_t neighbour_of(int64_t start, int64_t end)
{
	const struct plan *plan = &building.plan;

	for (uint32_t i = plan->step_count; i > 0 && plan->step[i - 1].depth >= building.depth; i--) {
		const struct plan_step *step = &plan->step[i - 1];

		if (step->type == PLAN_TAKE && step->depth == building.depth &&
		    start < step->offset + step->size + building.gap && step->offset < end + building.gap)
			return i - 1;
	}
	return plan->step_count;
}

/* What is behind moves: a TAKE has nothing below it. */
static void remove_step(uint32_t index)
{
	struct plan *plan = &building.plan;

	memmove(&plan->step[index], &plan->step[index + 1], (--plan->step_count - index) * sizeof plan->step[0]);
}

static void insert_step(uint32_t index, const struct plan_step *step)
{
	struct plan *plan = &building.plan;

	memmove(&plan->step[index + 1], &plan->step[index], (plan->step_count++ - index) * sizeof plan->step[0]);
	plan->step[index] = *step;
}

void ahead_take(int64_t offset, uint32_t size)
{
	struct plan *plan = &building.plan;
	int64_t start = offset, end = offset + size;
	uint32_t first = PLAN_STEP_COUNT_MAX;
	struct plan_step step = {0};

	/* An array whose length is open has no size. */
	if (size == 0)
		return;
	/* With a neighbour it may be another one's neighbour. Ends: each time there is a step less. */
	for (uint32_t i = neighbour_of(start, end); i < plan->step_count; i = neighbour_of(start, end)) {
		step = plan->step[i];
		start = step.offset < start ? step.offset : start;
		end = step.offset + step.size > end ? step.offset + step.size : end;
		first = i < first ? i : first;
		remove_step(i);
	}
	if (first == PLAN_STEP_COUNT_MAX) {
		add(PLAN_TAKE, offset)->size = size;
		return;
	}
	step.offset = start;
	step.size = (uint32_t)(end - start);
	insert_step(first, &step);
}

void ahead_span(int64_t start_offset, int64_t end_offset, uint32_t size)
{
	struct plan_step *step = add(PLAN_SPAN, start_offset);

	step->node_offset = end_offset;
	step->size = size;
}

/* The little that a version takes stands in for nothing larger. */
static bool begins_epochs(const struct guest_kernel *kernel)
{
	const uint64_t first = building.prelude.part[0].key;
	const bool is_listed = building.prelude.boot_id == kernel->boot_id &&
			       (first == AHEAD_KEY_ENTRIES || first == AHEAD_KEY_PROCESS_LIST);

	return building.key == AHEAD_KEY_ENTRIES || building.key == AHEAD_KEY_PROCESS_LIST ||
	       (building.key == AHEAD_KEY_VERSION && !is_listed);
}

/* The plan has run, and has brought what came since `mark`: the next epoch may begin with it. */
static void note_prelude(const struct guest_kernel *kernel, uint64_t mark)
{
	uint64_t count = guest_memory_line_mark(kernel->memory) - mark;

	if (begins_epochs(kernel) && !prelude_begins_with(&building.prelude, kernel->boot_id, building.key))
		prelude_start(&building.prelude, kernel->boot_id, building.key, &building.plan, (uint32_t)count);
	else if (building.prelude.boot_id != kernel->boot_id)
		return;
	else if (guest_memory_plan_is_under_way(kernel->memory))
		prelude_pass(&building.prelude);
	else
		prelude_add(&building.prelude, building.key, &building.plan, (uint32_t)count);
}

/* Of all processes, with what else the program reads? Then the next one is asked for without that. */
static bool give_up_wishes(uint64_t key)
{
	const uint64_t wish_mask = ((UINT64_C(1) << AHEAD_WISH_COUNT) - 1) << AHEAD_WISH_SHIFT;

	if ((key & wish_mask) == 0 || (key & ~wish_mask) != AHEAD_KEY_PROCESSES)
		return false;
	wishes.have_no_room = true;
	wishes.settled = 0;
	return true;
}

void ahead_run(void)
{
	const struct guest_kernel *kernel = proc_running_kernel();
	uint64_t mark = guest_memory_line_mark(kernel->memory);

	if (building.lost > 0 && give_up_wishes(building.key))
		return;
	if (building.lost > 0) {
		(void)!report(STATUS_INTERNAL, "a read plan has %u steps too many", building.lost);
		return;
	}
	note_known(building.key, kernel->memory);
	if (building.plan.step_count == 0)
		return;
	guest_memory_run_plan(kernel->memory, &building.plan);
	note_prelude(kernel, mark);
}

void ahead_with_check(struct guest_kernel *kernel, struct plan *plan)
{
	struct prelude *prelude = &building.prelude;

	building.has_come_with_check = false;
	if (prelude->boot_id != kernel->boot_id || kernel != proc_running_kernel())
		return;
	uint32_t count = prelude_take(prelude, plan);
	for (uint32_t i = 0; i < count; i++)
		note_known(prelude->part[i].key, kernel->memory);
	building.has_come_with_check = count > 1;
}

bool ahead_has_come_with_check(void)
{
	return building.has_come_with_check;
}
