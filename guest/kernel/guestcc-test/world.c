/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/kernel/guestcc-test/world.h"

#include <string.h>

#include "base/test.h"
#include "guest/kernel/access.h"
#include "guest/kernel/guestcc-test/layouts.h"

enum {
	PHYSICAL = 0x100000, /* where the world's pages are in RAM */
	TABLES = 0x10000,
};

void *world_at(struct world *world, uint64_t address)
{
	return fake_guest_at(&world->guest, address - WORLD_BASE + PHYSICAL);
}

/* 8-byte aligned memory of the world, zero. */
static uint64_t take(struct world *world, uint64_t size)
{
	uint64_t address = WORLD_BASE + world->used;

	world->used += (size + 7) & ~UINT64_C(7);
	assert_true(world->used < (uint64_t)WORLD_HOLE_PAGE * GUEST_PAGE_SIZE);
	return address;
}

#define LAYOUT a
#include "guest/kernel/guestcc-test/world-build.h"
#undef LAYOUT
#define LAYOUT b
#include "guest/kernel/guestcc-test/world-build.h"
#undef LAYOUT

static void add_cpus(struct world *world)
{
	world->per_cpu_offset = take(world, 8 * 8);
	world->possible_mask = take(world, 8);
	world->cpu_ids = take(world, 8);
	uint64_t *offsets = world_at(world, world->per_cpu_offset);
	for (int i = 0; i < WORLD_CPU_COUNT; i++) {
		uint64_t copy = WORLD_BASE + (uint64_t)(WORLD_CPU_PAGE + i) * GUEST_PAGE_SIZE;
		*(int *)world_at(world, copy) = 1 << i;
		/* The variable's own "address" is an offset; a CPU's begin with a page. */
		offsets[2 * i] = copy - 0x1000;
	}
	/* Every second CPU is possible. */
	*(uint64_t *)world_at(world, world->possible_mask) = 0x15;
	*(uint32_t *)world_at(world, world->cpu_ids) = 5;
}

/* ---- answers */

struct field {
	const char *type, *path;
	uint64_t offset[2], size[2];
	bool is_bit_field[2];
};

#define SIZE(T, path) sizeof(((struct T *)0)->path)
#define FIELD(T, path)                                                                             \
	{                                                                                          \
		"struct " #T, #path, {offsetof(struct a_##T, path), offsetof(struct b_##T, path)}, \
			{SIZE(a_##T, path), SIZE(b_##T, path)},                                    \
		{                                                                                  \
			false, false                                                               \
		}                                                                                  \
	}
#define FIXED(type, path, offset, size)                     \
	{                                                   \
		type, path, {offset, offset}, {size, size}, \
		{                                           \
			false, false                        \
		}                                           \
	}

static const struct field fields[] = {
	FIELD(task, pid),
	FIELD(task, tasks),
	FIELD(task, parent),
	FIELD(task, comm),
	FIELD(task, cred),
	FIELD(task, in.deep),
	FIELD(task, in.whole),
	FIELD(task, in.half),
	FIELD(task, things),
	FIELD(task, things[0]),
	FIELD(task, things[2].price),
	FIELD(task, more),
	FIELD(task, usage),
	FIELD(task, usage.counter),
	FIELD(task, is_kernel),
	FIELD(task, other_size),
	FIELD(task, node),
	FIELD(task, last),
	FIELD(task, tasks.next),
	FIELD(thing, weight),
	FIELD(thing, price),
	FIELD(cred, uid),
	FIXED("typedef atomic_t", "counter", 0, 4),
	FIXED("struct list_head", "next", 0, 8),
	FIXED("struct bucket", "chain", 0, 8),
	FIXED("struct bucket", "chain.first", 0, 8),
	FIXED("struct hlist_nulls_node", "next", 0, 8),
	FIXED("struct hlist_nulls_head", "first", 0, 8),
	{"struct task", "only_in_a", {offsetof(struct a_task, only_in_a), GUEST_LINK_POISON}, {4, 0}, {false, false}},
};

static const struct field *find_field(const struct guest_link *link)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (strcmp(fields[i].type, link->name) == 0 && strcmp(fields[i].path, link->path) == 0)
			return &fields[i];
	}
	fail_msg("guest C asks for %s.%s, which this test doesn't know", link->name, link->path);
	return NULL;
}

/* Where the compiler put a bit-field: set all its bits and look. */
#define FIND_BITS(T, field, bytes)                     \
	do {                                           \
		T probe_;                              \
		memset(&probe_, 0, sizeof probe_);     \
		probe_.field = ~probe_.field;          \
		memcpy(bytes, &probe_, sizeof probe_); \
	} while (0)

static bool set_bits_of(bool is_b, const char *path, uint8_t bytes[static 512])
{
	static const char *const paths[] = {"flags", "state", "nice", "prio"};
	size_t which = 0;

	while (which < 4 && strcmp(paths[which], path) != 0)
		which++;
	switch (2 * which + is_b) {
	case 0: FIND_BITS(struct a_task, flags, bytes); return true;
	case 1: FIND_BITS(struct b_task, flags, bytes); return true;
	case 2: FIND_BITS(struct a_task, state, bytes); return true;
	case 3: FIND_BITS(struct b_task, state, bytes); return true;
	case 4: FIND_BITS(struct a_task, nice, bytes); return true;
	case 5: FIND_BITS(struct b_task, nice, bytes); return true;
	case 6: FIND_BITS(struct a_task, prio, bytes); return true;
	case 7: FIND_BITS(struct b_task, prio, bytes); return true;
	default: return false;
	}
}

static uint64_t answer_bits(bool is_b, const struct guest_link *link)
{
	uint8_t bytes[512] = {0};
	uint64_t first = 0, count = 0, word;

	assert_true(set_bits_of(is_b, link->path, bytes));
	while ((bytes[first / 8] >> (first % 8) & 1) == 0)
		first++;
	while ((bytes[(first + count) / 8] >> ((first + count) % 8) & 1) != 0)
		count++;
	word = first / 8;
	switch (link->kind) {
	case GUEST_LINK_BIT_WORD: return word;
	case GUEST_LINK_BIT_SHIFT: return first - 8 * word;
	default: return count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
	}
}

static uint64_t answer_symbol(const struct world *world, const char *name)
{
	const struct {
		const char *name;
		uint64_t address;
	} symbols[] = {
		{"init_task", world->init_task},
		{"table", world->table},
		{"per_cpu_number", 0x1000},
		{"__per_cpu_offset", world->per_cpu_offset},
		{"__cpu_possible_mask", world->possible_mask},
		{"nr_cpu_ids", world->cpu_ids},
	};
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		if (strcmp(symbols[i].name, name) == 0)
			return symbols[i].address;
	}
	return GUEST_LINK_POISON;
}

static uint64_t answer_size(const struct world *world, const char *name)
{
	if (strcmp(name, "struct thing") == 0)
		return world->is_b ? sizeof(struct b_thing) : sizeof(struct a_thing);
	assert_string_equal(name, "struct bucket");
	return 8;
}

static uint64_t answer_field(const struct world *world, const struct guest_link *link)
{
	const struct field *field = find_field(link);
	bool missing = field->offset[world->is_b] == GUEST_LINK_POISON;

	if (link->kind == GUEST_LINK_FIELD_EXISTS)
		return !missing;
	if (missing || link->kind == GUEST_LINK_FIELD_OFFSET)
		return link->load_size == 0 || link->load_size == field->size[world->is_b] ? field->offset[world->is_b]
											   : GUEST_LINK_POISON;
	return field->size[world->is_b];
}

static uint64_t answer(const struct world *world, const struct guest_link *link)
{
	switch (link->kind) {
	case GUEST_LINK_SYMBOL: return answer_symbol(world, link->name);
	case GUEST_LINK_SYMBOL_EXISTS: return answer_symbol(world, link->name) != GUEST_LINK_POISON;
	case GUEST_LINK_BIT_WORD:
	case GUEST_LINK_BIT_SHIFT:
	case GUEST_LINK_BIT_MASK: return answer_bits(world->is_b, link);
	case GUEST_LINK_TYPE_EXISTS: assert_string_equal(link->name, "struct only_in_b"); return world->is_b;
	case GUEST_LINK_TYPE_SIZE: return answer_size(world, link->name);
	case GUEST_LINK_ENUM_EXISTS: assert_string_equal(link->path, "COLOR_BLUE"); return !world->is_b;
	case GUEST_LINK_ENUM_VALUE:
		assert_string_equal(link->name, "enum color");
		return world->is_b ? (uint64_t)-4 : 3;
	default: return answer_field(world, link);
	}
}

void world_init(struct world *world, bool is_b)
{
	struct ram_range ram = {.start = {0}, .size = 0x200000};
	uint64_t next_table = TABLES + GUEST_PAGE_SIZE;
	size_t count;

	*world = (struct world){.is_b = is_b, .space = {{TABLES}, 4, 52}};
	fake_guest_init(&world->guest, &ram, 1, 64);
	for (uint64_t page = 0; page < WORLD_PAGES; page++) {
		if (page != WORLD_HOLE_PAGE)
			fake_guest_map(&world->guest, &world->space, WORLD_BASE + page * GUEST_PAGE_SIZE,
				       PHYSICAL + page * GUEST_PAGE_SIZE, FAKE_PRESENT, &next_table);
	}
	if (is_b)
		b_add_tasks(world);
	else
		a_add_tasks(world);
	add_cpus(world);
	const struct guest_link *links = guest_access_links(&count);
	assert_true(count > 40);
	for (size_t i = 0; i < count; i++)
		*links[i].slot = answer(world, &links[i]);
	guest_access_enter(&world->guest.memory, &world->space);
}

void world_deinit(struct world *world)
{
	guest_access_enter(NULL, NULL);
	fake_guest_deinit(&world->guest);
}
