/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/dump-layout.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/dump-memory.h"
#include "agent/serve/guarded.h"
#include "agent/serve/log.h"
#include "base/checked.h"
#include "base/report.h"
#include "guest/memory/root.h"

#define GIB (1ULL << 30)
#define LARGE_PAGE (2ULL << 20)
/* Nothing of the kernel half lies below, with four levels or five. */
#define KERNEL_HALF_START 0xff00000000000000ULL
/* The image and the modules: they lie in RAM under most layouts. */
#define KERNEL_MAP 0xffffffff80000000ULL

enum {
	CACHE_PAGES = 1024,
	/* 2 MiB each: 8 TiB of direct map. */
	LARGE_PAGE_COUNT_MAX = 4 << 20,
	WALK_BUDGET_ENTRIES = 1 << 20,
};

static const struct {
	const char *name;
	/* The smallest RAM that the machine splits, and where (as in
	 * qemu-arguments.c). */
	uint64_t size_min, low_size;
} splits[] = {
	[DUMP_LAYOUT_Q35] = {"q35", 0xb0000000, 2 * GIB},
	[DUMP_LAYOUT_PC] = {"pc", 0xe0000000, 3 * GIB},
};

bool dump_layout_apply(enum dump_layout layout, uint64_t size, struct dump_contents *ret_contents)
{
	uint64_t low_size = size;

	if (layout == DUMP_LAYOUT_Q35 || layout == DUMP_LAYOUT_PC) {
		if (size < splits[layout].size_min)
			return false;
		low_size = splits[layout].low_size;
	}
	ret_contents->cpu_count = 0;
	ret_contents->segment_count = 1;
	ret_contents->segments[0] = (struct dump_segment){{{0}, low_size}, 0};
	if (size > low_size) {
		ret_contents->segment_count = 2;
		ret_contents->segments[1] = (struct dump_segment){{{4 * GIB}, size - low_size}, low_size};
	}
	return true;
}

/* How much of what the kernel maps with large pages (its direct map of all RAM,
 * above all) lies in RAM, and how much doesn't? Device memory is mapped with
 * large pages too, but is little beside gigabytes of RAM in the wrong place. */
static status weigh(struct guest_memory *memory, const struct guest_space *space, uint64_t *ret_inside,
		    uint64_t *ret_outside)
{
	struct guest_va at = {KERNEL_HALF_START}, end = {KERNEL_MAP};
	uint64_t inside = 0, outside = 0;

	for (uint32_t i = 0; i < LARGE_PAGE_COUNT_MAX; i++) {
		struct guest_mapping mapping;
		status result = guest_space_next(memory, space, at, end, WALK_BUDGET_ENTRIES, &at, &mapping);

		if (result == STATUS_END || result == STATUS_LIMIT)
			break;
		TRY(result);
		if (mapping.page_size >= LARGE_PAGE) {
			bool is_ram = guest_memory_is_ram(memory, mapping.address, mapping.page_size);
			*(is_ram ? &inside : &outside) += mapping.page_size;
		}
		/* Small pages: the rest of their table is left out as well. */
		uint64_t step = mapping.page_size >= LARGE_PAGE ? mapping.page_size : LARGE_PAGE;
		if (!checked_add(at.value & ~(step - 1), step, &at.value))
			break;
	}
	*ret_inside = inside;
	*ret_outside = outside;
	return STATUS_OK;
}

struct trial {
	struct guest_memory memory;
	struct guest_root root;
	uint64_t inside, outside;
};

static status find_work(void *context)
{
	struct trial *trial = context;

	return guest_root_find(&trial->memory, &trial->root);
}

static status weigh_work(void *context)
{
	struct trial *trial = context;

	return weigh(&trial->memory, &trial->root.space, &trial->inside, &trial->outside);
}

/* Was the layout tried to the end? Not to find a kernel is an answer. */
static bool is_answer(status found)
{
	return found == STATUS_OK || found == STATUS_MISSING || found == STATUS_MISMATCH || found == STATUS_LIMIT;
}

/* Find a kernel under this layout and weigh its page tables. The file may be cut meanwhile. */
static status try_layout(struct dump_memory *dump, void *storage, size_t storage_size, uint64_t *ret_inside,
			 uint64_t *ret_outside)
{
	struct trial trial = {0};

	TRY(guest_memory_init(&trial.memory, &dump->source, storage, storage_size));
	log_thread_quiet_set(true);
	status found = guarded_run(find_work, &trial);
	log_thread_quiet_set(false);
	/* Anything else was said while nobody heard it. */
	if (!is_answer(found))
		return report(found,
			      "the raw dump can't be searched for a Linux kernel (%s): its file can't be read, or "
			      "became shorter meanwhile",
			      status_name(found));
	TRY(found);
	TRY(guarded_run(weigh_work, &trial));
	*ret_inside = trial.inside;
	*ret_outside = trial.outside;
	return STATUS_OK;
}

struct choice {
	enum dump_layout layout;
	int64_t score;
	uint32_t fit_count; /* layouts that are as good */
	bool found;
};

/* Under a wrong layout some of RAM's map points outside, and tables that lie in
 * the wrong place map nothing at all: the right one has most inside. */
static void consider(struct choice *choice, enum dump_layout layout, uint64_t inside, uint64_t outside)
{
	int64_t score = (int64_t)inside - (int64_t)outside;

	if (choice->found && score <= choice->score) {
		choice->fit_count += score == choice->score;
		return;
	}
	*choice = (struct choice){layout, score, 1, true};
}

static status try_all(struct dump_memory *dump, void *storage, size_t storage_size, struct choice *choice)
{
	for (enum dump_layout layout = DUMP_LAYOUT_FLAT; layout <= DUMP_LAYOUT_PC; layout++) {
		uint64_t inside = 0, outside = 0;

		if (!dump_layout_apply(layout, dump->file.size, &dump->contents))
			continue;
		status result = try_layout(dump, storage, storage_size, &inside, &outside);
		if (result == STATUS_OK)
			consider(choice, layout, inside, outside);
		else if (!is_answer(result))
			return result;
	}
	return STATUS_OK;
}

status dump_layout_guess(struct span file, int descriptor, enum dump_layout *ret_layout)
{
	size_t storage_size = guest_memory_storage_size(CACHE_PAGES);
	struct choice choice = {0};
	struct dump_memory *dump = malloc(sizeof *dump);
	void *storage = malloc(storage_size);
	status result = STATUS_OK;

	if (file.size < splits[DUMP_LAYOUT_Q35].size_min) {
		choice = (struct choice){DUMP_LAYOUT_FLAT, 0, 1, true}; /* no machine splits so little */
	} else if (dump == NULL || storage == NULL) {
		result = report(STATUS_NO_MEMORY, "out of memory while reading the dump");
	} else {
		dump_memory_init(dump, file, descriptor);
		result = try_all(dump, storage, storage_size, &choice);
	}
	free(storage);
	free(dump);
	TRY(result);
	if (!choice.found)
		return report(STATUS_MISSING,
			      "no Linux kernel found in the raw dump under any layout of memory; if it is one, "
			      "say which: dump:FILE,layout=q35, =pc or =flat");
	if (choice.fit_count > 1)
		return report(STATUS_MISMATCH,
			      "%u layouts of memory fit the raw dump equally; say which: "
			      "dump:FILE,layout=q35, =pc or =flat",
			      choice.fit_count);
	*ret_layout = choice.layout;
	return STATUS_OK;
}
